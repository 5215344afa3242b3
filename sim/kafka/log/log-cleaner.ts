import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { rewritten } from './corruption.ts'
import { OffsetMap } from './offset-map.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { AbortedTxn, TransactionIndex } from './transaction-index.ts'

/** What all passes of a broker's cleaner go by. */
export interface CleanerRules {
  /** How many keys a pass has room for. */
  readonly mapSize: number
  /** KAFKA-13727: which aborted transactions a pass knows that ends in the middle of a segment. */
  readonly index: ClusterProfile['log.cleaner.index']
  /** KAFKA-17076: the last batch of a pass stays, if only empty, for it tells where the log ends. */
  readonly keepsLast: boolean
}

/** Rules of cleaners that a profile may have as they were. */
export type CleanerSwitches = Pick<CleanerRules, 'index' | 'keepsLast'>

export const CURRENT_CLEANER: CleanerSwitches = { index: 'whole-segments', keepsLast: true }

/** The rules of a profile. */
export function cleanerSwitchesOf(profile: ClusterProfile): CleanerSwitches {
  return { index: profile['log.cleaner.index'], keepsLast: profile['log.cleaner.last.batch'] === 'kept' }
}

/** One pass of the cleaner over a log. */
export interface CleaningPass extends CleanerRules {
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
 *
 * A pass that meets more keys than it has room for ends before the next one. The segment in which that is is written anew as a
 * whole: what lies behind the end stays, but for aborted transactions.
 */
export class Cleaner {
  private readonly pass: CleaningPass
  private readonly producers: ProducerStateManager
  private readonly index: TransactionIndex
  private readonly map: OffsetMap
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
    this.map = new OffsetMap(pass.mapSize)
  }

  /**
   * `buildOffsetMap` of the batches before `to`. Returns the offset before which the log is clean after the pass: `to`, or where
   * there was no more room.
   */
  readKeys(entries: readonly LogEntry[]): number {
    this.end = entries.at(-1)?.lastOffset ?? -1
    for (const entry of entries) {
      if (entry.lastOffset < this.pass.from) continue
      if (entry.batch.marker === null && !this.isAborted(entry, true) && !this.readBatch(entry)) return this.map.end
      this.map.end = entry.lastOffset + 1
    }
    this.map.end = this.pass.to
    return this.map.end
  }

  private readBatch({ batch, baseOffset, kept }: LogEntry): boolean {
    const count = kept?.length ?? batch.records.length
    for (let at = 0; at < count; at++) {
      const index = kept?.[at] ?? at
      const key = batch.records[index]?.key ?? null
      const offset = baseOffset + index
      if (key !== null && offset >= this.pass.from && !this.map.put(key, offset)) return false
    }
    return true
  }

  /** What stays of whole segments before `upTo`, when their keys are read; the same objects where nothing goes. */
  clean(entries: readonly LogEntry[], upTo: number): readonly LogEntry[] {
    const left: LogEntry[] = []
    for (const entry of entries) {
      const cleaned = this.cleanBatch(entry)
      if (cleaned !== null) left.push(cleaned)
      else if (entry.batch.id < 0) this.rewrite(entry, [])
    }
    this.index.keep(({ lastOffset }) => lastOffset >= upTo || this.ends.has(lastOffset))
    return left
  }

  private isAborted({ batch, baseOffset }: LogEntry, isMapping: boolean): boolean {
    if (!batch.isTransactional) return false
    return this.index.all.some(
      (txn) =>
        txn.producerId === batch.producerId &&
        txn.firstOffset <= baseOffset &&
        baseOffset <= txn.lastOffset &&
        (isMapping || this.knows(txn)),
    )
  }

  /** Before KAFKA-13727 those that begin behind the end of the pass were not collected, though their segment is written anew. */
  private knows({ firstOffset }: AbortedTxn): boolean {
    return this.pass.index === 'whole-segments' || firstOffset < this.map.end
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
    const isUnknown = this.index.all.some((txn) => txn.lastOffset === lastOffset && !this.knows(txn))
    const isAlone = !this.met.delete(batch.producerId) || isUnknown
    if (!isAlone) this.ends.add(lastOffset)
    return isAlone
  }

  /** `onBatchRead`: whether the batch is of an aborted transaction. */
  private meet(entry: LogEntry): boolean {
    if (entry.batch.isTransactional) this.met.add(entry.batch.producerId)
    return this.isAborted(entry, false)
  }

  /** `shouldRetainRecord` */
  private keep({ batch, baseOffset }: LogEntry, indexes: readonly number[], isDue: boolean): readonly number[] {
    if (batch.marker !== null) return indexes
    return indexes.filter((index) => {
      const record = batch.records[index]
      const offset = baseOffset + index
      if (offset >= this.map.end) return true
      if (record === undefined || record.key === null) return false
      return !this.map.supersedes(record.key, offset) && !(record.tombstone === true && isDue)
    })
  }

  /** Whether a batch stays though nothing is left in it. */
  private isNeeded({ batch, lastOffset }: LogEntry): boolean {
    if (lastOffset === this.end && this.pass.keepsLast) return true
    return batch.producerId >= 0 && this.producers.lastEntry(batch.producerId)?.isToldBy(batch, lastOffset) === true
  }
}

function indexesOf({ batch, kept }: LogEntry): readonly number[] {
  return kept ?? Array.from(batch.records.keys())
}
