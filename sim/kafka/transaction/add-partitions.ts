import { tpOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { CoordinatorFinder } from '../broker/coordinator-finder.ts'
import { partitionFor } from '../group/partition-for.ts'
import { PendingReply } from '../group/pending-reply.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnTransaction,
} from '../protocol/transaction-messages.ts'
import { AddPartitionsReply } from './add-partitions-reply.ts'
import type { AfterAppend } from './appends.ts'
import { fencedAs, type HandlerParts, nowMs } from './coordinator-parts.ts'
import { tellRefused } from './moments.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'

/** The version that knows PRODUCER_FENCED; the version from which on brokers ask, for transactions of version 2. */
const KNOWS_FENCED = 2
const FROM_BROKERS = 4

type Producer = Pick<AddPartitionsToTxnTransaction, 'transactionalId' | 'producerId' | 'producerEpoch'>
/** Decided at once, or written and decided later (null). */
type Decision = number | null

/** Partitions join transactions, or are looked up in them (`handleAddPartitionsToTransaction`, `handleVerifyPartitionsInTransaction`). */
export class AddPartitions {
  private readonly parts: HandlerParts
  private readonly finder: CoordinatorFinder

  constructor(parts: HandlerParts, finder: CoordinatorFinder) {
    this.parts = parts
    this.finder = finder
  }

  /** `handleAddPartitionsToTxnRequest` */
  handle(request: Envelope): void {
    const { transactions } = request.body as AddPartitionsToTxnRequest
    const reply = new AddPartitionsReply(request)
    transactions.forEach((transaction, index) => this.handleOne(transaction, reply, index))
  }

  private handleOne(transaction: AddPartitionsToTxnTransaction, reply: AddPartitionsReply, index: number): void {
    const { partitions } = this.parts.metadata
    const tps = transaction.partitions.map(({ topicId, partition }) => tpOf(topicId, partition))
    if (!tps.every((tp) => partitions.has(tp))) {
      // One that is unknown fails all.
      const errorOf = (tp: number): number =>
        partitions.has(tp) ? Errors.OPERATION_NOT_ATTEMPTED : Errors.UNKNOWN_TOPIC_OR_PARTITION
      reply.decide(index, errorOf, tps, this.parts.replies)
      return
    }
    if (transaction.verifyOnly) {
      this.verify(transaction, reply, index, tps)
      return
    }
    const version = reply.request.apiVersion >= FROM_BROKERS ? 2 : 0
    const decision = this.add(transaction, tps, version, { kind: 'partitions-added', reply, index })
    if (decision !== null) this.onAdded(reply, index, decision)
  }

  /** `handleAddOffsetsToTxnRequest`: the group's partition of the offsets topic joins. */
  handleOffsets(request: Envelope): void {
    const { metadata } = this.parts
    const { groupId, ...producer } = request.body as AddOffsetsToTxnRequest
    const reply = new PendingReply(request)
    const topic = metadata.topics.get(metadata.offsetsTopicId)
    if (topic === undefined) {
      this.finder.wantOffsetsTopic()
      this.onOffsetsAdded(reply, Errors.COORDINATOR_NOT_AVAILABLE)
      return
    }
    const tp = tpOf(topic.topicId, partitionFor(groupId, topic.partitions.length))
    const decision = this.add(producer, [tp], 0, { kind: 'offsets-added', reply })
    if (decision !== null) this.onOffsetsAdded(reply, decision)
  }

  private add(
    producer: Producer,
    tps: readonly number[],
    clientTransactionVersion: number,
    afterwards: AfterAppend,
  ): Decision {
    const { env, states } = this.parts
    const { transactionalId } = producer
    if (transactionalId === '') return Errors.INVALID_REQUEST
    const { error, epoch, metadata } = states.find(transactionalId)
    if (error !== Errors.NONE) return error
    if (metadata === null) return Errors.INVALID_PRODUCER_ID_MAPPING
    const refusal = refusalOf(metadata, producer)
    if (refusal !== Errors.NONE) return refusal
    if (metadata.state === 'Ongoing' && tps.every((tp) => metadata.partitions.includes(tp))) return Errors.NONE
    const transit = metadata.prepareAddPartitions(tps, clientTransactionVersion, nowMs(env))
    states.append(transactionalId, epoch, transit, afterwards)
    return null
  }

  /** Whether the partitions are in the transaction. What is pending does not matter: the leader looks again when it appends. */
  private verify(
    producer: AddPartitionsToTxnTransaction,
    reply: AddPartitionsReply,
    index: number,
    tps: readonly number[],
  ): void {
    const { env, states, replies } = this.parts
    const { error, metadata } = states.find(producer.transactionalId)
    const refusal = error !== Errors.NONE ? error : verificationErrorOf(metadata, producer)
    const errorOf = (tp: number): number => {
      if (refusal !== Errors.NONE) return refusal
      return metadata?.partitions.includes(tp) === true ? Errors.NONE : Errors.TRANSACTION_ABORTABLE
    }
    tellRefused(env, reply.request, producer, tps.map(errorOf).find((each) => each !== Errors.NONE) ?? Errors.NONE)
    reply.decide(index, errorOf, tps, replies)
  }

  /** The partitions joined, or did not. */
  onAdded(reply: AddPartitionsReply, index: number, error: number): void {
    const { env, replies } = this.parts
    const { request } = reply
    const transaction = (request.body as AddPartitionsToTxnRequest).transactions[index] as AddPartitionsToTxnTransaction
    tellRefused(env, request, transaction, error)
    const errorCode = fencedAs(error, request.apiVersion, KNOWS_FENCED)
    const tps = transaction.partitions.map(({ topicId, partition }) => tpOf(topicId, partition))
    reply.decide(index, () => errorCode, tps, replies)
  }

  onOffsetsAdded(reply: PendingReply, error: number): void {
    const { env, replies } = this.parts
    const { request } = reply
    tellRefused(env, request, request.body as AddOffsetsToTxnRequest, error)
    const body: AddOffsetsToTxnResponse = { errorCode: fencedAs(error, request.apiVersion, KNOWS_FENCED) }
    replies.complete(reply, body)
  }
}

/** What is pending comes first: it may be about to change the identity that the producer already has (KAFKA-18660). */
function refusalOf(metadata: TransactionMetadata, { producerId, producerEpoch }: Producer): number {
  if (metadata.pendingState !== null) return Errors.CONCURRENT_TRANSACTIONS
  if (metadata.producerId !== producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (metadata.producerEpoch !== producerEpoch) return Errors.PRODUCER_FENCED
  return isEnding(metadata) ? Errors.CONCURRENT_TRANSACTIONS : Errors.NONE
}

function verificationErrorOf(metadata: TransactionMetadata | null, producer: Producer): number {
  if (producer.transactionalId === '') return Errors.INVALID_REQUEST
  if (metadata === null || metadata.producerId !== producer.producerId) return Errors.INVALID_PRODUCER_ID_MAPPING
  if (metadata.producerEpoch !== producer.producerEpoch) return Errors.PRODUCER_FENCED
  return isEnding(metadata) ? Errors.CONCURRENT_TRANSACTIONS : Errors.NONE
}

function isEnding({ state }: TransactionMetadata): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort'
}
