import { M } from '../history/catalogue.ts'
import { recordOrdinal } from '../history/ids.ts'
import type { MomentMatch } from '../history/match.ts'
import { MILLISECOND } from '../kernel/time.ts'
import { KafkaProducer, PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import type { ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { ProcessHost } from './process-host.ts'
import { FAILED, type ProducerJournal, UNKNOWN } from './producer-journal.ts'
import type { ProducerProcessOptions } from './producer-process-options.ts'
import { ProducerScript, type ScriptHost } from './producer-script.ts'
import { ProducerStream } from './producer-stream.ts'
import { ProducerTransactions, type TransactionsHost } from './producer-transactions.ts'
import { RecordBook } from './record-book.ts'
import { RECORD_SENDER_TIMERS, RecordSender, type SendingThread } from './record-sender.ts'
import type { OnUnknownCommit } from './workload.ts'

/** Pause before the application sends a record again whose callback failed, so that a hopeless record is no busy loop. */
const RESEND_PAUSE_US: number = 100 * MILLISECOND

/** Kinds of timer: the producer's own, then the application's. */
const PRODUCER = 0
const SEND: number = PRODUCER_TIMERS
const RESEND: number = PRODUCER_TIMERS + 1
export const STEP: number = PRODUCER_TIMERS + 2
export const STOP: number = PRODUCER_TIMERS + 3
const REPLACE: number = PRODUCER_TIMERS + 4
const SENDER: number = PRODUCER_TIMERS + 5
const TRANSACTIONS: number = SENDER + RECORD_SENDER_TIMERS

/** How long it takes until an application whose producer was fenced, or failed for good, has made itself another one. */
const REPLACE_PAUSE_US: number = 1000 * MILLISECOND

/** Why the application's thread does nothing now. */
type Busy = 'no' | 'in-send' | 'in-step' | 'in-row' | 'flushing' | 'closing' | 'in-transaction' | 'replacing'

/**
 * The single thread of a producer application, which sends records by schedule or script and ends their transactions, and
 * the callbacks of its sends.
 */
export abstract class ProducerThread implements ProducerOwner, TransactionsHost, ScriptHost, SendingThread {
  protected readonly env: Env
  protected readonly options: ProducerProcessOptions
  protected readonly journal: ProducerJournal
  protected readonly host: ProcessHost
  protected readonly stream: ProducerStream
  protected readonly script: ProducerScript
  protected readonly book: RecordBook
  /** null until the application's start. */
  protected producer: KafkaProducer | null = null
  /** No new record starts. */
  protected stopped = false
  protected shuttingDown = false
  protected readonly sender: RecordSender
  /** null without a transactional.id. */
  private readonly transactions: ProducerTransactions | null
  private busy: Busy = 'no'
  private running = false

  constructor(env: Env, options: ProducerProcessOptions, journal: ProducerJournal, host: ProcessHost) {
    this.env = env
    this.options = options
    this.journal = journal
    this.host = host
    const isScript = options.workload.kind === 'steps'
    // A script with transactions says itself what is sent again.
    const givesUp = isScript && options.config['transactional.id'] !== ''
    this.book = new RecordBook(env, journal, givesUp ? 'give-up' : options.onUnknown)
    this.sender = new RecordSender(env, options, journal, this.book, this, SENDER)
    const { workload, tellSteps } = options
    this.script = new ProducerScript(env, journal, workload.kind === 'steps' ? workload.steps : [], this, STEP)
    const pattern = workload.kind === 'send' ? workload.transactions : null
    const parts = { journal, book: this.book, host: this, pattern, tellSteps, timerBase: TRANSACTIONS }
    this.transactions = options.config['transactional.id'] === '' ? null : new ProducerTransactions(env, parts)
    this.stream = new ProducerStream(env, journal, workload, options.startUs, SEND)
  }

  /** Takes the timers of the thread, of its script and of its producer. */
  protected onThreadTimer(kind: number, a: number, b: number): void {
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
      case REPLACE:
        this.replaceProducer()
        this.work()
        break
      default:
        if (this.transactions?.onTimer(kind) === true) break
        if (this.sender.onTimer(kind, a)) this.work()
        else this.producer?.onTimer(kind, a, b)
    }
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, attempt: number, _offset: number): void {
    if (this.options.tellSteps) this.env.emit(M.stepAfterOutput, record, attempt)
    // In a transaction its end tells.
    const n = recordOrdinal(record)
    if (this.transactions === null && this.sender.onAcked(n)) this.book.acked(n)
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

  // --- SendingThread ------------------------------------------------------------------------------------------------

  sendBy(n: number): KafkaProducer {
    this.transactions?.add(n)
    return this.producer as KafkaProducer
  }

  block(why: 'in-send' | 'in-step' | 'in-row'): void {
    this.busy = why
  }

  unblock(): void {
    this.busy = 'no'
  }

  onRowWritten(n: number): void {
    this.leaveRow()
    // Of a process that ends nothing is published any more.
    if (!this.shuttingDown && this.sender.onRowWritten(n)) this.book.acked(n)
    this.work()
  }

  onRowUnknown(n: number): void {
    this.leaveRow()
    this.onTrouble(n, UNKNOWN)
    this.work()
  }

  private leaveRow(): void {
    if (this.busy === 'in-row') this.busy = 'no'
  }

  // --- the application's thread -------------------------------------------------------------------------------------

  protected begin(): void {
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
  protected work(): void {
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
      this.sender.send(book.takeDue() as number)
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
    this.sender.define(n)
    this.sender.send(n)
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

  protected onMoment(): void {
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

  protected hasMoreToStart(): boolean {
    const isStream = this.options.workload.kind === 'send'
    return !this.stopped && !(isStream ? this.stream.isOver : this.script.isOver)
  }
}
