import type { ControllerView } from './kafka/controller/view.ts'
import type { WorldSpec } from './spec.ts'

/**
 * How many partitions a topic of the scenario has: as many as it began with, or more, for none are ever taken away. Also
 * when the controller has lost its disk, and with it all that it knew of topics.
 */
export function partitionCount({ topics }: WorldSpec, view: ControllerView, topicId: number): number {
  return Math.max(topics[topicId - 1]?.partitions ?? 0, view.partitionsOf(topicId))
}

/** The same of a topic as it stands now: none before an operator makes it, and none when one has deleted it. */
export function partitionsNow(spec: WorldSpec, view: ControllerView, topicId: number): number {
  return isThere(spec, view, topicId) ? partitionCount(spec, view, topicId) : 0
}

function isThere({ topics }: WorldSpec, view: ControllerView, topicId: number): boolean {
  const topic = topics[topicId - 1]
  return (topic?.madeLater !== true && topic?.mayGo !== true) || view.partitionsOf(topicId) > 0
}
