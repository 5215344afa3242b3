/**
 * Bodies of the requests that consumers and groups use, with the names of Kafka's message schemas. Conventions as in
 * `messages.ts`: topics by id, `-1` for none, bodies immutable once sent.
 */

export interface TopicPartitionId {
  readonly topicId: number
  readonly partition: number
}

// --- ListOffsets (2) --------------------------------------------------------------------------------------------------
export const EARLIEST_TIMESTAMP = -2
export const LATEST_TIMESTAMP = -1

export interface ListOffsetsRequest {
  /** -1 for consumers. */
  readonly replicaId: number
  readonly isolationLevel: 'read_uncommitted' | 'read_committed'
  readonly partitions: readonly (TopicPartitionId & {
    readonly currentLeaderEpoch: number
    readonly timestamp: number
  })[]
}
export interface ListOffsetsResponse {
  readonly partitions: readonly (TopicPartitionId & {
    readonly errorCode: number
    readonly offset: number
    readonly leaderEpoch: number
  })[]
}

// --- OffsetForLeaderEpoch (23) ----------------------------------------------------------------------------------------
export interface OffsetForLeaderEpochRequest {
  readonly partitions: readonly (TopicPartitionId & {
    readonly currentLeaderEpoch: number
    readonly leaderEpoch: number
  })[]
}
export interface OffsetForLeaderEpochResponse {
  readonly partitions: readonly (TopicPartitionId & {
    readonly errorCode: number
    readonly leaderEpoch: number
    readonly endOffset: number
  })[]
}

// --- FindCoordinator (10) ---------------------------------------------------------------------------------------------
export interface FindCoordinatorRequest {
  readonly keyType: 'group' | 'transaction' | 'share'
  readonly key: string
}
export interface FindCoordinatorResponse {
  readonly errorCode: number
  readonly nodeId: number
}

// --- JoinGroup (11), SyncGroup (14), Heartbeat (12), LeaveGroup (13): the classic protocol -----------------------------
export interface JoinGroupRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  /** max.poll.interval.ms */
  readonly rebalanceTimeoutMs: number
  /** '' = not known yet. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: 'consumer'
  /** In the member's order of preference. */
  readonly protocols: Protocols
  readonly reason: string
}
/** Assignors by name, and what each is told. */
export type Protocols = readonly { readonly name: string; readonly metadata: SubscriptionMetadata }[]
/** What a consumer tells the assignor (`ConsumerProtocolSubscription`). */
export interface SubscriptionMetadata {
  readonly topics: readonly number[]
  /** Cooperative and sticky assignors; empty with eager ones. */
  readonly ownedPartitions: readonly TopicPartitionId[]
  readonly generationId: number
}
export interface JoinGroupResponse {
  readonly errorCode: number
  readonly generationId: number
  readonly protocolName: string
  readonly leader: string
  readonly skipAssignment: boolean
  readonly memberId: string
  /** For the leader only. */
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly metadata: SubscriptionMetadata
  }[]
}
export interface SyncGroupRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: 'consumer'
  readonly protocolName: string
  /** From the leader only. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: readonly TopicPartitionId[] }[]
}
export interface SyncGroupResponse {
  readonly errorCode: number
  readonly assignment: readonly TopicPartitionId[]
}
export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}
export interface HeartbeatResponse {
  readonly errorCode: number
}
export interface LeaveGroupRequest {
  readonly groupId: string
  readonly members: readonly {
    readonly memberId: string
    readonly groupInstanceId: string | null
    readonly reason: string
  }[]
}
export interface LeaveGroupResponse {
  readonly errorCode: number
}

// --- ConsumerGroupHeartbeat (68): the consumer protocol (KIP-848) -------------------------------------------------------
/** `memberEpoch` of a member that joins, leaves, or as a static member leaves and means to come back. */
export const JOIN_GROUP_MEMBER_EPOCH = 0
export const LEAVE_GROUP_MEMBER_EPOCH = -1
export const LEAVE_GROUP_STATIC_MEMBER_EPOCH = -2

export interface ConsumerGroupHeartbeatRequest {
  readonly groupId: string
  /** Made by the member, which keeps it for its lifetime (KIP-1082). */
  readonly memberId: string
  readonly memberEpoch: number
  readonly groupInstanceId: string | null
  /** max.poll.interval.ms; -1 = as it was. */
  readonly rebalanceTimeoutMs: number
  /** Topic ids, ascending; null = as they were. */
  readonly subscribedTopics: readonly number[] | null
  /** null = as it was, or the broker's choice. */
  readonly serverAssignor: string | null
  /** What the member owns; null = as it was. */
  readonly topicPartitions: readonly TopicPartitionId[] | null
}
export interface ConsumerGroupHeartbeatResponse {
  readonly errorCode: number
  readonly memberId: string
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  /** null = as it was. */
  readonly assignment: readonly TopicPartitionId[] | null
}

// --- OffsetCommit (8), OffsetFetch (9) --------------------------------------------------------------------------------
export interface OffsetCommitRequest {
  readonly groupId: string
  /** -1 outside a group. */
  readonly generationIdOrMemberEpoch: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly partitions: readonly (TopicPartitionId & {
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
  })[]
}
export interface OffsetCommitResponse {
  readonly partitions: readonly (TopicPartitionId & { readonly errorCode: number })[]
}
export interface OffsetFetchRequest {
  readonly groupId: string
  readonly memberId: string
  readonly memberEpoch: number
  /** null = all of the group. */
  readonly partitions: readonly TopicPartitionId[] | null
  readonly requireStable: boolean
}
export interface OffsetFetchResponse {
  readonly errorCode: number
  /** committedOffset -1 = none. */
  readonly partitions: readonly (TopicPartitionId & {
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
    readonly errorCode: number
  })[]
}

// --- CreateTopics (19), from brokers to the controller for internal topics ---------------------------------------------
export interface CreateTopicsRequest {
  readonly topics: readonly {
    readonly name: string
    readonly numPartitions: number
    readonly replicationFactor: number
    readonly minInsyncReplicas: number
    /** Missing: as the controller's default says. */
    readonly uncleanLeaderElectionEnable?: boolean
  }[]
}
export interface CreateTopicsResponse {
  readonly topics: readonly { readonly name: string; readonly errorCode: number; readonly topicId: number }[]
}
