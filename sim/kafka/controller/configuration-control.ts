import type { TopicConfigChange } from '../protocol/config/topic.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { TopicsImage } from './topics-image.ts'

/** What an operator wants of a topic (`IncrementalAlterConfigs`, SET). */
export interface AlterTopicConfig {
  readonly topic: string
  readonly changes: TopicConfigChange
}

/**
 * `ConfigurationControlManager.incrementalAlterConfigs` for a topic; nothing when it does not exist
 * (UNKNOWN_TOPIC_OR_PARTITION). Another min ISR takes every eligible leader replica and last known leader from the topic's
 * partitions (KIP-966, `ClearElrRecord`): they were chosen by a promise that does not hold any more.
 *
 * @param elr eligible.leader.replicas.version = 1
 */
export function alterTopicConfig(
  { topic, changes }: AlterTopicConfig,
  topics: TopicsImage,
  elr: boolean,
): readonly MetadataRecord[] {
  const known = topics.named(topic)
  if (known === undefined) return []
  const minInsyncReplicas = changes['min.insync.replicas'] ?? known.minInsyncReplicas ?? 1
  const unclean = changes['unclean.leader.election.enable'] ?? known.uncleanLeaderElectionEnable ?? false
  const clears = elr && minInsyncReplicas !== known.minInsyncReplicas
  return [
    { type: 'ConfigRecord', topic, minInsyncReplicas, uncleanLeaderElectionEnable: unclean, altered: changes },
    ...(clears ? clearElrs(known.topicId, topics) : []),
  ]
}

/** `ReplicationControlManager.removeTopicElrs` */
function clearElrs(topicId: number, topics: TopicsImage): readonly MetadataRecord[] {
  const partitions = topics.topic(topicId)?.partitions ?? []
  return partitions
    .filter(({ elr, lastKnownElr }) => elr.length > 0 || lastKnownElr.length > 0)
    .map(({ partitionId }) => ({
      type: 'PartitionChangeRecord',
      topicId,
      partitionId,
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    }))
}
