import { M } from '../../../history/catalogue.ts'
import { tpOf } from '../../../history/ids.ts'
import type { TimerHandle } from '../../../kernel/kernel.ts'
import { MILLISECOND, ms } from '../../../kernel/time.ts'
import type { Envelope } from '../../../network/envelope.ts'
import type { BatchNumbers } from '../../broker/batch-numbers.ts'
import type { MetadataCache } from '../../broker/metadata-cache.ts'
import type { RequestChannel } from '../../broker/request-channel.ts'
import { BrokerTimer } from '../../broker/timers.ts'
import type { Env } from '../../env.ts'
import type { CoordinatorLog, DiskGate } from '../../group/coordinator-log.ts'
import { coordinatorError } from '../../group/group-errors.ts'
import { partitionFor } from '../../group/partition-for.ts'
import { Api } from '../../protocol/api.ts'
import type { BrokerConfig } from '../../protocol/config/broker.ts'
import { Errors } from '../../protocol/errors.ts'
import {
  coordinatorKeyOf,
  type ReadShareGroupStateRequest,
  type ReadShareGroupStateResponse,
  type SharePartitionKey,
  type WriteShareGroupStateRequest,
} from '../../protocol/share-messages.ts'
import { shareStateBatch, type ShareStateRecord, shareStateRecordsIn } from '../../protocol/share-state-records.ts'
import { ShareStateShard } from './share-state-shard.ts'

/** Disk operations of the share coordinator; those of the other coordinators are below. */
export const ShareDisk = {
  load: 30,
  operate: 31,
} as const

/** An operation whose answer waits until everything before it is replicated. */
interface Waiting {
  readonly request: Envelope
  readonly response: object
  /** Replicated up to here, it is done. */
  readonly requiredOffset: number
  /** Monotonic microseconds. */
  readonly deadline: number
}

/** A broker's hold on one partition of `__share_group_state`. */
class Hold {
  readonly tp: number
  readonly epoch: number
  /** Tells this hold from an earlier one where the disk answers late. */
  readonly life: number
  loading = true
  readonly shard: ShareStateShard
  readonly waiting: Waiting[] = []

  constructor(tp: number, epoch: number, life: number, shard: ShareStateShard) {
    this.tp = tp
    this.epoch = epoch
    this.life = life
    this.shard = shard
  }
}

export interface ShareCoordinatorParts {
  readonly env: Env
  readonly config: BrokerConfig
  readonly metadata: MetadataCache
  readonly log: CoordinatorLog
  readonly disk: DiskGate
  readonly channel: RequestChannel
  readonly numbers: BatchNumbers
}

const NOTHING_READ: Omit<ReadShareGroupStateResponse, 'errorCode'> = {
  stateEpoch: -1,
  startOffset: -1,
  stateBatches: [],
}

/**
 * One broker's part in keeping the states of share partitions (`ShareCoordinatorService`): each operation works on what the
 * log says up to its end, and is answered when that is replicated.
 */
export class ShareCoordinator {
  private readonly parts: ShareCoordinatorParts
  /** By tp. */
  private readonly holds: Map<number, Hold> = new Map()
  private lives = 0
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(parts: ShareCoordinatorParts) {
    this.parts = parts
  }

  // --- leadership ---------------------------------------------------------------------------------------------------

  /** This broker leads a partition of the topic: what was in memory is read anew. */
  onElection(tp: number, epoch: number): void {
    const { disk, log, config } = this.parts
    const known = this.holds.get(tp)
    if (known !== undefined && known.epoch >= epoch) return
    if (known !== undefined) this.sendAway(known)
    const shard = new ShareStateShard(config['share.coordinator.snapshot.update.records.per.snapshot'])
    const hold = new Hold(tp, epoch, ++this.lives, shard)
    this.holds.set(tp, hold)
    if (log.logEndOffset(tp) === 0 || disk.admit(ShareDisk.load, tp, hold.life, null)) this.finishLoading(hold)
  }

  private finishLoading(hold: Hold): void {
    const { env, log } = this.parts
    const entries = log.entriesOf(hold.tp)
    if (entries === null) return
    for (const { batch } of entries) {
      for (const record of shareStateRecordsIn(batch)) hold.shard.replay(record)
    }
    hold.loading = false
    env.emit(M.shareStateLoaded, hold.tp, hold.epoch, hold.shard.size)
  }

  /** Another broker leads it, or none: who waits is sent away. */
  onResignation(tp: number, epoch: number): void {
    const known = this.holds.get(tp)
    if (known === undefined || known.epoch >= epoch) return
    this.holds.delete(tp)
    this.parts.env.emit(M.shareStateUnloaded, tp, epoch)
    this.sendAway(known)
  }

  private sendAway(hold: Hold): void {
    for (const { request } of hold.waiting.splice(0)) this.refuse(request, Errors.NOT_COORDINATOR)
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  handle(request: Envelope): void {
    if (this.parts.disk.admit(ShareDisk.operate, 0, 0, request)) this.operate(request)
  }

  onDisk(kind: number, tp: number, life: number, payload: unknown): void {
    if (kind === ShareDisk.operate) {
      this.operate(payload as Envelope)
      return
    }
    const hold = this.holds.get(tp)
    if (hold !== undefined && hold.life === life) this.finishLoading(hold)
  }

  /** Partition of the topic for a share partition; -1 while there is no such topic. */
  tpFor(key: SharePartitionKey): number {
    const { shareStateTopicId, topics } = this.parts.metadata
    const topic = topics.get(shareStateTopicId)
    return topic === undefined
      ? -1
      : tpOf(shareStateTopicId, partitionFor(coordinatorKeyOf(key), topic.partitions.length))
  }

  private operate(request: Envelope): void {
    const hold = this.holds.get(this.tpFor(request.body as SharePartitionKey))
    if (hold === undefined) this.refuse(request, Errors.NOT_COORDINATOR)
    else if (hold.loading) this.refuse(request, Errors.COORDINATOR_LOAD_IN_PROGRESS)
    else if (request.api === Api.ReadShareGroupState) this.read(request, hold)
    else this.write(request, hold)
  }

  /** `readStateAndMaybeUpdateLeaderEpoch`: a new leader is known from now on, and older ones are fenced. */
  private read(request: Envelope, hold: Hold): void {
    const body = request.body as ReadShareGroupStateRequest
    const error = hold.shard.readError(body)
    const record = error === Errors.NONE ? hold.shard.leaderRecordFor(body) : null
    const written = record === null ? error : this.append(hold, record)
    if (written !== Errors.NONE) this.refuse(request, written)
    else this.await(hold, request, hold.shard.read(body))
  }

  private write(request: Envelope, hold: Hold): void {
    const body = request.body as WriteShareGroupStateRequest
    const error = hold.shard.writeError(body)
    const written = error === Errors.NONE ? this.append(hold, hold.shard.recordFor(body)) : error
    if (written !== Errors.NONE) this.refuse(request, written)
    else this.await(hold, request, { errorCode: Errors.NONE })
  }

  private append(hold: Hold, record: ShareStateRecord): number {
    const { env, log, numbers } = this.parts
    const timestamp = Math.floor(env.wallClock() / MILLISECOND)
    const error = log.appendAsCoordinator(hold.tp, shareStateBatch(numbers.next(), record, timestamp))
    if (error === Errors.NONE) hold.shard.replay(record)
    return coordinatorError(error)
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  private await(hold: Hold, request: Envelope, response: object): void {
    const { env, log, config } = this.parts
    const requiredOffset = log.logEndOffset(hold.tp)
    const deadline = env.monotonic() + ms(config['share.coordinator.write.timeout.ms'])
    hold.waiting.push({ request, response, requiredOffset, deadline })
    this.onHighWatermark(hold.tp)
    if (requiredOffset > log.highWatermark(hold.tp)) this.arm(deadline)
  }

  onHighWatermark(tp: number): void {
    const hold = this.holds.get(tp)
    if (hold === undefined) return
    const highWatermark = this.parts.log.highWatermark(tp)
    // Answering a request takes up the next of its connection, which may write in turn.
    for (let first = hold.waiting[0]; first !== undefined; first = hold.waiting[0]) {
      if (first.requiredOffset > highWatermark) return
      hold.waiting.shift()
      this.reply(first.request, first.response)
    }
  }

  /** `share.coordinator.write.timeout.ms` is over for some; their records may still be replicated. */
  onTimer(): void {
    this.timer = 0
    const now = this.parts.env.monotonic()
    for (const hold of this.holds.values()) {
      for (const late of hold.waiting.filter(({ deadline }) => deadline <= now)) {
        hold.waiting.splice(hold.waiting.indexOf(late), 1)
        this.refuse(late.request, coordinatorError(Errors.REQUEST_TIMED_OUT))
      }
    }
    for (const hold of this.holds.values()) if (hold.waiting[0] !== undefined) this.arm(hold.waiting[0].deadline)
  }

  private arm(deadline: number): void {
    if (this.timer !== 0 && this.timerAt <= deadline) return
    const { env } = this.parts
    env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = env.setTimer(BrokerTimer.ShareStateTimeout, Math.max(0, deadline - env.monotonic()))
  }

  private refuse(request: Envelope, errorCode: number): void {
    this.reply(request, request.api === Api.ReadShareGroupState ? { ...NOTHING_READ, errorCode } : { errorCode })
  }

  private reply(request: Envelope, response: object): void {
    const { channel } = this.parts
    if (channel.isOpen(request)) channel.reply(request, response)
  }
}
