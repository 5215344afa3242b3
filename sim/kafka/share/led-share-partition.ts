import { M } from '../../history/catalogue.ts'
import type { Partition } from '../broker/partition.ts'
import type { Env } from '../env.ts'
import { Errors } from '../protocol/errors.ts'
import type { AcknowledgementBatch, AcquiredRecords, ReadShareGroupStateResponse } from '../protocol/share-messages.ts'
import type { Persister } from './persister.ts'
import { RecordState } from './record-state.ts'
import { runsOf } from './runs.ts'
import type { ShareGroupConfig } from './share-group-config.ts'
import {
  type Acquisition,
  type Change,
  SharePartition,
  type SharePartitionLimits,
  stateBatchesOf,
} from './share-partition.ts'

/** Why records changed their state, as moments tell it. */
export const ShareCause = {
  acknowledged: 0,
  /** Their acquisition lock ended. */
  lock: 1,
  /** The session of their member ended. */
  session: 2,
  /** Their transaction was aborted. */
  aborted: 3,
} as const

export type ShareCauseId = (typeof ShareCause)[keyof typeof ShareCause]

/** A change that waits for the share coordinator. */
export interface PendingChange {
  readonly changes: readonly Change[]
  readonly cause: ShareCauseId
}

/** What a leader's errors of persistence are for clients (`SharePartition.fetchPersisterError`). */
export function persisterError(error: number): number {
  switch (error) {
    case Errors.NONE:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.FENCED_STATE_EPOCH:
      return error
    case Errors.FENCED_LEADER_EPOCH:
      return Errors.NOT_LEADER_OR_FOLLOWER
    default:
      return Errors.UNKNOWN_SERVER_ERROR
  }
}

/**
 * A share partition where its leader has it: the states of its records, what is persisted of them, and what is told. It is
 * EMPTY until the share coordinator has said what it knows (`SharePartitionState`).
 */
export class LedSharePartition {
  readonly groupId: string
  readonly tp: number
  readonly leaderEpoch: number
  readonly config: ShareGroupConfig
  status: 'INITIALIZING' | 'ACTIVE' | 'FENCED' = 'INITIALIZING'
  /** Token of the question to the share coordinator. */
  readonly reading: number
  private readonly env: Env
  private readonly persister: Persister
  private readonly limits: SharePartitionLimits
  private readonly group: number
  private shared: SharePartition | null = null

  constructor(
    env: Env,
    persister: Persister,
    limits: SharePartitionLimits,
    config: ShareGroupConfig,
    groupId: string,
    partition: Partition,
  ) {
    this.env = env
    this.persister = persister
    this.limits = limits
    this.config = config
    this.groupId = groupId
    this.tp = partition.tp
    this.leaderEpoch = partition.leaderEpoch
    this.group = env.recorder.text(groupId)
    this.reading = persister.read({ groupId, tp: this.tp, leaderEpoch: this.leaderEpoch })
  }

  /** The states of the records; null before they are known. */
  get states(): SharePartition | null {
    return this.shared
  }

  /** `maybeInitialize`: what is persisted is known. Returns the error with which fetches that wait for it fail. */
  onRead(response: ReadShareGroupStateResponse, partition: Partition): number {
    if (response.errorCode !== Errors.NONE) return persisterError(response.errorCode)
    const start = response.startOffset >= 0 ? response.startOffset : this.resetOffset(partition)
    if (start < 0) return Errors.OFFSET_NOT_AVAILABLE
    this.shared = new SharePartition(this.limits, start, response.stateEpoch, response.stateBatches)
    this.status = 'ACTIVE'
    const { startOffset, inFlight } = this.shared
    this.env.emitWide(M.shareLoaded, this.group, this.tp, startOffset, inFlight, this.leaderEpoch)
    return Errors.NONE
  }

  /** `startOffsetDuringInitialization`; -1 = a new leader does not know the end yet. */
  private resetOffset({ log, leaderEpochStartOffset }: Partition): number {
    if (this.config['share.auto.offset.reset'] === 'earliest') return log.logStartOffset
    return log.highWatermark < leaderEpochStartOffset ? -1 : log.highWatermark
  }

  // --- acquiring ----------------------------------------------------------------------------------------------------

  /** Tells of what was acquired. */
  onAcquired(acquired: readonly AcquiredRecords[], { node }: Acquisition): void {
    for (const { firstOffset, lastOffset, deliveryCount } of acquired)
      this.env.emitWide(M.shareAcquired, this.group, this.tp, firstOffset, lastOffset, deliveryCount, node)
  }

  /** Records of aborted transactions, which are given to nobody and not persisted before others are. */
  archive(firstOffset: number, lastOffset: number): void {
    if (this.shared?.archive(firstOffset, lastOffset) !== true) return
    const { aborted } = ShareCause
    this.env.emitWide(M.shareArchived, this.group, this.tp, firstOffset, lastOffset, 0, -1, aborted)
  }

  // --- changes ------------------------------------------------------------------------------------------------------

  /** Acknowledges; the token of what is being persisted (0 = nothing is to be) or the error. */
  acknowledge(
    memberId: string,
    batches: readonly AcknowledgementBatch[],
    pending: Map<number, PendingChange>,
  ): { readonly error: number; readonly token: number } {
    if (this.shared === null) return { error: Errors.INVALID_RECORD_STATE, token: 0 }
    const { error, changes } = this.shared.acknowledge(memberId, batches)
    return { error, token: this.persist(changes, ShareCause.acknowledged, pending) }
  }

  /** The session of a member ended. Returns the token of what is being persisted, 0 = nothing. */
  release(memberId: string, pending: Map<number, PendingChange>): number {
    return this.persist(this.shared?.release(memberId) ?? [], ShareCause.session, pending)
  }

  /** Ends acquisition locks; whether any did. That is so whatever becomes of its persistence. */
  expire(now: number, pending: Map<number, PendingChange>): boolean {
    const changes = this.shared?.expire(now) ?? []
    this.tell(changes, ShareCause.lock)
    this.persist(changes, ShareCause.lock, pending)
    return changes.length > 0
  }

  private persist(changes: readonly Change[], cause: ShareCauseId, pending: Map<number, PendingChange>): number {
    const { shared, groupId, tp, leaderEpoch } = this
    if (changes.length === 0 || shared === null) return 0
    const { stateEpoch, startOffset } = shared
    const stateBatches = stateBatchesOf(changes)
    const token = this.persister.write({ groupId, tp, leaderEpoch, stateEpoch, startOffset, stateBatches })
    pending.set(token, { changes, cause })
    return token
  }

  /** The share coordinator has answered (`rollbackOrProcessStateUpdates`). */
  onWritten({ changes, cause }: PendingChange, errorCode: number): void {
    const { shared } = this
    if (shared === null) return
    if (cause === ShareCause.lock) {
      shared.moveStart()
      return
    }
    shared.complete(changes, errorCode === Errors.NONE)
    if (errorCode === Errors.NONE) this.tell(changes, cause)
  }

  private tell(changes: readonly Change[], cause: ShareCauseId): void {
    const alike = (a: Change, b: Change): boolean =>
      a.record.state === b.record.state && a.record.deliveryCount === b.record.deliveryCount && a.node === b.node
    for (const [{ offset, record, node }, last] of runsOf(changes, alike)) {
      const kind = MOMENT_OF[record.state]
      this.env.emitWide(kind, this.group, this.tp, offset, last.offset, record.deliveryCount, node, cause)
    }
  }
}

const MOMENT_OF = {
  [RecordState.AVAILABLE]: M.shareReleased,
  [RecordState.ACQUIRED]: M.shareAcquired,
  [RecordState.ACKNOWLEDGED]: M.shareAcknowledged,
  [RecordState.ARCHIVED]: M.shareArchived,
} as const
