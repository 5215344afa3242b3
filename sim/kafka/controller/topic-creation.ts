import { Errors } from '../protocol/errors.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/group-messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { ClusterControlManager } from './cluster-control.ts'
import { placeReplicas } from './cluster-formation.ts'
import type { ControllerResult } from './replication-control.ts'
import type { TopicsImage } from './topics-image.ts'

type NewTopic = CreateTopicsRequest['topics'][number]

/** `ReplicationControlManager.createTopics`, for the topics that brokers make themselves. */
export function createTopics(
  request: CreateTopicsRequest,
  topics: TopicsImage,
  cluster: ClusterControlManager,
  uncleanLeaderElectionEnable: boolean,
): ControllerResult<CreateTopicsResponse> {
  const records: MetadataRecord[] = []
  let nextId = topics.nextTopicId
  const results = request.topics.map((topic) => {
    const { name } = topic
    if (topics.named(name) !== undefined) return { name, errorCode: Errors.TOPIC_ALREADY_EXISTS, topicId: -1 }
    const placement = place(topic, cluster)
    if (placement === null) return { name, errorCode: Errors.INVALID_REPLICATION_FACTOR, topicId: -1 }
    const topicId = nextId++
    const { minInsyncReplicas } = topic
    const unclean = topic.uncleanLeaderElectionEnable ?? uncleanLeaderElectionEnable
    records.push(
      { type: 'TopicRecord', name, topicId },
      { type: 'ConfigRecord', topic: name, minInsyncReplicas, uncleanLeaderElectionEnable: unclean },
    )
    placement.forEach((replicas, partitionId) => {
      const isr = replicas.filter((broker) => cluster.isActive(broker))
      const leader = isr[0] as number
      records.push({
        type: 'PartitionRecord',
        topicId,
        partitionId,
        replicas,
        isr,
        leader,
        leaderEpoch: 0,
        partitionEpoch: 0,
      })
    })
    return { name, errorCode: Errors.NONE, topicId }
  })
  return { records, reply: { topics: results } }
}

/**
 * Replicas of each partition: striped over the brokers that can lead, and then over those that cannot now
 * (`StripedReplicaPlacer`). null when there are not enough brokers, or none that could lead.
 */
function place(topic: NewTopic, cluster: ClusterControlManager): readonly (readonly number[])[] | null {
  const { numPartitions, replicationFactor } = topic
  const brokers = cluster.brokerIds()
  const active = brokers.filter((broker) => cluster.isActive(broker))
  const inactive = brokers.filter((broker) => !cluster.isActive(broker))
  if (replicationFactor < 1 || replicationFactor > brokers.length || active.length === 0) return null
  const fromActive = Math.min(replicationFactor, active.length)
  return Array.from({ length: numPartitions }, (_, partition) => {
    const rest = replicationFactor - fromActive
    return [
      ...placeReplicas(active, partition, fromActive),
      ...(rest > 0 ? placeReplicas(inactive, partition, rest) : []),
    ]
  })
}
