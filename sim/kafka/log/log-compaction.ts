import type { TopicConfig } from '../protocol/config/topic.ts'
import type { LogEntry } from '../protocol/batch.ts'
import { isCleaned } from './cleanup-policy.ts'
import type { LocalLog } from './local-log.ts'
import { Cleaner, type CleanerRules, type CleaningPass, type RewrittenBatch } from './log-cleaner.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { TransactionIndex } from './transaction-index.ts'

/** What the cleaner looks at, besides the segments. */
export interface CompactionState {
  readonly logStartOffset: number
  readonly lastStableOffset: number
  readonly nowMs: number
}

/** A log whose keys keep their last record (`cleanup.policy`: compact): what is cleaned, and what is to be cleaned. */
export class LogCompaction {
  /** Everything before it was cleaned (`cleaner-offset-checkpoint`). */
  firstDirtyOffset: number
  /** Of the last cleaning: damaged batches that were written anew, or not at all. */
  rewritten: readonly RewrittenBatch[] = []
  private readonly local: LocalLog
  private readonly producers: ProducerStateManager
  private readonly index: TransactionIndex
  private config: TopicConfig

  constructor(
    local: LocalLog,
    producers: ProducerStateManager,
    index: TransactionIndex,
    config: TopicConfig,
    firstDirtyOffset: number,
  ) {
    this.local = local
    this.producers = producers
    this.index = index
    this.config = config
    this.firstDirtyOffset = firstDirtyOffset
  }

  configure(config: TopicConfig): void {
    this.config = config
  }

  /** Whether the cleaner comes here. */
  private get isCleaned(): boolean {
    return isCleaned(this.config)
  }

  /** The log was cut. */
  onTruncated(logEndOffset: number): void {
    if (this.firstDirtyOffset > logEndOffset) this.firstDirtyOffset = logEndOffset
  }

  /** Cleans if enough is dirty (`grabFilthiestCompactedLog`); returns how many records went, -1 when it was not cleaned. */
  cleanIfDue(state: CompactionState, rules: CleanerRules): number {
    const pass = this.due(state, rules)
    if (pass === null) return -1
    const { local } = this
    const cleaner = new Cleaner(pass, this.producers, this.index)
    const cleanTo = cleaner.readKeys(local.before(pass.to))
    // No room for a single key.
    if (cleanTo === 0) return -1
    const upTo = Math.min(pass.to, local.segmentEnd(cleanTo - 1))
    const before = local.before(upTo)
    const after = cleaner.clean(before, upTo)
    this.rewritten = cleaner.rewritten
    local.replaceBefore(upTo, after)
    this.firstDirtyOffset = cleanTo
    return countOf(before) - countOf(after)
  }

  private due({ logStartOffset, lastStableOffset, nowMs }: CompactionState, rules: CleanerRules): CleaningPass | null {
    const { config, local } = this
    if (!this.isCleaned || local.baseOffsets.length === 1) return null
    const from = Math.max(this.firstDirtyOffset, logStartOffset)
    const to = Math.min(lastStableOffset, this.firstTooYoung(nowMs))
    const dirty = to <= from ? 0 : local.bytesBetween(from, to)
    if (dirty === 0) return null
    const all = dirty + local.bytesBetween(logStartOffset, from)
    if (dirty / all <= config['min.cleanable.dirty.ratio']) return null
    return { ...rules, from, to, nowMs, deleteRetentionMs: config['delete.retention.ms'] }
  }

  /** The active segment is never cleaned, nor what holds a record younger than `min.compaction.lag.ms`. */
  private firstTooYoung(nowMs: number): number {
    const lag = this.config['min.compaction.lag.ms']
    const active = this.local.baseOffsets.at(-1) as number
    if (lag === 0) return active
    const young = this.local.segments().find((segment) => segment.largestTimestamp > nowMs - lag)
    return young === undefined ? active : Math.min(active, young.baseOffset)
  }
}

function countOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, { kept, batch }) => sum + (kept?.length ?? batch.records.length), 0)
}
