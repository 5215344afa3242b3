import { M } from '../../../history/catalogue.ts'
import type { MetadataCache } from '../../broker/metadata-cache.ts'
import type { Env } from '../../env.ts'
import type { CoordinatorRecord, ShareGroupRecord } from '../../protocol/coordinator-records.ts'
import { Errors } from '../../protocol/errors.ts'
import type { TopicPartitionId } from '../../protocol/group-messages.ts'
import type { ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse } from '../../protocol/share-messages.ts'
import type { GroupTask, GroupTimers } from '../group-timers.ts'
import type { GroupCoordinatorOptions } from '../options.ts'
import { answered, NOTHING, type Outcome, refused } from '../outcome.ts'
import type { PendingReply } from '../pending-reply.ts'
import { assignShares, isSameAssignment, ShareGroup, type ShareGroupMember } from './share-group.ts'

const LEAVES = -1
const JOINS = 0
const NO_ASSIGNMENT: readonly TopicPartitionId[] = []

/** Share groups of one coordinator partition (`GroupMetadataManager`, KIP-932): members come, beat and go. */
export class ShareGroups {
  private readonly env: Env
  private readonly options: GroupCoordinatorOptions
  private readonly timers: GroupTimers
  private readonly metadata: MetadataCache
  private readonly groups: Map<string, ShareGroup> = new Map()

  constructor(env: Env, options: GroupCoordinatorOptions, timers: GroupTimers, metadata: MetadataCache) {
    this.env = env
    this.options = options
    this.timers = timers
    this.metadata = metadata
  }

  replay(record: ShareGroupRecord): void {
    this.getOrCreate(record.groupId).replay(record)
  }

  /** The log has been replayed: all sessions begin anew. */
  onLoaded(): void {
    for (const group of this.groups.values()) {
      this.assign(group)
      for (const member of group.members.values()) this.keepAlive(group, member)
    }
  }

  private getOrCreate(groupId: string): ShareGroup {
    let group = this.groups.get(groupId)
    if (group === undefined) {
      group = new ShareGroup(groupId)
      this.groups.set(groupId, group)
    }
    return group
  }

  /** `shareGroupHeartbeat` */
  heartbeat(reply: PendingReply): Outcome {
    const request = reply.request.body as ShareGroupHeartbeatRequest
    const { groupId, memberId, memberEpoch } = request
    if (memberEpoch === JOINS) return this.join(this.getOrCreate(groupId), request, reply.request.source)
    const group = this.groups.get(groupId)
    if (group === undefined) return refused(Errors.GROUP_ID_NOT_FOUND)
    const member = group.members.get(memberId)
    if (member === undefined) return refused(Errors.UNKNOWN_MEMBER_ID)
    if (memberEpoch === LEAVES) return this.remove(group, member, false, answerOf(LEAVES, 0, null))
    // `throwIfShareGroupMemberEpochIsInvalid`: one epoch behind is an answer that was lost.
    const isKnown = memberEpoch === member.epoch || memberEpoch === member.previousEpoch
    if (!isKnown) return refused(Errors.FENCED_MEMBER_EPOCH)
    return this.beat(group, member, request)
  }

  private join(group: ShareGroup, request: ShareGroupHeartbeatRequest, node: number): Outcome {
    const { memberId } = request
    const known = group.members.get(memberId)
    if (known === undefined && group.members.size >= this.options['group.share.max.size'])
      return refused(Errors.GROUP_MAX_SIZE_REACHED)
    const member = known ?? { memberId, node, topics: [], epoch: 0, previousEpoch: 0, assigned: NO_ASSIGNMENT }
    group.members.set(memberId, member)
    // Who joins is told its partitions, whatever it was told before.
    member.assigned = NO_ASSIGNMENT
    const outcome = this.beat(group, member, request, known === undefined)
    if (known === undefined) this.env.emit(M.memberJoined, this.text(group), node, group.epoch)
    return outcome
  }

  private beat(
    group: ShareGroup,
    member: ShareGroupMember,
    { subscribedTopics, memberEpoch }: ShareGroupHeartbeatRequest,
    isNew = false,
  ): Outcome {
    const topics = subscribedTopics === null ? member.topics : subscribedTopics.toSorted((a, b) => a - b)
    const isChanged = isNew || topics.join() !== member.topics.join() || group.counts !== this.countsOf(group)
    member.topics = topics
    if (isChanged) this.bump(group)
    const target = group.target.get(member.memberId) ?? NO_ASSIGNMENT
    const isTold = memberEpoch === JOINS || !isSameAssignment(target, member.assigned)
    const isBehind = member.epoch !== group.epoch
    if (isBehind) {
      member.previousEpoch = member.epoch
      member.epoch = group.epoch
    }
    member.assigned = target
    this.keepAlive(group, member)
    const response = answerOf(member.epoch, this.options['group.share.heartbeat.interval.ms'], isTold ? target : null)
    const records: readonly CoordinatorRecord[] = isChanged || isBehind ? [group.record()] : []
    return { records, response, afterwards: null, error: Errors.NONE }
  }

  /** A new group epoch, and with it a new target. */
  private bump(group: ShareGroup): void {
    group.epoch++
    this.assign(group)
    this.env.emit(M.groupRebalanced, this.text(group), group.epoch, group.members.size)
  }

  private assign(group: ShareGroup): void {
    group.counts = this.countsOf(group)
    const counts = new Map(this.topicsOf(group).map((topicId) => [topicId, this.countOf(topicId)]))
    group.target = assignShares([...group.members.values()], counts)
  }

  private topicsOf(group: ShareGroup): readonly number[] {
    return [...new Set([...group.members.values()].flatMap(({ topics }) => topics))].sort((a, b) => a - b)
  }

  private countOf(topicId: number): number {
    return this.metadata.topics.get(topicId)?.partitions.length ?? 0
  }

  /** How many partitions there are of what the group reads: more of them mean a new assignment. */
  private countsOf(group: ShareGroup): string {
    return this.topicsOf(group)
      .map((topicId) => `${topicId}:${this.countOf(topicId)}`)
      .join()
  }

  // --- going --------------------------------------------------------------------------------------------------------

  /** The session of a member has lapsed. */
  onTask({ groupId, memberId }: Extract<GroupTask, { readonly kind: 'share-session' }>): Outcome {
    const group = this.groups.get(groupId)
    const member = group?.members.get(memberId)
    return group === undefined || member === undefined ? NOTHING : this.remove(group, member, true, null)
  }

  /** `shareGroupFenceMember`: what it has acquired is none of the coordinator's business. */
  private remove(group: ShareGroup, member: ShareGroupMember, expired: boolean, response: object | null): Outcome {
    group.members.delete(member.memberId)
    this.timers.cancelShareSession(group.groupId, member.memberId)
    this.env.emit(M.memberRemoved, this.text(group), member.node, group.epoch, expired ? 1 : 0)
    this.bump(group)
    const told = response === null ? NOTHING : answered(response)
    return { ...told, records: [group.record()] }
  }

  private keepAlive(group: ShareGroup, member: ShareGroupMember): void {
    const task = { kind: 'share-session', groupId: group.groupId, memberId: member.memberId } as const
    this.timers.schedule(task, this.options['group.share.session.timeout.ms'])
  }

  private text(group: ShareGroup): number {
    return this.env.recorder.text(group.groupId)
  }
}

function answerOf(
  memberEpoch: number,
  heartbeatIntervalMs: number,
  assignment: readonly TopicPartitionId[] | null,
): ShareGroupHeartbeatResponse {
  return { errorCode: Errors.NONE, memberEpoch, heartbeatIntervalMs, assignment }
}
