import { M } from '../../history/catalogue.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import { JITTER } from '../../kernel/site.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { BatchNumbers } from '../broker/batch-numbers.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import { readable } from '../log/unreadable.ts'
import { Api } from '../protocol/api.ts'
import type { EndTransactionMarker } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { TxnOffsetCommitRequest } from '../protocol/transaction-messages.ts'
import {
  CoordinatorDisk,
  type CoordinatorLog,
  type DiskGate,
  type EndedTransaction,
  type MarkerListener,
  type TransactionVerifier,
} from './coordinator-log.ts'
import { GroupCoordinatorShard } from './coordinator-shard.ts'
import { coordinatorError, emitCommitRefused, errorResponse } from './group-errors.ts'
import { CoordinatorWrites, type WritesOwner } from './coordinator-writes.ts'
import { GroupTimers } from './group-timers.ts'
import type { OffsetsEntry } from './offsets-state.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { OffsetExpiration } from './offset-expiration.ts'
import { NOTHING, type Outcome } from './outcome.ts'
import { PendingReply, type Replies } from './pending-reply.ts'
import { type BatchTransaction, WriteEvent } from './write-event.ts'

export interface CoordinatorParts {
  readonly env: Env
  readonly options: GroupCoordinatorOptions
  readonly profile: ClusterProfile
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
/** How long the old coordinator's scheduler may take to come to a task. */
const SCHEDULER_LAG_US: number = 20 * MILLISECOND

/** The transaction that a request writes in; null = none. */
function transactionOf(request: Envelope, guard: number): BatchTransaction | null {
  if (request.api !== Api.TxnOffsetCommit) return null
  const { producerId, producerEpoch } = request.body as TxnOffsetCommitRequest
  return { producerId, producerEpoch, guard }
}

/**
 * A broker's hold on one partition of the offsets topic, from its election to its resignation (`CoordinatorRuntime` with its
 * `CoordinatorContext`). One operation at a time: it works on the newest state, its records are written in batches, and it is
 * answered when all that was written before is replicated. When writing fails, what it did to the offsets is taken back.
 */
export class CoordinatorPartition implements WritesOwner {
  readonly tp: number
  /** Tells this hold from an earlier one where the disk answers late. */
  readonly life: number
  epoch: number
  state: 'LOADING' | 'ACTIVE' | 'FAILED' | 'CLOSED' = 'LOADING'
  readonly shard: GroupCoordinatorShard
  private readonly timers: GroupTimers
  private readonly parts: CoordinatorParts
  private readonly writes: CoordinatorWrites
  private readonly expiration: OffsetExpiration
  /** Requests that came while another was being worked on: answering one takes up the next of its connection. */
  private readonly queue: Work[] = []
  private running = false
  /** TxnOffsetCommit requests whose transaction's coordinator is being asked, by token. */
  private readonly verifying: Map<number, Envelope> = new Map()
  private tokens = 0
  /** Markers that are written and not applied: only before KAFKA-17507. */
  private readonly ended: OffsetsEntry[] = []

  constructor(parts: CoordinatorParts, tp: number, epoch: number, life: number) {
    this.parts = parts
    this.tp = tp
    this.epoch = epoch
    this.life = life
    this.timers = new GroupTimers(parts.env, tp)
    this.shard = new GroupCoordinatorShard(parts.env, parts.options, parts.metadata, this.timers, parts.replies)
    this.writes = new CoordinatorWrites(parts, tp, life, this.shard, this)
    this.expiration = new OffsetExpiration(parts, this.shard, tp, life)
  }

  /** Where a group stands, -1 = nowhere. */
  committedOffset(groupId: string, tp: number): number {
    return this.shard.offsets.committedOffset(groupId, tp)
  }

  // --- loading and unloading ----------------------------------------------------------------------------------------

  load(): void {
    const { disk, log } = this.parts
    // There is nothing to read of a partition that is empty, as most are.
    if (log.logEndOffset(this.tp) === 0 || disk.admit(CoordinatorDisk.load, this.tp, this.life, null)) {
      this.finishLoading()
    }
  }

  /** Replays the log up to its end, replicated or not. A log that cannot be read is coordinated by nobody. */
  private finishLoading(): void {
    if (this.state !== 'LOADING') return
    const { env, log } = this.parts
    const all = log.entriesOf(this.tp)
    const entries = all === null ? [] : readable(env, this.tp, all)
    this.state = all === null || entries.length < all.length ? 'FAILED' : 'ACTIVE'
    if (this.state === 'FAILED') return
    this.shard.load(entries)
    this.writes.onLoaded()
    this.shard.onLoaded(this.epoch)
    this.expiration.begin()
    env.emit(M.coordinatorLoaded, this.tp, this.epoch, this.shard.size)
  }

  /**
   * This broker leads again, and has not noticed that another one did meanwhile: it goes on with what it has in memory
   * (`CoordinatorRuntime.scheduleLoadOperation` of an active coordinator).
   */
  onReelection(epoch: number): void {
    if (epoch <= this.epoch) return
    this.epoch = epoch
    if (this.state === 'ACTIVE') this.parts.env.emit(M.coordinatorLoaded, this.tp, epoch, this.shard.size)
  }

  /** The leadership has ended: whoever waits is sent away, and all that was in memory is gone. */
  unload(epoch: number): void {
    const { env } = this.parts
    this.state = 'CLOSED'
    this.running = true
    this.writes.close()
    this.shard.classic.onUnloaded()
    this.timers.cancelAll()
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
    if (!this.validatesWithWrite && this.state === 'ACTIVE') {
      const error = this.shard.offsets.validateTransactional(request.body as TxnOffsetCommitRequest)
      if (error !== Errors.NONE) {
        this.refuse(request, error)
        return
      }
    }
    const token = ++this.tokens
    this.verifying.set(token, request)
    this.parts.verifier.verifyOffsets(this.tp, transactionalId, producerId, producerEpoch, request.apiVersion, token)
  }

  private get validatesWithWrite(): boolean {
    return this.parts.profile['transaction.offsets.validated'] === 'with-write'
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
  completeTransaction(ended: EndedTransaction, marker: EndTransactionMarker, token: number): void {
    if (this.state !== 'ACTIVE') {
      const error = this.state === 'LOADING' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.NOT_COORDINATOR
      this.parts.markers.onMarkerWritten(this.tp, token, error)
      return
    }
    const wasRunning = this.running
    this.running = true
    const { producerId, producerEpoch } = ended
    const committed = marker.type === 'COMMIT'
    this.writes.appendMarker(ended, marker, token, (offset) => {
      const end = { kind: 'marker', offset, producerId, producerEpoch, committed } as const
      if (this.parts.profile['transaction.offsets.materialized'] === 'with-marker') this.shard.offsets.replay(end)
      else this.materializeLater(end)
    })
    if (!wasRunning) this.rest()
  }

  /** As before KAFKA-17507: another thread takes the offsets over, whenever it comes to it. */
  private materializeLater(end: OffsetsEntry): void {
    const { env } = this.parts
    this.ended.push(end)
    env.setTimer(BrokerTimer.GroupMaterialize, env.decide(JITTER, SCHEDULER_LAG_US), this.tp, this.life)
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
    const outcome = this.shard.operate(reply, this.validatesWithWrite)
    if (outcome.error !== Errors.NONE) this.refuse(request, outcome.error)
    else this.append(outcome, reply, guard)
  }

  private refuse(request: Envelope, error: number): void {
    emitCommitRefused(this.parts.env, request, error)
    this.parts.replies.complete(new PendingReply(request), errorResponse(request, error))
  }

  private append(outcome: Outcome, reply: PendingReply | null, guard = NO_GUARD): void {
    const transaction = reply === null ? null : transactionOf(reply.request, guard)
    const event = new WriteEvent(reply, outcome.response, outcome.afterwards, this.writes.deadline())
    this.writes.append(event, outcome.records, transaction)
  }

  // --- what happens -------------------------------------------------------------------------------------------------

  onTask(serial: number): void {
    const task = this.timers.fired(serial)
    if (task === undefined || this.state !== 'ACTIVE') return
    this.running = true
    this.append(this.shard.onTask(task), null)
    this.rest()
  }

  /** Deletes offsets: those of partitions that are gone, or with null those that nobody has a use for. */
  deleteOffsets(gone: readonly number[] | null): void {
    if (this.state !== 'ACTIVE') return
    this.running = true
    const records = gone === null ? this.expiration.expired() : this.shard.offsets.tombstonesOf(gone)
    this.append({ ...NOTHING, records }, null)
    this.rest()
  }

  /** The batch has lingered long enough. */
  onLinger(): void {
    this.running = true
    this.writes.flush()
    this.rest()
  }

  /** The disk is ready for what was asked first. */
  onDisk(kind: number): void {
    if (kind === CoordinatorDisk.load) {
      this.finishLoading()
    } else {
      this.running = true
      this.writes.write()
      this.rest()
    }
  }

  /** The partition's high watermark moved. */
  onHighWatermark(): void {
    // Within an append of our own: looked at when that is through.
    if (this.state !== 'ACTIVE' || this.running) return
    this.running = true
    this.writes.advance()
    this.rest()
  }

  onTimeout(ofMarkers: boolean): void {
    this.running = true
    this.writes.expire(ofMarkers)
    this.rest()
  }

  onMaterialize(): void {
    const end = this.ended.shift()
    if (end !== undefined && this.state === 'ACTIVE') this.shard.offsets.applyNow(end)
  }

  onCompleted(event: WriteEvent, error: number): void {
    const { reply, response, afterwards, markerToken } = event
    const { replies, markers } = this.parts
    if (afterwards !== null) this.shard.onAppended(afterwards, error)
    if (markerToken >= 0) markers.onMarkerWritten(this.tp, markerToken, error)
    if (reply === null) return
    if (error !== Errors.NONE) {
      if (!reply.done) replies.complete(reply, errorResponse(reply.request, coordinatorError(error)))
    } else if (response !== null) replies.complete(reply, response)
  }
}
