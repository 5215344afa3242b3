import type { PartitionState } from '../partition-state.ts'
import type {
  AddOffsetsToTxnRequest,
  EndTxnRequest,
  TxnOffsetCommitRequest,
} from '../../protocol/transaction-messages.ts'
import type { FindCoordinatorRequest } from '../../protocol/group-messages.ts'
import type { InitProducerIdRequest } from '../../protocol/messages.ts'
import type { TransactionalRequestResult } from './transactional-request-result.ts'

/** An offset that a transaction commits for a group. */
export interface TxnOffset {
  readonly topicId: number
  readonly partition: number
  readonly committedOffset: number
  /** -1 = unknown. */
  readonly committedLeaderEpoch: number
}

/** `ConsumerGroupMetadata`; with the group's name only, generation -1 and member '' (before KIP-447). */
export interface ConsumerGroupMetadata {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

interface Waiting {
  readonly result: TransactionalRequestResult
  /** It was sent before, or could not be: it waits `retry.backoff.ms` before it is sent. */
  isRetry: boolean
}

/** `TransactionManager.TxnRequestHandler`: a request to a coordinator, waiting or sent. */
export type TxnRequest =
  | (Waiting & { readonly kind: 'FindCoordinator'; readonly body: FindCoordinatorRequest })
  | (Waiting & {
      readonly kind: 'InitProducerId'
      readonly body: InitProducerIdRequest
      /** Raises the epoch after an abort (KIP-360), or in the middle of a transaction (`txn.gap`). */
      readonly purpose: 'first' | 'after-abort' | 'in-transaction'
    })
  | (Waiting & {
      readonly kind: 'AddPartitionsToTxn'
      readonly partitions: readonly PartitionState[]
      /** Shorter while the previous transaction is being completed. */
      soon: boolean
    })
  | (Waiting & {
      readonly kind: 'AddOffsetsToTxn'
      readonly body: AddOffsetsToTxnRequest
      readonly offsets: readonly TxnOffset[]
      readonly group: ConsumerGroupMetadata
    })
  | (Waiting & { readonly kind: 'TxnOffsetCommit'; readonly body: TxnOffsetCommitRequest })
  | (Waiting & { readonly kind: 'EndTxn'; readonly body: EndTxnRequest })

export type TxnRequestKind = TxnRequest['kind']
export type TxnRequestOf<K extends TxnRequestKind> = Extract<TxnRequest, { kind: K }>
export type CoordinatorType = FindCoordinatorRequest['keyType']

/** Which coordinator a request goes to; null = any broker. */
export function coordinatorType(request: TxnRequest): CoordinatorType | null {
  switch (request.kind) {
    case 'FindCoordinator':
      return null
    case 'TxnOffsetCommit':
      return 'group'
    case 'InitProducerId':
    case 'AddPartitionsToTxn':
    case 'AddOffsetsToTxn':
    case 'EndTxn':
      return 'transaction'
  }
}

/** `TransactionManager.Priority`: lower goes first. A new epoch is the one thing that comes after the end. */
function priority(request: TxnRequest): number {
  switch (request.kind) {
    case 'FindCoordinator':
      return 0
    case 'InitProducerId':
      return request.purpose === 'after-abort' ? 4 : 1
    case 'AddPartitionsToTxn':
    case 'AddOffsetsToTxn':
    case 'TxnOffsetCommit':
      return 2
    case 'EndTxn':
      return 3
  }
}

/** Requests that wait to be sent, by priority; equal ones as they came. */
export class TxnRequestQueue {
  private readonly waiting: TxnRequest[] = []

  get length(): number {
    return this.waiting.length
  }

  add(request: TxnRequest): void {
    const { waiting } = this
    const mine = priority(request)
    let at = waiting.length
    while (at > 0 && priority(waiting[at - 1] as TxnRequest) > mine) at--
    waiting.splice(at, 0, request)
  }

  peek(): TxnRequest | undefined {
    return this.waiting[0]
  }

  poll(): TxnRequest | undefined {
    return this.waiting.shift()
  }
}
