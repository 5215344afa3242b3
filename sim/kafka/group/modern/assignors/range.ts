import { tpOf } from '../../../../history/ids.ts'
import { compareText, type MemberSpec, type TargetAssignment, type TopicDescriber } from './assignor.ts'

/**
 * `RangeAssignor` of the broker: a topic's subscribers in order (static members by instance id before dynamic ones by member id)
 * get one run of its partitions each, the first ones one more where it does not divide. It knows nothing of what they had.
 */
export function assignRange(members: readonly MemberSpec[], topics: TopicDescriber): TargetAssignment {
  const ordered = [...members].sort(compareMembers)
  const assignment = new Map<string, number[]>(ordered.map(({ memberId }) => [memberId, []]))
  const subscribed = [...new Set(members.flatMap((member) => member.topics))].sort((a, b) => a - b)
  for (const topicId of subscribed) {
    const readers = ordered.filter((member) => member.topics.includes(topicId))
    const count = topics.count(topicId)
    const quota = Math.floor(count / readers.length)
    const extra = count % readers.length
    let next = 0
    readers.forEach(({ memberId }, at) => {
      const end = next + quota + (at < extra ? 1 : 0)
      for (; next < end; next++) assignment.get(memberId)?.push(tpOf(topicId, next))
    })
  }
  return assignment
}

function compareMembers(a: MemberSpec, b: MemberSpec): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compareText(a.groupInstanceId, b.groupInstanceId)
  if (a.groupInstanceId !== null) return -1
  if (b.groupInstanceId !== null) return 1
  return compareText(a.memberId, b.memberId)
}
