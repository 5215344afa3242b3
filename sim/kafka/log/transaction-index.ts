import type { AtomicFile } from '../../storage/atomic-file.ts'

/** An aborted transaction of a log (`AbortedTxn`). */
export interface AbortedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  /** Everything below it was decided when the marker was written. */
  readonly lastStableOffset: number
}

const NONE: readonly AbortedTxn[] = Object.freeze([])

/**
 * Which transactions of a log were aborted, in the order of their markers (`TransactionIndex`). Kafka appends to the file
 * with every marker; here it is written when a segment rolls and when the log is closed, for no other start reads it: after
 * an unclean shutdown the scan of the segments builds it anew.
 */
export class TransactionIndex {
  private readonly file: AtomicFile<readonly AbortedTxn[]>
  private entries: AbortedTxn[]

  /** Reads the file. */
  constructor(file: AtomicFile<readonly AbortedTxn[]>) {
    this.file = file
    this.entries = [...(file.read() ?? NONE)]
  }

  get all(): readonly AbortedTxn[] {
    return this.entries
  }

  append(txn: AbortedTxn): void {
    this.entries.push(txn)
  }

  /** The aborted transactions that overlap `[fetchOffset, upperBoundOffset)` (`collectAbortedTxns`). */
  collect(fetchOffset: number, upperBoundOffset: number): readonly AbortedTxn[] {
    const { entries } = this
    if (entries.length === 0) return NONE
    const found: AbortedTxn[] = []
    for (let at = this.firstEndingAt(fetchOffset); at < entries.length; at++) {
      const txn = entries[at] as AbortedTxn
      if (txn.firstOffset < upperBoundOffset) found.push(txn)
      // What was written to the index later began behind this.
      if (txn.lastStableOffset >= upperBoundOffset) break
    }
    return found
  }

  /** Forgets transactions whose marker is cut off. */
  truncateTo(offset: number): void {
    this.entries.length = this.firstEndingAt(offset)
  }

  /** Forgets transactions whose marker was in segments that are deleted. */
  deleteBefore(offset: number): void {
    this.entries.splice(0, this.firstEndingAt(offset))
  }

  /** Forgets what compaction has left nothing of. */
  keep(isThere: (txn: AbortedTxn) => boolean): void {
    this.entries = this.entries.filter(isThere)
  }

  clear(): void {
    this.entries = []
    this.file.remove()
  }

  /** Part of a clean shutdown, and of rolling. */
  flush(): void {
    if (this.entries.length > 0 || this.file.read() !== null) this.file.write(this.entries.slice())
  }

  /** Index of the first entry whose marker is at the offset or behind it: markers ascend. */
  private firstEndingAt(offset: number): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.entries[middle] as AbortedTxn).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
