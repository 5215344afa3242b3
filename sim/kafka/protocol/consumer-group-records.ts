import type { Protocols } from './group-messages.ts'

/** Records of groups of the consumer protocol (KIP-848), with the names of the coordinator's schemas. A `value` of null is a tombstone. */
export type ConsumerGroupRecord =
  | ConsumerGroupMetadataRecord
  | ConsumerGroupMemberMetadataRecord
  | ConsumerGroupTargetAssignmentMetadataRecord
  | ConsumerGroupTargetAssignmentMemberRecord
  | ConsumerGroupCurrentMemberAssignmentRecord

/** `ConsumerGroupMetadataKey`: the group's epoch. Its tombstone ends the group. */
export interface ConsumerGroupMetadataRecord {
  readonly type: 'ConsumerGroupMetadata'
  readonly groupId: string
  readonly value: {
    readonly epoch: number
    /** Tells whether the topics that members subscribe to have changed: their partition counts. */
    readonly metadataHash: string
  } | null
}

/** `ConsumerGroupMemberMetadataKey` */
export interface ConsumerGroupMemberMetadataRecord {
  readonly type: 'ConsumerGroupMemberMetadata'
  readonly groupId: string
  readonly memberId: string
  readonly value: MemberMetadataValue | null
}

/** What a member has said of itself. */
export interface MemberMetadataValue {
  readonly groupInstanceId: string | null
  /** Node of the client; Kafka keeps its `client.id` and host. */
  readonly node: number
  readonly rebalanceTimeoutMs: number
  /** Topic ids, ascending. */
  readonly subscribedTopics: readonly number[]
  /** null = the broker's default. */
  readonly serverAssignor: string | null
  /** Of a member that speaks the classic protocol in a group that does not; null = of no such member. */
  readonly classic: ClassicMemberMetadata | null
}

/** `ConsumerGroupMemberMetadataValue.ClassicMemberMetadata` */
export interface ClassicMemberMetadata {
  readonly sessionTimeoutMs: number
  readonly protocols: Protocols
}

/** `ConsumerGroupTargetAssignmentMetadataKey`: the group epoch for which the target assignment was made. */
export interface ConsumerGroupTargetAssignmentMetadataRecord {
  readonly type: 'ConsumerGroupTargetAssignmentMetadata'
  readonly groupId: string
  readonly value: { readonly assignmentEpoch: number } | null
}

/** `ConsumerGroupTargetAssignmentMemberKey`: partitions that a member shall have, ascending. */
export interface ConsumerGroupTargetAssignmentMemberRecord {
  readonly type: 'ConsumerGroupTargetAssignmentMember'
  readonly groupId: string
  readonly memberId: string
  readonly value: readonly number[] | null
}

/** `ConsumerGroupCurrentMemberAssignmentKey` */
export interface ConsumerGroupCurrentMemberAssignmentRecord {
  readonly type: 'ConsumerGroupCurrentMemberAssignment'
  readonly groupId: string
  readonly memberId: string
  readonly value: CurrentAssignment | null
}

/**
 * `MemberState`, of a member at its coordinator: it has what it shall have as far as that is free (STABLE); it is to give
 * partitions up (UNREVOKED_PARTITIONS); or it waits for partitions that others still hold (UNRELEASED_PARTITIONS).
 */
export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS'

/** How far a member has come towards its target. */
export interface CurrentAssignment {
  /** -1 = it has not been in the group, -2 = a static member that means to come back. */
  readonly memberEpoch: number
  readonly previousMemberEpoch: number
  readonly state: MemberState
  /** Partitions that are its own, ascending. */
  readonly assigned: readonly number[]
  /** Partitions that it is asked to give up, ascending: nobody gets them before it has. */
  readonly pendingRevocation: readonly number[]
}

/** About the bytes that a record's value takes. */
export function consumerGroupRecordSize(record: ConsumerGroupRecord): number {
  if (record.value === null) return 0
  switch (record.type) {
    case 'ConsumerGroupMetadata':
    case 'ConsumerGroupTargetAssignmentMetadata':
      return 8
    case 'ConsumerGroupMemberMetadata':
      return 100 + 20 * record.value.subscribedTopics.length
    case 'ConsumerGroupTargetAssignmentMember':
      return 24 + 4 * record.value.length
    case 'ConsumerGroupCurrentMemberAssignment':
      return 40 + 4 * (record.value.assigned.length + record.value.pendingRevocation.length)
  }
}
