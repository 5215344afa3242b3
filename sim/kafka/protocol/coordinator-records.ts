import { BATCH_OVERHEAD, type KafkaRecord, RECORD_OVERHEAD, type RecordBatch } from './batch.ts'
import { type ConsumerGroupRecord, consumerGroupRecordSize } from './consumer-group-records.ts'
import type { SubscriptionMetadata, TopicPartitionId } from './group-messages.ts'

/** Records of `__consumer_offsets`, with the names of the coordinator's schemas. */
export type CoordinatorRecord =
  | OffsetCommitRecord
  | GroupMetadataRecord
  | OffsetCommitTombstone
  | GroupMetadataTombstone
  | ConsumerGroupRecord
  | ShareGroupRecord

/** `GroupMetadataKey` without a value: the group is one of the classic protocol no longer. */
export interface GroupMetadataTombstone {
  readonly type: 'GroupMetadataTombstone'
  readonly groupId: string
}

/** `OffsetCommitKey` and `OffsetCommitValue`. */
export interface OffsetCommitRecord {
  readonly type: 'OffsetCommit'
  readonly groupId: string
  readonly tp: number
  readonly offset: number
  readonly leaderEpoch: number
  /** Who committed, for moments only: Kafka's value does not hold it. -1 outside a group. */
  readonly generationId: number
  /** Node of the committing client, for moments only. */
  readonly node: number
  /** The coordinator's clock when it took the commit. */
  readonly commitTimestampMs: number
}

/** `OffsetCommitKey` without a value: nobody has had a use for the offset in `offsets.retention.minutes`. */
export interface OffsetCommitTombstone {
  readonly type: 'OffsetCommitTombstone'
  readonly groupId: string
  readonly tp: number
}

/** `GroupMetadataKey` and `GroupMetadataValue`: a classic group whose members have their assignments. */
export interface GroupMetadataRecord {
  readonly type: 'GroupMetadata'
  readonly groupId: string
  readonly generationId: number
  /** null without members. */
  readonly protocolName: string | null
  readonly leader: string | null
  /** Since when it has no members (`currentStateTimestamp`); null while it has, or never had any. */
  readonly emptySinceMs: number | null
  /** In the order in which the coordinator knows them. */
  readonly members: readonly MemberMetadata[]
}

/**
 * `ShareGroupMetadataValue` with `ShareGroupMemberMetadataValue` and `ShareGroupCurrentMemberAssignmentValue` of all members:
 * a share group as one record. Its target follows from its members.
 */
export interface ShareGroupRecord {
  readonly type: 'ShareGroup'
  readonly groupId: string
  readonly groupEpoch: number
  readonly members: readonly {
    readonly memberId: string
    readonly node: number
    readonly topics: readonly number[]
    readonly epoch: number
  }[]
}

export interface MemberMetadata {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Node of the client; Kafka keeps its `client.id` and host. */
  readonly node: number
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly subscription: SubscriptionMetadata
  readonly assignment: readonly TopicPartitionId[]
}

/**
 * A record of the coordinator inside a batch. The batch has the shape of every other batch, so that the path of producers'
 * records stays as fast as it is: nothing on it looks into the elements of `records`.
 */
export interface CoordinatorKafkaRecord extends KafkaRecord {
  readonly value: CoordinatorRecord
}

/** About the bytes that a coordinator record takes in a batch. */
export function coordinatorRecordSize(value: CoordinatorRecord): number {
  return RECORD_OVERHEAD + 40 + value.groupId.length + valueSize(value)
}

function valueSize(value: CoordinatorRecord): number {
  if (isOfConsumerGroup(value)) return consumerGroupRecordSize(value)
  return value.type === 'GroupMetadata' || value.type === 'ShareGroup' ? 150 * value.members.length : 0
}

/** Whether a record speaks of a group of the consumer protocol. */
export function isOfConsumerGroup(record: CoordinatorRecord): record is ConsumerGroupRecord {
  return record.type.startsWith('ConsumerGroup')
}

/** The transaction to which records of a coordinator belong. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** A batch as the coordinator writes it, in a transaction when it has a producer. `timestamp` in milliseconds. */
export function coordinatorBatch(
  id: number,
  values: readonly CoordinatorRecord[],
  timestamp: number,
  producer: ProducerIdentity | null = null,
): RecordBatch {
  const records: CoordinatorKafkaRecord[] = values.map((value) => ({
    record: -1,
    attempt: 0,
    key: null,
    size: coordinatorRecordSize(value) - RECORD_OVERHEAD,
    timestamp,
    value,
  }))
  let size = BATCH_OVERHEAD
  for (const record of records) size += record.size + RECORD_OVERHEAD
  return {
    id,
    producerId: producer?.producerId ?? -1,
    producerEpoch: producer?.producerEpoch ?? -1,
    // Coordinators write without sequences: what they write is not checked for them.
    baseSequence: -1,
    isTransactional: producer !== null,
    marker: null,
    records,
    size,
    maxTimestamp: timestamp,
  }
}

/** What a batch of an internal topic holds. */
export function coordinatorRecordsIn(batch: RecordBatch): readonly CoordinatorRecord[] {
  return (batch.records as readonly CoordinatorKafkaRecord[]).map((record) => record.value)
}
