import { partitionOf, topicIdOf } from '../../../history/ids.ts'
import { Errors } from '../../protocol/errors.ts'
import type { MetadataResponse } from '../../protocol/messages.ts'
import type { PartitionLeadership, TopicLeadership } from '../metadata.ts'

/** A topic the consumer may read; its partitions become known, and more, as metadata tells them. */
export interface ConsumerTopicOptions {
  readonly name: string
  readonly topicId: number
}

export class ConsumerTopic implements TopicLeadership {
  readonly name: string
  readonly topicId: number
  readonly partitions: PartitionLeadership[] = []
  wanted = false
  known = false
  /** An answer spoke of it, be it that there is no such topic. */
  isTold = false

  constructor(name: string, topicId: number) {
    this.name = name
    this.topicId = topicId
  }

  partition(index: number): PartitionLeadership {
    while (this.partitions.length <= index) this.partitions.push({ leader: -1, leaderEpoch: -1 })
    return this.partitions[index] as PartitionLeadership
  }
}

/** `ConsumerMetadata`'s view of the topics: partition counts as metadata last told them. */
export class ConsumerTopics {
  readonly all: readonly ConsumerTopic[]
  /** Grows when a partition count does: an assignment made under an older number is out of date. */
  countsVersion = 0
  /** Grows with every metadata answer: positions are checked against their leaders again (`Metadata.updateVersion`). */
  updateVersion = 0
  /** Partition counts as metadata told them, by topic id. */
  private readonly counts: number[] = []

  constructor(topics: readonly ConsumerTopicOptions[]) {
    this.all = topics.map((topic) => new ConsumerTopic(topic.name, topic.topicId))
  }

  byId(topicId: number): ConsumerTopic | undefined {
    return this.all.find((topic) => topic.topicId === topicId)
  }

  /** Number of partitions that metadata has told; 0 = not known yet. */
  count(topicId: number): number {
    return this.counts[topicId] ?? 0
  }

  leadership(tp: number): PartitionLeadership {
    const topic = this.byId(topicIdOf(tp))
    if (topic === undefined) throw new Error(`the consumer was made without topic ${topicIdOf(tp)}`)
    return topic.partition(partitionOf(tp))
  }

  /** There is no such topic, or no more: whoever was assigned its partitions has to give them up. */
  private forget(topicId: number): void {
    if (this.count(topicId) === 0) return
    this.counts[topicId] = 0
    this.countsVersion++
  }

  /** Makes room for what an answer tells; to be called before the answer is applied. */
  prepare(response: MetadataResponse): void {
    this.updateVersion++
    for (const answer of response.topics) {
      const named = this.all.find((topic) => topic.name === answer.name)
      if (named !== undefined) named.isTold = true
      if (named !== undefined && answer.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION) this.forget(named.topicId)
      const topic = this.byId(answer.topicId)
      const count = answer.partitions.length
      if (topic === undefined || count <= this.count(answer.topicId)) continue
      topic.partition(count - 1)
      while (this.counts.length <= answer.topicId) this.counts.push(0)
      this.counts[answer.topicId] = count
      this.countsVersion++
    }
  }
}
