import { M } from '../history/catalogue.ts'
import { recordOf, recordOrdinal } from '../history/ids.ts'
import { MILLISECOND, ms } from '../kernel/time.ts'
import type { Envelope } from '../network/envelope.ts'
import { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { KafkaProducerOptions, ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { TransactionCall } from '../kafka/client/transaction/transaction-core.ts'
import type { TransactionError } from '../kafka/client/transaction/transaction-error.ts'
import type { TransactionOwner } from '../kafka/client/transaction/transactional-producer.ts'
import type { Env } from '../kafka/env.ts'
import { offsetRecord, OffsetsUntoldEnv } from './offset-record.ts'
import type { SourceJournal } from './source-journal.ts'
import { SHUTDOWN_TIMEOUT_MS, type TransactionBoundary } from './source-options.ts'
import type { SourcePublishing, SourcePublishingOwner, SourceRow } from './source-publishing.ts'
import { SOURCE_TIMERS as T } from './source-timers.ts'

export interface TransactionalPublishingOptions {
  /** The last topic is that of the offsets. */
  readonly producer: KafkaProducerOptions
  /** Whose offsets they are: their key. */
  readonly key: string
  readonly boundary: TransactionBoundary
  readonly tellSteps: boolean
}

/** `committing` is the thread within commitTransaction(); `failed` is Connect's state of a task that nobody restarts. */
type State = 'idle' | 'preparing' | 'running' | 'committing' | 'failed' | 'over'

/**
 * `ExactlyOnceWorkerSourceTask` (KIP-618): rows and the offset behind them are one transaction. A task's id is the same in every
 * process, so that initTransactions() ends what an older one left behind before offsets are read; what cannot be committed
 * makes the task fail.
 */
export class TransactionalPublishing implements SourcePublishing, ProducerOwner, TransactionOwner {
  readonly failure = 'a transaction'
  private readonly env: Env
  private readonly owner: SourcePublishingOwner
  private readonly options: TransactionalPublishingOptions
  private readonly journal: SourceJournal
  private readonly producer: KafkaProducer
  private state: State = 'idle'
  private ending = false
  private isOpen = false
  next = 0
  /** Rows before it were accepted by the producer: the offset of the next commit. */
  private dispatched = 0
  private committed = 0
  /** The send() that waits is that of an offset. */
  private sendingOffset = false
  private lastCommitMs = 0

  constructor(env: Env, owner: SourcePublishingOwner, options: TransactionalPublishingOptions, journal: SourceJournal) {
    const untold = new OffsetsUntoldEnv(env.node, env.kernel, env.network, env.recorder)
    this.env = env
    this.owner = owner
    this.options = options
    this.journal = journal
    this.producer = new KafkaProducer(untold, { ...options.producer, transactionOwner: this }, this)
  }

  get published(): number {
    return this.committed
  }

  /** Fences the older processes of the task, and aborts what they left open. */
  prepare(): void {
    this.state = 'preparing'
    this.producer.start()
    this.call(this.producer.transactions.initTransactions())
  }

  begin(from: number): void {
    this.state = 'running'
    this.next = from
    this.dispatched = from
    this.committed = from
    this.lastCommitMs = this.nowMs()
  }

  send({ topic, keyHash, keyId, record }: SourceRow): boolean {
    if (!this.ensureOpen()) return true
    this.next = recordOrdinal(record.record) + 1
    if (!this.producer.send(topic, -1, keyHash, keyId, record)) return false
    this.dispatched = this.next
    return true
  }

  batchDispatched(): boolean {
    if (this.state !== 'running' || !this.isDue()) return true
    if (!this.isOpen && this.dispatched === this.committed) return true
    this.commit()
    return false
  }

  /** `maybeCommitFinalTransaction`, which a worker's patience limits; a task that failed commits nothing more. */
  end(): void {
    const { state } = this
    this.ending = true
    if (state === 'committing' || (state === 'running' && this.isOpen)) {
      this.env.setTimer(T.lastFlush, ms(SHUTDOWN_TIMEOUT_MS))
      if (state === 'running' && !this.sendWaits) this.commit()
    } else this.leave()
  }

  onMessage(envelope: Envelope): void {
    this.producer.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.producer.onSignal(kind, connection, peer)
  }

  onTimer(kind: number, a: number, b: number): boolean {
    if (kind < T.writer) return this.producer.onTimer(kind, a, b)
    switch (kind) {
      case T.beforeCommit:
        if (this.state === 'committing') this.commitNow()
        return true
      case T.afterCommit:
        if (this.state === 'committing') this.goOn()
        return true
      case T.closeFailed:
        if (this.state === 'failed') this.producer.close()
        return true
      case T.lastFlush:
        this.leave()
        return true
      default:
        return false
    }
  }

  waiting(): readonly string[] {
    return this.producer.waiting()
  }

  /** The thread is within send(). */
  private get sendWaits(): boolean {
    return this.next !== this.dispatched
  }

  // --- commits ------------------------------------------------------------------------------------------------------

  private nowMs(): number {
    return Math.floor(this.env.wallClock() / MILLISECOND)
  }

  /** `shouldCommitTransactionForBatch` */
  private isDue(): boolean {
    const { boundary } = this.options
    if (boundary.kind === 'poll') return true
    if (this.nowMs() < this.lastCommitMs + boundary.intervalMs) return false
    this.lastCommitMs = this.nowMs()
    return true
  }

  private ensureOpen(): boolean {
    if (this.isOpen) return true
    const number = recordOf(this.env.node, this.journal.transactions++)
    const refusal = this.producer.transactions.beginTransaction(number)
    if (refusal === null) this.isOpen = true
    else this.fail()
    return this.isOpen
  }

  /** The offset goes last, into the transaction of its rows; commitTransaction() waits for both. */
  private commit(): void {
    this.state = 'committing'
    if (!this.ensureOpen()) return
    const { options, env } = this
    const topic = options.producer.topics.length - 1
    if (this.dispatched !== this.committed) {
      const { keyHash, record } = offsetRecord(env, options.key, this.dispatched)
      this.sendingOffset = !this.producer.send(topic, -1, keyHash, 0, record)
    }
    if (!this.sendingOffset) this.offsetSent()
  }

  private offsetSent(): void {
    if (this.state !== 'committing') return
    if (this.options.tellSteps) this.step(M.stepBeforeCommit, T.beforeCommit)
    else this.commitNow()
  }

  private commitNow(): void {
    this.call(this.producer.transactions.commitTransaction())
  }

  /** The step is an event of its own: what waits for it happens before anything else is done. */
  private step(moment: number, timer: number): void {
    this.env.emit(moment, this.env.recorder.text(''), -1)
    this.env.setTimer(timer, 0)
  }

  private call(refusal: TransactionError | null): void {
    if (refusal !== null) this.fail()
  }

  onTransactionReturned(call: TransactionCall, error: TransactionError | null): void {
    if (this.state === 'over' || this.state === 'failed') return
    if (error !== null) this.fail()
    else if (call === 'initTransactions') this.owner.onPrepared()
    else this.onCommitted()
  }

  private onCommitted(): void {
    this.isOpen = false
    this.committed = this.dispatched
    this.env.emit(M.sourceFlushed, this.committed)
    if (this.options.tellSteps) this.step(M.stepAfterCommit, T.afterCommit)
    else this.goOn()
  }

  private goOn(): void {
    this.state = 'running'
    if (this.ending) this.leave()
    else this.owner.onBatchOver()
  }

  /** The producer is closed once its own call is over, which aborts what it can. */
  private fail(): void {
    if (this.state === 'failed' || this.state === 'over') return
    this.state = 'failed'
    if (this.ending) {
      this.leave()
      return
    }
    this.env.setTimer(T.closeFailed, 0)
    this.owner.onPublishingFailed()
  }

  private leave(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.producer.closeNow()
    this.owner.onEnded()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, attempt: number): void {
    if (this.options.tellSteps && attempt >= 0) this.env.emit(M.stepAfterOutput, record, attempt)
  }

  /** What fails behind the task's back, its next call tells: commitTransaction() at the latest. */
  onFailed(): void {}

  onUnknown(): void {}

  /** send() threw. */
  onSendThrew(): void {
    this.fail()
  }

  onSendReturned(): void {
    if (this.sendingOffset) {
      this.sendingOffset = false
      this.offsetSent()
      return
    }
    this.dispatched = this.next
    if (this.ending && this.state === 'running') this.commit()
    else this.owner.onSendReturned()
  }

  onFlushed(): void {}

  onClosed(): void {}
}
