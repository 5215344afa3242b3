import { M } from '../../history/catalogue.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import type { LocalLog } from './local-log.ts'
import type { CleanerRules } from './log-cleaner.ts'
import type { LogIo } from './log-io.ts'
import { LogCompaction } from './log-compaction.ts'
import { LogRetention } from './log-retention.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { TransactionIndex } from './transaction-index.ts'

/** The log that is kept up. */
export interface UpkeptLog {
  readonly tp: number
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly io: LogIo
  roll(): void
  incrementLogStartOffset(offset: number): void
}

/** What a broker does with a log from time to time: deletes what is too old or too much, and compacts. */
export class LogUpkeep {
  private readonly env: Env
  private readonly log: UpkeptLog
  private readonly retention: LogRetention
  private readonly compaction: LogCompaction

  constructor(
    env: Env,
    log: UpkeptLog,
    parts: {
      readonly local: LocalLog
      readonly producers: ProducerStateManager
      readonly index: TransactionIndex
      readonly config: TopicConfig
      readonly firstDirtyOffset: number
    },
  ) {
    const { local, producers, index, config, firstDirtyOffset } = parts
    this.env = env
    this.log = log
    this.retention = new LogRetention(local, producers, index, config)
    this.compaction = new LogCompaction(local, producers, index, config, firstDirtyOffset)
  }

  configure(config: TopicConfig): void {
    this.retention.configure(config)
    this.compaction.configure(config)
  }

  /** Everything before it was cleaned. */
  get firstDirtyOffset(): number {
    return this.compaction.firstDirtyOffset
  }

  /** Whether retention, or the leader's log start, would delete something so many microseconds from now. */
  hasDeletable(inUs: number): boolean {
    const { logStartOffset, highWatermark } = this.log
    return this.retention.due({ logStartOffset, highWatermark, nowMs: this.nowMs(inUs) }).count > 0
  }

  /** See {@link LogRetention}. */
  deleteOldSegments(): void {
    const { logStartOffset, highWatermark } = this.log
    const { count, all } = this.retention.due({ logStartOffset, highWatermark, nowMs: this.nowMs(0) })
    if (count === 0 || !this.log.io.admitsWrite()) return
    // There is always a segment.
    if (all) this.log.roll()
    this.log.incrementLogStartOffset(this.retention.delete(count))
  }

  /** See {@link LogCompaction}. */
  cleanIfDue(rules: CleanerRules): void {
    const { tp, logStartOffset, lastStableOffset } = this.log
    const removed = this.compaction.cleanIfDue({ logStartOffset, lastStableOffset, nowMs: this.nowMs(0) }, rules)
    if (removed < 0) return
    for (const { baseOffset, isWhole } of this.compaction.rewritten) {
      this.env.emit(M.batchRewritten, tp, baseOffset, isWhole ? 1 : 0)
    }
    this.env.emit(M.logCleaned, tp, this.compaction.firstDirtyOffset, removed)
  }

  onTruncated(logEndOffset: number): void {
    this.compaction.onTruncated(logEndOffset)
  }

  private nowMs(laterUs: number): number {
    return Math.floor((this.env.wallClock() + laterUs) / MILLISECOND)
  }
}
