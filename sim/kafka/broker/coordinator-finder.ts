import { tpOf } from '../../history/ids.ts'
import { partitionFor } from '../group/partition-for.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  CreateTopicsRequest,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../protocol/group-messages.ts'
import type { ControllerChannel } from './controller-channel.ts'
import { type MetadataCache, OFFSETS_TOPIC, SHARE_STATE_TOPIC, TRANSACTIONS_TOPIC } from './metadata-cache.ts'

const NOT_AVAILABLE: FindCoordinatorResponse = { errorCode: Errors.COORDINATOR_NOT_AVAILABLE, nodeId: -1 }

type KeyType = FindCoordinatorRequest['keyType']
type NewTopic = CreateTopicsRequest['topics'][number]

/** One of Kafka's own topics, on its way to be made. */
interface Creation {
  requested: boolean
  /** The topic is wanted and the controller could not be reached yet. */
  wanted: boolean
}

const KEY_TYPES: readonly KeyType[] = ['group', 'transaction', 'share']

const TOPIC_OF: Readonly<Record<KeyType, string>> = {
  group: OFFSETS_TOPIC,
  transaction: TRANSACTIONS_TOPIC,
  share: SHARE_STATE_TOPIC,
}

/**
 * Finds coordinators of groups, of transactions and of share partitions (`KafkaApis.getCoordinator`), and has the topic with their logs created when
 * somebody asks for the first time (`AutoTopicCreationManager`).
 */
export class CoordinatorFinder {
  private readonly metadata: MetadataCache
  private readonly channel: ControllerChannel
  private readonly config: BrokerConfig
  private readonly creations: Readonly<Record<KeyType, Creation>> = {
    group: { requested: false, wanted: false },
    transaction: { requested: false, wanted: false },
    share: { requested: false, wanted: false },
  }

  constructor(metadata: MetadataCache, channel: ControllerChannel, config: BrokerConfig) {
    this.metadata = metadata
    this.channel = channel
    this.config = config
  }

  find({ keyType, key }: FindCoordinatorRequest): FindCoordinatorResponse {
    const { metadata } = this
    const topic = metadata.topics.get(metadata.topicIds.get(TOPIC_OF[keyType]) ?? -1)
    if (topic === undefined) {
      this.create(keyType)
      return NOT_AVAILABLE
    }
    const tp = tpOf(topic.topicId, partitionFor(key, topic.partitions.length))
    const leader = metadata.partitions.get(tp)?.leader ?? -1
    if (leader < 0 || metadata.aliveBrokerEpoch(leader) < 0) return NOT_AVAILABLE
    return { errorCode: Errors.NONE, nodeId: leader }
  }

  /** Somebody needs the offsets topic and did not ask for its coordinators. */
  wantOffsetsTopic(): void {
    this.create('group')
  }

  /** The controller can be reached: sends what had to wait. */
  onControllerReady(): void {
    for (const keyType of KEY_TYPES) if (this.creations[keyType].wanted) this.create(keyType)
  }

  /** Whatever the controller said, or did not: who still misses the topic asks again. */
  onCompletion(request: CreateTopicsRequest): void {
    for (const { name } of request.topics) {
      for (const keyType of KEY_TYPES) if (TOPIC_OF[keyType] === name) this.creations[keyType].requested = false
    }
  }

  private create(keyType: KeyType): void {
    const creation = this.creations[keyType]
    if (creation.requested) return
    creation.wanted = true
    if (!this.channel.ready()) return
    creation.wanted = false
    creation.requested = true
    const body: CreateTopicsRequest = { topics: [this.topicFor(keyType)] }
    this.channel.send(Api.CreateTopics, body)
  }

  private topicFor(keyType: KeyType): NewTopic {
    switch (keyType) {
      case 'group':
        return this.offsetsTopic()
      case 'transaction':
        return this.transactionsTopic()
      case 'share':
        return this.shareStateTopic()
    }
  }

  private offsetsTopic(): NewTopic {
    const { config } = this
    return {
      name: OFFSETS_TOPIC,
      numPartitions: config['offsets.topic.num.partitions'],
      replicationFactor: config['offsets.topic.replication.factor'],
      minInsyncReplicas: config['min.insync.replicas'],
    }
  }

  /** `TransactionStateManager.transactionStateTopicConfigs`: it never takes a leader that may lack something. */
  private transactionsTopic(): NewTopic {
    const { config } = this
    return {
      name: TRANSACTIONS_TOPIC,
      numPartitions: config['transaction.state.log.num.partitions'],
      replicationFactor: config['transaction.state.log.replication.factor'],
      minInsyncReplicas: config['transaction.state.log.min.isr'],
      uncleanLeaderElectionEnable: false,
    }
  }

  /** `ShareCoordinatorService.shareGroupStateTopicConfigs` */
  private shareStateTopic(): NewTopic {
    const { config } = this
    return {
      name: SHARE_STATE_TOPIC,
      numPartitions: config['share.coordinator.state.topic.num.partitions'],
      replicationFactor: config['share.coordinator.state.topic.replication.factor'],
      minInsyncReplicas: config['share.coordinator.state.topic.min.isr'],
    }
  }
}
