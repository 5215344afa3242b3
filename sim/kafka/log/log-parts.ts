import type { TopicConfig } from '../protocol/config/topic.ts'
import type { LeaderEpochFileCache } from './leader-epoch-cache.ts'
import type { LocalLog } from './local-log.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { TransactionIndex } from './transaction-index.ts'

/** Told what became of a log. */
export interface LogListener {
  /** It was cut: the recovery points must reach the disk (`LogManager.truncateTo`). */
  onTruncated(): void
  /** It has begun a new segment: there may be something to clean. */
  onRolled(): void
}

/** The directory that a log is in (`LogDirectory`). */
export interface LogHome {
  readonly isOnline: boolean
  /** Whether all of these operations (`IoOperation`) succeed now; if one does not, nothing does from then on. */
  admits(operations: number): boolean
}

/** Everything a log is made of; {@link loadLog} puts it together from the disk. */
export interface PartitionLogState {
  readonly tp: number
  readonly home: LogHome
  readonly local: LocalLog
  readonly epochs: LeaderEpochFileCache
  readonly producers: ProducerStateManager
  readonly index: TransactionIndex
  readonly config: TopicConfig
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly recoveryPoint: number
  /** Everything before it was cleaned. */
  readonly firstDirtyOffset: number
}
