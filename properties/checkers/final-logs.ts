import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'

/**
 * The committed log of every partition at the end of a run: the newest leader's log below its high watermark. Without a live
 * leader it is what a candidate's log holds of what was ever committed.
 */
export class FinalLogs {
  private readonly shadow: Shadow

  constructor(shadow: Shadow) {
    this.shadow = shadow
  }

  hasLeader(partition: number): boolean {
    return this.shadow.leaderships.alive[partition] === 1
  }

  /** The log to read, or null when no replica's log is known that could lead. */
  of(partition: number): ShadowLog | null {
    const { leaderships, cluster, logs, names } = this.shadow
    const newest = leaderships.newestNode(partition)
    if (this.hasLeader(partition)) return logs.of(newest, partition)
    if (newest >= 0 && cluster.isCandidate(partition, newest) && !cluster.isInLimbo(newest))
      return logs.of(newest, partition)
    for (let node = 0; node < names.nodes.length; node++) {
      if (!cluster.isCandidate(partition, node) || cluster.isInLimbo(node)) continue
      const log = logs.known(node, partition)
      if (log !== undefined) return log
    }
    return null
  }

  /** Number of entries at the start of {@link of} that are committed. */
  committedEntries(partition: number, log: ShadowLog): number {
    const { logs, batches } = this.shadow
    const { entries } = logs
    let place = 0
    if (this.hasLeader(partition)) {
      while (place < log.entries.length && entries.last.at(log.entries.at(place)) < log.highWatermark) place++
      return place
    }
    for (; place < log.entries.length; place++) {
      const batch = logs.batchOf(log.entries.at(place))
      if (batch >= 0 && !batches.isCommitted(batch)) return place
    }
    return place
  }
}
