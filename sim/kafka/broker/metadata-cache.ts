import { tpOf } from '../../history/ids.ts'
import type { TopicConfigChange } from '../protocol/config/topic.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'

/** `Topic.GROUP_METADATA_TOPIC_NAME` */
export const OFFSETS_TOPIC = '__consumer_offsets'
export const TRANSACTIONS_TOPIC = '__transaction_state'
export const SHARE_STATE_TOPIC = '__share_group_state'

/** A partition as the metadata log tells it (`PartitionRegistration`). */
export interface PartitionMetadata {
  readonly tp: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  /** 1 while the leader was elected without being in sync (`LeaderRecoveryState`). */
  readonly leaderRecoveryState: 0 | 1
}

export interface BrokerMetadata {
  readonly brokerEpoch: number
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  /** Absent = none. */
  readonly rack?: string
}

export interface TopicMetadata {
  readonly name: string
  readonly topicId: number
  /** By partition index. */
  readonly partitions: number[]
}

/** One broker's view of the cluster: what the metadata log says as far as this broker has applied it. */
export class MetadataCache {
  /** Next offset of the metadata log to apply. */
  nextOffset = 0
  readonly topics: Map<number, TopicMetadata> = new Map()
  readonly topicIds: Map<string, number> = new Map()
  readonly partitions: Map<number, PartitionMetadata> = new Map()
  readonly brokers: Map<number, BrokerMetadata> = new Map()
  /** What {@link aliveBrokerEpoch} answers, by broker: every fetch asks. */
  private readonly aliveEpochs: number[] = []
  readonly minInsyncReplicas: Map<string, number> = new Map()
  /** By topic id: what operators changed of its settings. */
  readonly altered: Map<number, TopicConfigChange> = new Map()
  /** Topics whose settings changed since {@link takeAltered}. */
  private freshlyAltered: number[] = []
  /** Partitions of topics that were deleted since {@link takeDeleted}. */
  private freshlyDeleted: number[] = []
  /** Grows with every topic and partition that comes: who depends on partition counts looks at them again. */
  topicsVersion = 0
  /** Id of `__consumer_offsets`; -1 while it does not exist. */
  offsetsTopicId = -1
  transactionsTopicId = -1
  shareStateTopicId = -1

  /** Applies records in order; returns the partitions they touched, each once, in order. */
  apply(records: readonly MetadataRecord[]): readonly number[] {
    const touched = new Set<number>()
    for (const record of records) {
      const tp = record.type === 'RemoveTopicRecord' ? this.remove(record.topicId, touched) : this.applyOne(record)
      if (tp >= 0) touched.add(tp)
      this.nextOffset++
    }
    return [...touched]
  }

  /** Broker epoch of a broker that is registered and not fenced, else -1 (`getAliveBrokerEpoch`). */
  aliveBrokerEpoch(broker: number): number {
    return broker >= 0 && broker < this.aliveEpochs.length ? (this.aliveEpochs[broker] as number) : -1
  }

  /** Where a broker stands that is registered and not fenced; null = nowhere in particular (`getPartitionReplicaEndpoints`). */
  aliveRack(broker: number): string | null {
    const known = this.brokers.get(broker)
    return known === undefined || known.fenced ? null : (known.rack ?? null)
  }

  /** A broker that may be added to an in-sync set: neither fenced nor shutting down (KIP-841). */
  isEligible(broker: number): boolean {
    const known = this.brokers.get(broker)
    return known !== undefined && !known.fenced && !known.inControlledShutdown
  }

  /** Topics with changed settings that the broker does not go by yet. */
  takeAltered(): readonly number[] {
    const taken = this.freshlyAltered
    this.freshlyAltered = []
    return taken
  }

  /** Partitions of deleted topics that the coordinators have not heard of yet. */
  takeDeleted(): readonly number[] {
    const taken = this.freshlyDeleted
    this.freshlyDeleted = []
    return taken
  }

  /** A topic is gone: what it had of partitions is touched, all of them. */
  private remove(topicId: number, touched: Set<number>): number {
    const topic = this.topics.get(topicId)
    if (topic === undefined) return -1
    this.topicsVersion++
    this.topics.delete(topicId)
    this.altered.delete(topicId)
    if (this.topicIds.get(topic.name) === topicId) this.topicIds.delete(topic.name)
    for (const tp of topic.partitions) {
      this.partitions.delete(tp)
      this.freshlyDeleted.push(tp)
      touched.add(tp)
    }
    return -1
  }

  private applyOne(record: MetadataRecord): number {
    switch (record.type) {
      case 'TopicRecord':
        this.topicsVersion++
        this.topics.set(record.topicId, { name: record.name, topicId: record.topicId, partitions: [] })
        this.topicIds.set(record.name, record.topicId)
        if (record.name === OFFSETS_TOPIC) this.offsetsTopicId = record.topicId
        if (record.name === TRANSACTIONS_TOPIC) this.transactionsTopicId = record.topicId
        if (record.name === SHARE_STATE_TOPIC) this.shareStateTopicId = record.topicId
        return -1
      case 'ConfigRecord':
        this.minInsyncReplicas.set(record.topic, record.minInsyncReplicas)
        if (record.altered !== undefined) this.alter(this.topicIds.get(record.topic) ?? -1, record.altered)
        return -1
      case 'PartitionRecord': {
        this.topicsVersion++
        const tp = tpOf(record.topicId, record.partitionId)
        const { replicas, isr, leader, leaderEpoch, partitionEpoch } = record
        this.partitions.set(tp, { tp, replicas, isr, leader, leaderEpoch, partitionEpoch, leaderRecoveryState: 0 })
        this.topics.get(record.topicId)?.partitions.push(tp)
        return tp
      }
      case 'PartitionChangeRecord': {
        const tp = tpOf(record.topicId, record.partitionId)
        const old = this.partitions.get(tp)
        if (old === undefined) return -1
        this.partitions.set(tp, {
          tp,
          replicas: record.replicas ?? old.replicas,
          isr: record.isr ?? old.isr,
          leader: record.leader ?? old.leader,
          // 3.3: the leader epoch rises whenever a change sets the leader, the partition epoch with every change.
          leaderEpoch: old.leaderEpoch + (record.leader === undefined ? 0 : 1),
          partitionEpoch: old.partitionEpoch + 1,
          leaderRecoveryState: record.leaderRecoveryState ?? old.leaderRecoveryState,
        })
        return tp
      }
      case 'RegisterBrokerRecord': {
        const { brokerEpoch, fenced, inControlledShutdown, rack } = record
        this.setBroker(record.brokerId, {
          brokerEpoch,
          fenced,
          inControlledShutdown,
          ...(rack !== undefined && { rack }),
        })
        return -1
      }
      case 'BrokerRegistrationChangeRecord': {
        const old = this.brokers.get(record.brokerId)
        if (old === undefined) return -1
        this.setBroker(record.brokerId, {
          ...old,
          fenced: record.fenced ?? old.fenced,
          inControlledShutdown: record.inControlledShutdown ?? old.inControlledShutdown,
        })
        return -1
      }
      case 'RemoveTopicRecord':
      case 'ProducerIdsRecord':
      case 'LeaderChangeMessage':
        return -1
    }
  }

  private alter(topicId: number, changes: TopicConfigChange): void {
    this.altered.set(topicId, { ...this.altered.get(topicId), ...changes })
    if (!this.freshlyAltered.includes(topicId)) this.freshlyAltered.push(topicId)
  }

  private setBroker(broker: number, metadata: BrokerMetadata): void {
    this.brokers.set(broker, metadata)
    while (this.aliveEpochs.length <= broker) this.aliveEpochs.push(-1)
    this.aliveEpochs[broker] = metadata.fenced ? -1 : metadata.brokerEpoch
  }
}
