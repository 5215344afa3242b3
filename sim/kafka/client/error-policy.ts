import type { ProducerBatch } from './producer-batch.ts'
import type { Sequences } from './sequences.ts'

/** What errors mean for a producer that numbers its batches: with a transactional.id other things than without. */
export interface ErrorPolicy {
  readonly sequences: Sequences
  /** The error that ended the producer for good; NONE while it works. */
  readonly fatalError: number
  /** Whether a batch that was answered so is sent again. `logStartOffset` is -1 when the answer did not say. */
  canRetry(batch: ProducerBatch, error: number, logStartOffset: number): boolean
  /** A batch failed; `adjustSequences` = it is certain that its sequence was not used. */
  onFailed(batch: ProducerBatch, error: number, adjustSequences: boolean): void
  /** Looks whether what is known of expired batches suffices to go on. */
  resolveSequences(): void
}
