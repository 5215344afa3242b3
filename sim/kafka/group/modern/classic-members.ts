import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import type { MemberMetadataValue } from '../../protocol/consumer-group-records.ts'
import { Errors } from '../../protocol/errors.ts'
import { topicPartition, tpsOf } from '../../protocol/topic-partitions.ts'
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../../protocol/group-messages.ts'
import { UNKNOWN_MEMBER_ID } from '../classic-group.ts'
import { JOIN_REQUIRES_MEMBER_ID } from '../classic-protocol.ts'
import { joinError } from '../group-errors.ts'
import { answered, NOTHING, type Outcome, refused } from '../outcome.ts'
import type { PendingReply, Replies } from '../pending-reply.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerGroupMember, sameNumbers } from './consumer-group-member.ts'
import type { ConsumerGroups } from './consumer-groups.ts'
import { becomeClassicWith, mayBecomeClassicWith } from './conversion.ts'
import { fence } from './fencing.ts'
import { findOrSubscribe } from './membership.ts'
import { progress } from './progress.ts'

/**
 * Members of the classic protocol in a group of the consumer protocol, while it is being moved from one to the other
 * (`GroupMetadataManager.classicGroup*ToConsumerGroup`): their generation is their member epoch, the coordinator assigns, and
 * REBALANCE_IN_PROGRESS makes them take the next step.
 */
export class ClassicMembers {
  private readonly groups: ConsumerGroups
  private readonly replies: Replies

  constructor(groups: ConsumerGroups, replies: Replies) {
    this.groups = groups
    this.replies = replies
  }

  // --- JoinGroup ----------------------------------------------------------------------------------------------------

  /** @param newMemberId the id for who has none yet */
  join(reply: PendingReply, group: ConsumerGroup, newMemberId: string): Outcome {
    const request = reply.request.body as JoinGroupRequest
    const isUnknown = request.memberId === UNKNOWN_MEMBER_ID
    const memberId = isUnknown ? newMemberId : request.memberId
    const isFull = group.members.size >= this.groups.options['group.consumer.max.size']
    if (isFull && !group.members.has(memberId)) return this.answer(reply, Errors.GROUP_MAX_SIZE_REACHED, memberId)
    if (!supports(group, request)) return this.answer(reply, Errors.INCONSISTENT_GROUP_PROTOCOL, memberId)
    if (isUnknown && request.groupInstanceId === null && reply.request.apiVersion >= JOIN_REQUIRES_MEMBER_ID)
      return this.answer(reply, Errors.MEMBER_ID_REQUIRED, memberId)
    return this.joinAs(reply, group, { ...request, memberId }, isUnknown)
  }

  private joinAs(reply: PendingReply, group: ConsumerGroup, request: JoinGroupRequest, isUnknown: boolean): Outcome {
    const { groups } = this
    const { memberId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
    const node = reply.request.source
    const owned = tpsOf(protocols[0]?.metadata.ownedPartitions ?? [])
    const replaced = group.staticMemberId(groupInstanceId)
    const records: CoordinatorRecord[] = []
    const claim = { memberId, groupInstanceId, node, memberEpoch: null, owned, isUnknown }
    const found = findOrSubscribe(groups, group, claim, records)
    if ('error' in found) return this.answer(reply, found.error, memberId)
    const { member: before } = found
    const metadata = metadataOf(before, request, node)
    const updated = progress(groups, group, before, metadata, owned, records)
    const downgrades = replaced !== undefined && mayBecomeClassicWith(groups, group, replaced)
    if (downgrades) {
      const isOther = !sameNumbers(before.metadata.subscribedTopics, metadata.subscribedTopics)
      records.push(...becomeClassicWith(groups, group, replaced, updated, isOther))
    }
    const response = joinResponse(updated)
    return {
      records,
      response: null,
      afterwards: {
        kind: 'classic-joined',
        groupId: group.groupId,
        reply,
        response,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        downgrades,
      },
      error: Errors.NONE,
    }
  }

  // --- SyncGroup ----------------------------------------------------------------------------------------------------

  sync(reply: PendingReply, group: ConsumerGroup): Outcome {
    const request = reply.request.body as SyncGroupRequest
    const { memberId, groupInstanceId, generationId, protocolName } = request
    const found = classicMember(group, memberId, groupInstanceId)
    if (typeof found === 'number') return refused(found)
    if (generationId !== found.current.memberEpoch) return refused(Errors.ILLEGAL_GENERATION)
    if (protocolName !== protocolOf(found)) return refused(Errors.INCONSISTENT_GROUP_PROTOCOL)
    if (group.groupEpoch > found.current.memberEpoch && found.current.state !== 'UNREVOKED_PARTITIONS') {
      this.scheduleJoin(group, found)
      return refused(Errors.REBALANCE_IN_PROGRESS)
    }
    const response: SyncGroupResponse = {
      errorCode: Errors.NONE,
      assignment: found.current.assigned.map(topicPartition),
    }
    const { groupId } = group
    const { sessionTimeoutMs = 0 } = found.metadata.classic ?? {}
    return {
      ...NOTHING,
      afterwards: { kind: 'classic-synced', groupId, memberId, reply, response, sessionTimeoutMs },
    }
  }

  // --- Heartbeat, LeaveGroup ----------------------------------------------------------------------------------------

  /** `classicGroupHeartbeatToConsumerGroup` */
  heartbeat(reply: PendingReply, group: ConsumerGroup): Outcome {
    const { groupId, memberId, groupInstanceId, generationId } = reply.request.body as HeartbeatRequest
    const member = classicMember(group, memberId, groupInstanceId)
    if (typeof member === 'number') return refused(member)
    const { current, metadata } = member
    if (generationId !== current.memberEpoch) return refused(Errors.ILLEGAL_GENERATION)
    this.groups.keepAlive(groupId, memberId, metadata.classic?.sessionTimeoutMs)
    const mustRejoin =
      current.memberEpoch < group.groupEpoch ||
      current.state === 'UNREVOKED_PARTITIONS' ||
      (current.state === 'UNRELEASED_PARTITIONS' && !group.isWaiting(member))
    if (mustRejoin) this.scheduleJoin(group, member)
    const errorCode = mustRejoin ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
    return answered({ errorCode } satisfies HeartbeatResponse)
  }

  /** `classicGroupLeaveToConsumerGroup` */
  leave(reply: PendingReply, group: ConsumerGroup): Outcome {
    const { members } = reply.request.body as LeaveGroupRequest
    const leaving: ConsumerGroupMember[] = []
    let errorCode: number = Errors.NONE
    for (const { memberId, groupInstanceId } of members) {
      // An admin removes a static member by its instance alone.
      const id = memberId === UNKNOWN_MEMBER_ID ? (group.staticMemberId(groupInstanceId) ?? memberId) : memberId
      const found = classicMember(group, id, groupInstanceId)
      if (typeof found !== 'number') leaving.push(found)
      else if (errorCode === Errors.NONE) errorCode = found
    }
    const response: LeaveGroupResponse = { errorCode }
    return leaving.length === 0 ? answered(response) : { ...fence(this.groups, group, leaving, false), response }
  }

  /** The member has to join again within its rebalance timeout; that it was told so before does not make it longer. */
  private scheduleJoin({ groupId }: ConsumerGroup, { memberId, metadata }: ConsumerGroupMember): void {
    const task = { kind: 'member-join', groupId, memberId } as const
    this.groups.timers.scheduleIfAbsent(task, Math.max(0, metadata.rebalanceTimeoutMs))
  }

  private answer(reply: PendingReply, error: number, memberId: string): Outcome {
    this.replies.complete(reply, joinError(error, memberId))
    return NOTHING
  }
}

/** `supportsClassicProtocols`: one that all classic members speak. */
function supports(group: ConsumerGroup, { protocols }: JoinGroupRequest): boolean {
  return protocols.some(({ name }) =>
    [...group.members.values()].every(
      ({ metadata }) => metadata.classic === null || metadata.classic.protocols.some((other) => other.name === name),
    ),
  )
}

/** `validateConsumerGroupMember`, of a member that speaks the classic protocol; else why it is none. */
function classicMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): ConsumerGroupMember | number {
  const member = instanceId === null ? group.members.get(memberId) : group.staticMember(instanceId)
  if (member === undefined) return Errors.UNKNOWN_MEMBER_ID
  if (member.memberId !== memberId) return Errors.FENCED_INSTANCE_ID
  return member.metadata.classic === null ? Errors.UNKNOWN_MEMBER_ID : member
}

function metadataOf(
  { metadata }: ConsumerGroupMember,
  { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols }: JoinGroupRequest,
  node: number,
): MemberMetadataValue {
  return {
    groupInstanceId: groupInstanceId ?? metadata.groupInstanceId,
    node,
    rebalanceTimeoutMs,
    subscribedTopics: protocols[0]?.metadata.topics ?? [],
    serverAssignor: metadata.serverAssignor,
    classic: { sessionTimeoutMs, protocols },
  }
}

function protocolOf({ metadata }: ConsumerGroupMember): string {
  return metadata.classic?.protocols[0]?.name ?? ''
}

/** It leads nothing: the coordinator assigns. */
function joinResponse(member: ConsumerGroupMember): JoinGroupResponse {
  return {
    errorCode: Errors.NONE,
    generationId: member.current.memberEpoch,
    protocolName: protocolOf(member),
    leader: '',
    skipAssignment: false,
    memberId: member.memberId,
    members: [],
  }
}
