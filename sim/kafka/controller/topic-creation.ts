import { Errors } from '../protocol/errors.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/group-messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { ClusterControlManager } from './cluster-control.ts'
import { placeReplicas } from './cluster-formation.ts'
import type { ControllerResult } from './replication-control.ts'
import type { TopicsImage } from './topics-image.ts'

/** A topic that is to be: `CreatableTopic` with its id, and of its settings those that the controller goes by. */
export interface TopicToCreate {
  readonly name: string
  readonly topicId: number
  readonly numPartitions: number
  readonly replicationFactor: number
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
}

/**
 * `ReplicationControlManager.createTopics`, for the topics that brokers make themselves.
 *
 * @param reserved ids up to this one are not theirs.
 */
export function createTopics(
  request: CreateTopicsRequest,
  topics: TopicsImage,
  cluster: ClusterControlManager,
  uncleanLeaderElectionEnable: boolean,
  reserved: number,
): ControllerResult<CreateTopicsResponse> {
  const records: MetadataRecord[] = []
  let nextId = Math.max(topics.nextTopicId, reserved + 1)
  const results = request.topics.map((topic) => {
    const { name } = topic
    if (topics.named(name) !== undefined) return { name, errorCode: Errors.TOPIC_ALREADY_EXISTS, topicId: -1 }
    const unclean = topic.uncleanLeaderElectionEnable ?? uncleanLeaderElectionEnable
    const made = createTopic({ ...topic, topicId: nextId, uncleanLeaderElectionEnable: unclean }, topics, cluster)
    if (made.length === 0) return { name, errorCode: Errors.INVALID_REPLICATION_FACTOR, topicId: -1 }
    records.push(...made)
    return { name, errorCode: Errors.NONE, topicId: nextId++ }
  })
  return { records, reply: { topics: results } }
}

/**
 * The records that make a topic: none when there is one of that name (TOPIC_ALREADY_EXISTS) or it cannot be placed
 * (INVALID_REPLICATION_FACTOR).
 */
export function createTopic(
  topic: TopicToCreate,
  topics: TopicsImage,
  cluster: ClusterControlManager,
): readonly MetadataRecord[] {
  const { name, topicId, minInsyncReplicas, uncleanLeaderElectionEnable } = topic
  if (topics.named(name) !== undefined) return []
  const placement = place(0, topic.numPartitions, topic.replicationFactor, cluster)
  if (placement === null) return []
  return [
    { type: 'TopicRecord', name, topicId },
    { type: 'ConfigRecord', topic: name, minInsyncReplicas, uncleanLeaderElectionEnable },
    ...placement.map((replicas, partitionId) => newPartition(topicId, partitionId, replicas, cluster)),
  ]
}

/**
 * `ReplicationControlManager.createPartitions`: the records that give a topic more partitions, with as many replicas each as the
 * first one has; none when the topic has as many already, or they cannot be placed (INVALID_PARTITIONS,
 * INVALID_REPLICATION_FACTOR).
 *
 * @param count how many partitions the topic is to have.
 */
export function createPartitions(
  topicId: number,
  count: number,
  topics: TopicsImage,
  cluster: ClusterControlManager,
): readonly MetadataRecord[] {
  const { partitions } = topics.topic(topicId) ?? { partitions: [] }
  const replicationFactor = partitions[0]?.replicas.length ?? 0
  const placement = place(partitions.length, count - partitions.length, replicationFactor, cluster) ?? []
  return placement.map((replicas, at) => newPartition(topicId, partitions.length + at, replicas, cluster))
}

/** In sync are the replicas that can be, and the first of them leads. */
function newPartition(
  topicId: number,
  partitionId: number,
  replicas: readonly number[],
  cluster: ClusterControlManager,
): MetadataRecord {
  const isr = replicas.filter((broker) => cluster.isActive(broker))
  const leader = isr[0] as number
  return { type: 'PartitionRecord', topicId, partitionId, replicas, isr, leader, leaderEpoch: 0, partitionEpoch: 0 }
}

/**
 * Replicas of each partition from `first` on: striped over the brokers that can lead, and then over those that cannot now
 * (`StripedReplicaPlacer`). null when there are not enough brokers, or none that could lead.
 */
function place(
  first: number,
  count: number,
  replicationFactor: number,
  cluster: ClusterControlManager,
): readonly (readonly number[])[] | null {
  const brokers = cluster.brokerIds()
  const active = brokers.filter((broker) => cluster.isActive(broker))
  const inactive = brokers.filter((broker) => !cluster.isActive(broker))
  if (replicationFactor < 1 || replicationFactor > brokers.length || active.length === 0) return null
  const fromActive = Math.min(replicationFactor, active.length)
  return Array.from({ length: Math.max(0, count) }, (_, at) => {
    const partition = first + at
    const rest = replicationFactor - fromActive
    return [
      ...placeReplicas(active, partition, fromActive),
      ...(rest > 0 ? placeReplicas(inactive, partition, rest) : []),
    ]
  })
}
