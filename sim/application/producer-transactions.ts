import { M } from '../history/catalogue.ts'
import { recordOf } from '../history/ids.ts'
import type { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { Env } from '../kafka/env.ts'
import { FAILED, type ProducerJournal, UNKNOWN } from './producer-journal.ts'
import type { RecordBook } from './record-book.ts'
import { type TransactionEnd, TransactionRunner, type TransactionRunnerOwner } from './transaction-runner.ts'
import type { DrawnTransactions, OnUnknownCommit } from './workload.ts'

/** The two timer kinds that transactions take, from their `timerBase` on. */
const BEFORE_COMMIT = 0
const AFTER_COMMIT = 1

/** The process whose transactions these are. */
export interface TransactionsHost {
  /** initTransactions() has returned. */
  onTransactionsReady(): void
  /** The thread goes on. */
  onTransactionCallOver(): void
  /** A record's callback failed for good, or its transaction did; see `RecordBook.troubled`. */
  onTrouble(record: number, state: typeof FAILED | typeof UNKNOWN): void
  /** The producer is of no use any more. */
  onProducerUnusable(): void
}

/** The transactions of a producer application: which records each holds, and what its end means for them. */
export class ProducerTransactions implements TransactionRunnerOwner {
  readonly runner: TransactionRunner = new TransactionRunner(this)
  private readonly env: Env
  private readonly journal: ProducerJournal
  private readonly book: RecordBook
  private readonly host: TransactionsHost
  /** null in a script, which says itself where transactions end. */
  private readonly pattern: DrawnTransactions | null
  private readonly tellSteps: boolean
  private readonly timerBase: number
  /** Records of the open transaction. */
  private members: number[] = []
  private ending: OnUnknownCommit = 'retry'

  constructor(
    env: Env,
    parts: {
      readonly journal: ProducerJournal
      readonly book: RecordBook
      readonly host: TransactionsHost
      readonly pattern: DrawnTransactions | null
      readonly tellSteps: boolean
      readonly timerBase: number
    },
  ) {
    this.env = env
    this.journal = parts.journal
    this.book = parts.book
    this.host = parts.host
    this.pattern = parts.pattern
    this.tellSteps = parts.tellSteps
    this.timerBase = parts.timerBase
  }

  initialize(producer: KafkaProducer): void {
    this.runner.initialize(producer)
  }

  /** Whether the open transaction has as many records as it should. */
  get isFull(): boolean {
    return this.runner.isOpen && this.pattern !== null && this.members.length >= this.pattern.every
  }

  /** Begins a transaction unless one is open; false when the producer refuses. */
  ensureOpen(): boolean {
    return this.runner.isOpen || this.begin()
  }

  begin(): boolean {
    return this.runner.begin(recordOf(this.env.node, this.journal.transactions++))
  }

  /** A record is about to be sent. */
  add(n: number): void {
    this.members.push(n)
  }

  /** The stream's transaction is complete: commits it, or aborts it where that was drawn. */
  end(): void {
    const number = this.journal.transactions - 1
    if (this.pattern !== null && this.pattern.aborts[number] === 1) this.abort()
    else this.commit('retry')
  }

  /** The host's thread waits until {@link TransactionsHost.onTransactionCallOver}. */
  commit(onUnknown: OnUnknownCommit): void {
    this.ending = onUnknown
    if (this.tellSteps) this.step(M.stepBeforeCommit, BEFORE_COMMIT)
    else this.runner.commit(null, onUnknown)
  }

  abort(): void {
    this.runner.abort()
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number): boolean {
    switch (kind - this.timerBase) {
      case BEFORE_COMMIT:
        this.runner.commit(null, this.ending)
        return true
      case AFTER_COMMIT:
        this.host.onTransactionCallOver()
        return true
      default:
        return false
    }
  }

  /** The step is an event of its own: what waits for it happens before anything else is done. */
  private step(moment: number, timer: number): void {
    this.env.emit(moment, this.env.recorder.text(''), -1)
    this.env.setTimer(this.timerBase + timer, 0)
  }

  /** The script is over with an open transaction: whatever becomes of it, nobody waits for it. */
  abandon(): void {
    this.settle('unknown')
  }

  /** The producer is gone, and nobody will tell what became of its transaction. */
  leave(): void {
    this.runner.forget()
    this.settle('unknown')
  }

  // --- TransactionRunnerOwner ---------------------------------------------------------------------------------------

  onTransactionsReady(): void {
    this.host.onTransactionsReady()
  }

  onTransactionEnded(end: TransactionEnd): void {
    this.settle(end)
    if (end === 'committed' && this.tellSteps) this.step(M.stepAfterCommit, AFTER_COMMIT)
    // Without a producer the host is told next that it has none.
    else if (this.runner.isReady) this.host.onTransactionCallOver()
  }

  onProducerUnusable(): void {
    this.host.onProducerUnusable()
  }

  private settle(end: TransactionEnd): void {
    const members = this.members
    this.members = []
    for (const n of members) {
      switch (end) {
        case 'committed':
          this.book.acked(n)
          break
        case 'aborted':
          this.book.withdrawn(n)
          break
        case 'failed':
          this.host.onTrouble(n, FAILED)
          break
        case 'unknown':
          this.host.onTrouble(n, UNKNOWN)
      }
    }
  }
}
