import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import type { ClientSwitches } from '../protocol/client-switches.ts'
import { Errors, isRetriable } from '../protocol/errors.ts'
import type { ErrorPolicy } from './error-policy.ts'
import type { PartitionState } from './partition-state.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { Sequences } from './sequences.ts'

/** Highest producer epoch; after it a new producer id is needed. */
const MAX_EPOCH = 32_767

/**
 * What an idempotent producer without transactions makes of errors (`TransactionManager` without a transactional.id): epochs
 * are raised locally (KIP-360). Partitions that asked are rewritten at once, others follow when nothing of theirs is in flight.
 */
export class Idempotence implements ErrorPolicy {
  readonly sequences: Sequences
  /** The error that ended the producer for good (`State.FATAL_ERROR`); NONE while it works. */
  fatalError: number = Errors.NONE
  private readonly env: Env
  private epochBumpRequired = false
  /** Partitions whose batches in flight get new sequences with the next epoch, in the order they asked. */
  private readonly toRewrite: PartitionState[] = []

  constructor(env: Env, switches: ClientSwitches) {
    this.env = env
    this.sequences = new Sequences(switches)
  }

  /** InitProducerId was answered. */
  onInitialized(producerId: number, producerEpoch: number): void {
    this.sequences.setIdentity(producerId, producerEpoch)
    this.env.emit(M.producerInitialized, producerId, producerEpoch)
  }

  /** `transitionToFatalError`: nothing is sent any more. */
  fail(error: number): void {
    if (this.fatalError === Errors.NONE) this.fatalError = error
  }

  /** `handleFailedBatch`: a batch whose sequence will not be used leaves a hole, closed by a new epoch. */
  onFailed(batch: ProducerBatch, error: number, adjustSequences: boolean): void {
    if (isFatal(error)) this.fail(error)
    if (!this.sequences.release(batch) || this.fatalError !== Errors.NONE) return
    if (error === Errors.UNKNOWN_PRODUCER_ID) this.sequences.forget(batch.partition)
    else if (error === Errors.OUT_OF_ORDER_SEQUENCE_NUMBER || adjustSequences) this.requestEpochBump(batch.partition)
  }

  /** `TransactionManager.canRetry`: also decides whether an error means a gap, which takes a new epoch. */
  canRetry(batch: ProducerBatch, error: number, logStartOffset: number): boolean {
    switch (error) {
      case Errors.UNKNOWN_PRODUCER_ID:
        if (logStartOffset >= 0 && !batch.reopened) this.requestEpochBump(batch.partition)
        return true
      case Errors.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (this.sequences.isGap(batch)) this.requestEpochBump(batch.partition)
        return true
      default:
        return isRetriable(error)
    }
  }

  /** `maybeResolveSequences`: what expired and is missing takes a new epoch. */
  resolveSequences(): void {
    for (const partition of this.sequences.settle()) this.requestEpochBump(partition)
  }

  /** `bumpIdempotentEpochAndResetIdIfNeeded`; a producer id used up is dropped, so that a new one is fetched. */
  bumpEpochIfRequired(): void {
    if (!this.epochBumpRequired) return
    const { sequences, toRewrite } = this
    this.epochBumpRequired = false
    if (sequences.producerEpoch === MAX_EPOCH) sequences.setIdentity(-1, -1)
    else {
      sequences.setIdentity(sequences.producerId, sequences.producerEpoch + 1)
      this.env.emit(M.epochBumped, sequences.producerId, sequences.producerEpoch, toRewrite[0]?.tp ?? -1)
    }
    for (const partition of toRewrite) sequences.restart(partition)
    toRewrite.length = 0
  }

  requestEpochBump(partition: PartitionState): void {
    this.epochBumpRequired = true
    if (!this.toRewrite.includes(partition)) this.toRewrite.push(partition)
  }
}

/** Errors after which no producer goes on (`maybeTransitionToErrorState`). */
function isFatal(error: number): boolean {
  return error === Errors.CLUSTER_AUTHORIZATION_FAILED || error === Errors.UNSUPPORTED_VERSION
}
