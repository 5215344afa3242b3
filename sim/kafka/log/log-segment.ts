import type { AppendFile } from '../../storage/append-file.ts'
import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { LogEntry } from '../protocol/batch.ts'

const NOTHING: readonly LogEntry[] = Object.freeze([])

/**
 * The batches of a log by offset (`LogSegment`, `LocalLog`). A log has one segment that never rolls: the sizes of
 * simulated runs stay far below `segment.bytes`.
 */
export class LogSegment {
  private readonly file: AppendFile<LogEntry>
  private readonly entries: readonly LogEntry[]
  private readonly baseOffsetFile: AtomicFile<number>
  /** Index from which the last read would go on; readers mostly do. */
  private hint = 0

  constructor(file: AppendFile<LogEntry>, baseOffsetFile: AtomicFile<number>) {
    this.file = file
    this.entries = file.entries
    this.baseOffsetFile = baseOffsetFile
  }

  get all(): readonly LogEntry[] {
    return this.entries
  }

  /** First offset it can hold. */
  get baseOffset(): number {
    return this.baseOffsetFile.read() ?? 0
  }

  /** Offset behind the last batch (`readNextOffset`). */
  get nextOffset(): number {
    const last = this.entries[this.entries.length - 1]
    return last === undefined ? this.baseOffset : last.lastOffset + 1
  }

  append(entry: LogEntry): void {
    this.file.append(entry, entry.batch.size)
  }

  flush(): void {
    this.file.flush()
  }

  /** See `PartitionLog.read`. */
  read(fromOffset: number, maxBytes: number, upToOffset: number, atLeastOne: boolean): readonly LogEntry[] {
    const { entries } = this
    const first = this.indexOf(fromOffset)
    let next = first
    let bytes = 0
    while (next < entries.length) {
      const entry = entries[next] as LogEntry
      if (entry.lastOffset >= upToOffset) break
      bytes += entry.batch.size
      if (bytes > maxBytes && (next > first || !atLeastOne)) break
      next++
    }
    if (next === first) return NOTHING
    this.hint = next
    return next === first + 1 ? [entries[first] as LogEntry] : entries.slice(first, next)
  }

  /** Bytes of the batches from the one that holds `fromOffset` up to, and without, the one that holds `upToOffset`. */
  bytesBetween(fromOffset: number, upToOffset: number): number {
    return this.file.bytesBefore(this.indexOf(upToOffset)) - this.file.bytesBefore(this.indexOf(fromOffset))
  }

  /** Drops the batch that holds the offset and all behind it. */
  truncateTo(offset: number): void {
    this.file.truncate(this.indexOf(offset))
    this.hint = 0
  }

  /** Drops everything; the next batch may begin at this offset. */
  startAt(baseOffset: number): void {
    this.file.truncate(0)
    this.baseOffsetFile.write(baseOffset)
    this.hint = 0
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
