import { incrementSequence } from '../protocol/batch.ts'
import { NO_SEQUENCE, type ProducerBatch } from './producer-batch.ts'

/** `TxnPartitionEntry`: an idempotent producer's book on one partition. */
export class TxnPartitionEntry {
  /** Producer id and epoch that the sequences belong to. */
  producerId = -1
  producerEpoch = -1
  /** Base sequence of the next batch. */
  nextSequence = 0
  /** Last sequence of the last acknowledged batch; -1 = none. */
  lastAckedSequence = -1
  lastAckedOffset = -1
  /** Sequence after an expired batch whose fate is open; -1 = none (`partitionsWithUnresolvedSequences`). */
  unresolvedNext = -1
  /** Drained and not completed, by producer id, epoch and sequence. */
  private inFlight: ProducerBatch[] = []

  hasInFlight(): boolean {
    return this.inFlight.length > 0
  }

  /** Lowest sequence in flight, or {@link NO_SEQUENCE}. */
  firstInFlightSequence(): number {
    const first = this.inFlight[0]
    return first === undefined ? NO_SEQUENCE : first.baseSequence
  }

  add(batch: ProducerBatch): void {
    const list = this.inFlight
    let at = list.length
    while (at > 0 && isAfter(list[at - 1] as ProducerBatch, batch)) at--
    if (at === list.length) list.push(batch)
    else list.splice(at, 0, batch)
  }

  remove(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch)
    if (at === 0) this.inFlight.shift()
    else if (at > 0) this.inFlight.splice(at, 1)
  }

  increment(by: number): void {
    this.nextSequence = incrementSequence(this.nextSequence, by)
  }

  /** Sequences that are free again (`sequence.on-error`). */
  decrement(by: number): void {
    this.nextSequence = Math.max(0, this.nextSequence - by)
  }

  /** Counts on under another identity, as clients before KAFKA-12152 did. */
  setIdentity(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
  }

  /** Back to what is known of a partition never written to; batches in flight are no longer its own. */
  forget(): void {
    this.setIdentity(-1, -1)
    this.nextSequence = 0
    this.lastAckedSequence = -1
    this.lastAckedOffset = -1
    this.inFlight.length = 0
  }

  /** Rewrites every batch in flight under a new identity, from sequence 0 on. */
  startAtBeginning(producerId: number, producerEpoch: number): void {
    let sequence = 0
    for (const batch of this.inFlight) {
      batch.resetProducerState(producerId, producerEpoch, sequence)
      sequence += batch.records.length
    }
    this.setIdentity(producerId, producerEpoch)
    this.nextSequence = sequence
    this.lastAckedSequence = -1
  }

  /** `adjustSequencesDueToFailedBatch`: a batch that is certainly not in the log gives its sequences to those behind it. */
  closeGap(failed: ProducerBatch): void {
    const count = failed.records.length
    this.decrement(count)
    for (const batch of this.inFlight) {
      if (batch.baseSequence < failed.baseSequence) continue
      batch.resetProducerState(batch.producerId, batch.producerEpoch, batch.baseSequence - count)
    }
  }

  /** `isNextSequence`: it directly follows what was acknowledged. */
  isNext(sequence: number): boolean {
    return sequence - this.lastAckedSequence === 1
  }
}

function isAfter(a: ProducerBatch, b: ProducerBatch): boolean {
  if (a.producerId !== b.producerId) return a.producerId > b.producerId
  if (a.producerEpoch !== b.producerEpoch) return a.producerEpoch > b.producerEpoch
  return a.baseSequence > b.baseSequence
}
