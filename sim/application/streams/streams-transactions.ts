import { M } from '../../history/catalogue.ts'
import { partitionOf, recordOf, topicIdOf } from '../../history/ids.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import { KafkaProducer } from '../../kafka/client/kafka-producer.ts'
import type { CommitOffset } from '../../kafka/client/consumer/subscription-state.ts'
import type { TransactionCall } from '../../kafka/client/transaction/transaction-core.ts'
import type { TransactionError } from '../../kafka/client/transaction/transaction-error.ts'
import type { TransactionOwner } from '../../kafka/client/transaction/transactional-producer.ts'
import type { ConsumerGroupMetadata } from '../../kafka/client/transaction/txn-request.ts'
import type { Env } from '../../kafka/env.ts'
import type { OutputOwner } from '../output.ts'
import type { ProcessorJournal } from '../processor-journal.ts'
import { problemOfTransaction } from './streams-problem.ts'
import { StreamsOutput, type StreamsOutputOptions } from './streams-output.ts'

/** Timer kinds behind its producer's. */
const BEFORE_COMMIT = 0
const AFTER_COMMIT = 1

/** The thread whose transactions these are. */
export interface TransactionalTasks extends OutputOwner {
  /** Where all of its tasks stand, as far as that is not committed. */
  toCommit(): readonly CommitOffset[]
  groupMetadata(): ConsumerGroupMetadata
}

/**
 * `StreamsProducer` with exactly_once_v2: one transaction for all tasks of a thread, which begins with the first record that
 * is sent, or with the commit itself, and commits outputs and positions together.
 */
export class StreamsTransactions extends StreamsOutput implements TransactionOwner {
  private readonly tasks: TransactionalTasks
  /** initTransactions() has returned. */
  private isInitialized = false
  private inFlight = false
  /** What was to be sent before that. */
  private early: { readonly worker: number; readonly polled: ConsumedRecord } | null = null

  constructor(env: Env, tasks: TransactionalTasks, options: StreamsOutputOptions, journal: ProcessorJournal) {
    super(env, tasks, options, journal)
    this.tasks = tasks
  }

  protected override newProducer(): KafkaProducer {
    const producer = new KafkaProducer(this.env, { ...this.options.producer, transactionOwner: this }, this)
    this.sends.producer = producer
    return producer
  }

  override start(): void {
    super.start()
    this.initialize()
  }

  override put(worker: number, polled: ConsumedRecord): boolean {
    if (!this.isInitialized && this.problem === null) {
      this.early = { worker, polled }
      return false
    }
    return this.maybeBegin() ? super.put(worker, polled) : true
  }

  override isIdle(): boolean {
    return this.early === null && super.isIdle()
  }

  /** `resetProducer`: another one with the same id, which aborts what this one leaves open. */
  override reset(): void {
    super.reset()
    this.producer.closeNow()
    this.isInitialized = false
    this.inFlight = false
    this.problem = null
    this.env.emit(M.producerRestarted, ++this.journal.restarts)
    this.producer = this.newProducer()
    this.start()
  }

  override onTimer(kind: number, a: number, b: number): boolean {
    switch (kind - this.options.timerBase) {
      case BEFORE_COMMIT:
        this.sendOffsets()
        return true
      case AFTER_COMMIT:
        this.settled(null)
        return true
      default:
        return super.onTimer(kind, a, b)
    }
  }

  // --- the transaction ----------------------------------------------------------------------------------------------

  private initialize(): void {
    this.refused(this.producer.transactions.initTransactions())
  }

  /** `maybeBeginTransaction`; false when the producer refuses. */
  private maybeBegin(): boolean {
    if (this.inFlight) return true
    if (this.problem !== null) return false
    const { env, journal, producer } = this
    const refusal = producer.transactions.beginTransaction(recordOf(env.node, journal.transactions++))
    this.inFlight = refusal === null
    if (refusal !== null) this.problem = problemOfTransaction(refusal)
    return this.inFlight
  }

  protected override flushed(): void {
    if (!this.maybeBegin()) this.settled(this.problem)
    else if (this.options.tellSteps) this.step(M.stepBeforeCommit, BEFORE_COMMIT)
    else this.sendOffsets()
  }

  private sendOffsets(): void {
    const offsets = this.tasks.toCommit().map(({ tp, offset, leaderEpoch }) => ({
      topicId: topicIdOf(tp),
      partition: partitionOf(tp),
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
    }))
    this.refused(this.producer.transactions.sendOffsetsToTransaction(offsets, this.tasks.groupMetadata()))
  }

  /** The step is an event of its own: what waits for it happens before anything else is done. */
  private step(moment: number, timer: number): void {
    const { env, options } = this
    const { groupId, generationId } = this.tasks.groupMetadata()
    env.emit(moment, env.recorder.text(groupId), generationId)
    env.setTimer(options.timerBase + timer, 0)
  }

  // --- TransactionOwner ---------------------------------------------------------------------------------------------

  onTransactionReturned(call: TransactionCall, error: TransactionError | null): void {
    if (error !== null) {
      this.failed(call, error)
      return
    }
    switch (call) {
      case 'initTransactions':
        this.isInitialized = true
        this.release()
        return
      case 'sendOffsetsToTransaction':
        this.refused(this.producer.transactions.commitTransaction())
        return
      case 'commitTransaction':
        this.inFlight = false
        if (this.options.tellSteps) this.step(M.stepAfterCommit, AFTER_COMMIT)
        else this.settled(null)
        return
      case 'abortTransaction':
    }
  }

  /** The record has failed, which tells all. */
  onSendThrew(): void {}

  private refused(refusal: TransactionError | null): void {
    if (refusal === null) return
    if (this.isInitialized) this.settled(problemOfTransaction(refusal))
    else this.failed('initTransactions', refusal)
  }

  private failed(call: TransactionCall, error: TransactionError): void {
    if (call !== 'initTransactions') this.settled(problemOfTransaction(error))
    // Tried again until `task.timeout.ms`.
    else if (error.kind === 'timeout') this.initialize()
    else {
      this.problem = 'fatal'
      this.release()
    }
  }

  /** Who waited for initTransactions() goes on. */
  private release(): void {
    const { early } = this
    this.early = null
    if (early !== null && this.put(early.worker, early.polled)) this.tasks.onPut(early.worker)
  }
}
