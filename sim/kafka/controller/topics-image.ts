import { partitionOf, topicIdOf } from '../../history/ids.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { mergePartition, NO_LEADER, type PartitionRegistration, registrationOf } from './partition-registration.ts'

/** A topic as the metadata log tells it. */
export interface TopicControlInfo {
  readonly name: string
  readonly topicId: number
  /** null until a ConfigRecord came: the controller's own default holds. */
  minInsyncReplicas: number | null
  uncleanLeaderElectionEnable: boolean | null
  /** By partition index. */
  readonly partitions: PartitionRegistration[]
}

/** Topics, their settings and their partitions: the part of the metadata image that the records of topics make. */
export class TopicsImage {
  /** In the order of creation. */
  private readonly topics: Map<number, TopicControlInfo> = new Map()
  /** Ids of topics that are no more. */
  private readonly removed: Set<number> = new Set()

  topic(topicId: number): TopicControlInfo | undefined {
    return this.topics.get(topicId)
  }

  /** Whether there is or was a topic of this id. */
  wasMade(topicId: number): boolean {
    return this.topics.has(topicId) || this.removed.has(topicId)
  }

  named(name: string): TopicControlInfo | undefined {
    for (const topic of this.topics.values()) if (topic.name === name) return topic
    return undefined
  }

  /** Id for the next topic to be created. */
  get nextTopicId(): number {
    let highest = 0
    for (const topicId of this.topics.keys()) highest = Math.max(highest, topicId)
    return highest + 1
  }

  /** Undefined when the topic or the partition is unknown. */
  partition(tp: number): PartitionRegistration | undefined {
    return this.topics.get(topicIdOf(tp))?.partitions[partitionOf(tp)]
  }

  /** Every partition, in the order of creation. */
  partitions(): readonly PartitionRegistration[] {
    return [...this.topics.values()].flatMap((topic) => topic.partitions)
  }

  partitionsWithBrokerInIsr(brokerId: number): readonly PartitionRegistration[] {
    return this.partitions().filter((partition) => partition.isr.includes(brokerId))
  }

  partitionsWithBrokerInElr(brokerId: number): readonly PartitionRegistration[] {
    return this.partitions().filter((partition) => partition.elr.includes(brokerId))
  }

  partitionsWithoutLeader(): readonly PartitionRegistration[] {
    return this.partitions().filter((partition) => partition.leader === NO_LEADER)
  }

  hasLeaderships(brokerId: number): boolean {
    return this.partitions().some((partition) => partition.leader === brokerId)
  }

  /** Applies a record about topics; others are left to those they concern. */
  replay(record: MetadataRecord): void {
    switch (record.type) {
      case 'TopicRecord': {
        const { name, topicId } = record
        this.topics.set(topicId, {
          name,
          topicId,
          minInsyncReplicas: null,
          uncleanLeaderElectionEnable: null,
          partitions: [],
        })
        break
      }
      case 'RemoveTopicRecord':
        this.topics.delete(record.topicId)
        this.removed.add(record.topicId)
        break
      case 'ConfigRecord': {
        const topic = this.topicNamed(record.topic)
        topic.minInsyncReplicas = record.minInsyncReplicas
        topic.uncleanLeaderElectionEnable = record.uncleanLeaderElectionEnable
        break
      }
      case 'PartitionRecord':
        this.known(record.topicId).partitions[record.partitionId] = registrationOf(record)
        break
      case 'PartitionChangeRecord': {
        const { partitions } = this.known(record.topicId)
        const before = partitions[record.partitionId]
        if (before === undefined) throw new Error(`the metadata log changes a partition that does not exist`)
        partitions[record.partitionId] = mergePartition(before, record)
        break
      }
      case 'RegisterBrokerRecord':
      case 'BrokerRegistrationChangeRecord':
      case 'ProducerIdsRecord':
      case 'LeaderChangeMessage':
        break
    }
  }

  private known(topicId: number): TopicControlInfo {
    const topic = this.topics.get(topicId)
    if (topic === undefined) throw new Error(`the metadata log speaks of topic ${topicId} before creating it`)
    return topic
  }

  private topicNamed(name: string): TopicControlInfo {
    const topic = this.named(name)
    if (topic === undefined) throw new Error(`the metadata log configures topic ${name} before creating it`)
    return topic
  }
}
