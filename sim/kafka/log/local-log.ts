import type { AppendFile } from '../../storage/append-file.ts'
import type { AtomicFile } from '../../storage/atomic-file.ts'
import { type LogEntry, sizeOfEntry } from '../protocol/batch.ts'

const NOTHING: readonly LogEntry[] = Object.freeze([])
const ONE_SEGMENT: readonly number[] = Object.freeze([0])

/** A segment of a log as it is now (`LogSegment`). */
export interface LogSegment {
  readonly baseOffset: number
  /** Base offset of the next one; the log's end for the active one. */
  readonly endOffset: number
  readonly bytes: number
  /** Of its records, in milliseconds of the simulated clock, which a run begins at 0. */
  readonly largestTimestamp: number
}

/** When a log begins a new segment: `segment.bytes`, `segment.ms`. */
export interface RollRules {
  readonly segmentBytes: number
  readonly segmentMs: number
}

/**
 * The batches of a log by offset, in segments (`LocalLog`). All segments share one file in which their base offsets are
 * marks: what is before a mark is flushed when the mark is made, so a loss of power takes from the active segment first, as
 * with a file for each.
 */
export class LocalLog {
  private readonly file: AppendFile<LogEntry>
  private readonly entries: readonly LogEntry[]
  private readonly basesFile: AtomicFile<readonly number[]>
  /** Base offsets of the segments, ascending; the last is the active one's. */
  private bases: readonly number[]
  /** The active segment: its first batch, where that begins in the file, and its timestamp. */
  private activeIndex = 0
  private activeFrom = 0
  private firstTimestamp = 0
  /** Index from which the last read would go on; readers mostly do. */
  private hint = 0

  constructor(file: AppendFile<LogEntry>, basesFile: AtomicFile<readonly number[]>) {
    this.file = file
    this.entries = file.entries
    this.basesFile = basesFile
    this.bases = basesFile.read() ?? ONE_SEGMENT
    this.dropEmptySegments()
  }

  get all(): readonly LogEntry[] {
    return this.entries
  }

  /** First offset it can hold. */
  get baseOffset(): number {
    return this.bases[0] as number
  }

  /** Base offsets of the segments, ascending. */
  get baseOffsets(): readonly number[] {
    return this.bases
  }

  /** Offset behind the last batch (`readNextOffset`). */
  get nextOffset(): number {
    const last = this.entries[this.entries.length - 1]
    const base = this.bases[this.bases.length - 1] as number
    return last === undefined ? base : Math.max(base, last.lastOffset + 1)
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.file.bytes
  }

  append(entry: LogEntry): void {
    if (this.entries.length === this.activeIndex) this.firstTimestamp = entry.batch.maxTimestamp
    this.file.append(entry, entry.batch.size)
  }

  flush(): void {
    this.file.flush()
  }

  /** A part of a batch is left behind its last whole one. Nothing can be appended any more. */
  tear(): void {
    this.file.tear()
  }

  // --- segments -----------------------------------------------------------------------------------------------------

  /** `LogSegment.shouldRoll`: there is no room for so many bytes, or the records span too long a time. */
  shouldRoll(bytes: number, maxTimestamp: number, rules: RollRules): boolean {
    const used = this.file.bytesBefore(this.entries.length) - this.activeFrom
    if (used === 0) return false
    return used > rules.segmentBytes - bytes || maxTimestamp - this.firstTimestamp > rules.segmentMs
  }

  /** The next batch begins a segment. What is before it should be flushed. */
  roll(): void {
    this.setBases([...this.bases, this.nextOffset])
    this.lookAtActive()
  }

  /** The segments from the oldest to the active one. */
  segments(): readonly LogSegment[] {
    const { bases, file, entries } = this
    return bases.map((baseOffset, at) => {
      const endOffset = bases[at + 1] ?? this.nextOffset
      const [first, behind] = [this.indexOf(baseOffset), this.indexOf(endOffset)]
      let largestTimestamp: number = Number.MIN_SAFE_INTEGER
      for (let index = first; index < behind; index++)
        largestTimestamp = Math.max(largestTimestamp, (entries[index] as LogEntry).batch.maxTimestamp)
      return { baseOffset, endOffset, bytes: file.bytesBefore(behind) - file.bytesBefore(first), largestTimestamp }
    })
  }

  /** Deletes the oldest segments, never the active one (`removeAndDeleteSegments`). */
  deleteSegments(count: number): void {
    this.file.dropFirst(this.indexOf(this.bases[count] as number))
    this.setBases(this.bases.slice(count))
    this.hint = 0
    this.lookAtActive()
  }

  /** Puts what compaction has left in the place of all batches before the offset; empty segments go with them. */
  replaceBefore(offset: number, entries: readonly LogEntry[]): void {
    this.file.replaceFirst(this.indexOf(offset), entries, sizeOfEntry)
    this.hint = 0
    const { bases } = this
    const isNeeded = (base: number, at: number): boolean => {
      const end = bases[at + 1]
      return at === 0 || end === undefined || this.indexOf(base) < this.indexOf(end)
    }
    this.setBases(bases.filter(isNeeded))
    this.lookAtActive()
  }

  private setBases(bases: readonly number[]): void {
    this.bases = bases
    this.basesFile.write(bases)
  }

  /** Segments that begin behind the last batch are empty, all but one of them for nothing. */
  private dropEmptySegments(): void {
    if (this.bases.length > 1) {
      const last = this.entries[this.entries.length - 1]
      const kept = this.bases.filter((base, at) => at === 0 || (last !== undefined && base <= last.lastOffset + 1))
      if (kept.length < this.bases.length) this.setBases(kept)
    }
    this.lookAtActive()
  }

  private lookAtActive(): void {
    this.activeIndex = this.indexOf(this.bases[this.bases.length - 1] as number)
    this.activeFrom = this.file.bytesBefore(this.activeIndex)
    this.firstTimestamp = this.entries[this.activeIndex]?.batch.maxTimestamp ?? 0
  }

  /** Where the segment of an offset ends. */
  segmentEnd(offset: number): number {
    const { bases } = this
    let at = bases.length
    while (at > 1 && (bases[at - 1] as number) > offset) at--
    return bases[at] ?? Number.MAX_SAFE_INTEGER
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  /** See `PartitionLog.read`; a read ends with its segment. */
  read(fromOffset: number, maxBytes: number, upToOffset: number, atLeastOne: boolean): readonly LogEntry[] {
    const { entries } = this
    const first = this.indexOf(fromOffset)
    const limit = this.bases.length === 1 ? upToOffset : this.readLimit(first, upToOffset)
    let next = first
    let bytes = 0
    while (next < entries.length) {
      const entry = entries[next] as LogEntry
      if (entry.lastOffset >= limit) break
      bytes += entry.batch.size
      if (bytes > maxBytes && (next > first || !atLeastOne)) break
      next++
    }
    if (next === first) return NOTHING
    this.hint = next
    return next === first + 1 ? [entries[first] as LogEntry] : entries.slice(first, next)
  }

  private readLimit(first: number, upToOffset: number): number {
    const entry = this.entries[first]
    return entry === undefined ? upToOffset : Math.min(upToOffset, this.segmentEnd(entry.baseOffset))
  }

  /** All batches that end before the offset. */
  before(offset: number): readonly LogEntry[] {
    return this.entries.slice(0, this.indexOf(offset))
  }

  /** All batches that end at the offset or behind it. */
  from(offset: number): readonly LogEntry[] {
    return this.entries.slice(this.indexOf(offset))
  }

  /** Bytes of the batches from the one that holds `fromOffset` up to, and without, the one that holds `upToOffset`. */
  bytesBetween(fromOffset: number, upToOffset: number): number {
    return this.file.bytesBefore(this.indexOf(upToOffset)) - this.file.bytesBefore(this.indexOf(fromOffset))
  }

  // --- cutting ------------------------------------------------------------------------------------------------------

  /** Drops the batch that holds the offset and all behind it, with the segments that begin behind it. */
  truncateTo(offset: number): void {
    this.file.truncate(this.indexOf(offset))
    if ((this.bases[this.bases.length - 1] as number) > offset)
      this.setBases(this.bases.filter((base, at) => at === 0 || base <= offset))
    this.hint = 0
    this.lookAtActive()
  }

  /** Drops everything; the next batch may begin at this offset. */
  startAt(baseOffset: number): void {
    this.file.truncate(0)
    this.setBases([baseOffset])
    this.hint = 0
    this.lookAtActive()
  }

  /** Index of the batch that holds the offset: 0 for offsets before all, the number of batches for offsets behind all. */
  private indexOf(offset: number): number {
    const { entries, hint } = this
    const count = entries.length
    if (count === 0 || (entries[count - 1] as LogEntry).lastOffset < offset) return count
    if ((entries[count - 1] as LogEntry).baseOffset <= offset) return count - 1
    const hinted = entries[hint]
    if (hinted !== undefined && hinted.baseOffset <= offset && hinted.lastOffset >= offset) return hint
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((entries[middle] as LogEntry).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
