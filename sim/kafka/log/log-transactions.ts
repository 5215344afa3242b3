import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import type { TxnMetadata } from './partition-transactions.ts'
import type { ProducerStateManager } from './producer-state.ts'
import type { AbortedTxn, TransactionIndex } from './transaction-index.ts'

/** What transactions make of a log (the part of `UnifiedLog` that is about them). */
export class LogTransactions {
  readonly index: TransactionIndex
  /** First offset of the first transaction that is open or whose marker is not replicated; -1 = none. */
  firstUnstable = -1
  /** A transaction has written to the log, in this life of the broker or before. */
  present: boolean
  private readonly env: Env
  private readonly producers: ProducerStateManager

  constructor(env: Env, entries: readonly LogEntry[], producers: ProducerStateManager, index: TransactionIndex) {
    this.env = env
    this.producers = producers
    this.index = index
    this.present = entries.some(({ batch }) => batch.isTransactional)
  }

  /** A transactional batch is in the log; `firstOffset` is that of the transaction it ended, or -1. */
  onWritten(batch: RecordBatch, firstOffset: number, lastOffset: number, logStartOffset: number): void {
    this.present = true
    if (firstOffset >= 0) this.producers.complete(batch, firstOffset, lastOffset, this.index)
    this.advance(logStartOffset)
  }

  /** Markers below the offset are replicated, or before the start of the log: what they ended is stable. */
  settle(offset: number, logStartOffset: number): void {
    this.producers.transactions.replicatedUpTo(offset)
    this.advance(logStartOffset)
  }

  /** `maybeIncrementFirstUnstableOffset` */
  private advance(logStartOffset: number): void {
    const first = this.producers.transactions.firstUnstable
    this.firstUnstable = first < 0 ? -1 : Math.max(first, logStartOffset)
  }

  /**
   * A batch that may begin a transaction waits for the coordinator: see {@link ProducerStateManager.startVerification}.
   * `NO_GUARD` = there is nothing to ask.
   */
  startVerification(producerId: number, sequence: number, producerEpoch: number, supportsEpochBump: boolean): number {
    return this.producers.startVerification(producerId, sequence, producerEpoch, supportsEpochBump, this.nowMs())
  }

  /** See {@link TransactionIndex.collect}. */
  aborted(fetchOffset: number, upperBoundOffset: number): readonly AbortedTxn[] {
    return this.index.collect(fetchOffset, upperBoundOffset)
  }

  /** The open transaction that began first. */
  get oldest(): TxnMetadata | undefined {
    return this.producers.transactions.oldest
  }

  /** Whether the producer of the oldest open transaction has written nothing for longer than this (`hasLateTransaction`). */
  isLate(limitMs: number): boolean {
    const { oldest } = this
    const entry = oldest === undefined ? undefined : this.producers.lastEntry(oldest.producerId)
    return entry !== undefined && this.nowMs() - entry.lastTimestamp > limitMs
  }

  /** Epoch of a producer as the log knows it; -1 = it does not. */
  producerEpoch(producerId: number): number {
    return this.producers.lastEntry(producerId)?.producerEpoch ?? -1
  }

  private nowMs(): number {
    return Math.floor(this.env.wallClock() / MILLISECOND)
  }
}
