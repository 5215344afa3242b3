import { M } from '../../sim/history/catalogue.ts'
import type { Cluster } from './cluster.ts'
import type { Partitions } from './partitions.ts'

/** What the controller commits about topics and partitions, and the in-sync sets that leaders take over from it. */
export const CONTROLLER_WORD: readonly number[] = [
  M.replicasAssigned,
  M.leaderElected,
  M.isrChanged,
  M.isrAdopted,
  M.configCommitted,
  M.topicDeleted,
]

/** Keeps such a moment; nothing of partitions that the spec does not declare. */
export function keepControllerWord(
  cluster: Cluster,
  partitions: Partitions,
  kind: number,
  time: number,
  node: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
): void {
  if (kind === M.configCommitted) {
    for (const altered of partitions.onConfigured(b, c, d === 1)) cluster.onMinIsrAltered(altered)
    return
  }
  if (kind === M.topicDeleted) return partitions.onDeleted(time, b)
  const partition = partitions.indexOf(a)
  if (partition < 0) return
  if (kind === M.replicasAssigned) cluster.onAssigned(partition, b, c)
  else if (kind === M.leaderElected) cluster.onElected(time, partition, b, c, d, e, f, g)
  else if (kind === M.isrChanged) cluster.onIsrChanged(time, partition, b, c, d, f, g)
  else cluster.onLeaderAdopted(partition, node, b, c, e)
}
