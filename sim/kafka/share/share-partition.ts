import type { LogEntry } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { AcknowledgementBatch, AcquiredRecords, PersisterStateBatch } from '../protocol/share-messages.ts'
import { InFlightRecord, NO_MEMBER } from './in-flight-record.ts'
import { ACKNOWLEDGED_AS, isTerminal, RecordState, type RecordStateId } from './record-state.ts'
import { runsOf } from './runs.ts'

export interface SharePartitionLimits {
  /** `group.share.delivery.count.limit` */
  readonly maxDeliveryCount: number
  /** `group.share.partition.max.record.locks`: how many records may lie between the start and the end. */
  readonly maxInFlight: number
}

/** Who acquires, how much, and until when (monotonic microseconds). */
export interface Acquisition {
  readonly memberId: string
  readonly node: number
  /** A soft limit: a batch of the log is acquired whole. */
  readonly maxRecords: number
  readonly lockedUntil: number
}

/** What was changed at some offsets, in order. */
export interface Change {
  readonly offset: number
  readonly record: InFlightRecord
  /** Who had it before, as a node; -1 = nobody. */
  readonly node: number
}

/** Changes that wait for the share coordinator, or why there are none. */
export interface Transition {
  readonly error: number
  readonly changes: readonly Change[]
}

/**
 * A partition that a group shares (`SharePartition`), as its leader has it: the states of the records from the start offset
 * (SPSO) up to the end, behind which nothing was acquired yet. It knows no clock and no log.
 */
export class SharePartition {
  /** SPSO: everything before it is done with. */
  startOffset: number
  readonly stateEpoch: number
  private readonly limits: SharePartitionLimits
  /** By offset, from {@link startOffset} on. */
  private records: InFlightRecord[] = []
  /** Some record between start and end may be available again (`findNextFetchOffset`). */
  private mayHaveReturned = false

  constructor(
    limits: SharePartitionLimits,
    startOffset: number,
    stateEpoch: number,
    batches: readonly PersisterStateBatch[],
  ) {
    this.limits = limits
    this.startOffset = startOffset
    this.stateEpoch = stateEpoch
    for (const batch of batches) this.restore(batch)
    this.mayHaveReturned = this.records.length > 0
    this.moveStart()
  }

  /** What was acquired and not acknowledged is not persisted: it is available again, and so is what no batch tells of. */
  private restore({ firstOffset, lastOffset, deliveryState, deliveryCount }: PersisterStateBatch): void {
    const { records, startOffset } = this
    while (startOffset + records.length < firstOffset) records.push(new InFlightRecord(RecordState.AVAILABLE, 0))
    const from = Math.max(firstOffset, startOffset + records.length)
    for (let offset = from; offset <= lastOffset; offset++) {
      records.push(new InFlightRecord(deliveryState, deliveryCount))
    }
  }

  /** Behind the last record that was ever acquired (SPEO + 1). */
  get endOffset(): number {
    return this.startOffset + this.records.length
  }

  get inFlight(): number {
    return this.records.length
  }

  at(offset: number): InFlightRecord | undefined {
    return this.records[offset - this.startOffset]
  }

  /** Whether everything before an offset is done with. */
  isDoneUpTo(offset: number): boolean {
    if (this.endOffset < offset) return false
    return this.records.every(
      ({ state, inTransition }, index) => this.startOffset + index >= offset || (isTerminal(state) && !inTransition),
    )
  }

  // --- acquiring ----------------------------------------------------------------------------------------------------

  /** `nextFetchOffset`: the first record that may be acquired. */
  nextFetchOffset(): number {
    if (this.mayHaveReturned) {
      const index = this.records.findIndex((record) => record.isAcquirable)
      if (index >= 0) return this.startOffset + index
      this.mayHaveReturned = false
    }
    return this.endOffset
  }

  /** `canAcquireRecords`: what returned may always be acquired, new records while not too many are in flight. */
  canAcquire(): boolean {
    return this.nextFetchOffset() < this.endOffset || this.records.length < this.limits.maxInFlight
  }

  /** `acquire`: takes what may be acquired of entries of the log, read from {@link nextFetchOffset} on. */
  acquire(entries: readonly LogEntry[], acquisition: Acquisition): readonly AcquiredRecords[] {
    const acquired: Change[] = []
    const end = this.endOffset
    const room = this.limits.maxInFlight - this.records.length
    for (const { baseOffset, lastOffset } of entries) {
      if (acquired.length >= acquisition.maxRecords) break
      // Room for new records is a soft limit, too; what returned needs none.
      if (baseOffset >= end && this.endOffset - end >= room) break
      for (let offset = Math.max(baseOffset, this.startOffset); offset <= lastOffset; offset++) {
        this.acquireOne(offset, acquisition, acquired)
      }
    }
    return runsOf(acquired, (a, b) => a.record.deliveryCount === b.record.deliveryCount).map(([first, last]) => ({
      firstOffset: first.offset,
      lastOffset: last.offset,
      deliveryCount: first.record.deliveryCount,
    }))
  }

  private acquireOne(offset: number, { memberId, node, lockedUntil }: Acquisition, acquired: Change[]): void {
    if (offset === this.endOffset) this.records.push(new InFlightRecord(RecordState.AVAILABLE, 0))
    const record = this.at(offset)
    if (record === undefined || !record.isAcquirable) return
    if (!record.update(RecordState.ACQUIRED, 'increase', this.limits.maxDeliveryCount, memberId)) return
    record.node = node
    record.lockedUntil = lockedUntil
    acquired.push({ offset, record, node })
  }

  /** Records of aborted transactions are acquired by nobody (`maybeFilterAbortedTransactionalAcquiredRecords`); whether any were new. */
  archive(firstOffset: number, lastOffset: number): boolean {
    let archived = false
    for (let offset = Math.max(firstOffset, this.startOffset); offset <= lastOffset; offset++) {
      if (offset === this.endOffset) this.records.push(new InFlightRecord(RecordState.AVAILABLE, 0))
      const record = this.at(offset)
      if (record?.isAcquirable !== true) continue
      record.archive()
      archived = true
    }
    return archived
  }

  // --- acknowledging ------------------------------------------------------------------------------------------------

  /**
   * `acknowledge`: all of it or nothing. The changes are made, and wait for {@link complete}. INVALID_RECORD_STATE for what
   * the member does not have, or not any more; INVALID_REQUEST for what lies behind the end.
   */
  acknowledge(memberId: string, batches: readonly AcknowledgementBatch[]): Transition {
    const changes: Change[] = []
    for (const { firstOffset, lastOffset, acknowledgeType } of batches) {
      const to = ACKNOWLEDGED_AS[acknowledgeType]
      for (let offset = Math.max(firstOffset, this.startOffset); offset <= lastOffset; offset++) {
        const record = this.at(offset)
        const error = record === undefined ? Errors.INVALID_REQUEST : this.begin(offset, record, memberId, to, changes)
        if (error === Errors.NONE) continue
        for (const change of changes) change.record.complete(false)
        return { error, changes: [] }
      }
    }
    return { error: Errors.NONE, changes }
  }

  private begin(
    offset: number,
    record: InFlightRecord,
    memberId: string,
    to: RecordStateId,
    changes: Change[],
  ): number {
    if (record.state !== RecordState.ACQUIRED || record.memberId !== memberId) return Errors.INVALID_RECORD_STATE
    if (!record.begin(to, 'keep', this.limits.maxDeliveryCount)) return Errors.INVALID_RECORD_STATE
    changes.push({ offset, record, node: record.node })
    return Errors.NONE
  }

  /**
   * `releaseAcquiredRecords`: the session of a member ended. Its records count as not delivered, for what it was given it
   * would have acknowledged before (KAFKA-17541).
   */
  release(memberId: string): readonly Change[] {
    const changes: Change[] = []
    this.records.forEach((record, index) => {
      if (record.state !== RecordState.ACQUIRED || record.memberId !== memberId) return
      if (!record.begin(RecordState.AVAILABLE, 'decrease', this.limits.maxDeliveryCount)) return
      changes.push({ offset: this.startOffset + index, record, node: record.node })
    })
    return changes
  }

  /** The share coordinator has persisted the changes, or they are taken back. */
  complete(changes: readonly Change[], commit: boolean): void {
    for (const { record } of changes) {
      record.complete(commit)
      if (record.state === RecordState.AVAILABLE) this.mayHaveReturned = true
    }
    if (commit) this.moveStart()
  }

  // --- locks --------------------------------------------------------------------------------------------------------

  /** When the first acquisition lock ends; Infinity = nothing is locked. */
  nextExpiry(): number {
    let next = Infinity
    for (const { state, lockedUntil } of this.records) {
      if (state === RecordState.ACQUIRED && lockedUntil < next) next = lockedUntil
    }
    return next
  }

  /** `releaseAcquisitionLockOnTimeout`: made whatever becomes of its persistence. */
  expire(now: number): readonly Change[] {
    const changes: Change[] = []
    this.records.forEach((record, index) => {
      if (record.state !== RecordState.ACQUIRED || record.lockedUntil > now) return
      const { node } = record
      if (!record.update(RecordState.AVAILABLE, 'keep', this.limits.maxDeliveryCount, NO_MEMBER)) return
      this.mayHaveReturned = true
      changes.push({ offset: this.startOffset + index, record, node })
    })
    return changes
  }

  /** `maybeUpdateCachedStateAndOffsets`: what is done with at the start is forgotten. */
  moveStart(): void {
    let count = 0
    for (; count < this.records.length; count++) {
      const { state, inTransition } = this.records[count] as InFlightRecord
      if (!isTerminal(state) || inTransition) break
    }
    if (count === 0) return
    this.records.splice(0, count)
    this.startOffset += count
  }
}

/** What is persisted of changes. */
export function stateBatchesOf(changes: readonly Change[]): readonly PersisterStateBatch[] {
  const same = (a: Change, b: Change): boolean =>
    a.record.state === b.record.state && a.record.deliveryCount === b.record.deliveryCount
  return runsOf(changes, same).map(([first, last]) => ({
    firstOffset: first.offset,
    lastOffset: last.offset,
    deliveryState: first.record.state,
    deliveryCount: first.record.deliveryCount,
  }))
}
