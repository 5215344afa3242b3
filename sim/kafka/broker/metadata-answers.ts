import { partitionOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import { Api, BROKER_VERSIONS } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import {
  type ApiVersionsResponse,
  type MetadataPartition,
  type MetadataRequest,
  type MetadataResponse,
  type MetadataTopic,
  NO_LEADER_HINT,
  type ProduceRequest,
  type ProduceResponse,
} from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { MetadataCache, type TopicMetadata } from './metadata-cache.ts'

const API_KEYS: ApiVersionsResponse['apiKeys'] = Object.entries(BROKER_VERSIONS).map(([key, range]) => ({
  apiKey: Number(key),
  minVersion: range.min,
  maxVersion: range.max,
}))

/** `ApiVersionManager.apiVersionResponse`: what a broker speaks, and the features its cluster has finalized. */
export function apiVersionsResponse(profile: ClusterProfile): ApiVersionsResponse {
  return {
    errorCode: Errors.NONE,
    apiKeys: API_KEYS,
    finalizedFeatures: [{ name: 'transaction.version', maxVersionLevel: profile['transaction.version'] }],
  }
}

/** `KafkaApis.handleTopicMetadataRequest`: the answering broker's own view, however old. */
export function metadataResponse(request: Envelope, metadata: MetadataCache): MetadataResponse {
  const wanted = (request.body as MetadataRequest).topics
  const names = wanted ?? [...metadata.topicIds.keys()]
  const brokers = [...metadata.brokers.entries()].filter(([, broker]) => !broker.fenced).map(([id]) => id)
  return { brokers: brokers.sort((a, b) => a - b), topics: names.map((name) => topicAnswer(name, metadata)) }
}

/**
 * What a broker answers before the metadata has come; null = nothing, its connection closes, for Kafka does not listen yet.
 * Before KRaft it did, and knew of no topic (`metadata.of-starting-broker`).
 */
export function earlyAnswer(request: Envelope, profile: ClusterProfile): object | null {
  if (profile['metadata.of-starting-broker'] === 'none') return null
  switch (request.api) {
    case Api.ApiVersions:
      return apiVersionsResponse(profile)
    case Api.Metadata:
      return metadataResponse(request, new MetadataCache())
    case Api.Produce:
      return unknownPartitions(request.body as ProduceRequest)
    default:
      return null
  }
}

function unknownPartitions({ acks, partitionData }: ProduceRequest): ProduceResponse | null {
  if (acks === 0) return null
  const partitionResponses = partitionData.map(({ topicId, index }) => ({
    topicId,
    index,
    errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION,
    baseOffset: -1,
    logStartOffset: -1,
    currentLeader: NO_LEADER_HINT,
  }))
  return { partitionResponses }
}

function topicAnswer(name: string, metadata: MetadataCache): MetadataTopic {
  const topic = metadata.topics.get(metadata.topicIds.get(name) ?? -1)
  if (topic === undefined) return { errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, name, topicId: 0, partitions: [] }
  return { errorCode: Errors.NONE, name, topicId: topic.topicId, partitions: partitionAnswers(topic, metadata) }
}

function partitionAnswers(topic: TopicMetadata, metadata: MetadataCache): readonly MetadataPartition[] {
  return topic.partitions.flatMap((tp) => {
    const state = metadata.partitions.get(tp)
    if (state === undefined) return []
    const { leader, leaderEpoch, replicas, isr } = state
    // `KRaftMetadataCache.getPartitionMetadata`: a leader that is not alive is as good as none.
    const reachable = leader >= 0 && metadata.aliveBrokerEpoch(leader) >= 0
    return [
      {
        errorCode: reachable ? Errors.NONE : Errors.LEADER_NOT_AVAILABLE,
        partitionIndex: partitionOf(tp),
        leaderId: reachable ? leader : -1,
        leaderEpoch,
        replicaNodes: replicas,
        isrNodes: isr,
      },
    ]
  })
}
