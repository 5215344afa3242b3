import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { ProducerSnapshotEntry } from './producer-state-entry.ts'

/** A partition's producers as of an offset, as the snapshot file holds them. */
export interface ProducerSnapshot {
  /** The log's end when it was taken. */
  readonly offset: number
  readonly producers: readonly ProducerSnapshotEntry[]
}

const NONE: readonly ProducerSnapshot[] = Object.freeze([])

/** The snapshot files of a partition (`<offset>.snapshot`), by offset. */
export class ProducerSnapshots {
  private readonly file: AtomicFile<readonly ProducerSnapshot[]>

  constructor(file: AtomicFile<readonly ProducerSnapshot[]>) {
    this.file = file
  }

  /** Whether one of this offset (or of an empty log) would say nothing new. */
  isTaken(logStartOffset: number, logEndOffset: number): boolean {
    return logEndOffset <= ((this.file.read() ?? NONE).at(-1)?.offset ?? logStartOffset)
  }

  add(snapshot: ProducerSnapshot): void {
    this.file.write([...(this.file.read() ?? NONE), snapshot])
  }

  /** The segments before this offset are deleted, and the snapshots that were taken where they begin. */
  deleteBefore(logStartOffset: number): void {
    this.keep(({ offset }) => offset >= logStartOffset)
  }

  /** Kept are those where segments begin, and the latest one behind them (`removeStraySnapshots`). */
  removeStray(baseOffsets: readonly number[]): void {
    const latest = (this.file.read() ?? NONE).at(-1)?.offset ?? -1
    const isLatest = latest > (baseOffsets.at(-1) ?? 0)
    this.keep(({ offset }) => baseOffsets.includes(offset) || (isLatest && offset === latest))
  }

  /** The latest one, after those out of range were deleted (`truncateAndReload`). */
  latestInRange(logStartOffset: number, logEndOffset: number): ProducerSnapshot | null {
    this.keep(({ offset }) => offset <= logEndOffset && offset > logStartOffset)
    return (this.file.read() ?? NONE).at(-1) ?? null
  }

  clear(): void {
    this.file.remove()
  }

  private keep(isKept: (snapshot: ProducerSnapshot) => boolean): void {
    const all = this.file.read() ?? NONE
    if (all.length === 0) return
    const kept = all.filter(isKept)
    if (kept.length < all.length) this.file.write(kept)
  }
}
