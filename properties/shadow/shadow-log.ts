import { type Damage, Damages } from './damage.ts'
import type { Entries } from './entries.ts'
import { List } from './growable.ts'

/** Why a log became shorter. */
export type CutCause = 'none' | 'truncated' | 'lost-at-restart' | 'corrupt' | 'wiped' | 'deleted'

/**
 * One replica's log as moments tell it. What retention deleted before its start is kept here as history: it was committed, so
 * it is the same for all replicas, and judges ask what readers made of it.
 */
export class ShadowLog {
  readonly node: number
  readonly partition: number
  /** Numbers of its entries (see {@link Entries}), in offset order. */
  readonly entries: List = new List()
  start = 0
  end = 0
  highWatermark = 0
  /** Compaction may have left less of it than moments told. */
  cleaned = false
  /** Compaction has come up to here by itself. */
  cleanedTo = 0
  /** The last time it became shorter: when, from which end to which, and why. */
  cutAt = 0
  cutFrom = 0
  cutTo = 0
  cutCause: CutCause = 'none'
  /** Batches that hold something else than what was written. */
  readonly damages: Damages = new Damages()
  /** Where the log began to begin, and when, in ascending order. */
  readonly starts: { readonly offset: number; readonly at: number }[] = []
  private readonly table: Entries
  /** Where the last search ended: the next one usually ends nearby. */
  private hint = 0

  constructor(node: number, partition: number, table: Entries) {
    this.node = node
    this.partition = partition
    this.table = table
  }

  get lastEntry(): number {
    return this.entries.length === 0 ? -1 : (this.entries.data[this.entries.length - 1] as number)
  }

  push(entry: number, end: number): void {
    this.entries.push(entry)
    this.end = end
  }

  /** Takes over what another log holds between its own end and an offset: compaction had removed it there before it was copied. */
  adopt(from: ShadowLog, offset: number): void {
    const { base, last } = this.table
    for (const entry of from.entries.data) {
      if (last.at(entry) >= offset) break
      if (base.at(entry) >= this.end) this.push(entry, last.at(entry) + 1)
    }
    this.end = offset
    this.cleaned = true
  }

  moveStart(offset: number, time: number): void {
    this.start = offset
    this.starts.push({ offset, at: time })
  }

  /** When an offset was deleted; -1 when it was not. */
  deletedAt(offset: number): number {
    return offset >= this.start ? -1 : (this.starts.find((start) => start.offset > offset)?.at ?? -1)
  }

  /**
   * An empty log that begins where its leader's does, behind everything it had: what lies before is history that it shares
   * with its leader.
   */
  startAnew(offset: number, leaders: ShadowLog | null, time: number): void {
    this.wipe(time, 'truncated')
    if (leaders !== null) this.takeHistory(leaders, offset)
    this.start = offset
    this.end = offset
  }

  /** What lies before an offset is another log's from now on. */
  takeHistory(from: ShadowLog, offset: number): void {
    const { last } = this.table
    this.entries.cut(0)
    for (const entry of from.entries.data) {
      if (last.at(entry) >= offset) break
      this.entries.push(entry)
    }
  }

  /** Drops every entry that reaches `offset` or beyond. */
  truncate(offset: number, time: number, cause: CutCause): void {
    if (offset < this.end) this.noteCut(offset, time, cause)
    const { entries, table } = this
    let kept = entries.length
    while (kept > 0 && table.last.at(entries.data[kept - 1] as number) >= offset) kept--
    entries.cut(kept)
    this.damages.drop((entry) => table.last.at(entry) >= offset)
    this.end = offset
    if (this.start > offset) this.start = offset
    if (this.highWatermark > offset) this.highWatermark = offset
  }

  wipe(time: number, cause: CutCause): void {
    if (this.end > 0) this.noteCut(0, time, cause)
    this.entries.cut(0)
    this.damages.drop(() => true)
    this.start = 0
    this.end = 0
    this.highWatermark = 0
  }

  private noteCut(to: number, time: number, cause: CutCause): void {
    this.cutAt = time
    this.cutFrom = this.end
    this.cutTo = to
    this.cutCause = cause
  }

  /** Place of the first entry that reaches `offset`; the number of entries when none does. */
  placeOf(offset: number): number {
    const { entries, table } = this
    const { last } = table
    const data = entries.data
    let low = 0
    let high = entries.length
    const hint = this.hint < high ? this.hint : high - 1
    if (hint >= 0) {
      // The entry of the last search or one of its neighbours: nearly always.
      if (last.at(data[hint] as number) >= offset) {
        if (hint === 0 || last.at(data[hint - 1] as number) < offset) return hint
        high = hint - 1
      } else {
        low = hint + 1
        if (low < high && last.at(data[low] as number) >= offset) return (this.hint = low)
        if (low < high) low++
      }
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      if (last.at(data[middle] as number) >= offset) high = middle
      else low = middle + 1
    }
    this.hint = low
    return low
  }

  /** The entry that holds `offset`, or -1. */
  entryAt(offset: number): number {
    // Mostly somebody asks for the end.
    const newest = this.lastEntry
    if (newest >= 0 && this.table.last.at(newest) === offset) return newest
    if (offset < 0 || offset >= this.end) return -1
    const place = this.placeOf(offset)
    if (place >= this.entries.length) return -1
    const entry = this.entries.data[place] as number
    return this.table.base.at(entry) <= offset ? entry : -1
  }

  /** What is damaged from its start on: before it nobody reads, but a restart may find it again. */
  get damaged(): readonly Damage[] {
    const { list } = this.damages
    return list.length === 0 ? list : list.filter(({ entry }) => this.table.last.at(entry) >= this.start)
  }

  /** How an entry is damaged here; undefined = it is as it was written, or nobody reads it any more. */
  damageOf(entry: number): Damage | undefined {
    const damage = this.damages.of(entry)
    return damage !== undefined && this.table.last.at(entry) >= this.start ? damage : undefined
  }

  isWhole(entry: number): boolean {
    return this.damageOf(entry) === undefined
  }

  /** Whether it holds this very entry, hence everything before it. */
  holds(entry: number): boolean {
    return this.entryAt(this.table.base.at(entry)) === entry
  }
}
