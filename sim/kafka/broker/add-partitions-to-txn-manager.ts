import { M } from '../../history/catalogue.ts'
import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import { SECOND } from '../../kernel/time.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { partitionFor } from '../group/partition-for.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  AddPartitionsToTxnTransaction,
} from '../protocol/transaction-messages.ts'
import { serverClientOptions } from './controller-channel.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { ADD_PARTITIONS_CLIENT_TIMERS } from './timers.ts'

/**
 * What the version of a request lets a leader do for it (`TransactionSupportedOperation`): verify, and tell the newer error or
 * not; or add the partition.
 */
export type TransactionOperation = 'default-error' | 'generic-error' | 'add-partition'

/** Told what the coordinator said. */
export interface AddPartitionsListener {
  /** `errors` by tp; what is not among them may be written. Perhaps before the question returns. */
  onCoordinatorAnswered(token: number, errors: ReadonlyMap<number, number>): void
}

interface Question {
  readonly transaction: AddPartitionsToTxnTransaction
  readonly operation: TransactionOperation
  readonly token: number
}

/** What is for one coordinator's node. */
interface NodeQuestions {
  /** At most one question per transactional id. */
  waiting: Question[]
  /** What is being asked, or will be when the connection is up; null = nothing. */
  asked: readonly Question[] | null
}

const NO_ERRORS: ReadonlyMap<number, number> = new Map()

/**
 * `AddPartitionsToTxnManager`: asks the coordinators of transactions whether partitions are in them (KIP-890 part 1), or adds
 * them (part 2). One request in flight per node; what comes meanwhile goes together with the next.
 */
export class AddPartitionsToTxnManager implements NetworkClientOwner {
  readonly client: NetworkClient
  private readonly env: Env
  private readonly metadata: MetadataCache
  private readonly listener: AddPartitionsListener
  private readonly nodes: Map<number, NodeQuestions> = new Map()

  constructor(env: Env, metadata: MetadataCache, listener: AddPartitionsListener) {
    this.env = env
    this.metadata = metadata
    this.listener = listener
    this.client = new NetworkClient(env, serverClientOptions(ADD_PARTITIONS_CLIENT_TIMERS, 30 * SECOND), this)
  }

  /** `addOrVerifyTransaction`: the listener is told with the same token. */
  addOrVerify(
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    tps: readonly number[],
    operation: TransactionOperation,
    token: number,
  ): void {
    const partitions = tps.map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) }))
    const verifyOnly = operation !== 'add-partition'
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly, partitions }
    const question = { transaction, operation, token }
    const node = this.coordinatorOf(transactionalId)
    if (node < 0) this.answer(question, Errors.COORDINATOR_NOT_AVAILABLE)
    else this.add(node, question)
  }

  /** Leader of the id's partition of `__transaction_state`, if it is alive; -1 = nobody (`getTransactionCoordinator`). */
  private coordinatorOf(transactionalId: string): number {
    const { metadata } = this
    const topic = metadata.topics.get(metadata.transactionsTopicId)
    if (topic === undefined) return -1
    const tp = tpOf(topic.topicId, partitionFor(transactionalId, topic.partitions.length))
    const leader = metadata.partitions.get(tp)?.leader ?? -1
    return metadata.aliveBrokerEpoch(leader) < 0 ? -1 : leader
  }

  /** `addTxnData`: of two questions about a transaction the later one is asked, unless it is of an older epoch. */
  private add(node: number, question: Question): void {
    const questions = this.at(node)
    const { transactionalId, producerEpoch } = question.transaction
    const at = questions.waiting.findIndex(({ transaction }) => transaction.transactionalId === transactionalId)
    const other = questions.waiting[at]
    if (other !== undefined && other.transaction.producerEpoch > producerEpoch) {
      this.answer(question, Errors.INVALID_PRODUCER_EPOCH)
      return
    }
    if (other !== undefined) questions.waiting.splice(at, 1)
    questions.waiting.push(question)
    if (other !== undefined) {
      // Of the same epoch: its client has given the first batch up and sends it again.
      const isFenced = other.transaction.producerEpoch < producerEpoch
      this.answer(other, isFenced ? Errors.INVALID_PRODUCER_EPOCH : Errors.NETWORK_EXCEPTION)
    }
    this.ask(node, questions)
  }

  private at(node: number): NodeQuestions {
    let questions = this.nodes.get(node)
    if (questions === undefined) {
      questions = { waiting: [], asked: null }
      this.nodes.set(node, questions)
    }
    return questions
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  /** `generateRequests` */
  private ask(node: number, questions: NodeQuestions): void {
    if (questions.asked !== null || questions.waiting.length === 0) return
    questions.asked = questions.waiting
    questions.waiting = []
    if (this.client.ready(node)) this.send(node, questions.asked)
    // `InterBrokerSendThread.checkDisconnects`: while a connection may not be opened again, requests fail.
    else if (!this.client.isConnecting(node)) this.fail(node, questions)
  }

  private send(node: number, asked: readonly Question[]): void {
    const body: AddPartitionsToTxnRequest = { transactions: asked.map(({ transaction }) => transaction) }
    this.client.send(node, Api.AddPartitionsToTxn, body, 0)
  }

  onReady(node: number): void {
    const questions = this.at(node)
    if (questions.asked === null) this.ask(node, questions)
    else this.send(node, questions.asked)
  }

  onConnectionFailed(node: number): void {
    this.fail(node, this.at(node))
  }

  onBackoffOver(node: number): void {
    this.ask(node, this.at(node))
  }

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    const node = request.destination
    const questions = this.at(node)
    if (cause !== 'response' || body === null) {
      this.fail(node, questions)
      return
    }
    const asked = questions.asked ?? []
    questions.asked = null
    const response = body as AddPartitionsToTxnResponse
    for (const question of asked) {
      if (response.errorCode === Errors.NONE) this.tell(question, errorsOf(question, response))
      else this.answer(question, response.errorCode)
    }
    this.ask(node, questions)
  }

  private fail(node: number, questions: NodeQuestions): void {
    const asked = questions.asked ?? []
    questions.asked = null
    for (const question of asked) this.answer(question, Errors.NETWORK_EXCEPTION)
    this.ask(node, questions)
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  /** The same word for all partitions. */
  private answer(question: Question, error: number): void {
    const errors = new Map<number, number>()
    for (const { topicId, partition } of question.transaction.partitions) errors.set(tpOf(topicId, partition), error)
    this.tell(question, errors)
  }

  private tell({ transaction, token }: Question, errors: ReadonlyMap<number, number>): void {
    const { partitions, producerId, producerEpoch } = transaction
    for (const { topicId, partition } of partitions) {
      const tp = tpOf(topicId, partition)
      this.env.emit(M.txnVerified, tp, producerId, producerEpoch, errors.get(tp) ?? Errors.NONE)
    }
    this.listener.onCoordinatorAnswered(token, errors)
  }
}

/** `AddPartitionsToTxnHandler.onComplete`: errors by tp, in words that producers know. */
function errorsOf(question: Question, response: AddPartitionsToTxnResponse): ReadonlyMap<number, number> {
  const { transactionalId } = question.transaction
  const result = response.resultsByTransaction.find((candidate) => candidate.transactionalId === transactionalId)
  let errors: Map<number, number> | null = null
  for (const { topicId, partition, partitionErrorCode } of result?.partitions ?? []) {
    if (partitionErrorCode === Errors.NONE) continue
    errors ??= new Map()
    errors.set(tpOf(topicId, partition), forProducer(partitionErrorCode, question.operation))
  }
  return errors ?? NO_ERRORS
}

function forProducer(error: number, operation: TransactionOperation): number {
  if (error === Errors.PRODUCER_FENCED) return Errors.INVALID_PRODUCER_EPOCH
  const isNew = error === Errors.TRANSACTION_ABORTABLE && operation === 'default-error'
  return isNew ? Errors.INVALID_TXN_STATE : error
}
