import type { CorruptedLog, Target } from './plan.ts'

/** Which log is hit where only the target is named: who leads a partition, or keeps somebody's, is hit in that one. */
export function impliedLog(target: Target): CorruptedLog {
  switch (target.kind) {
    case 'leader':
    case 'follower':
    case 'followers':
      return { kind: 'partition', topic: target.topic, partition: target.partition }
    case 'group-coordinator':
      return { kind: 'group', group: target.group }
    case 'transaction-coordinator':
      return { kind: 'transactions', transactionalId: target.transactionalId }
    case 'node':
    case 'application':
    case 'active-controller':
    case 'role':
    case 'minority':
    case 'majority':
    case 'any':
      return { kind: 'any' }
  }
}
