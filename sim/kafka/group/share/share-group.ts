import { tpOf } from '../../../history/ids.ts'
import type { ShareGroupRecord } from '../../protocol/coordinator-records.ts'
import type { TopicPartitionId } from '../../protocol/group-messages.ts'

/** `ShareGroupMember` */
export interface ShareGroupMember {
  readonly memberId: string
  readonly node: number
  /** Ids of the topics it subscribes to, ascending. */
  topics: readonly number[]
  /** The group's epoch as it was told last; what it may still use is one less, while its answer may be lost. */
  epoch: number
  previousEpoch: number
  /** What it was told to read. */
  assigned: readonly TopicPartitionId[]
}

/** A share group as its coordinator has it (`ShareGroup`). */
export class ShareGroup {
  readonly groupId: string
  epoch = 0
  /** In the order in which they joined. */
  readonly members: Map<string, ShareGroupMember> = new Map()
  /** What each member is to read, by member. */
  target: ReadonlyMap<string, readonly TopicPartitionId[]> = new Map()
  /** Partitions of the topics when the target was computed. */
  counts = ''

  constructor(groupId: string) {
    this.groupId = groupId
  }

  record(): ShareGroupRecord {
    const members = [...this.members.values()].map(({ memberId, node, topics, epoch }) => ({
      memberId,
      node,
      topics,
      epoch,
    }))
    return { type: 'ShareGroup', groupId: this.groupId, groupEpoch: this.epoch, members }
  }

  /** Becomes what the log says. */
  replay({ groupEpoch, members }: ShareGroupRecord): void {
    this.epoch = groupEpoch
    this.members.clear()
    for (const { memberId, node, topics, epoch } of members)
      this.members.set(memberId, { memberId, node, topics, epoch, previousEpoch: epoch, assigned: [] })
  }
}

/**
 * Which member reads which partitions (`SimpleAssignor`): every partition has somebody, everybody has a partition, and the
 * load is even. Partitions may have many readers.
 *
 * @param counts partitions of each topic, by id
 */
export function assignShares(
  members: readonly Pick<ShareGroupMember, 'memberId' | 'topics'>[],
  counts: ReadonlyMap<number, number>,
): ReadonlyMap<string, readonly TopicPartitionId[]> {
  const target = new Map<string, TopicPartitionId[]>(members.map(({ memberId }) => [memberId, []]))
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort((a, b) => a - b)
  // Members of the same subscription share all of its partitions; a topic that only some read is shared by those.
  const groups = new Map<string, { readonly readers: typeof members; readonly partitions: TopicPartitionId[] }>()
  for (const topicId of topics) {
    const readers = members.filter((member) => member.topics.includes(topicId))
    const key = readers.map(({ memberId }) => memberId).join(' ')
    const group = groups.get(key) ?? { readers, partitions: [] }
    groups.set(key, group)
    for (let partition = 0; partition < (counts.get(topicId) ?? 0); partition++) {
      group.partitions.push({ topicId, partition })
    }
  }
  for (const { readers, partitions } of groups.values()) {
    const turns = Math.max(readers.length, partitions.length)
    for (let turn = 0; partitions.length > 0 && turn < turns; turn++) {
      const reader = readers[turn % readers.length]
      const partition = partitions[turn % partitions.length]
      if (reader !== undefined && partition !== undefined) target.get(reader.memberId)?.push(partition)
    }
  }
  return target
}

/** Whether two members would read the same. */
export function isSameAssignment(a: readonly TopicPartitionId[], b: readonly TopicPartitionId[]): boolean {
  const tps = new Set(b.map(({ topicId, partition }) => tpOf(topicId, partition)))
  return a.length === b.length && a.every(({ topicId, partition }) => tps.has(tpOf(topicId, partition)))
}
