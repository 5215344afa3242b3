import { M } from '../../history/catalogue.ts'
import { MILLISECOND, ms } from '../../kernel/time.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { BatchNumbers } from '../broker/batch-numbers.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { BATCH_OVERHEAD, type EndTransactionMarker, markerBatch } from '../protocol/batch.ts'
import {
  coordinatorBatch,
  type CoordinatorRecord,
  coordinatorRecordsIn,
  coordinatorRecordSize,
  type ProducerIdentity,
} from '../protocol/coordinator-records.ts'
import { Errors } from '../protocol/errors.ts'
import type { OffsetFetchRequest } from '../protocol/group-messages.ts'
import type { TxnOffsetCommitRequest } from '../protocol/transaction-messages.ts'
import { onAppended } from './afterwards.ts'
import { ClassicGroups } from './classic-groups.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import {
  CoordinatorDisk,
  type CoordinatorLog,
  type DiskGate,
  type MarkerListener,
  type TransactionVerifier,
} from './coordinator-log.ts'
import { coordinatorError, emitCommitRefused, errorResponse } from './group-errors.ts'
import { GroupOffsets } from './group-offsets.ts'
import { GroupTimers } from './group-timers.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { answered, NOTHING, type Outcome } from './outcome.ts'
import { PendingReply, type Replies } from './pending-reply.ts'
import { type BatchTransaction, CoordinatorBatch, WriteEvent } from './write-event.ts'
import { WriteTimeouts } from './write-timeouts.ts'

export interface CoordinatorParts {
  readonly env: Env
  readonly options: GroupCoordinatorOptions
  readonly metadata: MetadataCache
  readonly log: CoordinatorLog
  readonly disk: DiskGate
  readonly replies: Replies
  readonly numbers: BatchNumbers
  readonly verifier: TransactionVerifier
  readonly markers: MarkerListener
}

/** A request whose turn comes; `guard` is that of a verified TxnOffsetCommit. */
interface Work {
  readonly request: Envelope
  readonly guard: number
}

const NO_GUARD = 0
/** The broker's `request.timeout.ms`, with which `KafkaApis.handleWriteTxnMarkersRequest` waits. */
const MARKER_TIMEOUT_MS = 30_000
const NO_PRODUCER: ProducerIdentity = { producerId: -1, producerEpoch: -1 }

/** The transaction that a request writes in; null = none. */
function transactionOf(request: Envelope, guard: number): BatchTransaction | null {
  if (request.api !== Api.TxnOffsetCommit) return null
  const { producerId, producerEpoch } = request.body as TxnOffsetCommitRequest
  return { producerId, producerEpoch, guard }
}

interface Deferred {
  /** Replicated up to here, it is done. */
  readonly offset: number
  readonly event: WriteEvent
}

/**
 * A broker's hold on one partition of the offsets topic, from its election to its resignation (`CoordinatorRuntime` with its
 * `CoordinatorContext`). One operation at a time: it works on the newest state, its records are written in batches, and it is
 * answered when all that was written before is replicated. When writing fails, what it did to the offsets is taken back.
 */
export class CoordinatorPartition {
  readonly tp: number
  /** Tells this hold from an earlier one where the disk answers late. */
  readonly life: number
  epoch: number
  state: 'LOADING' | 'ACTIVE' | 'CLOSED' = 'LOADING'
  readonly groups: ClassicGroups
  private readonly offsets: GroupOffsets
  private readonly protocol: ClassicProtocol
  private readonly timers: GroupTimers
  private readonly parts: CoordinatorParts
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
  /** Requests that came while another was being worked on: answering one takes up the next of its connection. */
  private readonly queue: Work[] = []
  private running = false
  /** TxnOffsetCommit requests whose transaction's coordinator is being asked, by token. */
  private readonly verifying: Map<number, Envelope> = new Map()
  private tokens = 0

  constructor(parts: CoordinatorParts, tp: number, epoch: number, life: number) {
    this.parts = parts
    this.tp = tp
    this.epoch = epoch
    this.life = life
    this.timers = new GroupTimers(parts.env, tp)
    this.groups = new ClassicGroups(parts.env, parts.options, this.timers, parts.replies)
    this.offsets = new GroupOffsets(parts.env, this.groups, parts.metadata)
    this.protocol = new ClassicProtocol(this.groups)
    const { env, options } = parts
    this.timeouts = new WriteTimeouts(env, BrokerTimer.GroupTimeout, tp, life, options['offsets.commit.timeout.ms'])
    this.markerTimeouts = new WriteTimeouts(env, BrokerTimer.GroupMarkerTimeout, tp, life, MARKER_TIMEOUT_MS)
  }

  /** Where a group stands, -1 = nowhere. */
  committedOffset(groupId: string, tp: number): number {
    return this.offsets.committedOffset(groupId, tp)
  }

  // --- loading and unloading ----------------------------------------------------------------------------------------

  load(): void {
    const { disk, log } = this.parts
    // There is nothing to read of a partition that is empty, as most are.
    if (log.logEndOffset(this.tp) === 0 || disk.admit(CoordinatorDisk.load, this.tp, this.life, null)) {
      this.finishLoading()
    }
  }

  /** Replays the log up to its end, replicated or not. */
  private finishLoading(): void {
    if (this.state !== 'LOADING') return
    const { env, log } = this.parts
    for (const { batch, baseOffset } of log.entriesOf(this.tp)) {
      const { producerId, producerEpoch, marker } = batch
      if (marker !== null) {
        const committed = marker.type === 'COMMIT'
        this.offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed })
        continue
      }
      let offset = baseOffset
      for (const record of coordinatorRecordsIn(batch)) {
        if (record.type === 'GroupMetadata') this.groups.replay(record)
        this.offsets.replay({ kind: 'record', offset: offset++, record, producerId, producerEpoch })
      }
    }
    this.written = log.logEndOffset(this.tp)
    this.committed = log.highWatermark(this.tp)
    this.offsets.commitUpTo(this.committed, false)
    this.protocol.epoch = this.epoch
    this.state = 'ACTIVE'
    this.groups.onLoaded()
    this.offsets.tellCommitted()
    env.emit(M.coordinatorLoaded, this.tp, this.epoch, this.groups.groups.size)
  }

  /** The leadership has ended: whoever waits is sent away, and all that was in memory is gone. */
  unload(epoch: number): void {
    const { env } = this.parts
    this.state = 'CLOSED'
    this.running = true
    for (const { event } of this.deferred.splice(0)) this.complete(event, Errors.NOT_COORDINATOR)
    for (const batch of this.flushing.splice(0)) this.failEvents(batch, Errors.NOT_COORDINATOR)
    if (this.batch !== null) this.failEvents(this.batch, Errors.NOT_COORDINATOR)
    this.batch = null
    this.groups.onUnloaded()
    this.timers.cancelAll()
    env.cancel(this.lingerTimer)
    this.timeouts.cancel()
    this.markerTimeouts.cancel()
    env.emit(M.coordinatorUnloaded, this.tp, epoch)
    for (const { request } of this.queue.splice(0)) this.refuse(request, Errors.NOT_COORDINATOR)
    for (const request of this.verifying.values()) this.refuse(request, Errors.NOT_COORDINATOR)
    this.verifying.clear()
  }

  // --- operations ---------------------------------------------------------------------------------------------------

  /** Takes a request whose group lives here. */
  handle(request: Envelope): void {
    if (request.api === Api.TxnOffsetCommit) this.verify(request)
    else this.take(request, NO_GUARD)
  }

  private take(request: Envelope, guard: number): void {
    this.queue.push({ request, guard })
    if (!this.running) this.rest()
  }

  /** Asks before the operation is scheduled, so that the group is looked at when it is known that the offsets may be written. */
  private verify(request: Envelope): void {
    const { transactionalId, producerId, producerEpoch } = request.body as TxnOffsetCommitRequest
    const token = ++this.tokens
    this.verifying.set(token, request)
    this.parts.verifier.verifyOffsets(this.tp, transactionalId, producerId, producerEpoch, request.apiVersion, token)
  }

  onOffsetsVerified(token: number, error: number, guard: number): void {
    const request = this.verifying.get(token)
    if (request === undefined) return
    this.verifying.delete(token)
    if (error === Errors.NONE) this.take(request, guard)
    else this.refuse(request, coordinatorError(error))
  }

  /**
   * WriteTxnMarkers: writes the end of a transaction and applies it (`CoordinatorContext.completeTransaction`). The listener
   * is told when it is replicated.
   */
  completeTransaction(producer: ProducerIdentity, marker: EndTransactionMarker, token: number): void {
    if (this.state !== 'ACTIVE') {
      const error = this.state === 'LOADING' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.NOT_COORDINATOR
      this.parts.markers.onMarkerWritten(this.tp, token, error)
      return
    }
    const wasRunning = this.running
    this.running = true
    this.flush()
    const { producerId, producerEpoch } = producer
    const batch = new CoordinatorBatch(this.nextOffset, BATCH_OVERHEAD, {
      producerId,
      producerEpoch,
      guard: NO_GUARD,
      marker,
    })
    const event = new WriteEvent(null, null, null, this.markerTimeouts.deadline(), token)
    batch.events.push(event)
    const committed = marker.type === 'COMMIT'
    this.offsets.replay({ kind: 'marker', offset: batch.baseOffset, producerId, producerEpoch, committed })
    this.batch = batch
    this.flush()
    if (!event.done) this.markerTimeouts.watch(event)
    if (!wasRunning) this.rest()
  }

  onTask(serial: number): void {
    const task = this.timers.fired(serial)
    if (task === undefined || this.state !== 'ACTIVE') return
    this.running = true
    this.append(this.groups.onTask(task), null)
    this.rest()
  }

  /** Works on what has come meanwhile, and then on nothing. */
  private rest(): void {
    this.running = true
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) this.work(next)
    this.running = false
  }

  private work({ request, guard }: Work): void {
    if (this.state !== 'ACTIVE') {
      this.refuse(request, this.state === 'LOADING' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.NOT_COORDINATOR)
      return
    }
    const reply = new PendingReply(request)
    const outcome = this.operate(reply)
    if (outcome.error !== Errors.NONE) this.refuse(request, outcome.error)
    else this.append(outcome, reply, guard)
  }

  private operate(reply: PendingReply): Outcome {
    switch (reply.request.api) {
      case Api.JoinGroup:
        return this.protocol.join(reply)
      case Api.SyncGroup:
        return this.protocol.sync(reply)
      case Api.Heartbeat:
        return this.protocol.heartbeat(reply)
      case Api.LeaveGroup:
        return this.protocol.leave(reply)
      case Api.OffsetCommit:
        return this.offsets.commit(reply)
      case Api.TxnOffsetCommit:
        return this.offsets.commitTransactional(reply)
      default: {
        const request = reply.request.body as OffsetFetchRequest
        const response = this.offsets.fetch(request)
        if (request.requireStable) return answered(response)
        this.parts.replies.complete(reply, response)
        return NOTHING
      }
    }
  }

  private refuse(request: Envelope, error: number): void {
    emitCommitRefused(this.parts.env, request, error)
    this.parts.replies.complete(new PendingReply(request), errorResponse(request, error))
  }

  // --- writing ------------------------------------------------------------------------------------------------------

  /** `CoordinatorContext.append` */
  private append(outcome: Outcome, reply: PendingReply | null, guard = NO_GUARD): void {
    const { options } = this.parts
    const transaction = reply === null ? null : transactionOf(reply.request, guard)
    const event = new WriteEvent(reply, outcome.response, outcome.afterwards, this.timeouts.deadline())
    if (outcome.records.length > 0) {
      // A transaction's records are a batch of their own, which does not linger.
      if (transaction !== null) this.flush()
      for (const record of outcome.records) this.add(record, transaction)
      // What makes an operation wait is its last record.
      ;(this.batch as CoordinatorBatch).events.push(event)
      if (transaction !== null || options['group.coordinator.append.linger.ms'] <= 0) this.flush()
    } else {
      const batch = this.batch ?? this.flushing.at(-1)
      if (batch !== undefined) batch.events.push(event)
      else if (this.committed < this.written) this.deferred.push({ offset: this.written, event })
      else this.complete(event, Errors.NONE)
    }
    if (!event.done) this.timeouts.watch(event)
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
      const linger = this.parts.options['group.coordinator.append.linger.ms']
      if (linger > 0 && transaction === null)
        this.lingerTimer = this.parts.env.setTimer(BrokerTimer.GroupFlush, ms(linger), this.tp, this.life)
    }
    const { batch } = this
    const offset = batch.baseOffset + batch.records.length
    const { producerId, producerEpoch } = transaction ?? NO_PRODUCER
    this.offsets.replay({ kind: 'record', offset, record, producerId, producerEpoch })
    batch.records.push(record)
    batch.size += size
  }

  /** The batch has lingered long enough. */
  onLinger(): void {
    this.lingerTimer = 0
    this.running = true
    this.flush()
    this.rest()
  }

  private flush(): void {
    if (this.batch === null) return
    this.parts.env.cancel(this.lingerTimer)
    this.lingerTimer = 0
    this.flushing.push(this.batch)
    this.batch = null
    if (this.parts.disk.admit(CoordinatorDisk.append, this.tp, this.life, null)) this.write()
  }

  /** The disk is ready for what was asked first. */
  onDisk(kind: number): void {
    if (kind === CoordinatorDisk.load) {
      this.finishLoading()
    } else {
      this.running = true
      this.write()
      this.rest()
    }
  }

  private write(): void {
    const { env, log, numbers } = this.parts
    const batch = this.flushing[0]
    if (batch === undefined) return
    const timestamp = Math.floor(env.wallClock() / MILLISECOND)
    const { transaction, records } = batch
    const content =
      transaction?.marker === undefined
        ? coordinatorBatch(numbers.next(), records, timestamp, transaction)
        : markerBatch(numbers.next(), transaction.producerId, transaction.producerEpoch, transaction.marker, timestamp)
    const error = log.appendAsCoordinator(this.tp, content, transaction?.guard)
    if (error !== Errors.NONE) {
      this.fail(error)
      return
    }
    this.flushing.shift()
    this.written = batch.nextOffset
    for (const event of batch.events) this.deferred.push({ offset: this.written, event })
    this.advance()
  }

  /** A batch could not be written: what it stands for is taken back, and so is what was built upon it. */
  private fail(error: number): void {
    const failed = [...this.flushing.splice(0), ...(this.batch === null ? [] : [this.batch])]
    this.batch = null
    this.parts.env.cancel(this.lingerTimer)
    this.lingerTimer = 0
    this.offsets.revertTo(this.written)
    for (const batch of failed) this.failEvents(batch, error)
  }

  private failEvents(batch: CoordinatorBatch, error: number): void {
    for (const event of batch.events) this.complete(event, error)
  }

  // --- being replicated ---------------------------------------------------------------------------------------------

  /** The partition's high watermark moved. */
  onHighWatermark(): void {
    // Within an append of our own: looked at when that is through.
    if (this.state !== 'ACTIVE' || this.running) return
    this.running = true
    this.advance()
    this.rest()
  }

  private advance(): void {
    const highWatermark = this.parts.log.highWatermark(this.tp)
    if (highWatermark <= this.committed) return
    this.committed = highWatermark
    this.offsets.commitUpTo(highWatermark, true)
    let count = 0
    while (count < this.deferred.length && (this.deferred[count] as Deferred).offset <= highWatermark) count++
    for (const { event } of this.deferred.splice(0, count)) this.complete(event, Errors.NONE)
  }

  private complete(event: WriteEvent, error: number): void {
    if (event.done) return
    event.done = true
    const { reply, response, afterwards } = event
    if (afterwards !== null) onAppended(this.groups, afterwards, error)
    if (event.markerToken >= 0) this.parts.markers.onMarkerWritten(this.tp, event.markerToken, error)
    if (reply === null) return
    if (error === Errors.NONE) {
      if (response !== null) this.parts.replies.complete(reply, response)
    } else if (!reply.done) {
      this.parts.replies.complete(reply, errorResponse(reply.request, coordinatorError(error)))
    }
  }

  /**
   * `offsets.commit.timeout.ms`, or a marker's own time, is over for the oldest: it has failed for whoever waits, though its records are in the log and
   * may still be replicated (`CoordinatorRuntime.OperationTimeout`).
   */
  onTimeout(ofMarkers: boolean): void {
    this.running = true
    const timeouts = ofMarkers ? this.markerTimeouts : this.timeouts
    for (const event of timeouts.expired()) this.complete(event, Errors.REQUEST_TIMED_OUT)
    this.rest()
  }
}
