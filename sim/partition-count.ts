import type { ControllerView } from './kafka/controller/view.ts'
import type { WorldSpec } from './spec.ts'

/**
 * How many partitions a topic of the scenario has: as many as it began with, or more, for none are ever taken away. Also
 * when the controller has lost its disk, and with it all that it knew of topics.
 */
export function partitionCount({ topics }: WorldSpec, view: ControllerView, topicId: number): number {
  return Math.max(topics[topicId - 1]?.partitions ?? 0, view.partitionsOf(topicId))
}
