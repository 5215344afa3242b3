import { topicIdOf } from '../../../../history/ids.ts'
import { compareMembers, type GroupAssignment, type GroupMember, type PartitionCounts } from './assignor.ts'
import { allPartitions } from './sticky.ts'

/**
 * `RoundRobinAssignor`: all partitions of all topics in order, dealt out to the members in order (static ones by instance id
 * before dynamic ones by member id); who does not read a topic is passed over. Kafka takes topics by name, here they come in
 * the order in which they were created.
 */
export function assignRoundRobin(members: readonly GroupMember[], counts: PartitionCounts): GroupAssignment {
  const ring = [...members].sort(compareMembers)
  const assignment = new Map<string, number[]>(ring.map(({ memberId }) => [memberId, []]))
  let at = 0
  for (const tp of allPartitions(members, counts)) {
    const topicId = topicIdOf(tp)
    while (!(ring[at % ring.length] as GroupMember).metadata.topics.includes(topicId)) at++
    assignment.get((ring[at++ % ring.length] as GroupMember).memberId)?.push(tp)
  }
  return assignment
}
