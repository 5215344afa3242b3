import { M } from '../history/catalogue.ts'
import type { CodeOutput } from '../host.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { KafkaProducerOptions, ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { MadeOutput, OutputOwner } from './output.ts'
import type { ProcessorJournal } from './processor-journal.ts'
import { type OutputMaker, ProcessorSends } from './processor-sends.ts'

/** A processor's output without transactions: what it makes of a record goes to its topics, with the record's key. */
export class ProcessorOutput implements MadeOutput, ProducerOwner {
  readonly writesUnits = false
  readonly immediate = false
  private readonly env: Env
  private readonly owner: OutputOwner
  private readonly producer: KafkaProducer
  private readonly sends: ProcessorSends
  private readonly journal: ProcessorJournal
  private readonly tellSteps: boolean
  /** A send failed since the last settling. */
  private failed = false
  private settling = false

  constructor(
    env: Env,
    owner: OutputOwner,
    producer: KafkaProducerOptions,
    maker: OutputMaker,
    journal: ProcessorJournal,
    tellSteps: boolean,
  ) {
    this.env = env
    this.owner = owner
    this.producer = new KafkaProducer(env, producer, this)
    this.sends = new ProcessorSends(env, this, producer.topics.length, maker, journal)
    this.sends.producer = this.producer
    this.journal = journal
    this.tellSteps = tellSteps
  }

  start(): void {
    this.producer.start()
  }

  put(worker: number, polled: ConsumedRecord): boolean {
    return this.sends.put(worker, polled)
  }

  onMade(worker: number, polled: ConsumedRecord, outputs: readonly CodeOutput[]): void {
    this.sends.onMade(worker, polled, outputs)
  }

  onSent(worker: number): void {
    this.owner.onPut(worker)
  }

  /** `flush()`, then all callbacks have been made. */
  settle(): boolean {
    this.settling = true
    this.producer.flush()
    return false
  }

  discard(): void {
    this.failed = false
  }

  isIdle(): boolean {
    return this.sends.isIdle()
  }

  close(): boolean {
    this.producer.close()
    return false
  }

  onMessage(envelope: Envelope): void {
    this.producer.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.producer.onSignal(kind, connection, peer)
  }

  onTimer(kind: number, a: number, b: number): boolean {
    return this.producer.onTimer(kind, a, b)
  }

  waiting(): readonly string[] {
    return this.producer.waiting()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number): void {
    const { left, polled } = this.sends.acked(record)
    if (left > 0 || !this.tellSteps) return
    this.env.emit(M.stepAfterOutput, polled.record.record, polled.record.attempt)
  }

  onFailed(record: number): void {
    this.sends.unacked.delete(record)
    this.failed = true
  }

  onUnknown(record: number): void {
    this.sends.unacked.delete(record)
    this.failed = true
  }

  onSendReturned(): void {
    this.sends.onSendReturned()
  }

  onFlushed(): void {
    if (!this.settling) return
    this.settling = false
    const ok = !this.failed
    this.failed = false
    this.owner.onSettled(0, ok)
  }

  onClosed(): void {
    this.owner.onOutputClosed()
  }
}
