import type { MetadataCache } from '../../broker/metadata-cache.ts'
import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import type { GroupCoordinatorOptions } from '../options.ts'
import type { MemberSpec, ServerAssignor, TargetAssignment, TopicDescriber } from './assignors/assignor.ts'
import { assignRange } from './assignors/range.ts'
import { assignUniform } from './assignors/uniform.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerGroupMember, sameNumbers } from './consumer-group-member.ts'
import { assignmentEpochRecord, targetRecord } from './group-records.ts'

/** A topic's partitions as this broker knows them. */
class Topics implements TopicDescriber {
  private readonly metadata: MetadataCache

  constructor(metadata: MetadataCache) {
    this.metadata = metadata
  }

  count(topicId: number): number {
    return this.metadata.topics.get(topicId)?.partitions.length ?? 0
  }
}

/** The broker's assignors in its order: the first serves groups whose members name none. */
export function assignorsOf(options: GroupCoordinatorOptions): readonly ServerAssignor[] {
  return options['group.consumer.assignors'].split(', ') as ServerAssignor[]
}

/** `metadataHash`: partition counts of the topics that members subscribe to, so that a change of them is noticed. */
export function metadataHashOf(members: Iterable<ConsumerGroupMember>, metadata: MetadataCache): string {
  const topics = new Set<number>()
  for (const { metadata: said } of members) for (const topicId of said.subscribedTopics) topics.add(topicId)
  const counts = new Topics(metadata)
  return [...topics]
    .sort((a, b) => a - b)
    .filter((topicId) => counts.count(topicId) > 0)
    .map((topicId) => `${topicId}:${counts.count(topicId)}`)
    .join(' ')
}

/** A group's members with one of them new or changed; an instance that came back replaces its old member. */
export function membersWith(
  group: ConsumerGroup,
  updated: ConsumerGroupMember,
): ReadonlyMap<string, ConsumerGroupMember> {
  const members = new Map(group.members)
  const replaced = group.staticMemberId(updated.metadata.groupInstanceId)
  if (replaced !== undefined) members.delete(replaced)
  members.set(updated.memberId, updated)
  return members
}

/** `computePreferredServerAssignor`: the assignor that most members name. */
function preferredAssignor(members: Iterable<ConsumerGroupMember>, known: readonly ServerAssignor[]): ServerAssignor {
  const votes = new Map<string, number>()
  for (const { metadata } of members) {
    const { serverAssignor } = metadata
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  }
  const most = Math.max(0, ...votes.values())
  // The broker's own order decides between equals; Kafka takes the first of a hash table.
  return known.find((name) => most > 0 && votes.get(name) === most) ?? (known[0] as ServerAssignor)
}

/**
 * `TargetAssignmentBuilder`: assigns the group's partitions anew for an epoch.
 *
 * @param records receives what has changed
 * @returns the whole target
 */
export function buildTargetAssignment(
  group: ConsumerGroup,
  epoch: number,
  members: ReadonlyMap<string, ConsumerGroupMember>,
  metadata: MetadataCache,
  known: readonly ServerAssignor[],
  records: CoordinatorRecord[],
): TargetAssignment {
  const topics = new Topics(metadata)
  const specs = [...members.values()].map((member) => specOf(group, member, topics))
  const assign = preferredAssignor(members.values(), known) === 'range' ? assignRange : assignUniform
  const targets = assign(specs, topics)
  for (const memberId of members.keys()) {
    const target = targets.get(memberId) ?? []
    const before = group.targets.get(memberId)
    if (before === undefined || !sameNumbers(before, target))
      records.push(targetRecord(group.groupId, memberId, target))
  }
  records.push(assignmentEpochRecord(group.groupId, epoch))
  return targets
}

function specOf(group: ConsumerGroup, { memberId, metadata }: ConsumerGroupMember, topics: TopicDescriber): MemberSpec {
  const { groupInstanceId, subscribedTopics } = metadata
  return {
    memberId,
    groupInstanceId,
    topics: subscribedTopics.filter((topicId) => topics.count(topicId) > 0),
    assignment: group.targetOf(memberId, groupInstanceId),
  }
}
