import { M } from '../history/catalogue.ts'
import { recordOf, recordOrdinal } from '../history/ids.ts'
import type { MomentMatch } from '../history/match.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { MILLISECOND } from '../kernel/time.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { KafkaProducer, PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import type { ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { KafkaRecord } from '../kafka/protocol/batch.ts'
import type { ProcessHost } from './process-host.ts'
import { FAILED, type ProducerJournal, UNKNOWN } from './producer-journal.ts'
import type { ProducerProcessOptions } from './producer-process-options.ts'
import { RecordBook } from './record-book.ts'
import { RecordSource } from './record-source.ts'
import { ProducerScript, type ScriptHost } from './producer-script.ts'
import { ProducerStream } from './producer-stream.ts'
import { ProducerTransactions, type TransactionsHost } from './producer-transactions.ts'
import type { OnUnknownCommit } from './workload.ts'

/** Signal by which the world tells a process that the moment it awaits has happened. */
export const MOMENT_HAPPENED = 16

/** Pause before the application sends a record again whose callback failed, so that a hopeless record is no busy loop. */
export const RESEND_PAUSE_US: number = 100 * MILLISECOND

const PRODUCER = 0
const SEND: number = PRODUCER_TIMERS
const RESEND: number = PRODUCER_TIMERS + 1
const STEP: number = PRODUCER_TIMERS + 2
const STOP: number = PRODUCER_TIMERS + 3
const OUTPUT: number = PRODUCER_TIMERS + 4
const REPLACE: number = PRODUCER_TIMERS + 5
const TRANSACTIONS: number = PRODUCER_TIMERS + 6

/** How long it takes until an application whose producer was fenced, or failed for good, has made itself another one. */
const REPLACE_PAUSE_US: number = 1000 * MILLISECOND

/** Why the application's thread does nothing now. */
type Busy = 'no' | 'in-send' | 'in-step' | 'flushing' | 'closing' | 'in-transaction' | 'replacing'

/**
 * One instance of a producer application: a single thread that sends records by schedule or script, and the callbacks of its
 * sends. What it must remember across crashes stands in its journal.
 */
export class ProducerProcess implements NodeHandler, ProducerOwner, TransactionsHost, ScriptHost {
  private readonly env: Env
  private readonly options: ProducerProcessOptions
  private readonly journal: ProducerJournal
  private readonly host: ProcessHost
  private readonly source: RecordSource
  private readonly stream: ProducerStream
  private readonly script: ProducerScript
  /** null without a transactional.id. */
  private readonly transactions: ProducerTransactions | null
  /** null until the application's start. */
  private producer: KafkaProducer | null = null
  private busy: Busy = 'no'
  private running = false
  private shuttingDown = false
  private stopped = false
  private readonly book: RecordBook

  constructor(env: Env, options: ProducerProcessOptions, journal: ProducerJournal, host: ProcessHost) {
    this.env = env
    this.options = options
    this.journal = journal
    this.host = host
    const isScript = options.workload.kind === 'steps'
    // A script with transactions says itself what is sent again.
    const givesUp = isScript && options.config['transactional.id'] !== ''
    this.book = new RecordBook(env, journal, givesUp ? 'give-up' : options.onUnknown)
    this.source = new RecordSource(options.workload, options.topics)
    const { workload, tellSteps } = options
    this.script = new ProducerScript(env, journal, workload.kind === 'steps' ? workload.steps : [], this, STEP)
    const pattern = workload.kind === 'send' ? workload.transactions : null
    const parts = { journal, book: this.book, host: this, pattern, tellSteps, timerBase: TRANSACTIONS }
    this.transactions = options.config['transactional.id'] === '' ? null : new ProducerTransactions(env, parts)
    this.stream = new ProducerStream(env, journal, workload, options.startUs, SEND)
  }

  /** Nothing more to send, and the application waits for no outcome. */
  isIdle(): boolean {
    return this.book.isSettled && !this.hasMoreToStart()
  }

  /** No new record starts from now on; begun ones go on. */
  stopWork(): void {
    this.stopped = true
    this.script.stop()
    this.stream.stop()
    // What was begun goes on: a transaction is ended.
    this.work()
    this.checkDone()
  }

  /** A clean stop: close the producer, then leave ({@link ProcessHost.exited}). */
  shutDown(): void {
    if (this.shuttingDown) return
    this.shuttingDown = true
    this.script.stop()
    if (this.producer === null || this.journal.closed) this.host.exited(this.env.node)
    else this.producer.close()
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  onStart(): void {
    const { env, options } = this
    const now = env.monotonic()
    this.stream.recover()
    this.book.recover()
    if (options.stopUs !== null && now >= options.stopUs) this.stopped = true
    else if (options.stopUs !== null) env.setTimer(STOP, options.stopUs - now)
    if (now < options.startUs) env.setTimer(STEP, options.startUs - now)
    else this.begin()
  }

  onMessage(message: unknown): void {
    this.producer?.onMessage(message as Envelope)
    this.checkDone()
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === MOMENT_HAPPENED) this.onMoment()
    else if (kind === SHUT_DOWN) this.shutDown()
    else this.producer?.onSignal(kind, a, b)
    this.checkDone()
  }

  onTimer(kind: number, a: number, b: number): void {
    switch (kind) {
      case SEND:
        this.stream.onTimer()
        this.work()
        break
      case RESEND:
        this.book.resume()
        this.work()
        break
      case STEP:
        this.script.onTimer()
        if (this.producer === null) this.begin()
        else this.work()
        break
      case STOP:
        this.stopWork()
        break
      case OUTPUT:
        this.busy = 'no'
        this.output(a)
        this.work()
        break
      case REPLACE:
        this.replaceProducer()
        this.work()
        break
      default:
        if (this.transactions?.onTimer(kind) !== true) this.producer?.onTimer(kind, a, b)
    }
    this.checkDone()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  waiting(): readonly string[] {
    const { awaits } = this.script
    if (awaits !== null) return [`the moment ${awaits.moment}`]
    return this.producer === null ? [] : this.producer.waiting()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, attempt: number, _offset: number): void {
    if (this.options.tellSteps) this.env.emit(M.stepAfterOutput, record, attempt)
    // In a transaction its end tells.
    if (this.transactions === null) this.book.acked(recordOrdinal(record))
  }

  onFailed(record: number, _attempt: number, _error: number): void {
    if (this.transactions === null) this.onTrouble(recordOrdinal(record), FAILED)
  }

  onUnknown(record: number, _attempt: number, _error: number): void {
    if (this.transactions === null) this.onTrouble(recordOrdinal(record), UNKNOWN)
  }

  onSendReturned(): void {
    this.busy = 'no'
    this.work()
  }

  onFlushed(): void {
    if (this.busy !== 'flushing') return
    this.busy = 'no'
    this.script.stepOver()
    this.work()
  }

  onClosed(): void {
    if (this.shuttingDown) {
      this.host.exited(this.env.node)
      return
    }
    this.busy = 'no'
    this.script.stepOver()
    this.book.close()
    this.work()
  }

  // --- the application's thread -------------------------------------------------------------------------------------

  private begin(): void {
    this.startProducer()
    this.work()
  }

  private startProducer(): void {
    const { topics, bootstrap, config, profile } = this.options
    const { transactions } = this
    const clients = { timerBase: PRODUCER, topics, bootstrap, config, profile }
    const owned = transactions === null ? clients : { ...clients, transactionOwner: transactions.runner }
    const producer = new KafkaProducer(this.env, owned, this)
    this.producer = producer
    if (this.journal.closed) {
      producer.closeNow()
      return
    }
    producer.start()
    if (transactions === null) return
    this.busy = 'in-transaction'
    transactions.initialize(producer)
  }

  /** Closes the producer without patience and makes another one. */
  private replaceProducer(): void {
    this.producer?.closeNow()
    this.transactions?.leave()
    this.env.emit(M.producerRestarted, ++this.journal.restarts)
    this.busy = 'no'
    this.startProducer()
  }

  /** Sends what is to be sent again, then what is due or the script says, until the thread must wait. */
  private work(): void {
    if (this.running) return
    this.running = true
    while (this.busy === 'no' && !this.shuttingDown && this.producer !== null) if (!this.doSomething()) break
    this.running = false
  }

  private doSomething(): boolean {
    const { transactions, book } = this
    const isStream = this.options.workload.kind === 'send'
    if (transactions !== null && isStream && transactions.runner.isOpen) {
      if (transactions.isFull || (!book.hasDue && !this.hasMoreToStart())) {
        this.busy = 'in-transaction'
        transactions.end()
        return true
      }
    }
    if (book.hasDue) {
      if (!this.canSend()) return false
      this.send(book.takeDue() as number)
      return true
    }
    if (this.stopped || (!isStream && this.script.isOver)) transactions?.abandon()
    if (this.stopped) return false
    return isStream ? this.sendNextIfDue() : this.script.doStep()
  }

  /** A stream's records go in transactions; a script says itself where those begin, and outside of them send() throws. */
  private canSend(): boolean {
    return this.transactions === null || this.options.workload.kind === 'steps' || this.transactions.ensureOpen()
  }

  private sendNextIfDue(): boolean {
    if (!this.stream.isDue() || !this.canSend()) return false
    this.stream.advance()
    this.sendNext()
    return true
  }

  sendNext(): void {
    const n = this.book.begin()
    const id = this.source.id(n)
    if (id !== null) this.env.emit(M.recordDefined, recordOf(this.env.node, n), this.env.recorder.text(id))
    this.send(n)
  }

  private send(n: number): void {
    if (!this.options.tellSteps) {
      this.output(n)
      return
    }
    // The step is an event of its own: what waits for it happens before anything is sent.
    this.env.emit(M.stepBeforeOutput, recordOf(this.env.node, n), this.journal.attempts[n])
    this.busy = 'in-step'
    this.env.setTimer(OUTPUT, 0, n)
  }

  private output(n: number): void {
    const { env, source, transactions } = this
    transactions?.add(n)
    const attempt = this.book.attempt(n)
    const record: KafkaRecord = {
      record: recordOf(env.node, n),
      attempt,
      key: source.keyText(n),
      size: source.size(n),
      timestamp: Math.floor(env.wallClock() / MILLISECOND) + source.timeShiftMs(n),
    }
    const producer = this.producer as KafkaProducer
    if (!producer.send(source.topic(n), source.partition(n), source.keyHash(n), source.key(n), record))
      this.busy = 'in-send'
  }

  // --- what a script asks -------------------------------------------------------------------------------------------

  awaitMoment(match: MomentMatch): void {
    this.host.awaitMoment(this.env.node, match)
  }

  flush(): void {
    this.busy = 'flushing'
    this.producer?.flush()
  }

  restart(): void {
    this.replaceProducer()
  }

  close(): void {
    this.busy = 'closing'
    this.producer?.close()
  }

  beginTransaction(): void {
    this.transactions?.begin()
  }

  commitTransaction(onUnknown: OnUnknownCommit): void {
    if (this.transactions?.runner.isOpen !== true) return
    this.busy = 'in-transaction'
    this.transactions.commit(onUnknown)
  }

  abortTransaction(): void {
    if (this.transactions?.runner.isOpen !== true) return
    this.busy = 'in-transaction'
    this.transactions.abort()
  }

  private onMoment(): void {
    if (this.script.onMoment()) this.work()
  }

  // --- transactions -------------------------------------------------------------------------------------------------

  /** The stream begins now, or goes on from here: what was due meanwhile is not sent all at once. */
  onTransactionsReady(): void {
    this.stream.goOnFromNow()
    this.onTransactionCallOver()
  }

  onTransactionCallOver(): void {
    if (this.busy === 'in-transaction') this.busy = 'no'
    this.work()
  }

  /** A script goes on without its producer, until it restarts it. */
  onProducerUnusable(): void {
    if (this.options.workload.kind === 'steps') {
      this.onTransactionCallOver()
      return
    }
    this.busy = 'replacing'
    this.env.setTimer(REPLACE, REPLACE_PAUSE_US)
  }

  // --- outcomes -----------------------------------------------------------------------------------------------------

  onTrouble(n: number, state: typeof FAILED | typeof UNKNOWN): void {
    if (this.book.troubled(n, state)) this.env.setTimer(RESEND, RESEND_PAUSE_US)
  }

  private hasMoreToStart(): boolean {
    const isStream = this.options.workload.kind === 'send'
    return !this.stopped && !(isStream ? this.stream.isOver : this.script.isOver)
  }

  private checkDone(): void {
    if (this.journal.done || !this.isIdle()) return
    this.journal.done = true
    this.env.emit(M.workloadDone)
  }
}
