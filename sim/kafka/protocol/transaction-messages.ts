/**
 * Bodies of the requests that transactions use, with the names of Kafka's message schemas. Conventions as in `messages.ts`:
 * topics by id, `-1` for none, bodies immutable once sent. InitProducerId stands in `messages.ts`.
 */
import type { TopicPartitionId } from './group-messages.ts'

/** From these versions on a request belongs to transaction version 2 (KIP-890 part 2). */
export const PRODUCE_ADDS_PARTITIONS = 12
export const TXN_OFFSET_COMMIT_ADDS_PARTITIONS = 5
export const END_TXN_BUMPS_EPOCH = 5

// --- AddPartitionsToTxn (24) ------------------------------------------------------------------------------------------
/** Versions 0 to 3 from clients: one transaction. From version 4 on from brokers: one per producer, to verify or to add. */
export interface AddPartitionsToTxnRequest {
  readonly transactions: readonly AddPartitionsToTxnTransaction[]
}
export interface AddPartitionsToTxnTransaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** Only asks whether the partitions are in the transaction; a client's request always adds. */
  readonly verifyOnly: boolean
  readonly partitions: readonly TopicPartitionId[]
}
export interface AddPartitionsToTxnResponse {
  /** Of the whole request, as when the coordinator is not here. */
  readonly errorCode: number
  readonly resultsByTransaction: readonly {
    readonly transactionalId: string
    readonly partitions: readonly (TopicPartitionId & { readonly partitionErrorCode: number })[]
  }[]
}

// --- AddOffsetsToTxn (25) ---------------------------------------------------------------------------------------------
export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly groupId: string
}
export interface AddOffsetsToTxnResponse {
  readonly errorCode: number
}

// --- EndTxn (26) ------------------------------------------------------------------------------------------------------
export interface EndTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** true = commit, false = abort. */
  readonly committed: boolean
}
export interface EndTxnResponse {
  readonly errorCode: number
  /** From version 5 on: the identity to go on with; -1 before. */
  readonly producerId: number
  readonly producerEpoch: number
}

// --- WriteTxnMarkers (27), between brokers ----------------------------------------------------------------------------
export interface WriteTxnMarkersRequest {
  readonly markers: readonly TxnMarker[]
}
export interface TxnMarker {
  readonly producerId: number
  readonly producerEpoch: number
  /** true = commit, false = abort. */
  readonly transactionResult: boolean
  readonly coordinatorEpoch: number
  /** KIP-1228: from 2 on the epoch must be above the partition's; 0 from coordinators that do not say it. */
  readonly transactionVersion: number
  readonly partitions: readonly TopicPartitionId[]
}
export interface WriteTxnMarkersResponse {
  readonly markers: readonly {
    readonly producerId: number
    readonly partitions: readonly (TopicPartitionId & { readonly errorCode: number })[]
  }[]
}

// --- TxnOffsetCommit (28) ---------------------------------------------------------------------------------------------
export interface TxnOffsetCommitRequest {
  readonly transactionalId: string
  readonly groupId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** KIP-447; -1, '' and null when the producer was told the group's name only. */
  readonly generationIdOrMemberEpoch: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly partitions: readonly (TopicPartitionId & {
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
  })[]
}
export interface TxnOffsetCommitResponse {
  readonly partitions: readonly (TopicPartitionId & { readonly errorCode: number })[]
}

// --- Fetch (1) with read_committed ------------------------------------------------------------------------------------
/** A transaction that was aborted and overlaps what is fetched (`FetchResponseData.AbortedTransaction`). */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}
