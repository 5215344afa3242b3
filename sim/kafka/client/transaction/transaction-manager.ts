import { M } from '../../../history/catalogue.ts'
import type { Env } from '../../env.ts'
import type { ClientSwitches } from '../../protocol/client-switches.ts'
import { Errors, isRetriable } from '../../protocol/errors.ts'
import type { TxnOffsetCommitRequest } from '../../protocol/transaction-messages.ts'
import { tpOf } from '../../../history/ids.ts'
import type { ErrorPolicy } from '../error-policy.ts'
import type { PartitionState } from '../partition-state.ts'
import type { ProducerBatch } from '../producer-batch.ts'
import { Sequences } from '../sequences.ts'
import {
  batchFailure,
  causeOf,
  illegalState,
  isFatalForBatches,
  kafkaException,
  ProducerException,
} from './transaction-error.ts'
import { type Thread, TransactionCore } from './transaction-core.ts'
import { TransactionPartitions } from './transaction-partitions.ts'
import { TransactionalRequestResult } from './transactional-request-result.ts'
import type { ConsumerGroupMetadata, TxnOffset, TxnRequest, TxnRequestOf } from './txn-request.ts'

export interface TransactionManagerOptions {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  readonly switches: ClientSwitches
  /** Every partition of the producer. */
  readonly partitions: readonly PartitionState[]
}

/**
 * `TransactionManager` of a transactional producer (KIP-98, KIP-360, KIP-890): which partitions belong to the transaction,
 * what its end takes, and what errors of batches mean for it. Calls throw a {@link ProducerException} as Kafka's do; those
 * that have to wait return what they wait for.
 */
export class TransactionManager implements ErrorPolicy {
  readonly core: TransactionCore
  readonly sequences: Sequences
  /** An EndTxn that commits was sent, and may have been or still be carried out. */
  commitInDoubt = false
  /** So may one that was sent before the last. */
  private earlierInDoubt = false
  /** Offsets to be committed that the group coordinator has not answered for, by `tpOf`. */
  readonly pendingOffsets: Map<number, TxnOffset> = new Map()
  private readonly env: Env
  private readonly options: TransactionManagerOptions
  readonly partitions: TransactionPartitions = new TransactionPartitions()

  constructor(env: Env, options: TransactionManagerOptions) {
    this.env = env
    this.options = options
    this.sequences = new Sequences(options.switches)
    this.core = new TransactionCore(options.transactionalId, options.transactionTimeoutMs, this.sequences)
  }

  // --- calls of the application -------------------------------------------------------------------------------------

  /** `initializeTransactions` */
  initializeTransactions(): TransactionalRequestResult {
    const { core } = this
    core.maybeFailWithError()
    const pending = core.pendingResult('initTransactions')
    if (pending !== null) return pending
    core.transitionTo('INITIALIZING', 'application')
    return core.remember('initTransactions', core.initialize('first'))
  }

  beginTransaction(): void {
    const { core } = this
    core.throwIfPending('beginTransaction')
    core.maybeFailWithError()
    core.transitionTo('IN_TRANSACTION', 'application')
    this.commitInDoubt = false
    this.earlierInDoubt = false
  }

  /** The transaction of a producer that is gone is this one's. */
  resume(producerId: number, producerEpoch: number): void {
    const { core } = this
    this.sequences.setIdentity(producerId, producerEpoch)
    core.transitionTo('INITIALIZING', 'application')
    core.transitionTo('READY', 'application')
    core.transitionTo('IN_TRANSACTION', 'application')
    core.isV2 = true
    core.started = true
  }

  /** `maybeAddPartition`: a record for the partition is to be sent. */
  addPartition(partition: PartitionState): void {
    if (partition.inTransaction) return
    if (!this.core.isV2) {
      this.partitions.want(partition)
      return
    }
    this.partitions.join(partition)
    this.core.started = true
  }

  /** Throws where send() does. */
  throwIfCannotSend(): void {
    const { core } = this
    core.maybeFailWithError()
    core.throwIfPending('send')
    if (core.state === 'IN_TRANSACTION') return
    throw new ProducerException(
      illegalState(
        this.sequences.hasProducerId()
          ? `send is not possible in state ${core.state}, for no transaction has begun`
          : 'send is not possible before initTransactions',
      ),
    )
  }

  sendOffsetsToTransaction(offsets: readonly TxnOffset[], group: ConsumerGroupMetadata): TransactionalRequestResult {
    const { core } = this
    core.throwIfPending('sendOffsetsToTransaction')
    core.maybeFailWithError()
    if (core.state !== 'IN_TRANSACTION') {
      throw new ProducerException(
        illegalState(`sendOffsetsToTransaction is not possible in state ${core.state}, for no transaction has begun`),
      )
    }
    const result = new TransactionalRequestResult()
    if (core.isV2) {
      this.enqueueTxnOffsetCommit(result, offsets, group)
      core.started = true
    } else {
      const body = { ...core.identity, groupId: group.groupId }
      core.queue.add({ kind: 'AddOffsetsToTxn', body, offsets, group, result, isRetry: false })
    }
    return result
  }

  beginCommit(): TransactionalRequestResult {
    const { core } = this
    const pending = core.pendingResult('commitTransaction')
    if (pending !== null) return pending
    core.maybeFailWithError()
    core.transitionTo('COMMITTING_TRANSACTION', 'application')
    return core.remember('commitTransaction', this.beginCompleting(true))
  }

  /** `thread` is the sender's where closing the producer aborts. */
  beginAbort(thread: Thread = 'application'): TransactionalRequestResult {
    const { core } = this
    const pending = core.pendingResult('abortTransaction')
    if (pending !== null) return pending
    if (core.state !== 'ABORTABLE_ERROR') core.maybeFailWithError()
    core.transitionTo('ABORTING_TRANSACTION', thread)
    this.partitions.dropNew()
    return core.remember('abortTransaction', this.beginCompleting(false))
  }

  /** A record was refused before it reached a batch (`KafkaProducer.doSend`). */
  onRefused(error: number): void {
    if (this.core.state !== 'FATAL_ERROR') this.errorState(error, 'application')
  }

  // --- batches ------------------------------------------------------------------------------------------------------

  get fatalError(): number {
    return this.core.state === 'FATAL_ERROR' ? (this.core.lastError?.error ?? Errors.UNKNOWN_SERVER_ERROR) : Errors.NONE
  }

  /** `handleFailedBatch`: a failed batch fails its transaction, and those after it take its place in the sequence. */
  onFailed(batch: ProducerBatch, error: number, adjustSequences: boolean): void {
    try {
      if (this.options.switches['txn.failed-record'] === 'abort' && !this.endsWithoutAnswers)
        this.errorState(error, 'sender')
    } catch (thrown) {
      // `Sender.failBatch`: an illegal transition must not keep a batch from its end.
      if (!(thrown instanceof ProducerException)) throw thrown
    }
    if (!this.sequences.release(batch) || this.core.state === 'FATAL_ERROR') return
    if (error === Errors.UNKNOWN_PRODUCER_ID) this.sequences.forget(batch.partition)
    else if (adjustSequences && batch.hasSequence()) batch.partition.txn.closeGap(batch)
  }

  /** `txn.end: after-sends`: a commit is under way that waits for no batch, so that none can fail it any more. */
  private get endsWithoutAnswers(): boolean {
    return this.options.switches['txn.end'] === 'after-sends' && this.core.state === 'COMMITTING_TRANSACTION'
  }

  /** `canRetry` with a transactional.id: a gap in the log is never closed by a new epoch, but fails the batch. */
  canRetry(batch: ProducerBatch, error: number, logStartOffset: number): boolean {
    const { txn } = batch.partition
    switch (error) {
      case Errors.UNKNOWN_PRODUCER_ID:
        if (logStartOffset < 0 || batch.reopened) return true
        if (txn.lastAckedOffset >= logStartOffset) return false
        this.sequences.restart(batch.partition)
        return true
      case Errors.OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (txn.unresolvedNext < 0 && !this.sequences.isGap(batch)) return true
        if (this.options.switches['txn.gap'] === 'abort') return false
        this.askForEpochInTransaction()
        return true
      default:
        return isRetriable(error)
    }
  }

  /** `maybeResolveSequences`: what expired and is missing cannot be made good any more. */
  resolveSequences(): void {
    for (const _ of this.sequences.settle()) {
      this.core.abortableErrorWithNewEpoch(kafkaException('batches expired whose fate is not known'))
    }
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  /** The request to be sent next; null = none now. `mustWait` = there are batches that EndTxn has to wait for. */
  nextRequest(mustWait: boolean): TxnRequest | null {
    const { core } = this
    if (this.partitions.hasNew) this.enqueueAddPartitions()
    for (let next = core.queue.peek(); next !== undefined; next = core.queue.peek()) {
      if (next.kind === 'EndTxn' && mustWait) return null
      core.queue.poll()
      if (core.terminatesWithError(next)) continue
      if (next.kind !== 'EndTxn' || core.started) return next
      // Nothing was sent: there is nothing to end.
      next.result.done()
      this.completeTransaction()
    }
    return null
  }

  /** `completeTransaction`: the coordinator has decided, or there was nothing to decide. */
  completeTransaction(): void {
    const { core } = this
    core.transitionTo(core.epochBumpRequired ? 'INITIALIZING' : 'READY', 'sender')
    core.epochBumpRequired = false
    core.started = false
    this.partitions.clear()
  }

  /** EndTxn leaves. */
  onEndSent(request: TxnRequestOf<'EndTxn'>): void {
    if (request.body.committed) this.commitInDoubt = true
  }

  /** EndTxn did not succeed; `inDoubt` = it may have been carried out all the same. */
  onEndFailed(inDoubt: boolean): void {
    this.earlierInDoubt ||= inDoubt && this.commitInDoubt
    this.commitInDoubt = this.earlierInDoubt
  }

  /** InitProducerId was answered, or EndTxn with the epoch of the next transaction. */
  setIdentity(producerId: number, producerEpoch: number): void {
    this.sequences.setIdentity(producerId, producerEpoch)
  }

  /** `resetSequenceNumbers` */
  resetSequences(): void {
    for (const partition of this.options.partitions) this.sequences.forget(partition)
  }

  /** InitProducerId was answered; `purpose` as it was asked for. */
  onInitialized(producerId: number, producerEpoch: number, purpose: TxnRequestOf<'InitProducerId'>['purpose']): void {
    this.setIdentity(producerId, producerEpoch)
    this.env.emit(M.producerInitialized, producerId, producerEpoch)
    switch (purpose) {
      case 'first':
        this.core.transitionTo('READY', 'sender')
        break
      case 'after-abort':
        this.core.transitionTo('READY', 'sender')
        this.resetSequences()
        break
      case 'in-transaction':
        this.goOnInNewEpoch()
    }
  }

  /** `txnOffsetCommitHandler`: offsets of an older call that are still open go along. */
  enqueueTxnOffsetCommit(
    result: TransactionalRequestResult,
    offsets: readonly TxnOffset[],
    group: ConsumerGroupMetadata,
  ): void {
    const { core, pendingOffsets } = this
    for (const offset of offsets) pendingOffsets.set(tpOf(offset.topicId, offset.partition), offset)
    const body: TxnOffsetCommitRequest = {
      ...core.identity,
      groupId: group.groupId,
      generationIdOrMemberEpoch: group.generationId,
      memberId: group.memberId,
      groupInstanceId: group.groupInstanceId,
      partitions: [...pendingOffsets.values()],
    }
    core.queue.add({ kind: 'TxnOffsetCommit', body, result, isRetry: false })
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private beginCompleting(committed: boolean): TransactionalRequestResult {
    const { core } = this
    if (this.partitions.hasNew) this.enqueueAddPartitions()
    const result = core.end(committed)
    return core.epochBumpRequired ? core.initialize('after-abort') : result
  }

  private enqueueAddPartitions(): void {
    const partitions = this.partitions.ask()
    const result = new TransactionalRequestResult()
    this.core.queue.add({ kind: 'AddPartitionsToTxn', partitions, soon: false, result, isRetry: false })
  }

  /** `maybeTransitionToErrorState` */
  private errorState(error: number, thread: Thread): void {
    const { core } = this
    if (isFatalForBatches(error)) {
      core.fatalError(causeOf(error, 'Produce'))
      return
    }
    if (!core.isV2 && !core.isCompleting) core.epochBumpRequired = true
    core.abortableError(batchFailure(error), thread)
  }

  // --- `txn.gap: new-epoch` -----------------------------------------------------------------------------------------

  /** librdkafka before 1.8.2 asked for a new epoch and went on, though that aborts the transaction at its coordinator. */
  private askForEpochInTransaction(): void {
    const { core } = this
    if (core.queue.peek()?.kind !== 'InitProducerId') core.initialize('in-transaction')
  }

  /** What is still to be sent is numbered anew, and its partitions begin what the coordinator takes for a new transaction. */
  private goOnInNewEpoch(): void {
    const again = this.partitions.all().filter(({ txn, queue }) => txn.hasInFlight() || queue.length > 0)
    for (const partition of this.options.partitions) this.sequences.restart(partition)
    this.partitions.clear()
    for (const partition of again) this.addPartition(partition)
  }
}
