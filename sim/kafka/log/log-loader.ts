import { M } from '../../history/catalogue.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { LeaderEpochFileCache } from './leader-epoch-cache.ts'
import type { LogFiles } from './log-files.ts'
import { LocalLog } from './local-log.ts'
import type { LogHome, LogListener } from './log-parts.ts'
import { PartitionLog } from './partition-log.ts'
import { type ProducerRules, ProducerStateManager } from './producer-state.ts'
import { TransactionIndex } from './transaction-index.ts'

/** What the broker's checkpoint files say of a partition; 0 where they say nothing. */
export interface LogCheckpoints {
  readonly recoveryPoint: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly firstDirtyOffset: number
}

export interface LoadOptions {
  readonly config: TopicConfig
  readonly producerRules: ProducerRules
  /** Whether the broker was stopped in good order (`.kafka_cleanshutdown`). */
  readonly hadCleanShutdown: boolean
  readonly checkpoints: LogCheckpoints
  readonly home: LogHome
}

/**
 * Builds a log from what its files hold (`LogLoader.load`). After an unclean shutdown the segments from the recovery point
 * on are scanned: a torn batch is cut off, and from the first one with a wrong checksum on everything; epochs and producers are
 * read from the batches. The high watermark comes from the checkpoint and is mostly behind the one that was known before.
 * Loading takes no simulated time.
 */
export function loadLog(
  env: Env,
  tp: number,
  files: LogFiles,
  options: LoadOptions,
  listener: LogListener,
): PartitionLog {
  const { checkpoints, hadCleanShutdown } = options
  const nowMs = Math.floor(env.wallClock() / MILLISECOND)
  if (!hadCleanShutdown) files.segment.cutTornTail()
  const local = new LocalLog(files.segment, files.segmentBaseOffsets)
  const epochs = new LeaderEpochFileCache(files.leaderEpochs)
  const producers = new ProducerStateManager(files.producerSnapshots, options.producerRules)
  const index = new TransactionIndex(files.transactionIndex)
  if (!hadCleanShutdown) recover(env, tp, local, checkpoints, epochs, producers, index, nowMs)

  // A disk that lost more than the checkpoint knows of: the log goes on where it said that it starts.
  if (local.nextOffset < checkpoints.logStartOffset) {
    local.startAt(checkpoints.logStartOffset)
    epochs.clear()
    producers.clear()
    index.clear()
  }
  const logEndOffset = local.nextOffset
  const logStartOffset = Math.max(checkpoints.logStartOffset, local.baseOffset)
  epochs.truncateFromEnd(logEndOffset)
  epochs.truncateFromStart(logStartOffset)
  producers.load(local.all, logStartOffset, logEndOffset, nowMs, local.baseOffsets)
  return new PartitionLog(
    env,
    {
      tp,
      home: options.home,
      local,
      epochs,
      producers,
      index,
      config: options.config,
      logStartOffset,
      logEndOffset,
      highWatermark: Math.min(Math.max(checkpoints.highWatermark, logStartOffset), logEndOffset),
      firstDirtyOffset: Math.min(checkpoints.firstDirtyOffset, logEndOffset),
      recoveryPoint: hadCleanShutdown ? logEndOffset : Math.min(checkpoints.recoveryPoint, logEndOffset),
    },
    listener,
  )
}

/** Tells of a log that was there before its broker started. */
export function emitLoaded(env: Env, log: PartitionLog, hadCleanShutdown: boolean): void {
  env.emit(M.logLoaded, log.tp, log.logEndOffset, log.highWatermark, hadCleanShutdown ? 1 : 0)
  // The checkpoint may be behind the log start that was known before.
  if (log.logStartOffset > 0) env.emit(M.logStartMoved, log.tp, log.logStartOffset, log.logStartOffset)
}

/**
 * The scan after an unclean shutdown (`LogLoader.recoverLog`): of the segment that holds the recovery point and of those
 * behind it. At the first batch that is corrupt the log ends (`LogSegment.recover`); what lies in older segments is not read.
 */
function recover(
  env: Env,
  tp: number,
  local: LocalLog,
  checkpoints: LogCheckpoints,
  epochs: LeaderEpochFileCache,
  producers: ProducerStateManager,
  index: TransactionIndex,
  nowMs: number,
): void {
  const first = Math.max(
    0,
    local.baseOffsets.findLastIndex((base) => base <= checkpoints.recoveryPoint),
  )
  cutCorrupt(env, tp, local, index, local.baseOffsets[first] as number)
  const bases = local.baseOffsets
  for (const { leaderEpoch, baseOffset } of local.from(bases[first] as number)) {
    if (leaderEpoch > epochs.latestEpoch) epochs.assign(leaderEpoch, baseOffset)
  }
  const logStartOffset = Math.max(checkpoints.logStartOffset, local.baseOffset)
  for (let at = first; at < bases.length; at++) {
    const range = { from: bases[at] as number, to: bases[at + 1] ?? local.nextOffset }
    producers.recover(local.all, logStartOffset, range, index, nowMs)
  }
}

function cutCorrupt(env: Env, tp: number, local: LocalLog, index: TransactionIndex, from: number): void {
  const entry = local.from(from).find(({ batch }) => batch.isCorrupt === true)
  if (entry === undefined) return
  env.emit(M.corruptionFound, tp, entry.baseOffset, entry.batch.id)
  local.truncateTo(entry.baseOffset)
  index.truncateTo(entry.baseOffset)
}
