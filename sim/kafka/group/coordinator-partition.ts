import { M } from '../../history/catalogue.ts'
import { MILLISECOND, ms } from '../../kernel/time.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { BATCH_OVERHEAD } from '../protocol/batch.ts'
import {
  coordinatorBatch,
  type CoordinatorRecord,
  coordinatorRecordsIn,
  coordinatorRecordSize,
} from '../protocol/coordinator-records.ts'
import { Errors } from '../protocol/errors.ts'
import type { OffsetFetchRequest } from '../protocol/group-messages.ts'
import { onAppended } from './afterwards.ts'
import { ClassicGroups } from './classic-groups.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import { CoordinatorDisk, type CoordinatorLog, type DiskGate } from './coordinator-log.ts'
import { coordinatorError, emitCommitRefused, errorResponse } from './group-errors.ts'
import { GroupOffsets } from './group-offsets.ts'
import { GroupTimers } from './group-timers.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { answered, NOTHING, type Outcome } from './outcome.ts'
import { PendingReply, type Replies } from './pending-reply.ts'
import { CoordinatorBatch, WriteEvent } from './write-event.ts'
import { WriteTimeouts } from './write-timeouts.ts'

/** Gives batches that a broker writes itself their numbers. */
export interface BatchNumbers {
  next(): number
}

export interface CoordinatorParts {
  readonly env: Env
  readonly options: GroupCoordinatorOptions
  readonly metadata: MetadataCache
  readonly log: CoordinatorLog
  readonly disk: DiskGate
  readonly replies: Replies
  readonly numbers: BatchNumbers
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
  private lingerTimer: TimerHandle = 0
  /** Requests that came while another was being worked on: answering one takes up the next of its connection. */
  private readonly queue: Envelope[] = []
  private running = false

  constructor(parts: CoordinatorParts, tp: number, epoch: number, life: number) {
    this.parts = parts
    this.tp = tp
    this.epoch = epoch
    this.life = life
    this.timers = new GroupTimers(parts.env, tp)
    this.groups = new ClassicGroups(parts.env, parts.options, this.timers, parts.replies)
    this.offsets = new GroupOffsets(parts.env, this.groups, parts.metadata)
    this.protocol = new ClassicProtocol(this.groups)
    this.timeouts = new WriteTimeouts(parts.env, tp, life, parts.options['offsets.commit.timeout.ms'])
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
    for (const entry of log.entriesOf(this.tp)) {
      let offset = entry.baseOffset
      for (const record of coordinatorRecordsIn(entry.batch)) {
        if (record.type === 'GroupMetadata') this.groups.replay(record)
        this.offsets.replay(record, offset++)
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
    env.emit(M.coordinatorUnloaded, this.tp, epoch)
    for (const request of this.queue.splice(0)) this.refuse(request, Errors.NOT_COORDINATOR)
  }

  // --- operations ---------------------------------------------------------------------------------------------------

  /** Takes a request whose group lives here. */
  handle(request: Envelope): void {
    this.queue.push(request)
    if (!this.running) this.rest()
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

  private work(request: Envelope): void {
    if (this.state !== 'ACTIVE') {
      this.refuse(request, this.state === 'LOADING' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.NOT_COORDINATOR)
      return
    }
    const reply = new PendingReply(request)
    const outcome = this.operate(reply)
    if (outcome.error !== Errors.NONE) this.refuse(request, outcome.error)
    else this.append(outcome, reply)
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
  private append(outcome: Outcome, reply: PendingReply | null): void {
    const { options } = this.parts
    const event = new WriteEvent(reply, outcome.response, outcome.afterwards, this.timeouts.deadline())
    if (outcome.records.length > 0) {
      for (const record of outcome.records) this.add(record)
      // What makes an operation wait is its last record.
      ;(this.batch as CoordinatorBatch).events.push(event)
      if (options['group.coordinator.append.linger.ms'] <= 0) this.flush()
    } else {
      const batch = this.batch ?? this.flushing.at(-1)
      if (batch !== undefined) batch.events.push(event)
      else if (this.committed < this.written) this.deferred.push({ offset: this.written, event })
      else this.complete(event, Errors.NONE)
    }
    if (!event.done) this.timeouts.watch(event)
  }

  private add(record: CoordinatorRecord): void {
    const size = coordinatorRecordSize(record)
    if (this.batch !== null && this.batch.size + size > this.parts.log.maxMessageBytes) this.flush()
    if (this.batch === null) {
      const before = this.flushing.at(-1)
      const baseOffset = before === undefined ? this.written : before.baseOffset + before.records.length
      this.batch = new CoordinatorBatch(baseOffset, BATCH_OVERHEAD)
      const linger = this.parts.options['group.coordinator.append.linger.ms']
      if (linger > 0) this.lingerTimer = this.parts.env.setTimer(BrokerTimer.GroupFlush, ms(linger), this.tp, this.life)
    }
    const { batch } = this
    this.offsets.replay(record, batch.baseOffset + batch.records.length)
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
    const error = log.appendAsCoordinator(this.tp, coordinatorBatch(numbers.next(), batch.records, timestamp))
    if (error !== Errors.NONE) {
      this.fail(error)
      return
    }
    this.flushing.shift()
    this.written = batch.baseOffset + batch.records.length
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
    if (reply === null) return
    if (error === Errors.NONE) {
      if (response !== null) this.parts.replies.complete(reply, response)
    } else if (!reply.done) {
      this.parts.replies.complete(reply, errorResponse(reply.request, coordinatorError(error)))
    }
  }

  /**
   * `offsets.commit.timeout.ms` is over for the oldest: it has failed for whoever waits, though its records are in the log and
   * may still be replicated (`CoordinatorRuntime.OperationTimeout`).
   */
  onTimeout(): void {
    this.running = true
    for (const event of this.timeouts.expired()) this.complete(event, Errors.REQUEST_TIMED_OUT)
    this.rest()
  }
}
