import { M } from '../../history/catalogue.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import { KafkaProducer } from '../../kafka/client/kafka-producer.ts'
import type { KafkaProducerOptions, ProducerOwner } from '../../kafka/client/producer-owner.ts'
import type { Env } from '../../kafka/env.ts'
import type { Output, OutputOwner } from '../output.ts'
import type { ProcessorJournal } from '../processor-journal.ts'
import { type OutputMaker, ProcessorSends } from '../processor-sends.ts'
import { problemOfSend, type StreamsProblem } from './streams-problem.ts'
import type { TaskStates } from './task-states.ts'

export interface StreamsOutputOptions {
  readonly producer: KafkaProducerOptions
  /** How many of the producer's topics are outputs; a changelog is behind them. */
  readonly outputs: number
  readonly maker: OutputMaker
  /** Its stateful tasks; null without. */
  readonly states: TaskStates | null
  readonly tellSteps: boolean
  /** First timer kind behind the producer's. */
  readonly timerBase: number
}

/**
 * The record collector of a thread of Kafka Streams (`RecordCollectorImpl`): one producer for all of its tasks. A send that
 * failed is noticed at the next record or the next flush, before any position is committed.
 */
export class StreamsOutput implements Output, ProducerOwner {
  readonly writesUnits = false
  readonly immediate = false
  /** What a send that failed since the last commit means; null = none has. */
  problem: StreamsProblem | null = null
  protected readonly env: Env
  protected readonly options: StreamsOutputOptions
  protected readonly journal: ProcessorJournal
  protected producer: KafkaProducer
  private readonly owner: OutputOwner
  protected readonly sends: ProcessorSends
  private settling = false

  constructor(env: Env, owner: OutputOwner, options: StreamsOutputOptions, journal: ProcessorJournal) {
    this.env = env
    this.owner = owner
    this.options = options
    this.journal = journal
    this.sends = new ProcessorSends(env, this, options.outputs, options.maker, journal)
    this.producer = this.newProducer()
  }

  protected newProducer(): KafkaProducer {
    const producer = new KafkaProducer(this.env, this.options.producer, this)
    this.sends.producer = producer
    return producer
  }

  // --- Output -------------------------------------------------------------------------------------------------------

  start(): void {
    this.producer.start()
  }

  put(worker: number, polled: ConsumedRecord): boolean {
    // What a task throws ends its work before it sends anything.
    return this.problem !== null || this.sends.put(worker, polled)
  }

  onSent(worker: number): void {
    this.owner.onPut(worker)
  }

  /** `flush()`, then what it brought to light. */
  settle(): boolean {
    this.settling = true
    this.producer.flush()
    return false
  }

  discard(): void {
    this.problem = null
  }

  /** The tasks are closed dirty: what they sent stays on its way. */
  reset(): void {
    this.settling = false
  }

  isIdle(): boolean {
    return !this.settling && this.sends.isIdle()
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

  /** Everything sent has had its callback, and none has failed. */
  protected flushed(): void {
    this.settled(null)
  }

  /** The thread goes on: with a problem, or with what it settled for. */
  protected settled(problem: StreamsProblem | null): void {
    this.settling = false
    this.problem = problem
    this.owner.onSettled(0, problem === null)
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, _attempt: number, offset: number): void {
    this.options.states?.onAcked(record, offset)
    const { left, polled } = this.sends.acked(record)
    if (left > 0 || !this.options.tellSteps) return
    this.env.emit(M.stepAfterOutput, polled.record.record, polled.record.attempt)
  }

  onFailed(record: number, _attempt: number, error: number): void {
    this.sends.unacked.delete(record)
    this.problem ??= problemOfSend(error)
  }

  onUnknown(record: number, attempt: number, error: number): void {
    this.onFailed(record, attempt, error)
  }

  onSendReturned(): void {
    this.sends.onSendReturned()
  }

  onFlushed(): void {
    if (!this.settling) return
    if (this.problem === null) this.flushed()
    else this.settled(this.problem)
  }

  onClosed(): void {
    this.owner.onOutputClosed()
  }
}
