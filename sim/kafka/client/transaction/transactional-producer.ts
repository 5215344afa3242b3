import { M } from '../../../history/catalogue.ts'
import { tpOf } from '../../../history/ids.ts'
import type { TimerHandle } from '../../../kernel/kernel.ts'
import type { Env } from '../../env.ts'
import { Errors } from '../../protocol/errors.ts'
import { PRODUCE_ADDS_PARTITIONS } from '../../protocol/transaction-messages.ts'
import { NEVER_US, type ProducerSettings } from '../producer-settings.ts'
import type { Sender } from '../sender.ts'
import type { OpenTransaction } from './open-transaction.ts'
import { CLOSED, NO_MEMBER, NO_TRANSACTIONAL_ID, TIMEOUT } from './transactional-refusals.ts'
import type { TransactionCall } from './transaction-core.ts'
import { type Cause, ProducerException, type TransactionError } from './transaction-error.ts'
import type { TransactionManager } from './transaction-manager.ts'
import type { TransactionalRequestResult } from './transactional-request-result.ts'
import type { ConsumerGroupMetadata, TxnOffset } from './txn-request.ts'

/** The application behind a transactional producer. Every call comes from within one of the producer's own methods. */
export interface TransactionOwner {
  /** The call that the application's thread waited in is over; `error` is null when it succeeded. */
  onTransactionReturned(call: TransactionCall, error: TransactionError | null): void
  /** send() threw instead of taking the record, which fails. */
  onSendThrew(error: TransactionError): void
}

export interface TransactionalProducerParts {
  readonly env: Env
  readonly settings: ProducerSettings
  /** null without a transactional.id: every call is refused. */
  readonly manager: TransactionManager | null
  readonly sender: Sender
  readonly owner: TransactionOwner | null
  /** For `max.block.ms`. */
  readonly timerKind: number
}

interface WaitingCall {
  readonly call: TransactionCall
  readonly result: TransactionalRequestResult
}

/**
 * The transactional calls of `KafkaProducer`. A call that is refused returns why; one that is taken returns null, and
 * {@link TransactionOwner.onTransactionReturned} tells its end, perhaps before it returns: until then the application's thread
 * waits, at most `max.block.ms`. beginTransaction() waits for nothing. What becomes of a transaction is told by moments.
 */
export class TransactionalProducer {
  private readonly parts: TransactionalProducerParts
  /** The transactional id in moments. */
  private text = -1
  /** The application's number of the transaction whose outcome is open; -1 = none. */
  private transaction = -1
  private waiting: WaitingCall | null = null
  private timer: TimerHandle = 0
  private isClosed = false

  constructor(parts: TransactionalProducerParts) {
    this.parts = parts
  }

  // --- calls --------------------------------------------------------------------------------------------------------

  /** Fences older producers with the same transactional.id and fetches producer id and epoch. Once, before anything else. */
  initTransactions(): TransactionError | null {
    return this.begin('initTransactions', (manager) => manager.initializeTransactions())
  }

  /** Begins a transaction; `transaction` is the application's number of it, for moments. */
  beginTransaction(transaction: number): TransactionError | null {
    const manager = this.usable()
    if (!('core' in manager)) return manager
    try {
      manager.beginTransaction()
    } catch (thrown) {
      return this.refused(thrown)
    }
    this.transaction = transaction
    this.emit(M.txnBegan, manager.sequences.producerId, manager.sequences.producerEpoch)
    return null
  }

  /** Commits offsets of a group together with the transaction. */
  sendOffsetsToTransaction(offsets: readonly TxnOffset[], group: ConsumerGroupMetadata): TransactionError | null {
    if (group.generationId > 0 && group.memberId === '') return NO_MEMBER
    const refusal = this.usable()
    if (!('core' in refusal)) return refusal
    if (offsets.length === 0) {
      this.parts.owner?.onTransactionReturned('sendOffsetsToTransaction', null)
      return null
    }
    return this.begin('sendOffsetsToTransaction', (manager) => {
      const result = manager.sendOffsetsToTransaction(offsets, group)
      this.tellOffsets(offsets, group)
      return result
    })
  }

  /** Sends what is left, then commits. After a timeout the outcome is open, and only the same call is legal. */
  commitTransaction(): TransactionError | null {
    return this.begin('commitTransaction', (manager) => {
      const before = manager.core.state
      const result = manager.beginCommit()
      if (before !== manager.core.state) this.emit(M.txnEnding, 1)
      return result
    })
  }

  /** Drops what has not been sent, then aborts. */
  abortTransaction(): TransactionError | null {
    return this.begin('abortTransaction', (manager) => {
      const before = manager.core.state
      const result = manager.beginAbort()
      if (before !== manager.core.state) this.emit(M.txnEnding, 0)
      return result
    })
  }

  /** The transaction that is open; null = none. */
  get openTransaction(): OpenTransaction | null {
    const { manager } = this.parts
    if (manager === null || this.transaction < 0) return null
    const { producerId, producerEpoch } = manager.sequences
    return { producerId, producerEpoch, transaction: this.transaction }
  }

  /**
   * Takes the place of the producer that has left a transaction of version 2 open, as frameworks with checkpoints do by reflection
   * (Flink's `FlinkKafkaInternalProducer.resumeTransaction`): Kafka's own client has no such call without KIP-939. It can be ended, once.
   */
  resumeTransaction({ producerId, producerEpoch, transaction }: OpenTransaction): void {
    this.parts.manager?.resume(producerId, producerEpoch)
    this.transaction = transaction
  }

  /** What send() throws now, of which the application is told; null = it may take a record. */
  sendRefusal(): TransactionError | null {
    const { manager, owner } = this.parts
    if (manager === null || manager.core.state === 'IN_TRANSACTION') return null
    try {
      manager.throwIfCannotSend()
      return null
    } catch (thrown) {
      const error = this.refused(thrown)
      owner?.onSendThrew(error)
      return error
    }
  }

  // --- what happens -------------------------------------------------------------------------------------------------

  get isWaiting(): boolean {
    return this.waiting !== null
  }

  /** In words, for naming a deadlock. */
  get waitsFor(): string | null {
    return this.waiting?.call ?? null
  }

  /** Lets the application's thread go on if what it waits for has ended. */
  settle(): void {
    const { waiting } = this
    if (waiting === null || !waiting.result.completed) return
    const { call, result } = waiting
    this.stopWaiting()
    result.acked = true
    if (result.error === null && call === 'initTransactions') this.chooseVersion()
    this.returned(call, result.error === null ? null : this.errorOf(result.error))
  }

  /** `max.block.ms` is over. */
  onTimer(): void {
    this.timer = 0
    const { waiting } = this
    if (waiting === null) return
    this.stopWaiting()
    this.returned(waiting.call, TIMEOUT)
  }

  // --- closing ------------------------------------------------------------------------------------------------------

  /** `Sender.run` after close(): aborts what is open. Returns true when nothing has to be waited for any more. */
  finish(): boolean {
    const { manager, sender } = this.parts
    if (manager === null) return true
    const { core } = manager
    if (core.state === 'IN_TRANSACTION' || core.state === 'ABORTABLE_ERROR') {
      try {
        manager.beginAbort('sender')
      } catch (thrown) {
        if (!(thrown instanceof ProducerException)) throw thrown
        return true
      }
      sender.runOnce()
    }
    return !core.isCompleting
  }

  /** The producer is gone: nothing is told any more but what became of the transaction. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.stopWaiting()
    this.parts.manager?.core.close()
    this.conclude(Errors.UNKNOWN_SERVER_ERROR)
    this.transaction = -1
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private usable(): TransactionManager | TransactionError {
    const { manager } = this.parts
    if (manager === null) return NO_TRANSACTIONAL_ID
    return this.isClosed ? CLOSED : manager
  }

  private begin(
    call: TransactionCall,
    start: (manager: TransactionManager) => TransactionalRequestResult,
  ): TransactionError | null {
    const manager = this.usable()
    if (!('core' in manager)) return manager
    const { env, settings, sender, timerKind } = this.parts
    try {
      this.waiting = { call, result: start(manager) }
    } catch (thrown) {
      return this.refused(thrown)
    }
    if (settings.maxBlockUs < NEVER_US) this.timer = env.setTimer(timerKind, settings.maxBlockUs, 1)
    sender.runOnce()
    this.settle()
    return null
  }

  private stopWaiting(): void {
    this.parts.env.cancel(this.timer)
    this.timer = 0
    this.waiting = null
  }

  private returned(call: TransactionCall, error: TransactionError | null): void {
    if (error === null) this.succeeded(call)
    else if (error.kind === 'fatal' || call === 'commitTransaction' || call === 'abortTransaction') {
      this.conclude(error.error, error.kind === 'timeout' && call === 'commitTransaction')
      if (error.kind === 'fatal') this.transaction = -1
    }
    this.parts.owner?.onTransactionReturned(call, error)
  }

  private succeeded(call: TransactionCall): void {
    if (call !== 'commitTransaction' && call !== 'abortTransaction') return
    this.emit(call === 'commitTransaction' ? M.txnCommitted : M.txnAborted)
    this.transaction = -1
  }

  /** What an application must think of its transaction when it is told an error. */
  private conclude(error: number, mayStillCommit = false): void {
    const { manager } = this.parts
    if (this.transaction < 0 || manager === null) return
    this.emit(manager.commitInDoubt || mayStillCommit ? M.txnUnknown : M.txnFailed, error)
  }

  /** A call threw at once. */
  private refused(thrown: unknown): TransactionError {
    if (!(thrown instanceof ProducerException)) throw thrown
    const error = this.errorOf(thrown.reason)
    if (error.kind === 'fatal') {
      this.conclude(error.error)
      this.transaction = -1
    }
    return error
  }

  private errorOf(cause: Cause): TransactionError {
    if (this.parts.manager?.core.state === 'FATAL_ERROR') return { ...cause, kind: 'fatal' }
    return { ...cause, kind: cause.exception === 'IllegalStateException' ? 'illegal' : 'abortable' }
  }

  /** `maybeUpdateTransactionV2Enabled`: as the cluster's brokers say, unless the client is older than that. */
  private chooseVersion(): void {
    const { manager, sender, settings } = this.parts
    if (manager === null) return
    manager.core.isV2 = sender.client.transactionVersion >= 2 && settings.produceVersion >= PRODUCE_ADDS_PARTITIONS
  }

  private tellOffsets(offsets: readonly TxnOffset[], { groupId }: ConsumerGroupMetadata): void {
    const { env } = this.parts
    const group = env.recorder.text(groupId)
    for (const { topicId, partition, committedOffset } of offsets) {
      const tp = tpOf(topicId, partition)
      env.emitWide(M.txnOffsetsSent, this.name, this.transaction, group, tp, committedOffset)
    }
  }

  private emit(kind: number, c = 0, d = 0): void {
    this.parts.env.emit(kind, this.name, this.transaction, c, d)
  }

  private get name(): number {
    if (this.text < 0) this.text = this.parts.env.recorder.text(this.parts.settings.transactionalId ?? '')
    return this.text
  }
}
