import type { KafkaRecord, LogEntry } from '../../protocol/batch.ts'
import type { AbortedTransaction } from '../../protocol/transaction-messages.ts'
import { AbortedRecords } from './aborted-records.ts'
import type { TopicPartitionState } from './topic-partition-state.ts'

/** A record as poll() hands it out. */
export class ConsumedRecord {
  readonly record: KafkaRecord
  readonly tp: number
  readonly offset: number
  readonly leaderEpoch: number

  constructor(record: KafkaRecord, tp: number, offset: number, leaderEpoch: number) {
    this.record = record
    this.tp = tp
    this.offset = offset
    this.leaderEpoch = leaderEpoch
  }
}

/** `CompletedFetch`: what one fetch brought for one partition, and how much of it is left. */
export class CompletedFetch {
  readonly state: TopicPartitionState
  readonly errorCode: number
  readonly entries: readonly LogEntry[]
  /** Where the leader sent the reader instead (KIP-392); -1 = nowhere. */
  readonly preferredReadReplica: number
  /** `check.crcs` */
  private readonly checksCrcs: boolean
  /** The offset that was asked for, then the next one to hand out. */
  nextFetchOffset: number
  /** It was found to continue the position. */
  initialized = false
  /** The next batch is corrupt: nothing more can be had, until the reader's position is set elsewhere (`corruptLastRecord`). */
  isStuck = false
  private entry = 0
  /** What must not be handed out to a reader of committed records; null = everything may be. */
  private readonly aborted: AbortedRecords | null

  constructor(
    state: TopicPartitionState,
    errorCode: number,
    entries: readonly LogEntry[],
    fetchOffset: number,
    abortedTransactions: readonly AbortedTransaction[] | null = null,
    preferredReadReplica = -1,
    checksCrcs = true,
  ) {
    this.state = state
    this.errorCode = errorCode
    this.entries = entries
    this.preferredReadReplica = preferredReadReplica
    this.checksCrcs = checksCrcs
    this.nextFetchOffset = fetchOffset
    const someAborted = abortedTransactions !== null && abortedTransactions.length > 0
    this.aborted = someAborted ? new AbortedRecords(abortedTransactions) : null
  }

  /** The batch that comes next. */
  get nextBatch(): LogEntry | undefined {
    return this.entries[this.entry]
  }

  /** Whether every record has been handed out. */
  get isConsumed(): boolean {
    return this.entry >= this.entries.length
  }

  /**
   * Hands out up to `max` records from {@link nextFetchOffset} on, which passes over markers and what was aborted, and stops
   * before a corrupt batch; returns the leader epoch of the last batch it passed, -1 = none.
   */
  take(max: number, out: ConsumedRecord[]): number {
    const { entries } = this
    const end = out.length + max
    let epoch = -1
    while (this.entry < entries.length && out.length < end) {
      const entry = entries[this.entry] as LogEntry
      if (entry.batch.isCorrupt === true && this.checksCrcs) {
        this.isStuck = true
        break
      }
      epoch = entry.leaderEpoch
      if (!this.isHidden(entry) && !this.takeFrom(entry, end, out)) break
      this.nextFetchOffset = Math.max(this.nextFetchOffset, entry.lastOffset + 1)
      this.entry++
    }
    return epoch
  }

  /** Hands out the records of a batch until there are `end`; false when some are left. */
  private takeFrom(entry: LogEntry, end: number, out: ConsumedRecord[]): boolean {
    return entry.kept === undefined ? this.takeAll(entry, end, out) : this.takeKept(entry, entry.kept, end, out)
  }

  private takeAll({ batch, baseOffset, leaderEpoch }: LogEntry, end: number, out: ConsumedRecord[]): boolean {
    const { records } = batch
    const { tp } = this.state
    // A batch comes whole: records before the position are passed over.
    let index = this.nextFetchOffset > baseOffset ? this.nextFetchOffset - baseOffset : 0
    for (; index < records.length && out.length < end; index++) {
      out.push(new ConsumedRecord(records[index] as KafkaRecord, tp, baseOffset + index, leaderEpoch))
    }
    this.nextFetchOffset = Math.max(this.nextFetchOffset, baseOffset + index)
    return index >= records.length
  }

  /** The same of a batch that compaction has thinned. */
  private takeKept(entry: LogEntry, kept: readonly number[], end: number, out: ConsumedRecord[]): boolean {
    const { batch, baseOffset, leaderEpoch } = entry
    for (const index of kept) {
      const offset = baseOffset + index
      if (offset < this.nextFetchOffset) continue
      if (out.length >= end) return false
      out.push(new ConsumedRecord(batch.records[index] as KafkaRecord, this.state.tp, offset, leaderEpoch))
      this.nextFetchOffset = offset + 1
    }
    return true
  }

  /** Markers are for nobody, aborted records not for readers of committed ones. */
  private isHidden(entry: LogEntry): boolean {
    if (!entry.batch.isTransactional) return false
    return this.aborted === null ? entry.batch.marker !== null : this.aborted.hides(entry)
  }
}
