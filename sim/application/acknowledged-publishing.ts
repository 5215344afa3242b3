import { M } from '../history/catalogue.ts'
import { recordOrdinal } from '../history/ids.ts'
import { ms } from '../kernel/time.ts'
import type { Envelope } from '../network/envelope.ts'
import { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { KafkaProducerOptions, ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import { OffsetWriter, type OffsetWriterOptions, type OffsetWriterOwner } from './offset-writer.ts'
import type { SourceJournal } from './source-journal.ts'
import { FLUSH_TIMEOUT_MS } from './source-options.ts'
import type { SourcePublishing, SourcePublishingOwner, SourceRow } from './source-publishing.ts'
import { SOURCE_TIMERS as T } from './source-timers.ts'
import { SubmittedRecords } from './submitted-records.ts'

export interface AcknowledgedPublishingOptions {
  readonly producer: KafkaProducerOptions
  readonly writer: OffsetWriterOptions
  readonly flushIntervalMs: number
  readonly tellSteps: boolean
}

/** `ending` waits for acknowledgements and the last flush. */
type State = 'idle' | 'running' | 'failed' | 'ending' | 'over'

/**
 * `WorkerSourceTask`, without exactly-once: rows and offsets go to Kafka apart. Every offset.flush.interval.ms the offset of the
 * longest run of acknowledged rows is produced to the offsets topic.
 */
export class AcknowledgedPublishing implements SourcePublishing, ProducerOwner, OffsetWriterOwner {
  readonly failure = 'the send() of a record'
  private readonly env: Env
  private readonly owner: SourcePublishingOwner
  private readonly options: AcknowledgedPublishingOptions
  private readonly journal: SourceJournal
  private readonly producer: KafkaProducer
  private readonly writer: OffsetWriter
  private submitted: SubmittedRecords = new SubmittedRecords(0)
  private state: State = 'idle'
  /** The offset as the offsets topic has it, as far as the task knows. */
  private flushed = 0
  private flushing = -1

  /** @param quiet where the offsets are written from */
  constructor(
    env: Env,
    quiet: Env,
    owner: SourcePublishingOwner,
    options: AcknowledgedPublishingOptions,
    journal: SourceJournal,
  ) {
    this.env = env
    this.owner = owner
    this.options = options
    this.journal = journal
    this.producer = new KafkaProducer(env, options.producer, this)
    this.writer = new OffsetWriter(quiet, options.writer, journal, this)
  }

  get next(): number {
    return this.submitted.end
  }

  get published(): number {
    return this.submitted.committable
  }

  prepare(): void {
    this.owner.onPrepared()
  }

  begin(from: number): void {
    this.state = 'running'
    this.flushed = from
    this.submitted = new SubmittedRecords(from)
    this.producer.start()
    this.writer.start()
    this.env.setTimer(T.flush, ms(this.options.flushIntervalMs))
  }

  send({ topic, keyHash, keyId, record }: SourceRow): boolean {
    this.submitted.submit(recordOrdinal(record.record))
    return this.producer.send(topic, -1, keyHash, keyId, record)
  }

  batchDispatched(): boolean {
    return true
  }

  end(): void {
    const hasBegun = this.state !== 'idle'
    this.state = 'ending'
    if (!hasBegun) this.leave()
    else if (this.submitted.pending === 0) this.lastFlush()
    else this.env.setTimer(T.lastFlush, ms(FLUSH_TIMEOUT_MS))
  }

  onMessage(envelope: Envelope): void {
    this.producer.onMessage(envelope)
    this.writer.client.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.producer.onSignal(kind, connection, peer)
    this.writer.client.onSignal(kind, connection, peer)
  }

  onTimer(kind: number, a: number, b: number): boolean {
    if (kind < T.writer) return this.producer.onTimer(kind, a, b)
    if (kind < T.reader) return this.writer.onTimer(kind, a, b)
    if (kind === T.flush) this.onFlushDue()
    else if (kind !== T.lastFlush) return false
    else if (this.state === 'ending') this.lastFlush()
    return true
  }

  waiting(): readonly string[] {
    return this.producer.waiting()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, attempt: number): void {
    if (this.options.tellSteps) this.env.emit(M.stepAfterOutput, record, attempt)
    this.submitted.ack(recordOrdinal(record))
    if (this.state === 'ending' && this.submitted.pending === 0) this.lastFlush()
  }

  /** The producer gave a record up: the task fails. It flushes once more what it may. */
  onFailed(): void {
    if (this.state !== 'running') return
    this.state = 'failed'
    this.owner.onPublishingFailed()
    this.flush()
  }

  onUnknown(): void {
    this.onFailed()
  }

  onSendReturned(): void {
    this.owner.onSendReturned()
  }

  onFlushed(): void {}

  onClosed(): void {}

  // --- offsets ------------------------------------------------------------------------------------------------------

  private onFlushDue(): void {
    if (this.state === 'running' && !this.flush()) this.env.setTimer(T.flush, ms(this.options.flushIntervalMs))
  }

  /** Writes what may be committed; false when there is nothing new, or no way to. */
  private flush(): boolean {
    const offset = this.submitted.committable
    if (offset === this.flushed || this.flushing >= 0 || !this.writer.flush(offset)) return false
    this.flushing = offset
    return true
  }

  onFlushEnded(ok: boolean): void {
    if (ok) {
      this.flushed = this.flushing
      this.env.emit(M.sourceFlushed, this.flushed)
    }
    this.flushing = -1
    if (this.state === 'ending') this.leave()
    else if (this.state === 'running') this.env.setTimer(T.flush, ms(this.options.flushIntervalMs))
  }

  /** `finalOffsetCommit`; a flush that is under way comes first. */
  private lastFlush(): void {
    if (this.flushing < 0 && !this.flush()) this.leave()
  }

  private leave(): void {
    this.state = 'over'
    this.producer.closeNow()
    this.writer.close()
    this.owner.onEnded()
  }
}
