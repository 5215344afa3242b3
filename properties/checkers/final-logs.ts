import type { ShadowLog } from '../shadow/shadow-log.ts'
import { Decision } from '../shadow/decisions.ts'
import type { Shadow } from '../shadow/shadow.ts'

/** What lies in a committed log. */
interface Content {
  readonly readable: readonly number[]
  readonly undecided: readonly number[]
  readonly aborted: readonly number[]
}

const NOTHING: Content = { readable: [], undecided: [], aborted: [] }

/**
 * The committed log of every partition at the end of a run: the newest leader's log below its high watermark. Without a live
 * leader it is what a candidate's log holds of what was ever committed.
 */
export class FinalLogs {
  private readonly shadow: Shadow
  /** By partition: see {@link readable}. */
  private readonly contents: (Content | undefined)[] = []

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

  /**
   * The entries of {@link of} that a reader with read_committed is given in the end, in order: committed, and not part of a
   * transaction that was aborted or that no marker has ended. What is damaged there nobody is given.
   */
  readable(partition: number): readonly number[] {
    return this.contentOf(partition).readable
  }

  /** The committed entries that no marker has decided. */
  undecided(partition: number): readonly number[] {
    return this.contentOf(partition).undecided
  }

  /** The committed entries whose transactions were aborted. */
  aborted(partition: number): readonly number[] {
    return this.contentOf(partition).aborted
  }

  private contentOf(partition: number): Content {
    return (this.contents[partition] ??= this.read(partition))
  }

  private read(partition: number): Content {
    const log = this.of(partition)
    if (log === null) return NOTHING
    const { transactional } = this.shadow.logs.entries
    const committed = this.committedEntries(partition, log)
    const readable: number[] = []
    for (let place = 0; place < committed; place++) {
      const entry = log.entries.at(place)
      if (transactional.at(entry) !== 0) return this.withTransactions(log, committed)
      if (log.isWhole(entry)) readable.push(entry)
    }
    return { readable, undecided: [], aborted: [] }
  }

  /** Walks the log as a reader does: a marker decides what its producer has written since the marker before. */
  private withTransactions(log: ShadowLog, committed: number): Content {
    const { logs, batches } = this.shadow
    const { entries } = logs
    const isReadable = new Uint8Array(committed)
    const aborted: number[] = []
    const open = new Map<number, number[]>()
    for (let place = 0; place < committed; place++) {
      const entry = log.entries.at(place)
      const producerId = entries.producerId.at(entry)
      const members = open.get(producerId)
      switch (entries.transactional.at(entry)) {
        case 0:
          isReadable[place] = 1
          break
        case 1:
          if (members === undefined) open.set(producerId, [place])
          else members.push(place)
          break
        default:
          if (batches.decision.at(logs.batchOf(entry)) === Decision.committed)
            for (const member of members ?? []) isReadable[member] = 1
          else for (const member of members ?? []) aborted.push(log.entries.at(member))
          open.delete(producerId)
      }
    }
    const readable: number[] = []
    for (let place = 0; place < committed; place++)
      if (isReadable[place] === 1 && log.isWhole(log.entries.at(place))) readable.push(log.entries.at(place))
    return { readable, aborted, undecided: [...open.values()].flat().map((place) => log.entries.at(place)) }
  }

  /** Number of entries at the start of {@link of} that are committed. */
  private committedEntries(partition: number, log: ShadowLog): number {
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
