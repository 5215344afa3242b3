import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import type { TopicPartitionId } from './group-messages.ts'

/** A partition as requests name it. */
export function topicPartition(tp: number): TopicPartitionId {
  return { topicId: topicIdOf(tp), partition: partitionOf(tp) }
}

/** Partitions of a request, ascending. */
export function tpsOf(partitions: readonly TopicPartitionId[]): number[] {
  return partitions.map(({ topicId, partition }) => tpOf(topicId, partition)).sort((a, b) => a - b)
}
