import type { AtomicFile } from '../../storage/atomic-file.ts'
import { incrementSequence, lastSequence, type LogEntry, type RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { NUM_BATCHES_TO_RETAIN, type ProducerSnapshotEntry, ProducerStateEntry } from './producer-state-entry.ts'

/** A partition's producers as of an offset, as the snapshot file holds them. */
export interface ProducerSnapshot {
  /** The log's end when it was taken. */
  readonly offset: number
  readonly producers: readonly ProducerSnapshotEntry[]
}

const NONE: readonly ProducerSnapshot[] = Object.freeze([])

/**
 * What a partition knows of the idempotent producers that wrote to it (`ProducerStateManager`). It lives in memory; on disk
 * there are snapshots from starts, truncations and clean shutdowns, and the log to replay.
 */
export class ProducerStateManager {
  private readonly producers: Map<number, ProducerStateEntry> = new Map()
  /** The producer asked for last: often the next one too. */
  private recent: ProducerStateEntry | undefined = undefined
  /** The snapshot files of the partition, by offset. */
  private readonly snapshotFiles: AtomicFile<readonly ProducerSnapshot[]>
  /** `producer.id.expiration.ms` */
  private readonly expirationMs: number
  /** How many batches of a producer are remembered. */
  private readonly retained: number

  constructor(
    snapshotFiles: AtomicFile<readonly ProducerSnapshot[]>,
    expirationMs: number,
    retained: number = NUM_BATCHES_TO_RETAIN,
  ) {
    this.snapshotFiles = snapshotFiles
    this.expirationMs = expirationMs
    this.retained = retained
  }

  /** Number of known producer ids. */
  get size(): number {
    return this.producers.size
  }

  lastEntry(producerId: number): ProducerStateEntry | undefined {
    if (this.recent === undefined || this.recent.producerId !== producerId) this.recent = this.producers.get(producerId)
    return this.recent
  }

  /** Remembers a written batch, as leader after the checks or as follower without any. */
  update(batch: RecordBatch, baseOffset: number): void {
    const entry = this.lastEntry(batch.producerId)
    if (entry === undefined)
      this.producers.set(batch.producerId, new ProducerStateEntry(firstSeen(batch, baseOffset), this.retained))
    else entry.add(batch, baseOffset)
  }

  /** Forgets producers whose last batch is `producer.id.expiration.ms` old or older by its record timestamps. */
  removeExpired(nowMs: number): void {
    for (const [id, entry] of this.producers) {
      if (nowMs - entry.lastTimestamp >= this.expirationMs) this.producers.delete(id)
    }
    this.recent = undefined
  }

  // --- disk ---------------------------------------------------------------------------------------------------------

  /** Writes the snapshot unless one of this offset (or of an empty log) would say the same (`takeSnapshot`). */
  takeSnapshot(logStartOffset: number, logEndOffset: number): void {
    const known = this.snapshotFiles.read() ?? NONE
    if (logEndOffset <= (known.at(-1)?.offset ?? logStartOffset)) return
    const producers = [...this.producers.values()].map((entry) => entry.snapshot())
    this.snapshotFiles.write([...known, { offset: logEndOffset, producers }])
  }

  /**
   * Builds the state that belongs to a log of `[logStartOffset, logEndOffset)`: from the latest snapshot in range, then from
   * the batches behind it, and takes a snapshot at the end (`UnifiedLog.rebuildProducerState` on load). So what is cut off
   * later, or read again, finds only the last batch of each producer up to there.
   */
  load(entries: readonly LogEntry[], logStartOffset: number, logEndOffset: number, nowMs: number): void {
    this.removeStraySnapshots()
    const replayFrom = this.loadSnapshot(logStartOffset, logEndOffset, nowMs)
    this.replay(entries, replayFrom)
    this.takeSnapshot(logStartOffset, logEndOffset)
  }

  /**
   * The same after the log was cut. Where no producer was known before, none is looked for
   * (`UnifiedLog.rebuildProducerState`, isEmptyBeforeTruncation): expired ones do not come back.
   */
  truncate(entries: readonly LogEntry[], logStartOffset: number, logEndOffset: number, nowMs: number): void {
    const wasEmpty = this.producers.size === 0
    const replayFrom = this.loadSnapshot(logStartOffset, logEndOffset, nowMs)
    if (!wasEmpty) this.replay(entries, replayFrom)
    this.takeSnapshot(logStartOffset, logEndOffset)
  }

  /**
   * The scan after an unclean shutdown: reads the whole segment and takes a snapshot at its end, from which the state is
   * then loaded, so that only the last batch of each producer is remembered (`LogLoader.recoverSegment`).
   */
  recover(entries: readonly LogEntry[], logStartOffset: number, logEndOffset: number): void {
    this.clear()
    this.replay(entries, logStartOffset)
    this.takeSnapshot(logStartOffset, logEndOffset)
  }

  /** Forgets everything, the snapshots too. */
  clear(): void {
    this.forgetAll()
    this.snapshotFiles.remove()
  }

  /** Takes the snapshot's producers that are not expired; returns the offset from which the log must be replayed. */
  private loadSnapshot(logStartOffset: number, logEndOffset: number, nowMs: number): number {
    const snapshot = this.latestInRange(logStartOffset, logEndOffset)
    this.forgetAll()
    if (snapshot === null) return logStartOffset
    for (const producer of snapshot.producers)
      this.producers.set(producer.producerId, new ProducerStateEntry(producer, this.retained))
    this.removeExpired(nowMs)
    return snapshot.offset
  }

  private forgetAll(): void {
    this.producers.clear()
    this.recent = undefined
  }

  private replay(entries: readonly LogEntry[], fromOffset: number): void {
    for (const { batch, baseOffset } of entries) {
      if (baseOffset >= fromOffset && batch.producerId >= 0) this.update(batch, baseOffset)
    }
  }

  /** With one segment only the latest is worth keeping. */
  private removeStraySnapshots(): void {
    const all = this.snapshotFiles.read()
    if (all !== null && all.length > 1) this.snapshotFiles.write(all.slice(-1))
  }

  /** The latest snapshot, after those out of range were deleted (`truncateAndReload`). */
  private latestInRange(logStartOffset: number, logEndOffset: number): ProducerSnapshot | null {
    const all = this.snapshotFiles.read() ?? NONE
    const inRange = all.filter(({ offset }) => offset <= logEndOffset && offset > logStartOffset)
    if (inRange.length < all.length) this.snapshotFiles.write(inRange)
    return inRange.at(-1) ?? null
  }
}

/**
 * The checks of a client's non-transactional batch that is no duplicate (`ProducerAppendInfo.maybeValidateDataBatch`):
 * the error code, or NONE. A producer id nobody knows may begin with any sequence.
 */
export function validateProducer(entry: ProducerStateEntry | undefined, batch: RecordBatch): number {
  if (entry === undefined) return Errors.NONE
  if (batch.producerEpoch < entry.producerEpoch) return Errors.INVALID_PRODUCER_EPOCH
  const expected = batch.producerEpoch > entry.producerEpoch ? 0 : incrementSequence(entry.lastSequence, 1)
  return batch.baseSequence === expected ? Errors.NONE : Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
}

function firstSeen(batch: RecordBatch, baseOffset: number): ProducerSnapshotEntry {
  return {
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    firstSequence: batch.baseSequence,
    lastSequence: lastSequence(batch),
    baseOffset,
    lastOffset: baseOffset + batch.records.length - 1,
    lastTimestamp: batch.maxTimestamp,
  }
}
