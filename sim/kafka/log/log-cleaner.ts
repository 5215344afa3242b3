import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { rewritten } from './corruption.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { TransactionIndex } from './transaction-index.ts'

/** One pass of the cleaner over a log. */
export interface CleaningPass {
  /** The part whose keys count: what is before it was cleaned already, what is behind it is left alone. */
  readonly from: number
  readonly to: number
  readonly nowMs: number
  readonly deleteRetentionMs: number
}

/** A damaged batch whose checksum fits what is left of it. */
export interface RewrittenBatch {
  readonly baseOffset: number
  /** What was damaged in it is gone. */
  readonly isWhole: boolean
}

/**
 * Compaction (`Cleaner.doClean`): of every key the last record before `to` stays. Records of aborted transactions go; the marker
 * of a transaction and a record without a value go a while after they are all that is left (KIP-534); the last batch of a
 * producer that is known stays, if only empty, and so does the last batch of all, which keeps the log's end (KAFKA-17076).
 */
export class Cleaner {
  private readonly pass: CleaningPass
  private readonly producers: ProducerStateManager
  private readonly index: TransactionIndex
  private readonly newest: Map<string, number> = new Map()
  /** Producers of whose transaction a batch was met since its last marker. */
  private readonly met: Set<number> = new Set()
  /** Markers that end what is still there, by offset: the index of aborted transactions keeps theirs. */
  private readonly ends: Set<number> = new Set()
  /** Damaged batches that were written anew, or not at all. */
  readonly rewritten: RewrittenBatch[] = []
  private end = -1

  constructor(pass: CleaningPass, producers: ProducerStateManager, index: TransactionIndex) {
    this.pass = pass
    this.producers = producers
    this.index = index
  }

  /** What stays of the batches before `to`; the same objects where nothing goes. */
  clean(entries: readonly LogEntry[]): readonly LogEntry[] {
    this.readKeys(entries)
    const left: LogEntry[] = []
    for (const entry of entries) {
      const cleaned = this.cleanBatch(entry)
      if (cleaned !== null) left.push(cleaned)
      else if (entry.batch.id < 0) this.rewrite(entry, [])
    }
    this.index.keep(({ lastOffset }) => lastOffset >= this.pass.to || this.ends.has(lastOffset))
    return left
  }

  /** `buildOffsetMap` */
  private readKeys(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      this.end = entry.lastOffset
      if (entry.baseOffset < this.pass.from || entry.batch.marker !== null || this.isAborted(entry)) continue
      for (const index of indexesOf(entry)) {
        const key = entry.batch.records[index]?.key ?? null
        if (key !== null) this.newest.set(key, entry.baseOffset + index)
      }
    }
  }

  private isAborted({ batch, baseOffset }: LogEntry): boolean {
    if (!batch.isTransactional) return false
    return this.index.all.some(
      ({ producerId, firstOffset, lastOffset }) =>
        producerId === batch.producerId && firstOffset <= baseOffset && baseOffset <= lastOffset,
    )
  }

  private cleanBatch(entry: LogEntry): LogEntry | null {
    const { batch } = entry
    const { nowMs, deleteRetentionMs } = this.pass
    const isMarker = batch.marker !== null
    const isDispensable = isMarker ? this.isAlone(entry) : this.meet(entry)
    const isDue = entry.deleteHorizonMs !== undefined && entry.deleteHorizonMs <= nowMs
    const indexes = indexesOf(entry)
    const kept = (isMarker ? isDispensable && isDue : isDispensable) ? [] : this.keep(entry, indexes, isDue)
    if (kept.length === 0 && !this.isNeeded(entry)) return null
    const hasTombstone = !isMarker && kept.some((index) => batch.records[index]?.tombstone === true)
    const begins = entry.deleteHorizonMs === undefined && (hasTombstone || (isMarker && isDispensable))
    if (kept.length === indexes.length && !begins) return entry
    const { baseOffset, lastOffset, leaderEpoch } = entry
    const horizon = begins ? nowMs + deleteRetentionMs : entry.deleteHorizonMs
    return {
      baseOffset,
      lastOffset,
      leaderEpoch,
      batch: batch.id < 0 ? this.rewrite(entry, kept) : batch,
      kept,
      ...(horizon === undefined ? {} : { deleteHorizonMs: horizon }),
    }
  }

  private rewrite({ batch, baseOffset }: LogEntry, kept: readonly number[]): RecordBatch {
    const written = rewritten(batch, kept)
    this.rewritten.push({ baseOffset, isWhole: written.id >= 0 })
    return written
  }

  /** `onControlBatchRead`: no batch of the marker's transaction is left. */
  private isAlone({ batch, lastOffset }: LogEntry): boolean {
    const isAlone = !this.met.delete(batch.producerId)
    if (!isAlone) this.ends.add(lastOffset)
    return isAlone
  }

  /** `onBatchRead`: whether the batch is of an aborted transaction. */
  private meet(entry: LogEntry): boolean {
    if (entry.batch.isTransactional) this.met.add(entry.batch.producerId)
    return this.isAborted(entry)
  }

  /** `shouldRetainRecord` */
  private keep({ batch, baseOffset }: LogEntry, indexes: readonly number[], isDue: boolean): readonly number[] {
    if (batch.marker !== null) return indexes
    return indexes.filter((index) => {
      const record = batch.records[index]
      if (record === undefined || record.key === null) return false
      const isNewest = baseOffset + index >= (this.newest.get(record.key) ?? -1)
      return isNewest && !(record.tombstone === true && isDue)
    })
  }

  /** Whether a batch stays though nothing is left in it. */
  private isNeeded({ batch, lastOffset }: LogEntry): boolean {
    if (lastOffset === this.end) return true
    return batch.producerId >= 0 && this.producers.lastEntry(batch.producerId)?.isToldBy(batch, lastOffset) === true
  }
}

function indexesOf({ batch, kept }: LogEntry): readonly number[] {
  return kept ?? Array.from(batch.records.keys())
}
