import type { TopicConfig } from '../protocol/config/topic.ts'
import { isDeleted } from './cleanup-policy.ts'
import type { LocalLog, LogSegment } from './local-log.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { TransactionIndex } from './transaction-index.ts'

/** What retention looks at, besides the segments. */
export interface RetentionState {
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly nowMs: number
}

interface Deletable {
  readonly count: number
  /** Nothing is left: a new segment must be begun first. */
  readonly all: boolean
}

const NOTHING: Deletable = { count: 0, all: false }

/** The segments that a log gives away (`UnifiedLog.deleteOldSegments`); each replica does so by itself. */
export class LogRetention {
  private readonly local: LocalLog
  private readonly producers: ProducerStateManager
  private readonly index: TransactionIndex
  private config: TopicConfig

  constructor(local: LocalLog, producers: ProducerStateManager, index: TransactionIndex, config: TopicConfig) {
    this.local = local
    this.producers = producers
    this.index = index
    this.config = config
  }

  configure(config: TopicConfig): void {
    this.config = config
  }

  /** What is due to be deleted. */
  due(state: RetentionState): Deletable {
    const { config, local } = this
    const isWhole = local.baseOffset >= state.logStartOffset
    if (isWhole && (!deletes(config) || this.isYoung(state.nowMs))) return NOTHING
    return deletableSegments(local.segments(), config, local.bytes, state)
  }

  /** Without a limit of bytes: whether the first batch of all is not due, hence no segment. */
  private isYoung(nowMs: number): boolean {
    const { config, local } = this
    const first = local.all[0]
    if (config['retention.bytes'] >= 0 || first === undefined) return first === undefined
    return nowMs - first.batch.maxTimestamp <= config['retention.ms']
  }

  /** Deletes the oldest segments, and what belongs to them; returns where the log begins now. */
  delete(count: number): number {
    const { local } = this
    local.deleteSegments(count)
    this.producers.deleteSnapshots(local.baseOffset)
    this.index.deleteBefore(local.baseOffset)
    return local.baseOffset
  }
}

/**
 * How many of a log's oldest segments go. A segment with offsets at or above the high watermark stays, and so does all behind it. The
 * three reasons are looked at in Kafka's order, each over what the one before has left.
 */
export function deletableSegments(
  segments: readonly LogSegment[],
  config: TopicConfig,
  bytes: number,
  state: RetentionState,
): Deletable {
  let count = 0
  const take = (isDue: (segment: LogSegment, isActive: boolean) => boolean): void => {
    while (count < segments.length) {
      const segment = segments[count] as LogSegment
      const isActive = count === segments.length - 1
      if (isActive && segment.bytes === 0) return
      if (segment.endOffset > state.highWatermark || !isDue(segment, isActive)) return
      count++
    }
  }
  // `deleteLogStartOffsetBreachedSegments`: also of compacted logs.
  take((segment, isActive) => !isActive && segment.endOffset <= state.logStartOffset)
  if (deletes(config)) {
    let excess = config['retention.bytes'] < 0 ? -1 : bytes - config['retention.bytes']
    for (let at = 0; at < count; at++) excess -= (segments[at] as LogSegment).bytes
    take((segment) => (excess -= segment.bytes) >= 0)
    const retentionMs = config['retention.ms']
    if (retentionMs >= 0) take((segment) => state.nowMs - segment.largestTimestamp > retentionMs)
  }
  return { count, all: count === segments.length }
}

/** Whether retention deletes from a log: `cleanup.policy` says so, and there is a limit. */
export function deletes(config: TopicConfig): boolean {
  const isLimited = config['retention.ms'] >= 0 || config['retention.bytes'] >= 0
  return isLimited && isDeleted(config)
}
