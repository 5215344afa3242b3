import type { AcknowledgeTypeId, RecordStateId } from '../share/record-state.ts'
import type { LogEntry } from './batch.ts'
import type { TopicPartitionId } from './group-messages.ts'
import type { LeaderIdAndEpoch } from './messages.ts'

/**
 * Bodies of the requests of share groups (KIP-932), with the names of Kafka's message schemas. Conventions as in
 * `messages.ts`: topics by id, `-1` for none, bodies immutable once sent.
 */

// --- ShareGroupHeartbeat (76) -----------------------------------------------------------------------------------------
export interface ShareGroupHeartbeatRequest {
  readonly groupId: string
  /** Made by the client. */
  readonly memberId: string
  /** 0 joins, -1 leaves. */
  readonly memberEpoch: number
  /** Ids of topics; null = as before. */
  readonly subscribedTopics: readonly number[] | null
}
export interface ShareGroupHeartbeatResponse {
  readonly errorCode: number
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  /** null = as before. */
  readonly assignment: readonly TopicPartitionId[] | null
}

// --- ShareFetch (78), ShareAcknowledge (79) ---------------------------------------------------------------------------
export const INITIAL_SHARE_SESSION_EPOCH = 0
export const FINAL_SHARE_SESSION_EPOCH = -1

/** The same acknowledgement for a run of offsets. */
export interface AcknowledgementBatch {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly acknowledgeType: AcknowledgeTypeId
}
export interface ShareAcknowledgePartition extends TopicPartitionId {
  /** In the order of their offsets. */
  readonly acknowledgementBatches: readonly AcknowledgementBatch[]
}
export interface ShareFetchRequest {
  readonly groupId: string
  readonly memberId: string
  readonly shareSessionEpoch: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** A soft limit: batches are not cut. */
  readonly maxRecords: number
  /** Partitions to fetch. Kafka's sessions name only those that are new, which comes to the same. */
  readonly partitions: readonly TopicPartitionId[]
  readonly acknowledgements: readonly ShareAcknowledgePartition[]
}
export interface ShareFetchResponse {
  readonly errorCode: number
  readonly acquisitionLockTimeoutMs: number
  readonly responses: readonly ShareFetchPartitionResponse[]
}
/** Which of the records the member has acquired, and how often they were delivered, this time included. */
export interface AcquiredRecords {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly deliveryCount: number
}
export interface ShareFetchPartitionResponse extends TopicPartitionId {
  readonly errorCode: number
  readonly acknowledgeErrorCode: number
  readonly currentLeader: LeaderIdAndEpoch
  readonly records: readonly LogEntry[]
  readonly acquiredRecords: readonly AcquiredRecords[]
}
export interface ShareAcknowledgeRequest {
  readonly groupId: string
  readonly memberId: string
  /** -1 ends the session: what the member has still acquired is released. */
  readonly shareSessionEpoch: number
  readonly acknowledgements: readonly ShareAcknowledgePartition[]
}
export interface ShareAcknowledgeResponse {
  readonly errorCode: number
  readonly responses: readonly (TopicPartitionId & {
    readonly errorCode: number
    readonly currentLeader: LeaderIdAndEpoch
  })[]
}

// --- ReadShareGroupState (84), WriteShareGroupState (85), from leaders to the share coordinator -----------------------
/** What is persisted about a run of offsets. */
export interface PersisterStateBatch {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly deliveryState: RecordStateId
  readonly deliveryCount: number
}
/** A share partition: `SharePartitionKey`. */
export interface SharePartitionKey {
  readonly groupId: string
  readonly tp: number
}
export interface ReadShareGroupStateRequest extends SharePartitionKey {
  readonly leaderEpoch: number
}
export interface ReadShareGroupStateResponse {
  readonly errorCode: number
  readonly stateEpoch: number
  /** -1 = nothing is persisted: `share.auto.offset.reset` says where to begin. */
  readonly startOffset: number
  readonly stateBatches: readonly PersisterStateBatch[]
}
export interface WriteShareGroupStateRequest extends SharePartitionKey {
  readonly leaderEpoch: number
  readonly stateEpoch: number
  /** -1 = as before. */
  readonly startOffset: number
  readonly stateBatches: readonly PersisterStateBatch[]
}
export interface WriteShareGroupStateResponse {
  readonly errorCode: number
}

/** `SharePartitionKey.asCoordinatorKey`: what FindCoordinator asks for and the share coordinator's partition is chosen by. */
export function coordinatorKeyOf({ groupId, tp }: SharePartitionKey): string {
  return `${groupId}:${tp >>> 16}:${tp & 0xffff}`
}
