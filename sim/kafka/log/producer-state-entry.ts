import { type EndTransactionMarker, lastSequence, type RecordBatch } from '../protocol/batch.ts'

/** `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`: how many batches back a duplicate is recognised. */
export const NUM_BATCHES_TO_RETAIN = 5

/** What a snapshot keeps of a producer: its last batch only; sequences and offsets are -1 where it has written none. */
export interface ProducerSnapshotEntry {
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  /** Milliseconds of the producer's clock, or of the broker's for a marker. */
  readonly lastTimestamp: number
  /** Of the last marker; -1 = there was none. */
  readonly coordinatorEpoch: number
  /** Where the open transaction begins; -1 = none is open. */
  readonly currentTxnFirstOffset: number
}

/** What a partition knows of one producer id (`ProducerStateEntry`): its epoch and a ring of its last five batches. */
export class ProducerStateEntry {
  readonly producerId: number
  producerEpoch: number
  /** Last sequence of the last batch; -1 = no batch is remembered. */
  lastSequence: number
  /** Largest record timestamp of the last batch, in milliseconds: event time, not time of arrival. */
  lastTimestamp: number
  /** Of the last marker; -1 = there was none. */
  coordinatorEpoch: number
  /** Where the open transaction begins; -1 = none is open. */
  currentTxnFirstOffset: number
  private readonly firstSequences: number[]
  private readonly lastSequences: number[]
  private readonly baseOffsets: number[]
  private readonly lastOffsets: number[]
  /** How many batches are remembered: five, or one as before KAFKA-5494 (1.0). */
  private readonly retained: number
  /** Slot of the last batch. */
  private at = 0

  constructor(last: ProducerSnapshotEntry, retained: number = NUM_BATCHES_TO_RETAIN) {
    this.retained = retained
    this.producerId = last.producerId
    this.producerEpoch = last.producerEpoch
    this.lastSequence = last.lastSequence
    this.lastTimestamp = last.lastTimestamp
    this.coordinatorEpoch = last.coordinatorEpoch
    this.currentTxnFirstOffset = last.currentTxnFirstOffset
    const isEmpty = last.lastOffset < 0
    this.firstSequences = isEmpty ? [] : [last.firstSequence]
    this.lastSequences = isEmpty ? [] : [last.lastSequence]
    this.baseOffsets = isEmpty ? [] : [last.baseOffset]
    this.lastOffsets = isEmpty ? [] : [last.lastOffset]
  }

  /** No batch of this epoch is remembered. */
  get isEmpty(): boolean {
    return this.firstSequences.length === 0
  }

  /** Remembers a batch that was written; another epoch clears what was known. */
  add(batch: RecordBatch, baseOffset: number): void {
    if (batch.producerEpoch !== this.producerEpoch) this.clear(batch.producerEpoch)
    const count = this.firstSequences.length
    const slot = count < this.retained ? count : this.at === this.retained - 1 ? 0 : this.at + 1
    this.at = slot
    this.firstSequences[slot] = batch.baseSequence
    this.lastSequences[slot] = this.lastSequence = lastSequence(batch)
    this.baseOffsets[slot] = baseOffset
    this.lastOffsets[slot] = baseOffset + batch.records.length - 1
    this.lastTimestamp = batch.maxTimestamp
  }

  /**
   * A marker was written (`appendEndTxnMarker`): the producer goes on with its epoch. Returns where the transaction began that
   * it ends; -1 = none was open.
   */
  endTransaction(batch: RecordBatch, marker: EndTransactionMarker): number {
    const firstOffset = this.currentTxnFirstOffset
    if (batch.producerEpoch !== this.producerEpoch) this.clear(batch.producerEpoch)
    this.coordinatorEpoch = marker.coordinatorEpoch
    this.currentTxnFirstOffset = -1
    this.lastTimestamp = batch.maxTimestamp
    return firstOffset
  }

  /** Slot of the remembered batch with the same epoch and exactly the same sequences; -1 = none. */
  findDuplicate(batch: RecordBatch): number {
    if (batch.producerEpoch !== this.producerEpoch) return -1
    const { firstSequences } = this
    for (let slot = 0; slot < firstSequences.length; slot++) {
      if (firstSequences[slot] === batch.baseSequence && this.lastSequences[slot] === lastSequence(batch)) return slot
    }
    return -1
  }

  baseOffset(slot: number): number {
    return this.baseOffsets[slot] as number
  }

  /** Whether compaction must leave a batch for what it tells of its producer (`isBatchLastRecordOfProducer`). */
  isToldBy(batch: RecordBatch, lastOffset: number): boolean {
    const newest = this.newestOffset
    return newest >= 0 ? newest === lastOffset : batch.marker !== null && batch.producerEpoch === this.producerEpoch
  }

  /** Offset of the last record that is remembered, -1 without any. */
  get newestOffset(): number {
    return this.isEmpty ? -1 : this.lastOffset(this.at)
  }

  lastOffset(slot: number): number {
    return this.lastOffsets[slot] as number
  }

  snapshot(): ProducerSnapshotEntry {
    const { at, producerId, producerEpoch, lastTimestamp, coordinatorEpoch, currentTxnFirstOffset, isEmpty } = this
    return {
      producerId,
      producerEpoch,
      firstSequence: isEmpty ? -1 : (this.firstSequences[at] as number),
      lastSequence: this.lastSequence,
      baseOffset: isEmpty ? -1 : this.baseOffset(at),
      lastOffset: isEmpty ? -1 : this.lastOffset(at),
      lastTimestamp,
      coordinatorEpoch,
      currentTxnFirstOffset,
    }
  }

  private clear(producerEpoch: number): void {
    this.producerEpoch = producerEpoch
    this.lastSequence = -1
    this.at = 0
    this.firstSequences.length = 0
    this.lastSequences.length = 0
    this.baseOffsets.length = 0
    this.lastOffsets.length = 0
  }
}

/** A producer with its first batch. */
export function firstSeen(batch: RecordBatch, baseOffset: number): ProducerSnapshotEntry {
  return {
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    firstSequence: batch.baseSequence,
    lastSequence: lastSequence(batch),
    baseOffset,
    lastOffset: baseOffset + batch.records.length - 1,
    lastTimestamp: batch.maxTimestamp,
    coordinatorEpoch: -1,
    currentTxnFirstOffset: -1,
  }
}

/** A producer of which nothing is known but that a batch, which is not to be remembered, has its id and epoch. */
export function emptyEntry(batch: RecordBatch): ProducerSnapshotEntry {
  return {
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    firstSequence: -1,
    lastSequence: -1,
    baseOffset: -1,
    lastOffset: -1,
    lastTimestamp: batch.maxTimestamp,
    coordinatorEpoch: -1,
    currentTxnFirstOffset: -1,
  }
}
