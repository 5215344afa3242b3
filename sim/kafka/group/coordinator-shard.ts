import type { MetadataCache } from '../broker/metadata-cache.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { LogEntry } from '../protocol/batch.ts'
import { coordinatorRecordsIn } from '../protocol/coordinator-records.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupRequest, OffsetFetchRequest } from '../protocol/group-messages.ts'
import { onAppended } from './afterwards.ts'
import { ClassicGroups } from './classic-groups.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import { GroupOffsets } from './group-offsets.ts'
import type { GroupTask, GroupTimers } from './group-timers.ts'
import { ClassicMembers } from './modern/classic-members.ts'
import { onClassicMemberAppended } from './modern/classic-afterwards.ts'
import type { ConsumerGroup } from './modern/consumer-group.ts'
import { ConsumerGroups } from './modern/consumer-groups.ts'
import { ConsumerProtocol } from './modern/consumer-protocol.ts'
import { fenceExpired } from './modern/fencing.ts'
import { groupTombstones } from './modern/group-records.ts'
import type { OffsetsEntry } from './offsets-state.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { type Afterwards, answered, NOTHING, type Outcome, refused } from './outcome.ts'
import type { PendingReply, Replies } from './pending-reply.ts'
import { ShareGroups } from './share/share-groups.ts'

/** `CoordinatorTimer`: after this a timer whose operation has failed fires again. */
const TIMER_RETRY_MS = 500

/** What the records of a coordinator's log make, and what can be taken back when they could not be written. */
export interface ReplicatedState {
  replay(entry: OffsetsEntry): void
  commitUpTo(offset: number, tell: boolean): void
  revertTo(offset: number): void
}

/** The groups and offsets of one partition of the offsets topic, of whatever protocol (`GroupCoordinatorShard`). */
export class GroupCoordinatorShard implements ReplicatedState {
  readonly classic: ClassicGroups
  readonly consumer: ConsumerGroups
  readonly share: ShareGroups
  readonly offsets: GroupOffsets
  private readonly replies: Replies
  private readonly timers: GroupTimers
  private readonly classicProtocol: ClassicProtocol
  private readonly consumerProtocol: ConsumerProtocol
  private readonly classicMembers: ClassicMembers

  constructor(
    env: Env,
    options: GroupCoordinatorOptions,
    metadata: MetadataCache,
    timers: GroupTimers,
    replies: Replies,
  ) {
    this.replies = replies
    this.timers = timers
    this.classic = new ClassicGroups(env, options, timers, replies)
    this.consumer = new ConsumerGroups(env, options, metadata, timers, this.classic)
    this.share = new ShareGroups(env, options, timers, metadata)
    this.offsets = new GroupOffsets(env, this.classic, this.consumer, metadata)
    this.classicProtocol = new ClassicProtocol(this.classic)
    this.consumerProtocol = new ConsumerProtocol(this.consumer)
    this.classicMembers = new ClassicMembers(this.consumer, replies)
  }

  /** Number of groups, of any protocol. */
  get size(): number {
    return this.classic.groups.size + this.consumer.groups.size
  }

  // --- the log ------------------------------------------------------------------------------------------------------

  /** `CoordinatorLoaderImpl`: groups and offsets become what the entries of their partition's log say. */
  load(entries: readonly LogEntry[]): void {
    for (const { batch, baseOffset } of entries) {
      const { producerId, producerEpoch, marker } = batch
      if (marker !== null) {
        const committed = marker.type === 'COMMIT'
        this.offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed })
        continue
      }
      let offset = baseOffset
      for (const record of coordinatorRecordsIn(batch)) {
        if (record.type === 'GroupMetadata') this.classic.replay(record)
        if (record.type === 'ShareGroup') this.share.replay(record)
        this.replay({ kind: 'record', offset: offset++, record, producerId, producerEpoch })
      }
    }
  }

  onLoaded(epoch: number): void {
    this.classicProtocol.epoch = epoch
    this.classic.onLoaded()
    this.consumer.onLoaded()
    this.share.onLoaded()
    this.offsets.tellCommitted()
  }

  /** A classic group is changed by the operation itself, the others by the records that come of it. */
  replay(entry: OffsetsEntry): void {
    if (entry.kind === 'record') this.consumer.replay(entry.offset, entry.record)
    this.offsets.replay(entry)
  }

  commitUpTo(offset: number, tell: boolean): void {
    this.consumer.commitUpTo(offset)
    this.offsets.commitUpTo(offset, tell)
  }

  revertTo(offset: number): void {
    this.consumer.revertTo(offset)
    this.offsets.revertTo(offset)
  }

  // --- operations ---------------------------------------------------------------------------------------------------

  /** `validates`: offsets in a transaction are held against their group now, not before they were verified. */
  operate(reply: PendingReply, validates: boolean): Outcome {
    switch (reply.request.api) {
      case Api.ConsumerGroupHeartbeat:
        return this.consumerProtocol.heartbeat(reply)
      case Api.JoinGroup:
        return this.join(reply)
      case Api.SyncGroup: {
        const group = this.consumerGroupOf(reply)
        return group === undefined ? this.classicProtocol.sync(reply) : this.classicMembers.sync(reply, group)
      }
      case Api.Heartbeat: {
        const group = this.consumerGroupOf(reply)
        return group === undefined ? this.classicProtocol.heartbeat(reply) : this.classicMembers.heartbeat(reply, group)
      }
      case Api.LeaveGroup: {
        const group = this.consumerGroupOf(reply)
        return group === undefined ? this.classicProtocol.leave(reply) : this.classicMembers.leave(reply, group)
      }
      case Api.ShareGroupHeartbeat:
        return this.share.heartbeat(reply)
      case Api.OffsetCommit:
        return this.offsets.commit(reply)
      case Api.TxnOffsetCommit:
        return this.offsets.commitTransactional(reply, validates)
      default:
        return this.fetch(reply)
    }
  }

  private consumerGroupOf(reply: PendingReply): ConsumerGroup | undefined {
    return this.consumer.groups.get((reply.request.body as JoinGroupRequest).groupId)
  }

  /** A consumer group without members gives way to a classic one (`maybeDeleteEmptyConsumerGroup`). */
  private join(reply: PendingReply): Outcome {
    const group = this.consumerGroupOf(reply)
    if (group === undefined) return this.classicProtocol.join(reply)
    if (group.state === 'EMPTY') {
      const outcome = this.classicProtocol.join(reply)
      return { ...outcome, records: [...groupTombstones(group), ...outcome.records] }
    }
    const { groupInstanceId } = reply.request.body as JoinGroupRequest
    const newMemberId = this.classicProtocol.newMemberId(reply.request, groupInstanceId)
    return this.classicMembers.join(reply, group, newMemberId)
  }

  private fetch(reply: PendingReply): Outcome {
    const request = reply.request.body as OffsetFetchRequest
    const error = this.offsets.validateFetch(request)
    if (error !== Errors.NONE) return refused(error)
    const response = this.offsets.fetch(request)
    if (request.requireStable) return answered(response)
    this.replies.complete(reply, response)
    return NOTHING
  }

  onTask(task: GroupTask): Outcome {
    switch (task.kind) {
      case 'member-session':
      case 'member-join':
      case 'member-sync':
      case 'member-rebalance': {
        const memberEpoch = task.kind === 'member-rebalance' ? task.memberEpoch : null
        const outcome = fenceExpired(this.consumer, task.groupId, task.memberId, memberEpoch)
        return { ...outcome, afterwards: { kind: 'timer', task } }
      }
      case 'share-session':
        return this.share.onTask(task)
      case 'session':
      case 'join':
      case 'initial-join':
      case 'sync':
        return this.classic.onTask(task)
    }
  }

  /** The records of an operation are replicated, or have failed with an error of the log. */
  onAppended(afterwards: Afterwards, error: number): void {
    switch (afterwards.kind) {
      case 'classic-joined':
      case 'classic-synced':
        onClassicMemberAppended(this.consumer, this.replies, afterwards, error)
        break
      case 'timer':
        // `CoordinatorTimer`: what failed may be transient.
        if (error !== Errors.NONE && error !== Errors.NOT_COORDINATOR)
          this.timers.schedule(afterwards.task, TIMER_RETRY_MS)
        break
      case 'assign':
      case 'new-group':
      case 'static-member':
        onAppended(this.classic, afterwards, error)
    }
  }
}
