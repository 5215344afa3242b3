import type { FindCoordinatorRequest } from '../../protocol/group-messages.ts'
import { Errors } from '../../protocol/errors.ts'
import type { InitProducerIdRequest } from '../../protocol/messages.ts'
import type { Sequences } from '../sequences.ts'
import { type Cause, causeOf, illegalState, kafkaException, ProducerException } from './transaction-error.ts'
import { isTransitionValid, type TransactionState } from './transaction-state.ts'
import { TransactionalRequestResult } from './transactional-request-result.ts'
import { type CoordinatorType, type TxnRequest, type TxnRequestOf, TxnRequestQueue } from './txn-request.ts'

interface Identity {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

/** The calls of the application that wait for a coordinator, by Kafka's names. */
export type TransactionCall = 'initTransactions' | 'sendOffsetsToTransaction' | 'commitTransaction' | 'abortTransaction'

/** Who makes a transition: an illegal one is thrown at the application, and ends a producer whose own thread makes it. */
export type Thread = 'application' | 'sender'

/** `PendingStateTransition`: a call whose end the application has not seen, for it may have timed out. */
interface PendingTransition {
  readonly call: TransactionCall
  readonly result: TransactionalRequestResult
}

/**
 * The state of a transactional producer, its legal transitions, its last error, and the requests that wait: what the parts of
 * `TransactionManager` have in common.
 */
export class TransactionCore {
  readonly transactionalId: string
  readonly sequences: Sequences
  readonly queue: TxnRequestQueue = new TxnRequestQueue()
  private readonly timeoutMs: number
  /** Nodes; -1 = not known. */
  readonly coordinators: Record<CoordinatorType, number> = { transaction: -1, group: -1, share: -1 }
  state: TransactionState = 'UNINITIALIZED'
  lastError: Cause | null = null
  /** Transaction version 2: every transaction has its own epoch, partitions join it with their first batch. */
  isV2 = false
  /** Something was sent, so there is something to end (`transactionStarted`). */
  started = false
  /** After the abort the client itself asks for the next epoch (KIP-360): version 1 only. */
  epochBumpRequired = false
  private pending: PendingTransition | null = null

  /** `timeoutMs` = transaction.timeout.ms. */
  constructor(transactionalId: string, timeoutMs: number, sequences: Sequences) {
    this.transactionalId = transactionalId
    this.timeoutMs = timeoutMs
    this.sequences = sequences
  }

  get hasError(): boolean {
    return this.state === 'ABORTABLE_ERROR' || this.state === 'FATAL_ERROR'
  }

  get isCompleting(): boolean {
    return this.state === 'COMMITTING_TRANSACTION' || this.state === 'ABORTING_TRANSACTION'
  }

  // --- transitions --------------------------------------------------------------------------------------------------

  /** Enters a state; throws an IllegalStateException where Kafka does not allow it. */
  transitionTo(target: TransactionState, thread: Thread, error: Cause | null = null): void {
    if (!isTransitionValid(this.state, target)) {
      const cause = illegalState(`the producer cannot go from state ${this.state} to state ${target}`)
      if (thread === 'sender') {
        this.state = 'FATAL_ERROR'
        this.lastError = cause
      }
      throw new ProducerException(cause)
    }
    this.state = target
    this.lastError = error
  }

  /** `transitionToAbortableError`: only an abort helps; one that is under way already is left alone. */
  abortableError(error: Cause, thread: Thread): void {
    if (this.state !== 'ABORTING_TRANSACTION') this.transitionTo('ABORTABLE_ERROR', thread, error)
  }

  /** `transitionToFatalError`: this producer ends, and whoever waits for it learns why. */
  fatalError(error: Cause): void {
    this.transitionTo('FATAL_ERROR', 'sender', error)
    this.pending?.result.fail(error)
  }

  /** As {@link abortableError}; version 1 also needs a new epoch, which version 2 gets with the end of the transaction. */
  abortableErrorWithNewEpoch(error: Cause): void {
    if (!this.isV2) this.epochBumpRequired = true
    this.abortableError(error, 'sender')
  }

  // --- calls --------------------------------------------------------------------------------------------------------

  /** `maybeFailWithError`: throws when the producer is in an error state. */
  maybeFailWithError(): void {
    const { lastError } = this
    if (!this.hasError || lastError === null) return
    const { exception, error, message } = lastError
    if (exception === 'IllegalStateException') {
      throw new ProducerException(illegalState(`after an illegal transition (${message})`))
    }
    const cause =
      exception === 'ProducerFencedException' || exception === 'InvalidProducerEpochException'
        ? causeOf(error, `the producer with transactional.id ${this.transactionalId}`)
        : { ...kafkaException(`the transactional producer is in an error state, because of ${message}`), error }
    throw new ProducerException(cause)
  }

  /** `throwIfPendingState`: after a call that timed out only the same call is legal. */
  throwIfPending(operation: string): void {
    const { pending } = this
    if (pending === null) return
    if (!pending.result.acked) throw new ProducerException(repeatFirst(operation, pending.call))
    this.pending = null
  }

  /** `handleCachedTransactionRequestResult`: what the call waits for already, if it timed out before; else null. */
  pendingResult(call: TransactionCall): TransactionalRequestResult | null {
    const { pending } = this
    if (pending !== null && !pending.result.acked && pending.call === call) return pending.result
    this.throwIfPending(call)
    return null
  }

  /** The application waits for this, and must see its end. */
  remember(call: TransactionCall, result: TransactionalRequestResult): TransactionalRequestResult {
    this.pending = { call, result }
    return result
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  /** `lookupCoordinator`; `isRetry` = after a failed connection, which waits where Kafka asks again and again. */
  lookupCoordinator(keyType: CoordinatorType, key: string, isRetry: boolean): void {
    this.coordinators[keyType] = -1
    const body: FindCoordinatorRequest = { keyType, key }
    this.queue.add({ kind: 'FindCoordinator', body, result: new TransactionalRequestResult(), isRetry })
  }

  /** What is told of the producer with each request of a transaction. */
  get identity(): Identity {
    const { transactionalId, sequences } = this
    return { transactionalId, producerId: sequences.producerId, producerEpoch: sequences.producerEpoch }
  }

  /** Only a new epoch after an abort names the old one (KIP-360): it is refused to whoever was fenced. */
  initialize(purpose: TxnRequestOf<'InitProducerId'>['purpose']): TransactionalRequestResult {
    const { transactionalId, sequences, timeoutMs } = this
    const result = new TransactionalRequestResult()
    const body: InitProducerIdRequest = {
      transactionalId,
      transactionTimeoutMs: timeoutMs,
      producerId: purpose === 'after-abort' ? sequences.producerId : -1,
      producerEpoch: purpose === 'after-abort' ? sequences.producerEpoch : -1,
    }
    this.queue.add({ kind: 'InitProducerId', body, purpose, result, isRetry: false })
    return result
  }

  end(committed: boolean): TransactionalRequestResult {
    const result = new TransactionalRequestResult()
    this.queue.add({ kind: 'EndTxn', body: { ...this.identity, committed }, result, isRetry: false })
    return result
  }

  /** `reenqueue` */
  retry(request: TxnRequest): void {
    request.isRetry = true
    this.queue.add(request)
  }

  /** `maybeTerminateRequestWithError`: an error state ends what waits, but for the search for a coordinator to abort with. */
  terminatesWithError(request: TxnRequest): boolean {
    if (!this.hasError) return false
    if (this.state === 'ABORTABLE_ERROR' && request.kind === 'FindCoordinator') return false
    request.result.fail(this.lastError ?? causeOf(Errors.UNKNOWN_SERVER_ERROR, request.kind))
    return true
  }

  /** Forced close: nobody waits for anything any more. */
  close(): void {
    const cause = kafkaException('the producer was closed')
    for (let request = this.queue.poll(); request !== undefined; request = this.queue.poll()) request.result.fail(cause)
    this.pending?.result.fail(cause)
  }
}

function repeatFirst(operation: string, call: TransactionCall): Cause {
  return illegalState(`${operation} is not possible, for ${call} timed out and must be called again`)
}
