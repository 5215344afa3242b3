import type { TimerHandle } from '../../kernel/kernel.ts'
import { MILLISECOND, ms } from '../../kernel/time.ts'
import { BrokerTimer } from '../broker/timers.ts'
import { BATCH_OVERHEAD, type EndTransactionMarker, markerBatch } from '../protocol/batch.ts'
import {
  coordinatorBatch,
  type CoordinatorRecord,
  coordinatorRecordSize,
  type ProducerIdentity,
} from '../protocol/coordinator-records.ts'
import { Errors, isRetriable } from '../protocol/errors.ts'
import { CoordinatorDisk, type EndedTransaction } from './coordinator-log.ts'
import type { CoordinatorParts } from './coordinator-partition.ts'
import type { ReplicatedState } from './coordinator-shard.ts'
import { type BatchTransaction, CoordinatorBatch, WriteEvent } from './write-event.ts'
import { WriteTimeouts } from './write-timeouts.ts'

/** The broker's `request.timeout.ms`, with which `KafkaApis.handleWriteTxnMarkersRequest` waits. */
const MARKER_TIMEOUT_MS = 30_000
const NO_PRODUCER: ProducerIdentity = { producerId: -1, producerEpoch: -1 }
/** No verification: a marker needs none. */
const NO_GUARD = 0

interface Deferred {
  /** Replicated up to here, it is done. */
  readonly offset: number
  readonly event: WriteEvent
}

/** Told what became of operations that wrote, or waited for what was written before. */
export interface WritesOwner {
  onCompleted(event: WriteEvent, error: number): void
}

/**
 * What a coordinator partition writes (`CoordinatorContext`): records in batches, which are applied at once, and operations that wait
 * until they are replicated. A batch that cannot be written is taken back, and so is what was built upon it.
 */
export class CoordinatorWrites {
  private readonly parts: CoordinatorParts
  private readonly tp: number
  private readonly life: number
  private readonly state: ReplicatedState
  private readonly owner: WritesOwner
  /** Where the log ends, and up to where it is replicated, as far as this coordinator has looked. */
  private written = 0
  private committed = 0
  private batch: CoordinatorBatch | null = null
  /** Batches that wait for a slow disk. */
  private readonly flushing: CoordinatorBatch[] = []
  private readonly deferred: Deferred[] = []
  private readonly timeouts: WriteTimeouts
  private readonly markerTimeouts: WriteTimeouts
  private lingerTimer: TimerHandle = 0

  constructor(parts: CoordinatorParts, tp: number, life: number, state: ReplicatedState, owner: WritesOwner) {
    const { env, options } = parts
    this.parts = parts
    this.tp = tp
    this.life = life
    this.state = state
    this.owner = owner
    this.timeouts = new WriteTimeouts(env, BrokerTimer.GroupTimeout, tp, life, options['offsets.commit.timeout.ms'])
    this.markerTimeouts = new WriteTimeouts(env, BrokerTimer.GroupMarkerTimeout, tp, life, MARKER_TIMEOUT_MS)
  }

  /** The log has been replayed. */
  onLoaded(): void {
    const { log } = this.parts
    this.written = log.logEndOffset(this.tp)
    this.committed = log.highWatermark(this.tp)
    this.state.commitUpTo(this.committed, false)
  }

  /** The leadership has ended: whoever waits is sent away. */
  close(): void {
    for (const { event } of this.deferred.splice(0)) this.complete(event, Errors.NOT_COORDINATOR)
    for (const batch of this.flushing.splice(0)) this.failEvents(batch, Errors.NOT_COORDINATOR)
    if (this.batch !== null) this.failEvents(this.batch, Errors.NOT_COORDINATOR)
    this.batch = null
    this.parts.env.cancel(this.lingerTimer)
    this.timeouts.cancel()
    this.markerTimeouts.cancel()
  }

  /** When an operation that begins now has failed, whatever becomes of it. */
  deadline(): number {
    return this.timeouts.deadline()
  }

  /** `CoordinatorContext.append`: an operation with its records, which may be none. */
  append(event: WriteEvent, records: readonly CoordinatorRecord[], transaction: BatchTransaction | null): void {
    if (records.length > 0) {
      // A transaction's records are a batch of their own, which does not linger.
      if (transaction !== null) this.flush()
      for (const record of records) this.add(record, transaction)
      // What makes an operation wait is its last record.
      ;(this.batch as CoordinatorBatch).events.push(event)
      if (transaction !== null || this.lingerMs <= 0) this.flush()
    } else {
      const batch = this.batch ?? this.flushing.at(-1)
      if (batch !== undefined) batch.events.push(event)
      else if (this.committed < this.written) this.deferred.push({ offset: this.written, event })
      else this.complete(event, Errors.NONE)
    }
    if (!event.done) this.timeouts.watch(event)
  }

  /** Writes a marker; `apply` is given its place in the log before it is there. */
  appendMarker(
    ended: EndedTransaction,
    marker: EndTransactionMarker,
    token: number,
    apply: (offset: number) => void,
  ): void {
    this.flush()
    const transaction = { ...ended, guard: NO_GUARD, marker }
    const batch = new CoordinatorBatch(this.nextOffset, BATCH_OVERHEAD, transaction)
    const event = new WriteEvent(null, null, null, this.markerTimeouts.deadline(), token)
    batch.events.push(event)
    apply(batch.baseOffset)
    this.batch = batch
    this.flush()
    if (!event.done) this.markerTimeouts.watch(event)
  }

  private get lingerMs(): number {
    return this.parts.options['group.coordinator.append.linger.ms']
  }

  /** Where the next batch will begin. */
  private get nextOffset(): number {
    return this.flushing.at(-1)?.nextOffset ?? this.written
  }

  private add(record: CoordinatorRecord, transaction: BatchTransaction | null): void {
    const size = coordinatorRecordSize(record)
    if (this.batch !== null && this.batch.size + size > this.parts.log.maxMessageBytes) this.flush()
    if (this.batch === null) {
      this.batch = new CoordinatorBatch(this.nextOffset, BATCH_OVERHEAD, transaction)
      if (this.lingerMs > 0 && transaction === null)
        this.lingerTimer = this.parts.env.setTimer(BrokerTimer.GroupFlush, ms(this.lingerMs), this.tp, this.life)
    }
    const { batch } = this
    const offset = batch.baseOffset + batch.records.length
    const { producerId, producerEpoch } = transaction ?? NO_PRODUCER
    this.state.replay({ kind: 'record', offset, record, producerId, producerEpoch })
    batch.records.push(record)
    batch.size += size
  }

  /** What lingers is written. */
  flush(): void {
    if (this.batch === null) return
    this.parts.env.cancel(this.lingerTimer)
    this.lingerTimer = 0
    this.flushing.push(this.batch)
    this.batch = null
    if (this.parts.disk.admit(CoordinatorDisk.append, this.tp, this.life, null)) this.write()
  }

  /** The disk is ready for the oldest batch. */
  write(): void {
    const { env, log, numbers } = this.parts
    const batch = this.flushing[0]
    if (batch === undefined) return
    const timestamp = Math.floor(env.wallClock() / MILLISECOND)
    const { transaction, records } = batch
    const content =
      transaction?.marker === undefined
        ? coordinatorBatch(numbers.next(), records, timestamp, transaction)
        : markerBatch(numbers.next(), transaction.producerId, transaction.producerEpoch, transaction.marker, timestamp)
    const error = log.appendAsCoordinator(this.tp, content, transaction?.guard, transaction?.transactionVersion)
    if (error !== Errors.NONE) {
      this.fail(error)
      return
    }
    this.flushing.shift()
    this.written = batch.nextOffset
    for (const event of batch.events) this.deferred.push({ offset: this.written, event })
    this.advance()
  }

  /**
   * The oldest batch could not be written: what it stands for is taken back, and so is what was built upon it. What is wrong
   * with its transaction is nothing to those behind it, who may try again.
   */
  private fail(error: number): void {
    const failed = [...this.flushing.splice(0), ...(this.batch === null ? [] : [this.batch])]
    this.batch = null
    this.parts.env.cancel(this.lingerTimer)
    this.lingerTimer = 0
    this.state.revertTo(this.written)
    const behind = isRetriable(error) ? error : Errors.COORDINATOR_NOT_AVAILABLE
    failed.forEach((batch, i) => this.failEvents(batch, i === 0 ? error : behind))
  }

  private failEvents(batch: CoordinatorBatch, error: number): void {
    for (const event of batch.events) this.complete(event, error)
  }

  /** Looks how far everything is replicated. */
  advance(): void {
    const highWatermark = this.parts.log.highWatermark(this.tp)
    if (highWatermark <= this.committed) return
    this.committed = highWatermark
    this.state.commitUpTo(highWatermark, true)
    let count = 0
    while (count < this.deferred.length && (this.deferred[count] as Deferred).offset <= highWatermark) count++
    for (const { event } of this.deferred.splice(0, count)) this.complete(event, Errors.NONE)
  }

  /**
   * `offsets.commit.timeout.ms`, or a marker's own time, is over for the oldest: it has failed for whoever waits, though its
   * records are in the log and may still be replicated (`CoordinatorRuntime.OperationTimeout`).
   */
  expire(ofMarkers: boolean): void {
    const timeouts = ofMarkers ? this.markerTimeouts : this.timeouts
    for (const event of timeouts.expired()) this.complete(event, Errors.REQUEST_TIMED_OUT)
  }

  private complete(event: WriteEvent, error: number): void {
    if (event.done) return
    event.done = true
    this.owner.onCompleted(event, error)
  }
}
