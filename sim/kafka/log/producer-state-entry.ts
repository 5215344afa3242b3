import { type EndTransactionMarker, lastSequence, type RecordBatch } from '../protocol/batch.ts'

/** `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`: how many batches back a duplicate is recognised. */
export const NUM_BATCHES_TO_RETAIN = 5

/** What is remembered of a batch, side by side: a cluster has very many of these entries, most of them of one batch. */
const FIRST_SEQUENCE = 0
const LAST_SEQUENCE = 1
const BASE_OFFSET = 2
const LAST_OFFSET = 3
const WIDTH = 4

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
  /** {@link WIDTH} numbers for each slot. */
  private readonly batches: number[]
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
    this.batches = last.lastOffset < 0 ? [] : [last.firstSequence, last.lastSequence, last.baseOffset, last.lastOffset]
  }

  /** No batch of this epoch is remembered. */
  get isEmpty(): boolean {
    return this.batches.length === 0
  }

  /** Remembers a batch that was written; another epoch clears what was known. */
  add(batch: RecordBatch, baseOffset: number): void {
    if (batch.producerEpoch !== this.producerEpoch) this.clear(batch.producerEpoch)
    const { batches } = this
    const count = batches.length / WIDTH
    const slot = count < this.retained ? count : this.at === this.retained - 1 ? 0 : this.at + 1
    const row = slot * WIDTH
    this.at = slot
    batches[row + FIRST_SEQUENCE] = batch.baseSequence
    batches[row + LAST_SEQUENCE] = this.lastSequence = lastSequence(batch)
    batches[row + BASE_OFFSET] = baseOffset
    batches[row + LAST_OFFSET] = baseOffset + batch.records.length - 1
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
    const { batches } = this
    const last = lastSequence(batch)
    for (let row = 0; row < batches.length; row += WIDTH) {
      if (batches[row + FIRST_SEQUENCE] === batch.baseSequence && batches[row + LAST_SEQUENCE] === last)
        return row / WIDTH
    }
    return -1
  }

  baseOffset(slot: number): number {
    return this.batches[slot * WIDTH + BASE_OFFSET] as number
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
    return this.batches[slot * WIDTH + LAST_OFFSET] as number
  }

  snapshot(): ProducerSnapshotEntry {
    const { at, producerId, producerEpoch, lastTimestamp, coordinatorEpoch, currentTxnFirstOffset, isEmpty } = this
    return {
      producerId,
      producerEpoch,
      firstSequence: isEmpty ? -1 : (this.batches[at * WIDTH + FIRST_SEQUENCE] as number),
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
    this.batches.length = 0
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
