import type { PendingReply } from '../group/pending-reply.ts'
import { Errors } from '../protocol/errors.ts'
import type { AddPartitionsReply } from './add-partitions-reply.ts'
import type { TxnTransitMetadata } from './transaction-metadata.ts'
import type { PendingCompleteTxn } from './marker-channel.ts'

/** Who is told how a transaction's end began: the client, one that wants a new identity first, or nobody (a timeout). */
export type EndTxnAudience =
  | { readonly kind: 'end-txn'; readonly reply: PendingReply }
  | { readonly kind: 'init-producer-id'; readonly reply: PendingReply }
  | { readonly kind: 'timeout' }

/** What is to be done when a change of a transactional id is replicated, or has failed (the `responseCallback` of an append). */
export type AfterAppend =
  | { readonly kind: 'registered'; readonly reply: PendingReply }
  | { readonly kind: 'partitions-added'; readonly reply: AddPartitionsReply; readonly index: number }
  | { readonly kind: 'offsets-added'; readonly reply: PendingReply }
  | {
      readonly kind: 'prepared'
      readonly audience: EndTxnAudience
      readonly committed: boolean
      /** Whether the answer tells of the next identity. */
      readonly bumpsEpoch: boolean
      /** The coordinator raised the epoch on its own account. */
      readonly isEpochFence: boolean
    }
  | { readonly kind: 'completed'; readonly pending: PendingCompleteTxn }
  | { readonly kind: 'expired' }

/** A change of a transactional id on its way into the log and to the replicas. */
export class TransactionAppend {
  readonly transactionalId: string
  readonly tp: number
  readonly coordinatorEpoch: number
  readonly transit: TxnTransitMetadata
  readonly afterwards: AfterAppend
  /** Monotonic microseconds: when it has failed, whatever becomes of it. */
  readonly deadline: number
  /** The high watermark that makes it replicated; -1 before it is in the log. */
  requiredOffset = -1

  constructor(
    transactionalId: string,
    tp: number,
    coordinatorEpoch: number,
    transit: TxnTransitMetadata,
    afterwards: AfterAppend,
    deadline: number,
  ) {
    this.transactionalId = transactionalId
    this.tp = tp
    this.coordinatorEpoch = coordinatorEpoch
    this.transit = transit
    this.afterwards = afterwards
    this.deadline = deadline
  }
}

/** What a failure to write becomes for clients (`TransactionStateManager.appendTransactionToLog`). */
export function coordinatorErrorOf(error: number): number {
  switch (error) {
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.NOT_ENOUGH_REPLICAS:
    case Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case Errors.REQUEST_TIMED_OUT:
      return Errors.COORDINATOR_NOT_AVAILABLE
    case Errors.NOT_LEADER_OR_FOLLOWER:
    case Errors.KAFKA_STORAGE_ERROR:
      return Errors.NOT_COORDINATOR
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.RECORD_LIST_TOO_LARGE:
      return Errors.UNKNOWN_SERVER_ERROR
    default:
      return error
  }
}
