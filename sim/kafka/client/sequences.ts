import { incrementSequence } from '../protocol/batch.ts'
import type { ClientSwitches } from '../protocol/client-switches.ts'
import type { PartitionState } from './partition-state.ts'
import type { ProducerBatch } from './producer-batch.ts'

const NOTHING: readonly PartitionState[] = Object.freeze([])

/**
 * The part of `TransactionManager` that an idempotent and a transactional producer have in common: who owns producer id and
 * epoch, the sequences of every partition (`TxnPartitionMap`), what may be drained, and which sequences are unresolved. What
 * an error means is decided by who uses it: {@link Idempotence} raises the epoch, a transaction is given up.
 */
export class Sequences {
  producerId = -1
  producerEpoch = -1
  private readonly switches: ClientSwitches
  private readonly unresolved: PartitionState[] = []

  constructor(switches: ClientSwitches) {
    this.switches = switches
  }

  hasProducerId(): boolean {
    return this.producerId >= 0
  }

  /** From now on batches are stamped with this; partitions take it over when nothing of theirs is in flight. */
  setIdentity(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
  }

  // --- draining -----------------------------------------------------------------------------------------------------

  /** `shouldStopDrainBatchesForPartition`: whether nothing more of it may be drained, `first` being the head of its queue. */
  shouldStopDrain(partition: PartitionState, first: ProducerBatch): boolean {
    if (!this.hasProducerId()) return true
    const { txn } = partition
    if (!first.hasSequence()) {
      if (txn.hasInFlight() && this.isStale(partition)) return true
      return txn.unresolvedNext >= 0
    }
    return txn.hasInFlight() && first.baseSequence !== txn.firstInFlightSequence()
  }

  /** Stamps a batch at its first draining; retries keep what they have. */
  assign(batch: ProducerBatch): void {
    if (batch.hasSequence()) return
    const { txn } = batch.partition
    if (this.isStale(batch.partition) && !txn.hasInFlight()) this.adopt(batch.partition)
    batch.setProducerState(this.producerId, this.producerEpoch, txn.nextSequence)
    if (this.switches['sequence.advance'] === 'when-drained') txn.increment(batch.records.length)
    txn.add(batch)
  }

  /** The partition's sequences begin anew under the producer's identity, batches in flight included; nothing is unresolved. */
  restart(partition: PartitionState): void {
    partition.txn.startAtBeginning(this.producerId, this.producerEpoch)
    this.resolved(partition)
  }

  /** `resetSequenceForPartition`: forgets the partition, whose next batch begins at 0 in whatever epoch there is. */
  forget(partition: PartitionState): void {
    partition.txn.forget()
    this.resolved(partition)
  }

  // --- completion ---------------------------------------------------------------------------------------------------

  /** `handleCompletedBatch` */
  onCompleted(batch: ProducerBatch, baseOffset: number): void {
    const { partition } = batch
    const { txn } = partition
    const last = batch.lastSequence()
    if (this.switches['sequence.advance'] === 'when-acknowledged') txn.increment(batch.records.length)
    if (last > txn.lastAckedSequence) txn.lastAckedSequence = last
    if (baseOffset >= 0) txn.lastAckedOffset = Math.max(txn.lastAckedOffset, baseOffset + batch.records.length - 1)
    txn.remove(batch)
    // Before KAFKA-12152 the last batch of an older epoch took the partition over to the new one.
    if (this.switches['epoch.memory'] === 'producer' && !this.owns(batch) && !txn.hasInFlight()) this.restart(partition)
  }

  /** A failed batch no longer counts as in flight. Returns false when the client takes it for one of a former identity. */
  release(batch: ProducerBatch): boolean {
    batch.partition.txn.remove(batch)
    return this.switches['epoch.memory'] === 'partition' || this.owns(batch)
  }

  /** The batch leaves without a sequence, and the next one of its partition gets it (`sequence.on-error`). */
  giveBack(batch: ProducerBatch): void {
    const { txn } = batch.partition
    txn.remove(batch)
    if (this.switches['sequence.advance'] === 'when-drained') txn.decrement(batch.records.length)
  }

  // --- unresolved sequences -----------------------------------------------------------------------------------------

  /** `markSequenceUnresolved`: an expired batch may be in the log. Nothing new leaves until that is settled. */
  markUnresolved(batch: ProducerBatch): void {
    const { txn } = batch.partition
    if (txn.unresolvedNext < 0) this.unresolved.push(batch.partition)
    txn.unresolvedNext = Math.max(txn.unresolvedNext, incrementSequence(batch.lastSequence(), 1))
  }

  /**
   * `maybeResolveSequences`: with nothing in flight, either everything was acknowledged after all, or what expired is missing.
   * Returns the partitions of which the latter is true, which are no longer unresolved either.
   */
  settle(): readonly PartitionState[] {
    if (this.unresolved.length === 0) return NOTHING
    const missing: PartitionState[] = []
    for (let i = this.unresolved.length - 1; i >= 0; i--) {
      const partition = this.unresolved[i] as PartitionState
      const { txn } = partition
      if (txn.hasInFlight()) continue
      if (!txn.isNext(txn.nextSequence)) missing.push(partition)
      txn.unresolvedNext = -1
      this.unresolved.splice(i, 1)
    }
    return missing
  }

  /**
   * Whether error 45 for this batch means that the log has a gap: it is the batch that must come next, and not one whose
   * predecessor is still open.
   */
  isGap(batch: ProducerBatch): boolean {
    const { txn } = batch.partition
    if (txn.unresolvedNext >= 0) return batch.baseSequence === txn.unresolvedNext
    return !batch.reopened && txn.isNext(batch.baseSequence)
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  /** `maybeUpdateProducerIdAndEpoch`: an idle partition takes over a newer identity and begins at 0. */
  private adopt(partition: PartitionState): void {
    const { txn } = partition
    if (this.switches['epoch.memory'] === 'partition' || txn.producerId < 0)
      txn.startAtBeginning(this.producerId, this.producerEpoch)
    else txn.setIdentity(this.producerId, this.producerEpoch)
  }

  private resolved({ txn }: PartitionState): void {
    if (txn.unresolvedNext < 0) return
    txn.unresolvedNext = -1
    const at = this.unresolved.findIndex((partition) => partition.txn === txn)
    this.unresolved.splice(at, 1)
  }

  private isStale({ txn }: PartitionState): boolean {
    return txn.producerId !== this.producerId || txn.producerEpoch !== this.producerEpoch
  }

  private owns(batch: ProducerBatch): boolean {
    return batch.producerId === this.producerId && batch.producerEpoch === this.producerEpoch
  }
}
