import type { Envelope } from '../network/envelope.ts'
import type { KafkaRecord } from '../kafka/protocol/batch.ts'

/** A row as it is given to the producer. */
export interface SourceRow {
  /** Index of its topic. */
  readonly topic: number
  readonly keyHash: number
  readonly keyId: number
  readonly record: KafkaRecord
}

/**
 * How the worker around a source task gets its rows published and keeps the offset of what is: what the subclasses of
 * `AbstractWorkerSourceTask` differ in. The task's thread gives it rows in order, one call at a time.
 */
export interface SourcePublishing {
  /** The first row that it was not given. */
  readonly next: number
  /** Rows before it are published, and need never be sent again, as far as the task knows. */
  readonly published: number
  /** What made the task fail, in words. */
  readonly failure: string
  /** Before offsets are read (`prepareToInitializeTask`); {@link SourcePublishingOwner.onPrepared} follows, perhaps at once. */
  prepare(): void
  /** The offsets are read: rows are given from this one on. */
  begin(from: number): void
  /** False: the thread waits for {@link SourcePublishingOwner.onSendReturned}. */
  send(row: SourceRow): boolean
  /** All rows of a poll are given (`batchDispatched`). False: the thread waits for {@link SourcePublishingOwner.onBatchOver}. */
  batchDispatched(): boolean
  /** No more rows come: what may be committed is (`finalOffsetCommit`); {@link SourcePublishingOwner.onEnded} follows. */
  end(): void
  onMessage(envelope: Envelope): void
  onSignal(kind: number, connection: number, peer: number): void
  /** False when the timer is none of its own. */
  onTimer(kind: number, a: number, b: number): boolean
  waiting(): readonly string[]
}

/** The task's thread. */
export interface SourcePublishingOwner {
  onPrepared(): void
  onSendReturned(): void
  onBatchOver(): void
  /** The task has failed, and polls no more. */
  onPublishingFailed(): void
  onEnded(): void
}
