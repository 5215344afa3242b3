import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { EndTransactionMarker, LogEntry, RecordBatch } from '../protocol/batch.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { PartitionTransactions } from './partition-transactions.ts'
import {
  emptyEntry,
  firstSeen,
  NUM_BATCHES_TO_RETAIN,
  type ProducerSnapshotEntry,
  ProducerStateEntry,
} from './producer-state-entry.ts'
import { type ProducerSnapshot, ProducerSnapshots } from './producer-snapshots.ts'
import type { TransactionIndex } from './transaction-index.ts'
import { NO_GUARD, VerificationStateEntry } from './verification-state.ts'

/** `RecordBatch.NO_TIMESTAMP`: for every clock longer ago than any producer lives. */
const LONG_AGO: number = Number.MIN_SAFE_INTEGER

const FROM_ZERO: readonly number[] = Object.freeze([0])

/** Rules about producers that a profile may have as they were. */
export interface ProducerSwitches {
  /** How many batches of a producer are remembered (`producer.state.batches`). */
  readonly retained: number
  /** Whether a transaction begins only with a valid guard (`transactionVerificationEnabled`). */
  readonly verifies: boolean
  /** Whether a producer is forgotten with its last record (before 2.4, KIP-360). */
  readonly forgetsDeleted: boolean
  /** Whether a producer's marker counts as a sign of life (KAFKA-9144). */
  readonly markersCount: boolean
}

export const CURRENT_SWITCHES: ProducerSwitches = {
  retained: NUM_BATCHES_TO_RETAIN,
  verifies: true,
  forgetsDeleted: false,
  markersCount: true,
}

/** The rules of a profile. */
export function producerSwitchesOf(profile: ClusterProfile): ProducerSwitches {
  const isGuarded = profile['transaction.version'] > 0 && profile['transaction.verification.guard'] === 'on'
  const markersCount = profile['producer.state.expiration'] === 'since-last-write'
  const forgetsDeleted = profile['producer.state.retention'] === 'with-records'
  return { retained: profile['producer.state.batches'], verifies: isGuarded, forgetsDeleted, markersCount }
}

/** How a broker keeps the state of producers: settings and switches. */
export interface ProducerRules extends ProducerSwitches {
  /** `producer.id.expiration.ms` */
  readonly expirationMs: number
}

/**
 * What a partition knows of the idempotent producers that wrote to it (`ProducerStateManager`). It lives in memory; on disk
 * there are snapshots from starts, truncations and clean shutdowns, and the log to replay.
 */
export class ProducerStateManager {
  readonly transactions: PartitionTransactions = new PartitionTransactions()
  private readonly producers: Map<number, ProducerStateEntry> = new Map()
  /** The producer asked for last: often the next one too. */
  private recent: ProducerStateEntry | undefined = undefined
  private readonly snapshots: ProducerSnapshots
  private readonly rules: ProducerRules
  /** By producer id: which transactions the coordinator is asked about. */
  private readonly verifications: Map<number, VerificationStateEntry> = new Map()
  private guards = NO_GUARD

  constructor(snapshotFiles: AtomicFile<readonly ProducerSnapshot[]>, rules: ProducerRules) {
    this.snapshots = new ProducerSnapshots(snapshotFiles)
    this.rules = rules
  }

  /** Whether a producer is forgotten with its last record, and then has to begin anew. */
  get forgetsDeleted(): boolean {
    return this.rules.forgetsDeleted
  }

  /** The log begins at the offset: before 2.4 whose records all lie before it is forgotten (`truncateHead`). */
  onStart(logStartOffset: number): void {
    if (!this.rules.forgetsDeleted) return
    for (const [id, entry] of this.producers) {
      if (entry.currentTxnFirstOffset < 0 && entry.newestOffset < logStartOffset) this.producers.delete(id)
    }
    this.recent = undefined
  }

  /** Number of known producer ids. */
  get size(): number {
    return this.producers.size
  }

  lastEntry(producerId: number): ProducerStateEntry | undefined {
    if (this.recent === undefined || this.recent.producerId !== producerId) this.recent = this.producers.get(producerId)
    return this.recent
  }

  /**
   * Remembers a written batch, as leader after the checks or as follower without any. Returns the first offset of the
   * transaction that it ends; -1 = it ends none.
   */
  update(batch: RecordBatch, baseOffset: number): number {
    const entry = this.lastEntry(batch.producerId)
    if (batch.isTransactional) return this.updateTransaction(entry, batch, baseOffset)
    if (entry === undefined) this.add(firstSeen(batch, baseOffset))
    else entry.add(batch, baseOffset)
    return -1
  }

  /** `ProducerAppendInfo.append` of what belongs to a transaction: it ends what was asked about it. */
  private updateTransaction(known: ProducerStateEntry | undefined, batch: RecordBatch, baseOffset: number): number {
    const { producerId, marker } = batch
    this.verifications.delete(producerId)
    if (marker !== null) return this.end(known ?? this.add(emptyEntry(batch)), batch, marker)
    const entry = known ?? this.add(firstSeen(batch, baseOffset))
    if (known !== undefined) entry.add(batch, baseOffset)
    if (entry.currentTxnFirstOffset >= 0) return -1
    entry.currentTxnFirstOffset = baseOffset
    this.transactions.begin(producerId, baseOffset)
    return -1
  }

  private end(entry: ProducerStateEntry, batch: RecordBatch, marker: EndTransactionMarker): number {
    const { lastTimestamp } = entry
    const firstOffset = entry.endTransaction(batch, marker)
    // Before 2.5 the time was that of the last batch remembered, and without one long ago.
    if (!this.rules.markersCount) entry.lastTimestamp = entry.isEmpty ? LONG_AGO : lastTimestamp
    return firstOffset
  }

  private add(snapshot: ProducerSnapshotEntry): ProducerStateEntry {
    const entry = new ProducerStateEntry(snapshot, this.rules.retained)
    this.producers.set(entry.producerId, entry)
    return entry
  }

  /**
   * Forgets producers whose last batch or marker is `producer.id.expiration.ms` old or older by its timestamp, and
   * verifications as old. Whose transaction is open stays.
   */
  removeExpired(nowMs: number): void {
    const { expirationMs } = this.rules
    for (const [id, entry] of this.producers) {
      if (entry.currentTxnFirstOffset < 0 && nowMs - entry.lastTimestamp >= expirationMs) this.producers.delete(id)
    }
    this.recent = undefined
    for (const [id, { timestamp }] of this.verifications) {
      if (nowMs - timestamp >= expirationMs) this.verifications.delete(id)
    }
  }

  // --- verification -------------------------------------------------------------------------------------------------

  verification(producerId: number): VerificationStateEntry | undefined {
    return this.verifications.get(producerId)
  }

  /** `UnifiedLog.hasOngoingTransaction`: the producer has written to its transaction here, which has not ended. */
  hasOngoing(producerId: number, producerEpoch: number): boolean {
    const entry = this.lastEntry(producerId)
    return entry !== undefined && entry.currentTxnFirstOffset >= 0 && entry.producerEpoch === producerEpoch
  }

  /**
   * A batch that may begin a transaction waits for the coordinator (`maybeStartTransactionVerification`): returns the guard
   * that its append must bring along, the same for all that wait; `NO_GUARD` where the transaction is open already.
   */
  startVerification(
    producerId: number,
    sequence: number,
    producerEpoch: number,
    supportsEpochBump: boolean,
    nowMs: number,
  ): number {
    if (this.hasOngoing(producerId, producerEpoch)) return NO_GUARD
    let entry = this.verifications.get(producerId)
    if (entry === undefined) {
      entry = new VerificationStateEntry(++this.guards, nowMs, sequence, producerEpoch, supportsEpochBump)
      this.verifications.set(producerId, entry)
    }
    entry.note(sequence, producerEpoch)
    return entry.guard
  }

  /** Whether a transactional batch goes on with an open transaction, or its guard is still the one that was given. */
  mayWriteTransaction(batch: RecordBatch, guard: number): boolean {
    if (!this.rules.verifies || this.hasOngoing(batch.producerId, batch.producerEpoch)) return true
    return guard !== NO_GUARD && this.verifications.get(batch.producerId)?.guard === guard
  }

  // --- disk ---------------------------------------------------------------------------------------------------------

  /** Writes the snapshot unless one of this offset (or of an empty log) would say the same (`takeSnapshot`). */
  takeSnapshot(logStartOffset: number, logEndOffset: number): void {
    if (this.snapshots.isTaken(logStartOffset, logEndOffset)) return
    const producers = [...this.producers.values()].map((entry) => entry.snapshot())
    this.snapshots.add({ offset: logEndOffset, producers })
  }

  /**
   * Builds the state that belongs to a log of `[logStartOffset, logEndOffset)`: from the latest snapshot in range, then from
   * the batches behind it, and takes a snapshot at the end (`UnifiedLog.rebuildProducerState` on load). So what is cut off
   * later, or read again, finds only the last batch of each producer up to there.
   */
  load(
    entries: readonly LogEntry[],
    logStartOffset: number,
    logEndOffset: number,
    nowMs: number,
    baseOffsets: readonly number[] = FROM_ZERO,
  ): void {
    this.snapshots.removeStray(baseOffsets)
    const replayFrom = this.loadSnapshot(logStartOffset, logEndOffset, nowMs)
    this.replay(entries, replayFrom, null)
    this.takeSnapshot(logStartOffset, logEndOffset)
  }

  /**
   * The same after the log was cut. Where no producer was known before, none is looked for
   * (`UnifiedLog.rebuildProducerState`, isEmptyBeforeTruncation): expired ones do not come back.
   */
  truncate(entries: readonly LogEntry[], logStartOffset: number, logEndOffset: number, nowMs: number): void {
    const wasEmpty = this.producers.size === 0 && !this.transactions.hasUnreplicated
    const replayFrom = this.loadSnapshot(logStartOffset, logEndOffset, nowMs)
    if (!wasEmpty) this.replay(entries, replayFrom, null)
    this.takeSnapshot(logStartOffset, logEndOffset)
  }

  /**
   * The scan of a segment after an unclean shutdown: reads it and takes a snapshot at its end, from which the state is
   * then loaded, so that only the last batch of each producer is remembered (`LogLoader.recoverSegment`). Fills the
   * transaction index.
   */
  recover(
    entries: readonly LogEntry[],
    logStartOffset: number,
    segment: { readonly from: number; readonly to: number },
    index: TransactionIndex | null,
    nowMs: number,
  ): void {
    const { from, to } = segment
    index?.truncateTo(from)
    const replayFrom = this.loadSnapshot(logStartOffset, from, nowMs)
    this.replay(entries, replayFrom, null, from)
    this.replay(entries, from, index, to)
    this.takeSnapshot(logStartOffset, to)
  }

  /** See {@link ProducerSnapshots.deleteBefore}. */
  deleteSnapshots(logStartOffset: number): void {
    this.snapshots.deleteBefore(logStartOffset)
  }

  /** Forgets everything, the snapshots too. */
  clear(): void {
    this.forgetAll()
    this.snapshots.clear()
  }

  /** Takes the snapshot's producers that are not expired; returns the offset from which the log must be replayed. */
  private loadSnapshot(logStartOffset: number, logEndOffset: number, nowMs: number): number {
    const snapshot = this.snapshots.latestInRange(logStartOffset, logEndOffset)
    this.forgetAll()
    if (snapshot === null) return logStartOffset
    for (const producer of snapshot.producers) this.loadEntry(producer)
    this.removeExpired(nowMs)
    return snapshot.offset
  }

  /** `loadProducerEntry` */
  private loadEntry(snapshot: ProducerSnapshotEntry): void {
    const { producerId, currentTxnFirstOffset } = this.add(snapshot)
    if (currentTxnFirstOffset >= 0) this.transactions.begin(producerId, currentTxnFirstOffset)
  }

  private forgetAll(): void {
    this.producers.clear()
    this.recent = undefined
    this.transactions.clear()
  }

  private replay(
    entries: readonly LogEntry[],
    fromOffset: number,
    index: TransactionIndex | null,
    toOffset: number = Number.MAX_SAFE_INTEGER,
  ): void {
    for (const { batch, baseOffset } of entries) {
      if (baseOffset < fromOffset || baseOffset >= toOffset || batch.producerId < 0) continue
      const firstOffset = this.update(batch, baseOffset)
      if (firstOffset >= 0) this.complete(batch, firstOffset, baseOffset, index)
    }
  }

  /**
   * A marker ended the transaction that began at `firstOffset` (`completeTxn`); if it aborts it, the index notes that
   * (`LogSegment.updateTxnIndex`).
   */
  complete(batch: RecordBatch, firstOffset: number, lastOffset: number, index: TransactionIndex | null): void {
    const { producerId, marker } = batch
    const lastStableOffset = this.transactions.complete(firstOffset, lastOffset)
    if (marker?.type === 'ABORT') index?.append({ producerId, firstOffset, lastOffset, lastStableOffset })
  }
}
