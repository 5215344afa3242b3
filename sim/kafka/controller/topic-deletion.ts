import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { TopicsImage } from './topics-image.ts'

/**
 * `ReplicationControlManager.deleteTopics`: one record takes the topic away with its partitions and its settings; nothing where it
 * does not exist (UNKNOWN_TOPIC_ID). Its id never comes again.
 */
export function deleteTopic(topicId: number, topics: TopicsImage): readonly MetadataRecord[] {
  return topics.topic(topicId) === undefined ? [] : [{ type: 'RemoveTopicRecord', topicId }]
}
