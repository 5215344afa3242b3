import { lastSequence, type RecordBatch } from '../protocol/batch.ts'

/** `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`: how many batches back a duplicate is recognised. */
export const NUM_BATCHES_TO_RETAIN = 5

/** What a snapshot keeps of a producer: its last batch only. */
export interface ProducerSnapshotEntry {
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  /** Milliseconds of the producer's clock. */
  readonly lastTimestamp: number
}

/** What a partition knows of one producer id (`ProducerStateEntry`): its epoch and a ring of its last five batches. */
export class ProducerStateEntry {
  readonly producerId: number
  producerEpoch: number
  /** Last sequence of the last batch. */
  lastSequence: number
  /** Largest record timestamp of the last batch, in milliseconds: event time, not time of arrival. */
  lastTimestamp: number
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
    this.firstSequences = [last.firstSequence]
    this.lastSequences = [last.lastSequence]
    this.baseOffsets = [last.baseOffset]
    this.lastOffsets = [last.lastOffset]
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

  lastOffset(slot: number): number {
    return this.lastOffsets[slot] as number
  }

  snapshot(): ProducerSnapshotEntry {
    const { at, producerId, producerEpoch, lastTimestamp } = this
    return {
      producerId,
      producerEpoch,
      firstSequence: this.firstSequences[at] as number,
      lastSequence: this.lastSequence,
      baseOffset: this.baseOffset(at),
      lastOffset: this.lastOffset(at),
      lastTimestamp,
    }
  }

  private clear(producerEpoch: number): void {
    this.producerEpoch = producerEpoch
    this.at = 0
    this.firstSequences.length = 0
    this.lastSequences.length = 0
    this.baseOffsets.length = 0
    this.lastOffsets.length = 0
  }
}
