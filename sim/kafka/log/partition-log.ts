import { M } from '../../history/catalogue.ts'
import { APPENDED_AS_LEADER } from '../../history/ids.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { Errors } from '../protocol/errors.ts'
import { AppendLimits } from './append-limits.ts'
import { AppendResult } from './append-result.ts'
import type { EpochEndOffset, LeaderEpochFileCache } from './leader-epoch-cache.ts'
import type { LocalLog } from './local-log.ts'
import { LogFlushing } from './log-flushing.ts'
import { LogIo } from './log-io.ts'
import { tellAppended, tellDeduplicated } from './log-moments.ts'
import type { LogListener, PartitionLogState } from './log-parts.ts'
import { LogTransactions } from './log-transactions.ts'
import { LogUpkeep, type UpkeptLog } from './log-upkeep.ts'
import { type AppendOrigin, validateProducer, validateTransactional } from './append-validation.ts'
import { isAppendable } from './follower-append.ts'
import type { ProducerStateManager } from './producer-state.ts'
import { NO_GUARD } from './verification-state.ts'

const NOTHING: readonly LogEntry[] = Object.freeze([])

/**
 * A replica's log (`UnifiedLog`): batches at their offsets, the high watermark, leader epochs and producer state. Rules
 * that need to know who leads are the partition's, not the log's.
 */
export class PartitionLog implements UpkeptLog {
  readonly tp: number
  readonly transactions: LogTransactions
  readonly upkeep: LogUpkeep
  readonly io: LogIo
  private readonly env: Env
  private readonly local: LocalLog
  private readonly flushing: LogFlushing
  private readonly epochs: LeaderEpochFileCache
  private readonly producers: ProducerStateManager
  private readonly listener: LogListener
  private readonly result: AppendResult = new AppendResult()
  private start: number
  private end: number
  private high: number
  private limits: AppendLimits

  constructor(env: Env, state: PartitionLogState, listener: LogListener) {
    this.env = env
    this.tp = state.tp
    this.local = state.local
    this.io = new LogIo(env, state.home, state.local)
    this.epochs = state.epochs
    this.producers = state.producers
    this.transactions = new LogTransactions(env, state.local.all, state.producers, state.index)
    this.listener = listener
    this.start = state.logStartOffset
    this.end = state.logEndOffset
    this.high = state.highWatermark
    this.flushing = new LogFlushing(env, state.tp, state.local, this.io, state.recoveryPoint)
    this.upkeep = new LogUpkeep(env, this, state)
    this.limits = new AppendLimits(state.config)
    this.configure(state.config)
    if (this.transactions.present) this.transactions.settle(this.high, this.start)
  }

  /** Takes over changed topic settings. */
  configure(config: TopicConfig): void {
    this.upkeep.configure(config)
    this.limits = new AppendLimits(config)
    this.flushing.configure(config)
  }

  get logStartOffset(): number {
    return this.start
  }

  /** Offset of the next record to be written. */
  get logEndOffset(): number {
    return this.end
  }

  get highWatermark(): number {
    return this.high
  }

  /**
   * Readers of committed records stop here (`UnifiedLog.lastStableOffset`): at the high watermark, or below it where a
   * transaction begins that is open or whose marker is not replicated.
   */
  get lastStableOffset(): number {
    const { firstUnstable } = this.transactions
    return firstUnstable >= 0 && firstUnstable < this.high ? firstUnstable : this.high
  }

  /** See {@link LogFlushing.recoveryPoint}. */
  get recoveryPoint(): number {
    return this.flushing.recoveryPoint
  }

  /** Leader epoch of the last entry of the epoch cache; -1 when no epoch is known. */
  get latestEpoch(): number {
    return this.epochs.latestEpoch
  }

  // --- appending ----------------------------------------------------------------------------------------------------

  /**
   * Appends a batch at the log's end under the leader's epoch, or finds that it must not or need not be. Codes INVALID_RECORD,
   * MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE, and for markers
   * TRANSACTION_COORDINATOR_FENCED; KAFKA_STORAGE_ERROR where the disk fails. The result is valid until the next call.
   *
   * @param guard what {@link LogTransactions.startVerification} gave for a transactional batch that was verified, else `NO_GUARD`
   * @param transactionVersion of a marker, where the coordinator's word for it counts (KIP-1228), else 0
   */
  appendAsLeader(
    batch: RecordBatch,
    leaderEpoch: number,
    origin: AppendOrigin = 'CLIENT',
    guard: number = NO_GUARD,
    transactionVersion = 0,
  ): AppendResult {
    const count = batch.records.length
    const refusal = this.limits.refusalOf(batch)
    if (refusal !== Errors.NONE) return this.result.refused(refusal)
    if (!this.io.admitsAppend()) return this.result.refused(Errors.KAFKA_STORAGE_ERROR)
    const baseOffset = this.end
    this.epochs.assign(leaderEpoch, baseOffset)
    if (batch.size > this.limits.segmentBytes) return this.result.refused(Errors.RECORD_LIST_TOO_LARGE)
    // Before the producer is looked at: a duplicate too may begin a segment.
    this.maybeRoll(batch)
    if (batch.producerId >= 0) {
      const producer = this.producers.lastEntry(batch.producerId)
      const duplicate = producer === undefined || origin !== 'CLIENT' ? -1 : producer.findDuplicate(batch)
      if (producer !== undefined && duplicate >= 0) {
        return this.deduplicated(batch, producer.baseOffset(duplicate), producer.lastOffset(duplicate))
      }
      const errorCode = batch.isTransactional
        ? validateTransactional(this.producers, batch, origin, guard, transactionVersion)
        : validateProducer(producer, batch, this.producers.forgetsDeleted)
      if (errorCode !== Errors.NONE) return this.result.refused(errorCode)
    }
    const lastOffset = baseOffset + count - 1
    if (!this.write({ baseOffset, lastOffset, leaderEpoch, batch }, APPENDED_AS_LEADER))
      return this.result.refused(Errors.KAFKA_STORAGE_ERROR)
    return this.result.accepted(baseOffset, lastOffset, false)
  }

  /**
   * Appends fetched batches verbatim. From the first batch on whose leader epoch is above the one the fetch was made under,
   * everything is dropped (KAFKA-18723). Returns the number of batches appended, -1 when there is one that must not be
   * (see {@link isAppendable}), or -2 when the disk fails.
   */
  appendAsFollower(entries: readonly LogEntry[], fetchedUnderEpoch: number): number {
    if (!isAppendable(this.env, this.tp, this.end, entries, fetchedUnderEpoch)) return -1
    if (!this.io.admitsAppend()) return -2
    let appended = 0
    for (; appended < entries.length; appended++) {
      const entry = entries[appended] as LogEntry
      if (entry.leaderEpoch > fetchedUnderEpoch) break
      this.epochs.assign(entry.leaderEpoch, entry.baseOffset)
      this.maybeRoll(entry.batch)
      if (!this.write(entry, 0)) return -2
    }
    return appended
  }

  /** False: it is written, and the flush that was due has failed. */
  private write(entry: LogEntry, asLeader: number): boolean {
    const { batch, baseOffset } = entry
    this.local.append(entry)
    this.end = entry.lastOffset + 1
    if (batch.producerId >= 0) {
      const firstOffset = this.producers.update(batch, baseOffset)
      if (batch.isTransactional) this.transactions.onWritten(batch, firstOffset, baseOffset, this.start)
    }
    tellAppended(this.env, this.tp, entry, asLeader)
    return this.flushing.afterAppend(this.end)
  }

  private maybeRoll(batch: RecordBatch): void {
    if (this.local.shouldRoll(batch.size, batch.maxTimestamp, this.limits)) this.roll()
  }

  /** `UnifiedLog.roll`: the next batch begins a segment; the one before is flushed, and what is known of producers kept. */
  roll(): void {
    this.local.roll()
    this.producers.takeSnapshot(this.start, this.end)
    this.transactions.index.flush()
    this.env.emit(M.logRolled, this.tp, this.end)
    this.flush()
    this.listener.onRolled()
  }

  private deduplicated(batch: RecordBatch, baseOffset: number, lastOffset: number): AppendResult {
    tellDeduplicated(this.env, this.tp, batch, baseOffset, lastOffset)
    return this.result.accepted(baseOffset, lastOffset, true)
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  /**
   * Whole batches from the one that holds `fromOffset` on, up to `maxBytes` and only those that end before `upToOffset`.
   * The first is returned even when it is larger than `maxBytes`, unless `atLeastOne` is false
   * (`ReplicaManager.readFromLog`, minOneMessage). Offsets out of range are the caller's to refuse.
   */
  read(fromOffset: number, maxBytes: number, upToOffset: number, atLeastOne = true): readonly LogEntry[] {
    if (fromOffset >= upToOffset || fromOffset >= this.end) return NOTHING
    return this.local.read(fromOffset, maxBytes, upToOffset, atLeastOne)
  }

  /** Every batch from the log's start on, of all segments. */
  allEntries(): readonly LogEntry[] {
    return this.local.from(this.start)
  }

  /** Bytes of the batches from the one that holds `fromOffset` up to `upToOffset`: what `fetch.min.bytes` is measured with. */
  bytesBetween(fromOffset: number, upToOffset: number): number {
    return fromOffset >= upToOffset ? 0 : this.local.bytesBetween(fromOffset, upToOffset)
  }

  // --- epochs -------------------------------------------------------------------------------------------------------

  /** A leader epoch begins at this offset though nothing is written yet (`maybeAssignEpochStartOffset`). */
  assignEpochStartOffset(leaderEpoch: number, startOffset: number): void {
    this.epochs.assign(leaderEpoch, startOffset)
  }

  /** Where an epoch ends here; see {@link LeaderEpochFileCache.endOffsetFor}. */
  endOffsetForEpoch(leaderEpoch: number): EpochEndOffset {
    return this.epochs.endOffsetFor(leaderEpoch, this.end)
  }

  // --- offsets ------------------------------------------------------------------------------------------------------

  /**
   * Sets the high watermark, kept between the log's start and end. `epoch` and `isLeader` tell under which leadership; the
   * caller obeys the rules of when it may move.
   */
  setHighWatermark(offset: number, epoch: number, isLeader: boolean): void {
    const high = offset < this.start ? this.start : offset > this.end ? this.end : offset
    if (high === this.high) return
    this.high = high
    if (this.transactions.present) this.transactions.settle(high, this.start)
    this.env.emit(M.hwAdvanced, this.tp, high, epoch, isLeader ? 1 : 0)
  }

  /**
   * Nothing before the offset is served any more (`maybeIncrementLogStartOffset`): segments were deleted, or the leader's log
   * begins later than ours. Not above the high watermark. The state of producers stays (KIP-360).
   */
  incrementLogStartOffset(offset: number): void {
    if (offset <= this.start || offset > this.high) return
    this.env.emit(M.logStartMoved, this.tp, offset, this.start)
    this.start = offset
    this.flushing.onStart(offset)
    this.epochs.truncateFromStart(offset)
    this.producers.onStart(offset)
    if (this.transactions.present) this.transactions.settle(offset, offset)
  }

  /** Whether there is more than the active segment. */
  get hasSegments(): boolean {
    return this.local.baseOffsets.length > 1
  }

  /**
   * Drops everything from `offset` on; a batch that holds it goes as a whole. Leader epochs that began at the end are
   * dropped even when no record is (`UnifiedLog.truncateTo`). The high watermark falls to the end. Returns the new end. Where
   * the disk fails nothing changes.
   */
  truncateTo(offset: number): number {
    const before = this.end
    if (!this.io.admitsWrite()) return before
    if (offset >= before) {
      this.epochs.truncateFromEnd(before)
      return before
    }
    if (offset < this.local.baseOffset) {
      this.truncateFullyAndStartAt(offset)
      return offset
    }
    this.local.truncateTo(offset)
    this.end = this.local.nextOffset
    this.epochs.truncateFromEnd(this.end)
    this.start = Math.min(this.start, this.end)
    this.transactions.index.truncateTo(this.end)
    this.producers.truncate(this.local.all, this.start, this.end, this.nowMs())
    this.afterTruncation(before)
    return this.end
  }

  /** Drops everything; the log is empty and goes on at `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    if (!this.io.admitsWrite()) return
    const before = this.end
    this.local.startAt(offset)
    this.start = offset
    this.end = offset
    this.epochs.clear()
    this.transactions.index.clear()
    this.producers.clear()
    this.afterTruncation(before)
  }

  private afterTruncation(endBefore: number): void {
    this.flushing.onTruncated(this.end)
    this.upkeep.onTruncated(this.end)
    this.env.emit(M.logTruncated, this.tp, this.end, endBefore)
    // `UnifiedLog.truncateTo` looks at the high watermark only where the cut has reached it; else the next move does.
    if (this.transactions.present && this.high >= this.end) this.transactions.settle(this.end, this.start)
    this.setHighWatermark(this.high, this.epochs.latestEpoch, false)
    this.listener.onTruncated()
  }

  // --- disk ---------------------------------------------------------------------------------------------------------

  /** Makes all records durable. */
  flush(): void {
    this.flushing.flush(this.end)
  }

  /** See {@link LogFlushing.interval}. */
  get flushInterval(): number {
    return this.flushing.interval
  }

  /** See {@link LogFlushing.flushIfDue}. */
  flushIfDue(): void {
    this.flushing.flushIfDue(this.end)
  }

  /** Forgets producers that have been idle for `producer.id.expiration.ms`. */
  removeExpiredProducers(): void {
    this.producers.removeExpired(this.nowMs())
  }

  /** Part of a clean shutdown: everything durable, and what is known of producers kept for the next start. */
  close(): void {
    this.flush()
    if (!this.io.admitsWrite()) return
    this.transactions.index.flush()
    this.producers.takeSnapshot(this.start, this.end)
  }

  /** The node's wall clock in whole milliseconds, as Kafka compares it with record timestamps. */
  private nowMs(): number {
    return Math.floor(this.env.wallClock() / MILLISECOND)
  }
}
