import type {
  ConsumerGroupRecord,
  CurrentAssignment,
  MemberMetadataValue,
} from '../../protocol/consumer-group-records.ts'
import type { ConsumerGroup } from './consumer-group.ts'

/** `GroupCoordinatorRecordHelpers`: records of one group. */
export function epochRecord(groupId: string, epoch: number, metadataHash: string): ConsumerGroupRecord {
  return { type: 'ConsumerGroupMetadata', groupId, value: { epoch, metadataHash } }
}

export function memberRecord(groupId: string, memberId: string, value: MemberMetadataValue): ConsumerGroupRecord {
  return { type: 'ConsumerGroupMemberMetadata', groupId, memberId, value }
}

export function assignmentEpochRecord(groupId: string, assignmentEpoch: number): ConsumerGroupRecord {
  return { type: 'ConsumerGroupTargetAssignmentMetadata', groupId, value: { assignmentEpoch } }
}

export function targetRecord(groupId: string, memberId: string, value: readonly number[]): ConsumerGroupRecord {
  return { type: 'ConsumerGroupTargetAssignmentMember', groupId, memberId, value }
}

export function currentRecord(groupId: string, memberId: string, value: CurrentAssignment): ConsumerGroupRecord {
  return { type: 'ConsumerGroupCurrentMemberAssignment', groupId, memberId, value }
}

/** Tombstones of one member, in the order in which they can be applied (`removeMember`). */
export function memberTombstones(groupId: string, memberId: string): readonly ConsumerGroupRecord[] {
  return [
    { type: 'ConsumerGroupCurrentMemberAssignment', groupId, memberId, value: null },
    { type: 'ConsumerGroupTargetAssignmentMember', groupId, memberId, value: null },
    { type: 'ConsumerGroupMemberMetadata', groupId, memberId, value: null },
  ]
}

/** Tombstones of a group and all its members (`createGroupTombstoneRecords`). */
export function groupTombstones({ groupId, members }: ConsumerGroup): readonly ConsumerGroupRecord[] {
  return [
    ...[...members.keys()].flatMap((memberId) => memberTombstones(groupId, memberId)),
    { type: 'ConsumerGroupTargetAssignmentMetadata', groupId, value: null },
    { type: 'ConsumerGroupMetadata', groupId, value: null },
  ]
}
