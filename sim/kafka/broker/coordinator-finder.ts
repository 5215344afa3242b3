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
import { type MetadataCache, OFFSETS_TOPIC } from './metadata-cache.ts'

const NOT_AVAILABLE: FindCoordinatorResponse = { errorCode: Errors.COORDINATOR_NOT_AVAILABLE, nodeId: -1 }

/**
 * Finds groups' coordinators (`KafkaApis.getCoordinator`), and has the offsets topic created when somebody asks for the first
 * time (`AutoTopicCreationManager`).
 */
export class CoordinatorFinder {
  private readonly metadata: MetadataCache
  private readonly channel: ControllerChannel
  private readonly config: BrokerConfig
  private creating = false
  /** The topic is wanted and the controller could not be reached yet. */
  private wanted = false

  constructor(metadata: MetadataCache, channel: ControllerChannel, config: BrokerConfig) {
    this.metadata = metadata
    this.channel = channel
    this.config = config
  }

  find(request: FindCoordinatorRequest): FindCoordinatorResponse {
    // Transaction coordinators are not simulated.
    if (request.keyType !== 'group') return { errorCode: Errors.INVALID_REQUEST, nodeId: -1 }
    const { metadata } = this
    const topic = metadata.topics.get(metadata.offsetsTopicId)
    if (topic === undefined) {
      this.create()
      return NOT_AVAILABLE
    }
    const tp = tpOf(topic.topicId, partitionFor(request.key, topic.partitions.length))
    const leader = metadata.partitions.get(tp)?.leader ?? -1
    if (leader < 0 || metadata.aliveBrokerEpoch(leader) < 0) return NOT_AVAILABLE
    return { errorCode: Errors.NONE, nodeId: leader }
  }

  /** The controller can be reached: sends what had to wait. */
  onControllerReady(): void {
    if (this.wanted) this.create()
  }

  /** Whatever the controller said, or did not: who still misses the topic asks again. */
  onCompletion(): void {
    this.creating = false
  }

  private create(): void {
    if (this.creating) return
    this.wanted = true
    if (!this.channel.ready()) return
    this.wanted = false
    this.creating = true
    const body: CreateTopicsRequest = {
      topics: [
        {
          name: OFFSETS_TOPIC,
          numPartitions: this.config['offsets.topic.num.partitions'],
          replicationFactor: this.config['offsets.topic.replication.factor'],
          minInsyncReplicas: this.config['min.insync.replicas'],
        },
      ],
    }
    this.channel.send(Api.CreateTopics, body)
  }
}
