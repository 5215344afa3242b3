import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { CommitOffset } from '../kafka/client/consumer/subscription-state.ts'

/** What an application knows of its own progress in the partitions it owns: all of it dies with the process. */
export class CommitBook {
  /** Finished and not known to be committed: next offset and leader epoch of the last record, per partition. */
  private readonly finished: Map<number, CommitOffset> = new Map()
  /** Where work begins again after a failure: the last commit, or the first record that was polled. */
  private readonly restart: Map<number, number> = new Map()
  /** Records finished since the last commit. */
  sinceCommit = 0

  private readonly keeps: 'owned' | 'stored' | 'any'
  /** Partitions that were lost while something finished there was not committed; empty where that is forgotten. */
  private readonly gone: Set<number> = new Set()

  /**
   * @param keeps what becomes of finished work in a partition that goes away: forgotten, kept until it comes back, or committed
   *   all the same.
   */
  constructor(keeps: 'owned' | 'stored' | 'any' = 'owned') {
    this.keeps = keeps
  }

  /** Whether anything is finished that is not known to be committed, and may be. */
  get isDirty(): boolean {
    if (this.gone.size === 0) return this.finished.size > 0
    for (const tp of this.finished.keys()) if (!this.gone.has(tp)) return true
    return false
  }

  /** Records came from poll(). */
  polled(records: readonly ConsumedRecord[]): void {
    let last = -1
    for (const { tp, offset } of records) {
      if (tp !== last && !this.restart.has(tp)) this.restart.set(tp, offset)
      last = tp
    }
  }

  /** The work on these records is done. */
  done(records: readonly ConsumedRecord[]): void {
    this.sinceCommit += records.length
    for (const offset of nextOffsets(records)) this.finished.set(offset.tp, offset)
  }

  /** What to commit now, by partition. */
  toCommit(): readonly CommitOffset[] {
    return [...this.finished.values()].filter(({ tp }) => !this.gone.has(tp)).sort((a, b) => a.tp - b.tp)
  }

  /** A commit succeeded. */
  committed(offsets: readonly CommitOffset[]): void {
    for (const { tp, offset } of offsets) {
      if ((this.finished.get(tp)?.offset ?? Infinity) <= offset) this.finished.delete(tp)
      if (this.restart.has(tp)) this.restart.set(tp, offset)
    }
  }

  /** Where to begin again, by partition; what was finished and not committed is forgotten, for it will be done again. */
  rewind(): readonly { readonly tp: number; readonly offset: number }[] {
    this.finished.clear()
    this.sinceCommit = 0
    return Array.from(this.restart, ([tp, offset]) => ({ tp, offset })).sort((a, b) => a.tp - b.tp)
  }

  /** Partitions are the application's no longer. */
  forget(partitions: readonly number[]): void {
    for (const tp of partitions) {
      if (this.keeps === 'owned') this.finished.delete(tp)
      if (this.keeps === 'stored') this.gone.add(tp)
      this.restart.delete(tp)
    }
  }

  /** Partitions are the application's again. */
  welcome(partitions: readonly number[]): void {
    for (const tp of partitions) this.gone.delete(tp)
  }
}

/** Where reading goes on after these records, by partition. */
export function nextOffsets(records: readonly ConsumedRecord[]): readonly CommitOffset[] {
  const next = new Map<number, CommitOffset>()
  for (let i = records.length - 1; i >= 0; i--) {
    const { tp, offset, leaderEpoch } = records[i] as ConsumedRecord
    if (!next.has(tp)) next.set(tp, { tp, offset: offset + 1, leaderEpoch })
  }
  return [...next.values()].sort((a, b) => a.tp - b.tp)
}

/** Where the first of these records stand, by partition. */
export function firstOffsets(
  records: readonly ConsumedRecord[],
): readonly { readonly tp: number; readonly offset: number }[] {
  const first = new Map<number, number>()
  for (const { tp, offset } of records) if (!first.has(tp)) first.set(tp, offset)
  return Array.from(first, ([tp, offset]) => ({ tp, offset })).sort((a, b) => a.tp - b.tp)
}
