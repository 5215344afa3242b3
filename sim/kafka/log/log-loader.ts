import { M } from '../../history/catalogue.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { LeaderEpochFileCache } from './leader-epoch-cache.ts'
import type { LogFiles } from './log-files.ts'
import { LogSegment } from './log-segment.ts'
import { PartitionLog, type TruncationListener } from './partition-log.ts'
import { type ProducerRules, ProducerStateManager } from './producer-state.ts'
import { TransactionIndex } from './transaction-index.ts'

/** What the broker's checkpoint files say of a partition; 0 where they say nothing. */
export interface LogCheckpoints {
  readonly recoveryPoint: number
  readonly highWatermark: number
  readonly logStartOffset: number
}

export interface LoadOptions {
  readonly config: TopicConfig
  readonly producerRules: ProducerRules
  /** Whether the broker was stopped in good order (`.kafka_cleanshutdown`). */
  readonly hadCleanShutdown: boolean
  readonly checkpoints: LogCheckpoints
}

/**
 * Builds a log from what its files hold (`LogLoader.load`). After an unclean shutdown the segment is scanned: a torn batch
 * is cut off, epochs and producers are read from the batches. The high watermark comes from the checkpoint and is mostly
 * behind the one that was known before. Loading takes no simulated time.
 */
export function loadLog(
  env: Env,
  tp: number,
  files: LogFiles,
  options: LoadOptions,
  listener: TruncationListener,
): PartitionLog {
  const { checkpoints, hadCleanShutdown } = options
  const segment = new LogSegment(files.segment, files.segmentBaseOffset)
  const epochs = new LeaderEpochFileCache(files.leaderEpochs)
  const producers = new ProducerStateManager(files.producerSnapshots, options.producerRules)
  const index = new TransactionIndex(files.transactionIndex)
  if (!hadCleanShutdown) recover(files, segment, epochs, producers, index)

  // A disk that lost more than the checkpoint knows of: the log goes on where it said that it starts.
  if (segment.nextOffset < checkpoints.logStartOffset) {
    segment.startAt(checkpoints.logStartOffset)
    epochs.clear()
    producers.clear()
    index.clear()
  }
  const logEndOffset = segment.nextOffset
  const logStartOffset = Math.max(checkpoints.logStartOffset, segment.baseOffset)
  epochs.truncateFromEnd(logEndOffset)
  epochs.truncateFromStart(logStartOffset)
  producers.load(segment.all, logStartOffset, logEndOffset, Math.floor(env.wallClock() / MILLISECOND))
  return new PartitionLog(
    env,
    {
      tp,
      segment,
      epochs,
      producers,
      index,
      config: options.config,
      logStartOffset,
      logEndOffset,
      highWatermark: Math.min(Math.max(checkpoints.highWatermark, logStartOffset), logEndOffset),
      recoveryPoint: hadCleanShutdown ? logEndOffset : Math.min(checkpoints.recoveryPoint, logEndOffset),
    },
    listener,
  )
}

/** Tells of a log that was there before its broker started. */
export function emitLoaded(env: Env, log: PartitionLog, hadCleanShutdown: boolean): void {
  env.emit(M.logLoaded, log.tp, log.logEndOffset, log.highWatermark, hadCleanShutdown ? 1 : 0)
}

/**
 * The scan of an unclean segment (`LogLoader.recoverSegment`). Kafka scans from the segment that holds the recovery point;
 * with one segment that is all of it.
 */
function recover(
  files: LogFiles,
  segment: LogSegment,
  epochs: LeaderEpochFileCache,
  producers: ProducerStateManager,
  index: TransactionIndex,
): void {
  files.segment.cutTornTail()
  for (const { leaderEpoch, baseOffset } of segment.all) {
    if (leaderEpoch > epochs.latestEpoch) epochs.assign(leaderEpoch, baseOffset)
  }
  producers.recover(segment.all, segment.baseOffset, segment.nextOffset, index)
}
