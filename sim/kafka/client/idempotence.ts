import { M } from '../../history/catalogue.ts'
import { incrementSequence } from '../protocol/batch.ts'
import type { Env } from '../env.ts'
import { Errors, isRetriable } from '../protocol/errors.ts'
import type { PartitionState } from './partition-state.ts'
import type { ProducerBatch } from './producer-batch.ts'

/** Highest producer epoch; after it a new producer id is needed. */
const MAX_EPOCH = 32_767

/**
 * The idempotent part of `TransactionManager`: producer id and epoch, sequences, and what errors do to them. Epochs are
 * raised locally (KIP-360): partitions that asked are rewritten at once, others follow when nothing of theirs is in flight.
 */
export class TransactionManager {
  private readonly env: Env
  producerId = -1
  producerEpoch = -1
  private epochBumpRequired = false
  /** Partitions whose batches in flight get new sequences with the next epoch, in the order they asked. */
  private readonly toRewrite: PartitionState[] = []
  private readonly unresolved: PartitionState[] = []

  constructor(env: Env) {
    this.env = env
  }

  hasProducerId(): boolean {
    return this.producerId >= 0
  }

  /** InitProducerId was answered. */
  onInitialized(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
    this.env.emit(M.producerInitialized, producerId, producerEpoch)
  }

  /** Whether nothing more of the partition may be drained, `first` being the head of its queue. */
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
  assignSequence(batch: ProducerBatch): void {
    if (batch.hasSequence()) return
    const { txn } = batch.partition
    if (this.isStale(batch.partition) && !txn.hasInFlight()) txn.startAtBeginning(this.producerId, this.producerEpoch)
    batch.setProducerState(this.producerId, this.producerEpoch, txn.nextSequence)
    txn.increment(batch.records.length)
    txn.add(batch)
  }

  onCompleted(batch: ProducerBatch, baseOffset: number): void {
    const { txn } = batch.partition
    const last = batch.lastSequence()
    if (last > txn.lastAckedSequence) txn.lastAckedSequence = last
    if (baseOffset >= 0) txn.lastAckedOffset = Math.max(txn.lastAckedOffset, baseOffset + batch.records.length - 1)
    txn.remove(batch)
  }

  /** `handleFailedBatch`: a batch whose sequence will not be used leaves a hole, closed by a new epoch. */
  onFailed(batch: ProducerBatch, error: number, adjustSequences: boolean): void {
    batch.partition.txn.remove(batch)
    if (error === Errors.OUT_OF_ORDER_SEQUENCE_NUMBER || adjustSequences) this.requestEpochBump(batch.partition)
  }

  /** `TransactionManager.canRetry`: also decides whether an error means a gap, which takes a new epoch. */
  canRetry(batch: ProducerBatch, error: number, logStartOffset: number): boolean {
    switch (error) {
      case Errors.UNKNOWN_PRODUCER_ID:
        if (logStartOffset >= 0 && !batch.reopened) this.requestEpochBump(batch.partition)
        return true
      case Errors.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (this.isRealGap(batch)) this.requestEpochBump(batch.partition)
        return true
      default:
        return isRetriable(error)
    }
  }

  /** An expired batch that had been retried may be in the log: nothing new leaves until that is settled. */
  markUnresolved(batch: ProducerBatch): void {
    const { partition } = batch
    const next = incrementSequence(batch.lastSequence(), 1)
    if (partition.txn.unresolvedNext < 0) this.unresolved.push(partition)
    partition.txn.unresolvedNext = Math.max(partition.txn.unresolvedNext, next)
  }

  /** `maybeResolveSequences`: with nothing in flight, either everything was acknowledged after all, or the epoch goes up. */
  resolveSequences(): void {
    for (let i = this.unresolved.length - 1; i >= 0; i--) {
      const partition = this.unresolved[i] as PartitionState
      const { txn } = partition
      if (txn.hasInFlight()) continue
      if (!txn.isNext(txn.nextSequence)) this.requestEpochBump(partition)
      txn.unresolvedNext = -1
      this.unresolved.splice(i, 1)
    }
  }

  /** `bumpIdempotentEpochAndResetIdIfNeeded`; a producer id used up is dropped, so that a new one is fetched. */
  bumpEpochIfRequired(): void {
    if (!this.epochBumpRequired) return
    this.epochBumpRequired = false
    if (this.producerEpoch === MAX_EPOCH) {
      this.producerId = -1
      this.producerEpoch = -1
    } else {
      this.producerEpoch++
      this.env.emit(M.epochBumped, this.producerId, this.producerEpoch, this.toRewrite[0]?.tp ?? -1)
    }
    for (const partition of this.toRewrite) {
      partition.txn.startAtBeginning(this.producerId, this.producerEpoch)
      if (partition.txn.unresolvedNext < 0) continue
      partition.txn.unresolvedNext = -1
      this.unresolved.splice(this.unresolved.indexOf(partition), 1)
    }
    this.toRewrite.length = 0
  }

  requestEpochBump(partition: PartitionState): void {
    this.epochBumpRequired = true
    if (!this.toRewrite.includes(partition)) this.toRewrite.push(partition)
  }

  /** Error 45 is a gap when the batch is the one that must come next, and not one whose predecessor is still open. */
  private isRealGap(batch: ProducerBatch): boolean {
    const { txn } = batch.partition
    if (txn.unresolvedNext >= 0) return batch.baseSequence === txn.unresolvedNext
    return !batch.reopened && txn.isNext(batch.baseSequence)
  }

  private isStale(partition: PartitionState): boolean {
    return partition.txn.producerId !== this.producerId || partition.txn.producerEpoch !== this.producerEpoch
  }
}
