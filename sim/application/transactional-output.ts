import { M } from '../history/catalogue.ts'
import { partitionOf, recordOf, topicIdOf } from '../history/ids.ts'
import type { CodeOutput } from '../host.ts'
import { WORKLOAD } from '../kernel/site.ts'
import { MILLISECOND } from '../kernel/time.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { KafkaProducerOptions, ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { ConsumerGroupMetadata } from '../kafka/client/transaction/txn-request.ts'
import type { Env } from '../kafka/env.ts'
import { nextOffsets } from './commit-book.ts'
import type { MadeOutput, OutputOwner } from './output.ts'
import type { ProcessorJournal } from './processor-journal.ts'
import { type OutputMaker, ProcessorSends } from './processor-sends.ts'
import {
  type TransactionEnd,
  type TransactionOffsets,
  TransactionRunner,
  type TransactionRunnerOwner,
} from './transaction-runner.ts'

/** Timer kinds that it takes behind its producer's. */
const REPLACE = 0
const BEFORE_COMMIT = 1
const AFTER_COMMIT = 2

/** Number of timer kinds that it takes behind its producer's. */
export const TRANSACTIONAL_TIMERS = 3

/** How long it takes until a processor whose producer was fenced, or failed for good, has made itself another one. */
const REPLACE_PAUSE_US: number = 1000 * MILLISECOND
const MILLION = 1_000_000

/** The application's thread, as far as its transactions need to know it. */
export interface TransactionalThread extends OutputOwner {
  /** `groupMetadata()` of the consumer. */
  groupMetadata(): ConsumerGroupMetadata
}

export interface TransactionalOutputOptions {
  readonly producer: KafkaProducerOptions
  readonly maker: OutputMaker
  /** Share of the transactions that the application aborts, 0 to 1. */
  readonly abort: number
  readonly rewindOnAbort: boolean
  readonly tellSteps: boolean
  /** First of its own timer kinds. */
  readonly timerBase: number
}

/**
 * The output of a processor that commits in transactions: what it makes of the records of a poll, and the offsets behind
 * them, become visible together or not at all.
 */
export class TransactionalOutput implements MadeOutput, ProducerOwner, TransactionRunnerOwner {
  readonly writesUnits = true
  readonly immediate = false
  /** Whether the last transaction may have been committed or not: only the group's coordinator knows where to go on. */
  inDoubt = false
  protected readonly env: Env
  private readonly thread: TransactionalThread
  private readonly options: TransactionalOutputOptions
  private readonly journal: ProcessorJournal
  protected readonly runner: TransactionRunner = new TransactionRunner(this)
  private readonly sends: ProcessorSends
  protected producer: KafkaProducer
  /** Records of the open transaction. */
  protected unit: ConsumedRecord[] = []
  /** What was put before a transaction could begin. */
  private early: { readonly worker: number; readonly polled: ConsumedRecord } | null = null
  /** What the thread is told when there is a producer again. */
  private told: TransactionEnd | null = null
  private committing: TransactionOffsets | null = null
  private settling = false
  private closing = false

  constructor(env: Env, thread: TransactionalThread, options: TransactionalOutputOptions, journal: ProcessorJournal) {
    this.env = env
    this.thread = thread
    this.options = options
    this.journal = journal
    this.sends = new ProcessorSends(env, this, options.producer.topics.length, options.maker, journal)
    this.producer = this.newProducer()
  }

  protected newProducer(): KafkaProducer {
    const producer = new KafkaProducer(this.env, { ...this.options.producer, transactionOwner: this.runner }, this)
    this.sends.producer = producer
    return producer
  }

  start(): void {
    this.producer.start()
    this.runner.initialize(this.producer)
  }

  // --- Output -------------------------------------------------------------------------------------------------------

  put(worker: number, polled: ConsumedRecord): boolean {
    if (!this.ensureOpen()) {
      this.early = { worker, polled }
      return false
    }
    this.unit.push(polled)
    return this.sends.put(worker, polled)
  }

  onMade(worker: number, polled: ConsumedRecord, outputs: readonly CodeOutput[]): void {
    this.sends.onMade(worker, polled, outputs)
  }

  private ensureOpen(): boolean {
    const { runner, journal, env } = this
    if (runner.isOpen) return true
    return runner.isReady && runner.begin(recordOf(env.node, journal.transactions++))
  }

  onSent(worker: number): void {
    this.thread.onPut(worker)
  }

  /** Sends the offsets and commits. */
  settle(): boolean {
    if (this.unit.length === 0) return true
    const { env, options } = this
    this.settling = true
    // The boring choice is to commit.
    if (options.abort > 0 && env.decide(WORKLOAD, MILLION) >= MILLION - Math.round(options.abort * MILLION)) {
      this.runner.abort()
      return false
    }
    const offsets = nextOffsets(this.unit).map(({ tp, offset, leaderEpoch }) => ({
      topicId: topicIdOf(tp),
      partition: partitionOf(tp),
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
    }))
    this.committing = { offsets, group: this.thread.groupMetadata() }
    if (options.tellSteps) this.step(M.stepBeforeCommit, BEFORE_COMMIT)
    else this.commit()
    return false
  }

  protected commit(): void {
    this.runner.commit(this.committing, 'retry')
  }

  /** The step is an event of its own: what waits for it happens before anything else is done. */
  private step(moment: number, timer: number): void {
    const { env, options } = this
    const { groupId, generationId } = this.thread.groupMetadata()
    env.emit(moment, env.recorder.text(groupId), generationId)
    env.setTimer(options.timerBase + timer, 0)
  }

  discard(): void {
    this.unit = []
  }

  isIdle(): boolean {
    return !this.settling && this.unit.length === 0 && this.early === null && this.sends.isIdle()
  }

  close(): boolean {
    this.closing = true
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
    switch (kind - this.options.timerBase) {
      case REPLACE:
        this.replaceProducer()
        return true
      case BEFORE_COMMIT:
        this.commit()
        return true
      case AFTER_COMMIT:
        this.settled('committed')
        return true
      default:
        return this.producer.onTimer(kind, a, b)
    }
  }

  waiting(): readonly string[] {
    return this.producer.waiting()
  }

  // --- TransactionRunnerOwner ---------------------------------------------------------------------------------------

  onTransactionsReady(): void {
    const { told, early } = this
    this.told = null
    if (told !== null) this.settled(told)
    if (early === null || !this.ensureOpen()) return
    this.early = null
    this.unit.push(early.polled)
    if (this.sends.put(early.worker, early.polled)) this.thread.onPut(early.worker)
  }

  onTransactionEnded(end: TransactionEnd): void {
    if (!this.runner.isReady) this.told = end
    else if (end === 'committed' && this.options.tellSteps) this.step(M.stepAfterCommit, AFTER_COMMIT)
    else this.settled(end)
  }

  private settled(end: TransactionEnd): void {
    this.unit = []
    this.settling = false
    this.inDoubt = end === 'unknown'
    this.thread.onSettled(0, end === 'committed' || (end !== 'unknown' && !this.options.rewindOnAbort))
  }

  onProducerUnusable(): void {
    if (!this.closing) this.env.setTimer(this.options.timerBase + REPLACE, REPLACE_PAUSE_US)
  }

  private replaceProducer(): void {
    this.producer.closeNow()
    this.runner.forget()
    this.env.emit(M.producerRestarted, ++this.journal.restarts)
    this.producer = this.newProducer()
    this.start()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number): void {
    const { left, polled } = this.sends.acked(record)
    if (left > 0 || !this.options.tellSteps) return
    this.env.emit(M.stepAfterOutput, polled.record.record, polled.record.attempt)
  }

  /** The end of the transaction tells. */
  onFailed(record: number): void {
    this.sends.unacked.delete(record)
  }

  onUnknown(record: number): void {
    this.sends.unacked.delete(record)
  }

  onSendReturned(): void {
    this.sends.onSendReturned()
  }

  onFlushed(): void {}

  onClosed(): void {
    this.thread.onOutputClosed()
  }
}
