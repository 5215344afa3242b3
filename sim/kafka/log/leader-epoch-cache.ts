import type { AtomicFile } from '../../storage/atomic-file.ts'

/** The first offset written (or to be written) under a leader epoch. */
export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

/** Where an epoch ends in a log (`OffsetForLeaderEpoch`); both -1 when the log cannot tell. */
export interface EpochEndOffset {
  readonly epoch: number
  readonly endOffset: number
}

export const UNDEFINED_EPOCH = -1
export const UNDEFINED_EPOCH_END: EpochEndOffset = { epoch: -1, endOffset: -1 }

/**
 * Which leader epoch began at which offset of a replica's log (`LeaderEpochFileCache`, KIP-101 and KIP-279). Epochs and
 * start offsets both ascend. New entries are in the checkpoint file before the assignment returns; removals are written at
 * once too, where Kafka hands them to a background thread.
 */
export class LeaderEpochFileCache {
  private readonly checkpoint: AtomicFile<readonly EpochEntry[]>
  private entries: EpochEntry[]
  private latest = UNDEFINED_EPOCH
  private latestStart = -1

  /** Reads the checkpoint; entries beyond the log's end are the loader's to remove. */
  constructor(checkpoint: AtomicFile<readonly EpochEntry[]>) {
    this.checkpoint = checkpoint
    this.entries = [...(checkpoint.read() ?? [])]
    this.noteLatest()
  }

  /** Epoch of the last entry, -1 when no epoch is known. */
  get latestEpoch(): number {
    return this.latest
  }

  /** All entries in order. */
  get all(): readonly EpochEntry[] {
    return this.entries
  }

  /**
   * The epoch begins at this offset, unless it has begun already. Entries that contradict it are dropped: an epoch that
   * began and wrote nothing leaves none behind.
   */
  assign(epoch: number, startOffset: number): void {
    if (epoch === this.latest && startOffset >= this.latestStart) return
    const { entries } = this
    while (entries.length > 0) {
      const last = entries[entries.length - 1] as EpochEntry
      if (last.epoch < epoch && last.startOffset < startOffset) break
      entries.pop()
    }
    entries.push({ epoch, startOffset })
    this.write()
  }

  /**
   * Where the largest epoch that is not above the requested one ends: at the start of the next higher epoch, or at the end
   * of the log for the latest one. Undefined for -1 and for an epoch above all. Below the first entry the requested epoch
   * itself is answered, ending where the first entry starts.
   */
  endOffsetFor(requestedEpoch: number, logEndOffset: number): EpochEndOffset {
    if (requestedEpoch === UNDEFINED_EPOCH || requestedEpoch > this.latest) return UNDEFINED_EPOCH_END
    if (requestedEpoch === this.latest) return { epoch: requestedEpoch, endOffset: logEndOffset }
    const { entries } = this
    let higher = entries.length - 1
    while (higher > 0 && (entries[higher - 1] as EpochEntry).epoch > requestedEpoch) higher--
    const floor = entries[higher - 1]
    const endOffset = (entries[higher] as EpochEntry).startOffset
    return { epoch: floor === undefined ? requestedEpoch : floor.epoch, endOffset }
  }

  /** Drops the entries that start at `endOffset` or behind it. */
  truncateFromEnd(endOffset: number): void {
    if (this.latestStart < endOffset) return
    const { entries } = this
    while (entries.length > 0 && (entries[entries.length - 1] as EpochEntry).startOffset >= endOffset) entries.pop()
    this.write()
  }

  /** Drops the entries before `startOffset`; the epoch that holds at that offset then begins there. */
  truncateFromStart(startOffset: number): void {
    const { entries } = this
    let below = 0
    while (below < entries.length && (entries[below] as EpochEntry).startOffset <= startOffset) below++
    const first = entries[below - 1]
    if (first === undefined || (below === 1 && first.startOffset === startOffset)) return
    this.entries = [{ epoch: first.epoch, startOffset }, ...entries.slice(below)]
    this.write()
  }

  clear(): void {
    this.entries = []
    this.write()
  }

  private write(): void {
    this.noteLatest()
    this.checkpoint.write(this.entries.slice())
  }

  private noteLatest(): void {
    const last = this.entries[this.entries.length - 1]
    this.latest = last === undefined ? UNDEFINED_EPOCH : last.epoch
    this.latestStart = last === undefined ? -1 : last.startOffset
  }
}
