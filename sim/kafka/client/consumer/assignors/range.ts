import { tpOf } from '../../../../history/ids.ts'
import { compareMembers, type GroupAssignment, type GroupMember, type PartitionCounts } from './assignor.ts'

/**
 * `RangeAssignor`, topic by topic: the topic's members in order (static members by instance id before dynamic ones by member
 * id) get equal runs of partitions, the first ones one more where it does not divide.
 */
export function assignRange(members: readonly GroupMember[], counts: PartitionCounts): GroupAssignment {
  const assignment = new Map<string, number[]>(members.map((member) => [member.memberId, []]))
  const topics = [...new Set(members.flatMap((member) => member.metadata.topics))].sort((a, b) => a - b)
  for (const topicId of topics) {
    const readers = members.filter((member) => member.metadata.topics.includes(topicId)).sort(compareMembers)
    const count = counts.count(topicId)
    const each = Math.floor(count / readers.length)
    const extra = count % readers.length
    let next = 0
    readers.forEach(({ memberId }, at) => {
      const end = next + each + (at < extra ? 1 : 0)
      for (; next < end; next++) assignment.get(memberId)?.push(tpOf(topicId, next))
    })
  }
  return assignment
}
