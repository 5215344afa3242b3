import { M } from '../../history/catalogue.ts'
import { maskHigh, maskLow } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { Errors } from '../protocol/errors.ts'
import type { AlterPartitionResult } from '../protocol/messages.ts'
import { isAmong } from '../small-list.ts'
import type { MetadataCache, PartitionMetadata } from './metadata-cache.ts'
import { RemoteReplica } from './remote-replica.ts'
import type { ReplicationSwitches } from './replication-switches.ts'

/** A change of the in-sync set that the controller has not answered yet (`PendingPartitionChange`). */
export interface PendingIsr {
  readonly kind: 'expand' | 'shrink'
  readonly isr: readonly number[]
}

/** A change of the in-sync set that should go to the controller (`AlterPartitionItem`). */
export interface AlterIsr {
  readonly partition: Partition
  readonly isr: readonly number[]
  /** Epoch of each member as it was when the change was decided; -1 where it is unknown, and for this broker itself. */
  readonly brokerEpochs: readonly number[]
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

export type AlterOutcome = 'done' | 'retry'

export interface PartitionOptions {
  /** The broker whose replica this is. */
  readonly broker: number
  readonly replicaLagTimeMaxMs: number
  readonly minInsyncReplicas: number
  readonly rules: ReplicationSwitches
}

/**
 * One replica's part in its partition: role, epochs, in-sync set and high watermark (`Partition.scala`). It decides; the
 * replica manager sends.
 */
export class Partition {
  readonly tp: number
  readonly log: PartitionLog
  leaderEpoch = -1
  partitionEpoch = -1
  leaderId = -1
  isLeader = false
  /** Its log directory has failed: for the rest of the process nothing can be asked of it (`HostedPartition.Offline`). */
  isOffline = false
  replicas: readonly number[] = []
  /** The in-sync set that the controller committed, as far as this leader knows. */
  isr: readonly number[] = []
  /** Committed set and a pending expansion: who must hold a record before it counts as replicated. */
  maximalIsr: readonly number[] = []
  pending: PendingIsr | null = null
  leaderEpochStartOffset = -1
  leaderRecoveryState: 0 | 1 = 0
  remotes: RemoteReplica[] = []
  minInsyncReplicas: number
  /** Last stable offset that was told, of this leadership; -1 = none. */
  private toldStable = -1
  /** Where the last transaction begins that was told to hang; -1 = none was. */
  private toldHung = -1
  private readonly env: Env
  private readonly broker: number
  private readonly metadata: MetadataCache
  private readonly maxLag: number
  private readonly rules: ReplicationSwitches

  constructor(env: Env, tp: number, log: PartitionLog, metadata: MetadataCache, options: PartitionOptions) {
    this.env = env
    this.tp = tp
    this.log = log
    this.metadata = metadata
    this.broker = options.broker
    this.maxLag = ms(options.replicaLagTimeMaxMs)
    this.minInsyncReplicas = options.minInsyncReplicas
    this.rules = options.rules
  }

  /** `Partition.effectiveMinIsr`: never more than there are replicas. */
  get effectiveMinIsr(): number {
    return Math.min(this.minInsyncReplicas, this.replicas.length)
  }

  // --- role ---------------------------------------------------------------------------------------------------------

  /** `Partition.makeLeader`; returns whether the leadership is new. Older partition epochs are ignored. */
  makeLeader(state: PartitionMetadata): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false
    const isNewLeader = !this.isLeader
    const isNewEpoch = state.leaderEpoch > this.leaderEpoch
    const now = this.env.monotonic()
    this.isLeader = true
    this.leaderId = this.broker
    this.adopt(state.replicas, state.isr, state.partitionEpoch)
    if (isNewEpoch) {
      this.leaderEpoch = state.leaderEpoch
      this.toldStable = -1
      const start = this.log.logEndOffset
      this.leaderEpochStartOffset = start
      // The epoch begins in the cache even if nothing is ever written in it (KAFKA-7415).
      if (this.rules.epochEntries) this.log.assignEpochStartOffset(state.leaderEpoch, start)
      for (const remote of this.remotes) remote.reset(now, start, isNewLeader, this.isr.includes(remote.broker))
      this.env.emit(M.leaderBegan, this.tp, this.leaderEpoch, start, this.log.highWatermark)
    }
    this.emitIsr(M.isrAdopted, this.isr)
    return isNewEpoch
  }

  /** `Partition.makeFollower`; returns whether the fetcher begins anew: the leader epoch is new (KAFKA-7164), or once the leader. */
  makeFollower(state: PartitionMetadata): boolean {
    if (state.partitionEpoch < this.partitionEpoch) return false
    const isNewEpoch = state.leaderEpoch > this.leaderEpoch
    const restarts = isNewEpoch && (this.rules.followsEachEpoch || state.leader !== this.leaderId)
    this.isLeader = false
    this.leaderId = state.leader
    this.leaderEpoch = state.leaderEpoch
    this.leaderEpochStartOffset = -1
    this.partitionEpoch = state.partitionEpoch
    this.replicas = state.replicas
    this.isr = []
    this.maximalIsr = []
    this.pending = null
    this.remotes = []
    if (isNewEpoch) this.env.emit(M.followerBegan, this.tp, this.leaderId, this.leaderEpoch, this.log.logEndOffset)
    return restarts
  }

  /** Takes a role that it has had for a while, with everybody in sync and nothing written, without telling of it again. */
  resume(
    role: {
      readonly leaderEpoch: number
      readonly partitionEpoch: number
      readonly leaderId: number
      readonly isLeader: boolean
      readonly since: number
      readonly inPlace: boolean
    },
    replicas: readonly number[],
  ): void {
    this.isLeader = role.isLeader
    this.leaderId = role.leaderId
    this.leaderEpoch = role.leaderEpoch
    this.partitionEpoch = role.partitionEpoch
    this.replicas = replicas
    if (!role.isLeader) return
    const start = this.log.logEndOffset
    this.adopt(replicas, replicas, role.partitionEpoch)
    this.leaderEpochStartOffset = start
    if (this.rules.epochEntries) this.log.assignEpochStartOffset(role.leaderEpoch, start)
    for (const remote of this.remotes) remote.reset(role.since, start, !role.inPlace, true)
  }

  private adopt(replicas: readonly number[], isr: readonly number[], partitionEpoch: number): void {
    this.replicas = replicas
    const known = this.remotes
    this.remotes = replicas
      .filter((id) => id !== this.broker)
      .map((id) => known.find((remote) => remote.broker === id) ?? new RemoteReplica(id))
    this.isr = isr
    this.maximalIsr = isr
    this.pending = null
    this.partitionEpoch = partitionEpoch
    // After an unclean election a leader merely marks itself recovered; its next AlterPartition tells the controller.
    this.leaderRecoveryState = 0
  }

  private emitIsr(kind: number, isr: readonly number[]): void {
    this.env.emitWide(kind, this.tp, maskLow(isr), maskHigh(isr), this.leaderEpoch, this.partitionEpoch)
  }

  // --- followers' fetches -------------------------------------------------------------------------------------------

  remote(broker: number): RemoteReplica | null {
    for (const remote of this.remotes) if (remote.broker === broker) return remote
    return null
  }

  /**
   * The first part of `Partition.updateFollowerFetchState`. The caller then asks {@link expansionFor} and, if this returned
   * true because the follower's log end has moved, {@link maybeIncrementLeaderHW}, in this order.
   */
  updateFollowerFetch(remote: RemoteReplica, offset: number, logStartOffset: number, brokerEpoch: number): boolean {
    const before = remote.logEndOffset
    remote.updateFetchState(offset, logStartOffset, this.env.monotonic(), this.log.logEndOffset, brokerEpoch)
    if (offset === before) return false
    this.env.emit(M.followerFetched, this.tp, remote.broker, offset, this.leaderEpoch)
    return true
  }

  /** `Partition.maybeIncrementLeaderHW`: true when it moved. */
  maybeIncrementLeaderHW(): boolean {
    const hasMoved = this.incrementLeaderHW()
    if (this.log.transactions.present) this.tellLastStableOffset()
    return hasMoved
  }

  private tellLastStableOffset(): void {
    const offset = this.log.lastStableOffset
    if (offset === this.toldStable) return
    this.toldStable = offset
    this.env.emit(M.lsoAdvanced, this.tp, offset, this.leaderEpoch)
  }

  /**
   * `Partition.hasLateTransaction`: whether the oldest open transaction is older than any can be (KIP-664). Told once, as an
   * operator would be by the number of partitions with late transactions.
   */
  tellLateTransaction(limitMs: number): void {
    const { transactions } = this.log
    const { oldest } = transactions
    if (!this.isLeader || oldest === undefined || oldest.firstOffset === this.toldHung) return
    if (!transactions.isLate(limitMs)) return
    this.toldHung = oldest.firstOffset
    const { producerId, firstOffset } = oldest
    this.env.emit(M.txnHung, this.tp, firstOffset, producerId, transactions.producerEpoch(producerId))
  }

  private incrementLeaderHW(): boolean {
    // KIP-966's strict rule (3.7): below min ISR nothing commits, for every acks.
    if (this.isr.length < this.effectiveMinIsr && this.rules.strictMinIsr) return false
    const now = this.env.monotonic()
    const leaderEnd = this.log.logEndOffset
    let candidate = leaderEnd
    for (const remote of this.remotes) {
      if (remote.logEndOffset < candidate && this.holdsBack(remote, leaderEnd, now)) candidate = remote.logEndOffset
    }
    if (candidate <= this.log.highWatermark) return false
    this.log.setHighWatermark(candidate, this.leaderEpoch, true)
    return true
  }

  /** Members of the maximal in-sync set, and caught-up outsiders that are about to become members. */
  private holdsBack(remote: RemoteReplica, leaderEnd: number, now: number): boolean {
    if (isAmong(this.maximalIsr, remote.broker)) return true
    return remote.isCaughtUp(leaderEnd, now, this.maxLag) && this.isEligibleForIsr(remote)
  }

  /** `Partition.isReplicaIsrEligible`: KIP-841 and KIP-903. Who has not fetched yet is not eligible. */
  private isEligibleForIsr(remote: RemoteReplica): boolean {
    if (this.rules.eligibleOnly && !this.metadata.isEligible(remote.broker)) return false
    if (this.rules.brokerEpochs === 'none') return true
    return remote.brokerEpoch === this.metadata.aliveBrokerEpoch(remote.broker)
  }

  // --- in-sync set --------------------------------------------------------------------------------------------------

  /** `Partition.maybeExpandIsr` for the replica that just fetched; null when nothing changes. */
  expansionFor(remote: RemoteReplica): AlterIsr | null {
    if (this.pending !== null || isAmong(this.isr, remote.broker)) return null
    const end = remote.logEndOffset
    // Not before it reached the start of this leadership (KAFKA-7128).
    const start = this.rules.fromEpochStart ? this.leaderEpochStartOffset : 0
    if (end < this.log.highWatermark || end < start || !this.isEligibleForIsr(remote)) return null
    const isr = [...this.isr, remote.broker]
    this.pending = { kind: 'expand', isr }
    this.maximalIsr = isr
    return this.propose(isr)
  }

  /** `Partition.maybeShrinkIsr`: members that lag for longer than replica.lag.time.max.ms leave. */
  shrink(): AlterIsr | null {
    if (!this.isLeader || this.pending !== null) return null
    const now = this.env.monotonic()
    const end = this.log.logEndOffset
    const isr = this.isr.filter((id) => {
      const remote = this.remote(id)
      return remote === null || remote.isCaughtUp(end, now, this.maxLag)
    })
    if (isr.length === this.isr.length) return null
    // The maximal set stays the old one: a member counts until the controller has let it go.
    this.pending = { kind: 'shrink', isr }
    return this.propose(isr)
  }

  private propose(isr: readonly number[]): AlterIsr {
    this.emitIsr(M.isrProposed, isr)
    const brokerEpochs = isr.map((id) => this.brokerEpochOf(id))
    return { partition: this, isr, brokerEpochs, leaderEpoch: this.leaderEpoch, partitionEpoch: this.partitionEpoch }
  }

  /**
   * `Partition.addBrokerEpochToIsr`: the epoch of the fetches that showed the replica caught up. It is taken now and not
   * when the request leaves, or a request that waits would vouch for the replica's next life (KAFKA-15221).
   */
  private brokerEpochOf(broker: number): number {
    if (this.rules.brokerEpochs === 'none') return -1
    const remote = this.remote(broker)
    if (remote === null) return -1
    return remote.brokerEpoch < 0 ? this.metadata.aliveBrokerEpoch(broker) : remote.brokerEpoch
  }

  /** The epochs with which a change goes to the controller: those of when it was decided, unless before KAFKA-15221. */
  epochsSent(item: AlterIsr): readonly number[] {
    return this.rules.brokerEpochs === 'when-sent' ? item.isr.map((id) => this.brokerEpochOf(id)) : item.brokerEpochs
  }

  /** `Partition.handleAlterPartitionUpdate`: a change was accepted. Returns whether the high watermark moved. */
  onAlterAccepted(item: AlterIsr, result: AlterPartitionResult): boolean {
    if (!this.isCurrent(item) || result.leaderEpoch !== this.leaderEpoch || result.partitionEpoch < this.partitionEpoch)
      return false
    this.isr = result.isr
    this.maximalIsr = result.isr
    this.pending = null
    this.partitionEpoch = result.partitionEpoch
    this.leaderRecoveryState = result.leaderRecoveryState
    this.emitIsr(M.isrAdopted, this.isr)
    return this.maybeIncrementLeaderHW()
  }

  /** `Partition.handleAlterPartitionError`. */
  onAlterRefused(item: AlterIsr, error: number): AlterOutcome {
    if (!this.isCurrent(item)) return 'done'
    switch (error) {
      case Errors.OPERATION_NOT_ATTEMPTED:
      case Errors.INELIGIBLE_REPLICA:
        // The change certainly did not happen: back to the last committed state.
        this.pending = null
        this.maximalIsr = this.isr
        return 'done'
      case Errors.UNKNOWN_TOPIC_OR_PARTITION:
      case Errors.UNKNOWN_TOPIC_ID:
      case Errors.NEW_LEADER_ELECTED:
      case Errors.FENCED_LEADER_EPOCH:
      case Errors.INVALID_UPDATE_VERSION:
      case Errors.INVALID_REQUEST:
        // Stays pending, with the conservative set, until metadata arrives.
        return 'done'
      default:
        return 'retry'
    }
  }

  private isCurrent(item: AlterIsr): boolean {
    return (
      this.isLeader && this.pending !== null && this.pending.isr === item.isr && item.leaderEpoch === this.leaderEpoch
    )
  }
}
