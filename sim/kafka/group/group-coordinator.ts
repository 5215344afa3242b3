import { tpOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { BatchNumbers } from '../broker/batch-numbers.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { RequestChannel } from '../broker/request-channel.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { EndTransactionMarker } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { JoinGroupRequest } from '../protocol/group-messages.ts'
import type {
  CoordinatorLog,
  DiskGate,
  EndedTransaction,
  MarkerListener,
  TransactionVerifier,
  VerificationListener,
} from './coordinator-log.ts'
import { CoordinatorPartition, type CoordinatorParts } from './coordinator-partition.ts'
import { emitCommitRefused, errorResponse } from './group-errors.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { partitionFor } from './partition-for.ts'
import { PendingReply, Replies } from './pending-reply.ts'

/** One broker's part in coordinating groups (`GroupCoordinatorService`). */
export class GroupCoordinator implements TransactionVerifier, VerificationListener, MarkerListener {
  /** Who asks transactions' coordinators; null = nobody does (before KIP-890). */
  verification: TransactionVerifier | null = null
  /** Who handles WriteTxnMarkers. */
  markerListener: MarkerListener | null = null
  private readonly metadata: MetadataCache
  private readonly parts: CoordinatorParts
  /** The partitions of the offsets topic that this broker leads, by tp. */
  private readonly partitions: Map<number, CoordinatorPartition> = new Map()
  private lives = 0

  constructor(
    env: Env,
    numbers: BatchNumbers,
    options: GroupCoordinatorOptions,
    profile: ClusterProfile,
    metadata: MetadataCache,
    log: CoordinatorLog,
    disk: DiskGate,
    channel: RequestChannel,
  ) {
    this.metadata = metadata
    this.parts = {
      env,
      options,
      profile,
      metadata,
      log,
      disk,
      replies: new Replies(channel),
      numbers,
      verifier: this,
      markers: this,
    }
  }

  /** The coordinator's hold on a partition, if it has one. */
  partition(tp: number): CoordinatorPartition | undefined {
    return this.partitions.get(tp)
  }

  // --- leadership ---------------------------------------------------------------------------------------------------

  /** This broker leads a partition of the offsets topic. */
  onElection(tp: number, epoch: number): void {
    const known = this.partitions.get(tp)
    if (known !== undefined) {
      known.onReelection(epoch)
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

  /** `onPartitionsDeleted`: topics were deleted, and with them is what groups committed of these partitions. */
  onPartitionsDeleted(tps: readonly number[]): void {
    for (const partition of this.partitions.values()) partition.deleteOffsets(tps)
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
    const { api } = request
    if (api === Api.OffsetCommit || api === Api.TxnOffsetCommit || api === Api.OffsetFetch) return Errors.NONE
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

  // --- transactions -------------------------------------------------------------------------------------------------

  verifyOffsets(
    tp: number,
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    apiVersion: number,
    token: number,
  ): void {
    const { verification } = this
    if (verification === null) this.onOffsetsVerified(tp, token, Errors.NONE, 0)
    else verification.verifyOffsets(tp, transactionalId, producerId, producerEpoch, apiVersion, token)
  }

  onOffsetsVerified(tp: number, token: number, error: number, guard: number): void {
    this.partitions.get(tp)?.onOffsetsVerified(token, error, guard)
  }

  /**
   * `GroupCoordinatorService.completeTransaction`: writes the end of a transaction into a partition of the offsets topic and
   * makes its offsets current, or forgets them. {@link markerListener} is told with the same token.
   */
  completeTransaction(tp: number, ended: EndedTransaction, marker: EndTransactionMarker, token: number): void {
    const partition = this.partitions.get(tp)
    if (partition === undefined) this.onMarkerWritten(tp, token, Errors.NOT_COORDINATOR)
    else partition.completeTransaction(ended, marker, token)
  }

  onMarkerWritten(tp: number, token: number, error: number): void {
    this.markerListener?.onMarkerWritten(tp, token, error)
  }

  // --- timers and disk ----------------------------------------------------------------------------------------------

  onTimer(kind: number, tp: number, b: number): void {
    const partition = this.partitions.get(tp)
    if (partition === undefined) return
    if (kind === BrokerTimer.GroupTask) partition.onTask(b)
    else if (partition.life !== b) return
    else if (kind === BrokerTimer.GroupFlush) partition.onLinger()
    else if (kind === BrokerTimer.GroupMaterialize) partition.onMaterialize()
    else if (kind === BrokerTimer.OffsetExpiration) partition.deleteOffsets(null)
    else partition.onTimeout(kind === BrokerTimer.GroupMarkerTimeout)
  }

  onDisk(kind: number, tp: number, life: number): void {
    const partition = this.partitions.get(tp)
    if (partition !== undefined && partition.life === life) partition.onDisk(kind)
  }
}
