import { tpOf } from '../../history/ids.ts'
import type { ReassignmentCompletion } from '../protocol/profile.ts'
import type { LeaderAcceptor } from './leader-acceptor.ts'
import {
  NO_LEADER,
  type PartitionChangeRecord,
  type PartitionRegistration,
  RECOVERING,
  sameBrokers,
} from './partition-registration.ts'
import { completedReassignment } from './reassignment-replicas.ts'

/**
 * `preferred` moves the lead back to the first replica; `online` keeps a leader as long as an eligible one lives; `unclean`
 * takes any living replica rather than none.
 */
export type Election = 'preferred' | 'online' | 'unclean'

export interface PartitionChangeOptions {
  /** The topic's effective min.insync.replicas. */
  readonly minIsr: number
  /** eligible.leader.replicas.version = 1 */
  readonly elrEnabled: boolean
  readonly election: Election
  /** When a reassignment is complete. */
  readonly completion: ReassignmentCompletion
  /** Unchanged unless given. */
  readonly targetIsr?: readonly number[]
  /** Unchanged unless given. The first is the preferred leader. */
  readonly targetReplicas?: readonly number[]
  /** Unchanged unless given. */
  readonly targetAdding?: readonly number[]
  readonly targetRemoving?: readonly number[]
  /** Unchanged unless given. */
  readonly targetLeaderRecoveryState?: 0 | 1
  /** Replicas whose process ended uncleanly: they may have lost what was not flushed, so they leave the ELR. */
  readonly uncleanShutdownReplicas?: readonly number[]
}

interface ElectionResult {
  readonly leader: number
  readonly unclean: boolean
}

type Draft = { -readonly [Field in keyof PartitionChangeRecord]: PartitionChangeRecord[Field] }

/** `PartitionChangeBuilder`: from what shall change about a partition to the record that does it, elections included. */
export class PartitionChangeBuilder {
  private readonly partition: PartitionRegistration
  private readonly acceptor: LeaderAcceptor
  private readonly options: PartitionChangeOptions
  private targetIsr: readonly number[]
  private targetElr: readonly number[]
  private targetReplicas: readonly number[]
  private targetAdding: readonly number[]
  private targetRemoving: readonly number[]

  constructor(partition: PartitionRegistration, acceptor: LeaderAcceptor, options: PartitionChangeOptions) {
    this.partition = partition
    this.acceptor = acceptor
    this.options = options
    this.targetIsr = options.targetIsr ?? partition.isr
    this.targetElr = partition.elr
    this.targetReplicas = options.targetReplicas ?? partition.replicas
    this.targetAdding = options.targetAdding ?? partition.addingReplicas
    this.targetRemoving = options.targetRemoving ?? partition.removingReplicas
  }

  /** The change record, or null when nothing changes. */
  build(): PartitionChangeRecord | null {
    const { partition, options } = this
    const { topicId, partitionId } = partition
    const record: Draft = { type: 'PartitionChangeRecord', topicId, partitionId }
    this.completeReassignment()
    this.populateTargetElr()
    this.tryElection(record)
    this.bumpEpochOnRemoval(record)
    this.updateElr(record)
    // With ELR the in-sync set may become empty; without it the last member stays, whatever became of its disk.
    if (
      record.isr === undefined &&
      (this.targetIsr.length > 0 || options.elrEnabled) &&
      !sameBrokers(this.targetIsr, partition.isr)
    ) {
      record.isr = this.targetIsr
    }
    this.updateLastKnownLeader(record)
    this.setAssignment(record)
    const recovery = options.targetLeaderRecoveryState ?? partition.leaderRecoveryState
    if (recovery !== partition.leaderRecoveryState) record.leaderRecoveryState = recovery
    return isNoOp(record) ? null : record
  }

  /** `completeReassignmentIfNeeded`: the change may be what a reassignment waited for. */
  private completeReassignment(): void {
    const { targetReplicas: replicas, targetAdding: adding, targetRemoving: removing } = this
    const completed = completedReassignment({ replicas, adding, removing }, this.targetIsr, this.options.completion)
    if (completed === null) return
    this.targetIsr = completed.isr
    this.targetReplicas = completed.replicas
    this.targetAdding = []
    this.targetRemoving = []
  }

  /** `triggerLeaderEpochBumpForReplicaReassignmentIfNeeded`: who is no replica any more shall not go on as one. */
  private bumpEpochOnRemoval(record: Draft): void {
    const { partition, targetReplicas } = this
    if (record.leader !== undefined) return
    if (!partition.replicas.every((replica) => targetReplicas.includes(replica))) record.leader = partition.leader
  }

  private setAssignment(record: Draft): void {
    const { replicas, addingReplicas, removingReplicas } = this.partition
    if (!sameBrokers(this.targetReplicas, replicas)) record.replicas = this.targetReplicas
    if (!sameBrokers(this.targetAdding, addingReplicas)) record.addingReplicas = this.targetAdding
    if (!sameBrokers(this.targetRemoving, removingReplicas)) record.removingReplicas = this.targetRemoving
  }

  /** `maybePopulateTargetElr`: what leaves the ISR below min ISR stays eligible, unless it shut down uncleanly. */
  private populateTargetElr(): void {
    const { partition, options, targetIsr } = this
    if (!options.elrEnabled) return
    if (targetIsr.length >= options.minIsr) {
      this.targetElr = []
      return
    }
    const unclean = options.uncleanShutdownReplicas ?? []
    this.targetElr = [...new Set([...this.targetElr, ...partition.isr])]
      .filter((replica) => !targetIsr.includes(replica) && !unclean.includes(replica))
      .sort((a, b) => a - b)
  }

  private tryElection(record: Draft): void {
    const { partition } = this
    const { leader, unclean } = this.options.election === 'preferred' ? this.electPreferred() : this.electAny()
    if (leader === partition.leader) return
    if (this.targetElr.includes(leader)) {
      this.targetIsr = [leader]
      this.targetElr = this.targetElr.filter((replica) => replica !== leader)
    }
    record.leader = leader
    if (!unclean) return
    record.isr = [leader]
    if (partition.leaderRecoveryState !== RECOVERING) record.leaderRecoveryState = RECOVERING
  }

  private electPreferred(): ElectionResult {
    const preferred = this.targetReplicas[0] ?? NO_LEADER
    if (this.isValidLeader(preferred)) return { leader: preferred, unclean: false }
    return this.electEligible()
  }

  private electAny(): ElectionResult {
    const elected = this.electEligible()
    if (elected.leader !== NO_LEADER || this.options.election !== 'unclean') return elected
    for (const replica of this.targetReplicas) {
      if (this.accepts(replica)) return { leader: replica, unclean: true }
    }
    return elected
  }

  /** The current leader if it is still valid, else the first valid replica, else the last known leader, else none. */
  private electEligible(): ElectionResult {
    const { partition } = this
    if (this.isValidLeader(partition.leader)) return { leader: partition.leader, unclean: false }
    for (const replica of this.targetReplicas) {
      if (this.isValidLeader(replica)) return { leader: replica, unclean: false }
    }
    const lastKnown = this.lastKnownLeader()
    return lastKnown === NO_LEADER ? { leader: NO_LEADER, unclean: false } : { leader: lastKnown, unclean: true }
  }

  /** In the target ISR, or in the ELR while that is empty; alive, and with its log directory. */
  private isValidLeader(replica: number): boolean {
    const { targetIsr, targetElr } = this
    const eligible = targetIsr.includes(replica) || (targetIsr.length === 0 && targetElr.includes(replica))
    return eligible && this.accepts(replica)
  }

  private accepts(replica: number): boolean {
    const { topicId, partitionId } = this.partition
    return this.acceptor.accepts(replica, tpOf(topicId, partitionId))
  }

  /** `canElectLastKnownLeader`: when nobody is in sync or eligible, the broker that led last, once it is alive again. */
  private lastKnownLeader(): number {
    if (!this.options.elrEnabled || this.targetIsr.length > 0 || this.targetElr.length > 0) return NO_LEADER
    const [lastKnown] = this.partition.lastKnownElr
    return lastKnown !== undefined && this.accepts(lastKnown) ? lastKnown : NO_LEADER
  }

  /** `maybeUpdateRecordElr`: an unclean election (which has set the ISR by now) leaves nobody eligible. */
  private updateElr(record: Draft): void {
    if (record.isr !== undefined || !this.options.elrEnabled) this.targetElr = []
    if (!sameBrokers(this.targetElr, this.partition.elr)) record.eligibleLeaderReplicas = this.targetElr
  }

  /** `maybeUpdateLastKnownLeader`: remembered when the partition first becomes leaderless, forgotten once it has a leader. */
  private updateLastKnownLeader(record: Draft): void {
    const { leader, lastKnownElr } = this.partition
    if (!this.options.elrEnabled) return
    if (record.isr?.length === 0 && !sameBrokers(lastKnownElr, [leader])) {
      record.lastKnownElr = [leader]
    } else if (lastKnownElr.length > 0 && (record.leader ?? leader) !== NO_LEADER) {
      record.lastKnownElr = []
    }
  }
}

function isNoOp(record: Draft): boolean {
  return (
    record.isr === undefined &&
    record.replicas === undefined &&
    record.addingReplicas === undefined &&
    record.removingReplicas === undefined &&
    record.leader === undefined &&
    record.leaderRecoveryState === undefined &&
    record.eligibleLeaderReplicas === undefined &&
    record.lastKnownElr === undefined
  )
}
