import type { JoinGroupResponse } from '../../../protocol/group-messages.ts'

export type GroupMember = JoinGroupResponse['members'][number]

/** Partitions per member id, ascending. */
export type GroupAssignment = ReadonlyMap<string, readonly number[]>

/** Number of partitions of a topic that exists; 0 = unknown. */
export interface PartitionCounts {
  count(topicId: number): number
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `MemberInfo.compareTo` */
export function compareMembers(a: GroupMember, b: GroupMember): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compareText(a.groupInstanceId, b.groupInstanceId)
  if (a.groupInstanceId !== null) return -1
  if (b.groupInstanceId !== null) return 1
  return compareText(a.memberId, b.memberId)
}
