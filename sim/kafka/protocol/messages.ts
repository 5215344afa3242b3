import type { LogEntry, RecordBatch } from './batch.ts'
import type { MetadataRecord } from './metadata-records.ts'
import type { AbortedTransaction } from './transaction-messages.ts'

/**
 * Request and response bodies with the names of Kafka's message schemas. Topics are meant by id where Kafka 4.1 uses ids
 * (topic ids are small integers here); `-1` stands for "none" as in Kafka. Bodies are immutable once sent.
 */

// --- Produce (0) ------------------------------------------------------------------------------------------------------
export interface ProduceRequest {
  /** null outside transactions. */
  readonly transactionalId: string | null
  readonly acks: -1 | 0 | 1
  readonly timeoutMs: number
  /** At most one batch per partition. */
  readonly partitionData: readonly { readonly topicId: number; readonly index: number; readonly records: RecordBatch }[]
}
export interface ProduceResponse {
  readonly partitionResponses: readonly PartitionProduceResponse[]
}
export interface PartitionProduceResponse {
  readonly topicId: number
  readonly index: number
  readonly errorCode: number
  /** -1 with an error. */
  readonly baseOffset: number
  readonly logStartOffset: number
  /** KIP-951: with errors 6 and 74, the leader the broker knows; -1 = none. */
  readonly currentLeader: LeaderIdAndEpoch
}
export interface LeaderIdAndEpoch {
  readonly leaderId: number
  readonly leaderEpoch: number
}
export const NO_LEADER_HINT: LeaderIdAndEpoch = { leaderId: -1, leaderEpoch: -1 }

// --- Fetch (1), by followers and consumers ----------------------------------------------------------------------------
export interface FetchRequest {
  /** -1 for consumers. */
  readonly replicaId: number
  /** Broker epoch of the follower (KIP-903); -1 when unknown. */
  readonly replicaEpoch: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** From consumers only. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /** From consumers only (KIP-392); '' = none. */
  readonly rackId?: string
  readonly partitions: readonly FetchPartition[]
  /**
   * From followers only: partitions of internal topics that are empty there, which Kafka names among the others. One list
   * for many fetches, of which leaders look at what is not empty any more.
   */
  readonly idle?: readonly FetchPartition[]
}
export interface FetchPartition {
  readonly topicId: number
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  /** Epoch of the follower's last entry; -1 when its log is empty. */
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}
export interface FetchResponse {
  readonly responses: readonly FetchPartitionResponse[]
}
export interface FetchPartitionResponse {
  readonly topicId: number
  readonly partitionIndex: number
  readonly errorCode: number
  readonly highWatermark: number
  /** For consumers; -1 for followers. */
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Which of the transactions among the records were aborted; null unless committed records are read. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  /** KIP-595: where the follower's log parts from the leader's; null = it does not. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null
  readonly currentLeader: LeaderIdAndEpoch
  /** KIP-392: the replica that the consumer should read from, of which nothing is read here; absent = this one. */
  readonly preferredReadReplica?: number
  readonly records: readonly LogEntry[]
}

// --- Fetch (1), of the metadata log by brokers ------------------------------------------------------------------------
export interface MetadataFetchRequest {
  readonly replicaId: number
  readonly maxWaitMs: number
  /** Next offset of the metadata log the broker wants. */
  readonly fetchOffset: number
}
export interface MetadataFetchResponse {
  readonly errorCode: number
  readonly highWatermark: number
  /** Committed records from `fetchOffset` on. */
  readonly records: readonly MetadataRecord[]
}

// --- Metadata (3) -----------------------------------------------------------------------------------------------------
export interface MetadataRequest {
  /** Topic names; null = all. */
  readonly topics: readonly string[] | null
}
export interface MetadataResponse {
  readonly brokers: readonly number[]
  readonly topics: readonly MetadataTopic[]
}
export interface MetadataTopic {
  readonly errorCode: number
  readonly name: string
  readonly topicId: number
  readonly partitions: readonly MetadataPartition[]
}
export interface MetadataPartition {
  readonly errorCode: number
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
}

// --- ApiVersions (18) -------------------------------------------------------------------------------------------------
export interface ApiVersionsRequest {
  readonly clientSoftwareName: string
}
export interface ApiVersionsResponse {
  readonly errorCode: number
  readonly apiKeys: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
  /** Versions of features that the whole cluster has agreed on. */
  readonly finalizedFeatures: readonly { readonly name: 'transaction.version'; readonly maxVersionLevel: number }[]
}

// --- InitProducerId (22) ----------------------------------------------------------------------------------------------
export interface InitProducerIdRequest {
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  readonly producerId: number
  readonly producerEpoch: number
}
export interface InitProducerIdResponse {
  readonly errorCode: number
  readonly producerId: number
  readonly producerEpoch: number
}

// --- AlterPartition (56) ----------------------------------------------------------------------------------------------
export interface AlterPartitionRequest {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly partitions: readonly AlterPartitionData[]
}
export interface AlterPartitionData {
  readonly topicId: number
  readonly partitionIndex: number
  readonly leaderEpoch: number
  /** The new in-sync set with the broker epochs the leader saw; -1 = unknown. */
  readonly newIsrWithEpochs: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
  /** 0 = RECOVERED, 1 = RECOVERING */
  readonly leaderRecoveryState: 0 | 1
  readonly partitionEpoch: number
}
export interface AlterPartitionResponse {
  readonly errorCode: number
  readonly partitions: readonly AlterPartitionResult[]
}
export interface AlterPartitionResult {
  readonly topicId: number
  readonly partitionIndex: number
  readonly errorCode: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: 0 | 1
  readonly partitionEpoch: number
}

// --- BrokerRegistration (62), BrokerHeartbeat (63), AllocateProducerIds (67) ------------------------------------------
export interface BrokerRegistrationRequest {
  readonly brokerId: number
  /** Differs for every start of the process. */
  readonly incarnationId: number
  /** Broker epoch found in the clean-shutdown marker; -1 = none. */
  readonly previousBrokerEpoch: number
  /** Absent = none. */
  readonly rack?: string
}
export interface BrokerRegistrationResponse {
  readonly errorCode: number
  readonly brokerEpoch: number
}
export interface BrokerHeartbeatRequest {
  readonly brokerId: number
  readonly brokerEpoch: number
  /** Highest metadata offset the broker has applied. */
  readonly currentMetadataOffset: number
  readonly wantFence: boolean
  readonly wantShutDown: boolean
  /** Log directories that failed, by their place in `log.dirs` where Kafka has ids; absent = none. */
  readonly offlineLogDirs?: readonly number[]
  /** No field of Kafka's: the replicas in them, which its controller knows from AssignReplicasToDirs. */
  readonly offlineReplicas?: readonly number[]
}
export interface BrokerHeartbeatResponse {
  readonly errorCode: number
  readonly isCaughtUp: boolean
  readonly isFenced: boolean
  readonly shouldShutDown: boolean
}
export interface AllocateProducerIdsRequest {
  readonly brokerId: number
  readonly brokerEpoch: number
}
export interface AllocateProducerIdsResponse {
  readonly errorCode: number
  readonly producerIdStart: number
  readonly producerIdLen: number
}
