import {
  BATCH_OVERHEAD,
  incrementSequence,
  type KafkaRecord,
  RECORD_OVERHEAD,
  type RecordBatch,
} from '../protocol/batch.ts'
import type { PartitionState } from './partition-state.ts'

/** `RecordBatch.NO_SEQUENCE` */
export const NO_SEQUENCE: number = -1

/** Bytes a record takes in a batch. */
export function sizeInBatch(record: KafkaRecord): number {
  return record.size + RECORD_OVERHEAD
}

/** Bytes of a batch that holds this record only (`AbstractRecords.estimateSizeInBytesUpperBound`). */
export function sizeAlone(record: KafkaRecord): number {
  return BATCH_OVERHEAD + sizeInBatch(record)
}

/**
 * `ProducerBatch`: records on their way, from the first append to their callbacks. It also remembers what the application
 * may conclude: whether any request that carried it ended in doubt.
 */
export class ProducerBatch {
  readonly id: number
  readonly partition: PartitionState
  /** Monotonic microseconds; `delivery.timeout.ms` counts from here. A split batch keeps the time of the original. */
  readonly createdAt: number
  readonly writeLimit: number
  /** Bytes of `buffer.memory` it holds; 0 for a split batch, which lives outside the pool. */
  readonly memory: number
  readonly records: KafkaRecord[]
  /** `estimatedSizeInBytes` */
  size: number
  private maxTimestamp: number
  /** Topic and partition as the last request with it named them; -1 = none did. The topic may be another one by now. */
  sentTp = -1
  /** Takes no more records. */
  closed = false
  /** Callbacks have been made. */
  done = false
  /** Times it was put back for another try. */
  attempts = 0
  inRetry = false
  lastAttemptAt: number
  /** Not drained before, unless the leader changed (KIP-951). */
  retryAt = 0
  private leaderEpoch = -1
  private attemptsWhenLeaderLastChanged = -1
  producerId = -1
  producerEpoch = -1
  baseSequence: number = NO_SEQUENCE
  /** Its sequence was rewritten since it was last sent (`sequenceHasBeenReset`). */
  reopened = false
  /** The partitioner chose its partition, for want of keys. */
  sticky = false
  /** The batch that took its records over while it was unanswered (`retry.siblings`). */
  successor: ProducerBatch | null = null
  /** A request that carries it is unanswered. */
  inRequest = false
  /** A request that carried it ended without certainty that it was not appended. */
  inDoubt = false
  private wire: RecordBatch | null = null

  /** A batch that holds its first record, which always fits. */
  constructor(
    id: number,
    partition: PartitionState,
    createdAt: number,
    writeLimit: number,
    memory: number,
    first: KafkaRecord,
  ) {
    this.id = id
    this.partition = partition
    this.createdAt = createdAt
    this.lastAttemptAt = createdAt
    this.writeLimit = writeLimit
    this.memory = memory
    // Not pushed: an array that grows from nothing takes room for 17, and a log keeps the records of every batch.
    this.records = [first]
    this.size = sizeAlone(first)
    this.maxTimestamp = first.timestamp
  }

  /** The same records as another batch, no younger and tried as often, outside the pool. */
  again(id: number, partition: PartitionState): ProducerBatch {
    const { records } = this
    const copy = new ProducerBatch(id, partition, this.createdAt, this.writeLimit, 0, records[0] as KafkaRecord)
    for (let i = 1; i < records.length; i++) copy.tryAppend(records[i] as KafkaRecord)
    copy.closed = true
    copy.sticky = this.sticky
    // As if it had been tried under the leader known now: it waits out its back-off.
    copy.updateLeaderEpoch(partition.leaderEpoch)
    copy.attempts = this.attempts
    copy.inDoubt = this.inDoubt
    return copy
  }

  /** Adds a record; false when there is no room. */
  tryAppend(record: KafkaRecord): boolean {
    const size = this.size + sizeInBatch(record)
    if (this.closed || size > this.writeLimit) return false
    this.records.push(record)
    this.size = size
    if (record.timestamp > this.maxTimestamp) this.maxTimestamp = record.timestamp
    return true
  }

  isFull(): boolean {
    return this.closed || this.size >= this.writeLimit
  }

  hasSequence(): boolean {
    return this.baseSequence !== NO_SEQUENCE
  }

  /** Last sequence of the batch. */
  lastSequence(): number {
    return incrementSequence(this.baseSequence, this.records.length - 1)
  }

  setProducerState(producerId: number, producerEpoch: number, baseSequence: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.baseSequence = baseSequence
    this.wire = null
  }

  /** Gives the batch another identity; it may have been written under the old one. */
  resetProducerState(producerId: number, producerEpoch: number, baseSequence: number): void {
    this.reopened = true
    this.setProducerState(producerId, producerEpoch, baseSequence)
  }

  /** Closes the batch and returns what travels: the same object for every retry under the same identity. */
  seal(isTransactional: boolean): RecordBatch {
    this.closed = true
    this.reopened = false
    return (this.wire ??= {
      id: this.id,
      producerId: this.producerId,
      producerEpoch: this.producerEpoch,
      baseSequence: this.baseSequence,
      isTransactional,
      marker: null,
      records: this.records,
      size: this.size,
      maxTimestamp: this.maxTimestamp,
    })
  }

  reenqueued(now: number, retryAt: number): void {
    this.attempts++
    this.lastAttemptAt = now
    this.retryAt = retryAt
    this.inRetry = true
  }

  /** `maybeUpdateLeaderEpoch` */
  updateLeaderEpoch(latest: number): void {
    if (latest <= this.leaderEpoch) return
    this.attemptsWhenLeaderLastChanged = this.attempts
    this.leaderEpoch = latest
  }

  /** `hasLeaderChangedForTheOngoingRetry` */
  leaderChangedForRetry(): boolean {
    return this.attempts > 0 && this.attempts === this.attemptsWhenLeaderLastChanged
  }
}
