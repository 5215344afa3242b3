import { tpOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { RequestChannel } from '../broker/request-channel.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupRequest } from '../protocol/group-messages.ts'
import type { CoordinatorLog, DiskGate } from './coordinator-log.ts'
import { type BatchNumbers, CoordinatorPartition, type CoordinatorParts } from './coordinator-partition.ts'
import { emitCommitRefused, errorResponse } from './group-errors.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { partitionFor } from './partition-for.ts'
import { PendingReply, Replies } from './pending-reply.ts'

/** Batches that one incarnation may number before its numbers reach those of the next. */
const NUMBERS_PER_INCARNATION = 0x8000

/** Numbers of the batches that a broker writes itself: its node above 20 bits, as with clients, and every incarnation apart. */
class BrokerBatchNumbers implements BatchNumbers {
  private readonly base: number
  private count: number

  constructor(broker: number, incarnationId: number) {
    this.base = broker << 20
    this.count = (incarnationId - 1) * NUMBERS_PER_INCARNATION
  }

  next(): number {
    this.count = (this.count + 1) & 0xfffff
    return this.base | this.count
  }
}

/** One broker's part in coordinating groups (`GroupCoordinatorService`). */
export class GroupCoordinator {
  private readonly metadata: MetadataCache
  private readonly parts: CoordinatorParts
  /** The partitions of the offsets topic that this broker leads, by tp. */
  private readonly partitions: Map<number, CoordinatorPartition> = new Map()
  private lives = 0

  constructor(
    env: Env,
    identity: { readonly broker: number; readonly incarnationId: number },
    options: GroupCoordinatorOptions,
    metadata: MetadataCache,
    log: CoordinatorLog,
    disk: DiskGate,
    channel: RequestChannel,
  ) {
    this.metadata = metadata
    this.parts = {
      env,
      options,
      metadata,
      log,
      disk,
      replies: new Replies(channel),
      numbers: new BrokerBatchNumbers(identity.broker, identity.incarnationId),
    }
  }

  /** The coordinator's hold on a partition, if it has one. */
  partition(tp: number): CoordinatorPartition | undefined {
    return this.partitions.get(tp)
  }

  // --- leadership ---------------------------------------------------------------------------------------------------

  /** This broker leads a partition of the offsets topic. A newer epoch of its own leadership changes nothing. */
  onElection(tp: number, epoch: number): void {
    const known = this.partitions.get(tp)
    if (known !== undefined) {
      known.epoch = Math.max(known.epoch, epoch)
      return
    }
    const partition = new CoordinatorPartition(this.parts, tp, epoch, ++this.lives)
    this.partitions.set(tp, partition)
    partition.load()
  }

  /** Another broker leads it, or none. */
  onResignation(tp: number, epoch: number): void {
    const known = this.partitions.get(tp)
    if (known === undefined || known.epoch >= epoch) return
    this.partitions.delete(tp)
    known.unload(epoch)
  }

  onHighWatermark(tp: number): void {
    this.partitions.get(tp)?.onHighWatermark()
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  handle(request: Envelope): void {
    const { groupId } = request.body as JoinGroupRequest
    const error = this.refusalOf(request, groupId)
    const partition = this.partitions.get(this.tpFor(groupId))
    if (error !== Errors.NONE) this.refuse(request, error)
    else if (partition === undefined) this.refuse(request, Errors.NOT_COORDINATOR)
    else partition.handle(request)
  }

  /** Partition of the offsets topic for a group; -1 while the topic does not exist. */
  tpFor(groupId: string): number {
    const { offsetsTopicId, topics } = this.metadata
    const topic = topics.get(offsetsTopicId)
    return topic === undefined ? -1 : tpOf(offsetsTopicId, partitionFor(groupId, topic.partitions.length))
  }

  /** What is wrong with a request whoever coordinates its group. */
  private refusalOf(request: Envelope, groupId: string): number {
    const { options } = this.parts
    if (request.api === Api.OffsetCommit || request.api === Api.OffsetFetch) return Errors.NONE
    if (groupId === '') return Errors.INVALID_GROUP_ID
    if (request.api !== Api.JoinGroup) return Errors.NONE
    const { sessionTimeoutMs } = request.body as JoinGroupRequest
    const isInRange =
      sessionTimeoutMs >= options['group.min.session.timeout.ms'] &&
      sessionTimeoutMs <= options['group.max.session.timeout.ms']
    return isInRange ? Errors.NONE : Errors.INVALID_SESSION_TIMEOUT
  }

  private refuse(request: Envelope, error: number): void {
    emitCommitRefused(this.parts.env, request, error)
    this.parts.replies.complete(new PendingReply(request), errorResponse(request, error))
  }

  // --- timers and disk ----------------------------------------------------------------------------------------------

  onTimer(kind: number, tp: number, b: number): void {
    const partition = this.partitions.get(tp)
    if (partition === undefined) return
    if (kind === BrokerTimer.GroupTask) partition.onTask(b)
    else if (partition.life !== b) return
    else if (kind === BrokerTimer.GroupFlush) partition.onLinger()
    else partition.onTimeout()
  }

  onDisk(kind: number, tp: number, life: number): void {
    const partition = this.partitions.get(tp)
    if (partition !== undefined && partition.life === life) partition.onDisk(kind)
  }
}
