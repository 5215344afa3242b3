import { M } from '../../history/catalogue.ts'
import { ms } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import type { LocalLog } from './local-log.ts'
import type { LogIo } from './log-io.ts'

/** How much of a log is durable, and when it becomes so: `flush.messages`, `flush.ms`, `UnifiedLog.flush`. */
export class LogFlushing {
  /** Every record below it was flushed by this broker; after an unclean start it may be lower than what really was. */
  recoveryPoint: number
  private readonly env: Env
  private readonly tp: number
  private readonly local: LocalLog
  private readonly io: LogIo
  /** Wall clock of the last flush. */
  private flushedAt: number
  private messages = 0
  private intervalUs = 0

  constructor(env: Env, tp: number, local: LocalLog, io: LogIo, recoveryPoint: number) {
    this.env = env
    this.tp = tp
    this.local = local
    this.io = io
    this.recoveryPoint = recoveryPoint
    this.flushedAt = env.wallClock()
  }

  configure(config: TopicConfig): void {
    this.messages = config['flush.messages']
    this.intervalUs = ms(config['flush.ms'])
  }

  /** `flush.ms` in microseconds; at or above `Number.MAX_SAFE_INTEGER` means never. */
  get interval(): number {
    return this.intervalUs
  }

  /** flush.messages counts records, and the flush is part of the append: an acknowledgement comes after it. False: it failed. */
  afterAppend(logEndOffset: number): boolean {
    if (logEndOffset - this.recoveryPoint >= this.messages) return this.flush(logEndOffset)
    return true
  }

  /** Makes everything below the log's end durable; false when the disk fails. */
  flush(logEndOffset: number): boolean {
    if (logEndOffset <= this.recoveryPoint) return true
    if (!this.io.admitsFlush()) return false
    this.local.flush()
    this.flushedAt = this.env.wallClock()
    this.recoveryPoint = logEndOffset
    this.env.emit(M.logFlushed, this.tp, logEndOffset)
    return true
  }

  /** Flushes when the last flush was `flush.ms` ago or longer (`LogManager.flushDirtyLogs`). */
  flushIfDue(logEndOffset: number): void {
    if (this.env.wallClock() - this.flushedAt >= this.intervalUs) this.flush(logEndOffset)
  }

  /** The log was cut. */
  onTruncated(logEndOffset: number): void {
    if (this.recoveryPoint > logEndOffset) this.recoveryPoint = logEndOffset
  }

  /** What lies before the log's start needs no recovery (`updateLogStartOffset`). */
  onStart(logStartOffset: number): void {
    if (this.recoveryPoint < logStartOffset) this.recoveryPoint = logStartOffset
  }
}
