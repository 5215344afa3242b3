import { tpOf } from '../../history/ids.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'

export type PartitionRecord = Extract<MetadataRecord, { readonly type: 'PartitionRecord' }>
export type PartitionChangeRecord = Extract<MetadataRecord, { readonly type: 'PartitionChangeRecord' }>

/** No broker leads (`LeaderConstants.NO_LEADER`). */
export const NO_LEADER = -1

/** `LeaderRecoveryState`: a leader elected uncleanly is RECOVERING until it says that it has recovered. */
export const RECOVERED = 0
export const RECOVERING = 1

/** What the controller has committed about a partition (`PartitionRegistration`). Immutable. */
export interface PartitionRegistration {
  readonly tp: number
  readonly topicId: number
  readonly partitionId: number
  /** In the order of assignment; the first is the preferred leader. */
  readonly replicas: readonly number[]
  /** Which of the replicas a reassignment adds, and which it removes once they are in sync. */
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly isr: readonly number[]
  /** Eligible leader replicas (KIP-966): outside the ISR, yet sure to hold all committed data unless their disk lost it. */
  readonly elr: readonly number[]
  /** The last known leader while there is none (KIP-966); at most one broker. */
  readonly lastKnownElr: readonly number[]
  /** -1 = none. */
  readonly leader: number
  readonly leaderRecoveryState: 0 | 1
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

export function registrationOf(record: PartitionRecord): PartitionRegistration {
  return {
    tp: tpOf(record.topicId, record.partitionId),
    topicId: record.topicId,
    partitionId: record.partitionId,
    replicas: record.replicas,
    addingReplicas: [],
    removingReplicas: [],
    isr: record.isr,
    elr: [],
    lastKnownElr: [],
    leader: record.leader,
    leaderRecoveryState: RECOVERED,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  }
}

/**
 * The partition after a change (`PartitionRegistration.merge`): every change raises the partition epoch; one that sets the
 * leader, also to the same broker or to none, raises the leader epoch.
 */
export function mergePartition(before: PartitionRegistration, change: PartitionChangeRecord): PartitionRegistration {
  return {
    tp: before.tp,
    topicId: before.topicId,
    partitionId: before.partitionId,
    replicas: change.replicas ?? before.replicas,
    addingReplicas: change.addingReplicas ?? before.addingReplicas,
    removingReplicas: change.removingReplicas ?? before.removingReplicas,
    isr: change.isr ?? before.isr,
    elr: change.eligibleLeaderReplicas ?? before.elr,
    lastKnownElr: change.lastKnownElr ?? before.lastKnownElr,
    leader: change.leader ?? before.leader,
    leaderRecoveryState: change.leaderRecoveryState ?? before.leaderRecoveryState,
    leaderEpoch: change.leader === undefined ? before.leaderEpoch : before.leaderEpoch + 1,
    partitionEpoch: before.partitionEpoch + 1,
  }
}

/**
 * Whether a change elects a leader that was neither in sync nor eligible: data may be lost. Who came into sync by the same change may lead
 * at once when that ends a reassignment; one that is taken back is unclean when only the replicas that it added were in sync.
 */
export function isUncleanElection(before: PartitionRegistration, change: PartitionChangeRecord): boolean {
  const { leader } = change
  if (leader === undefined || leader === NO_LEADER) return false
  if (before.isr.includes(leader) || before.elr.includes(leader)) return false
  const recovers = (change.leaderRecoveryState ?? before.leaderRecoveryState) === RECOVERING
  return recovers || before.isr.every((replica) => before.addingReplicas.includes(replica))
}

export function sameBrokers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((broker, index) => broker === b[index])
}
