import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import type { MemberMetadataValue } from '../../protocol/consumer-group-records.ts'
import { Errors } from '../../protocol/errors.ts'
import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  LEAVE_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_STATIC_MEMBER_EPOCH,
} from '../../protocol/group-messages.ts'
import { topicPartition, tpsOf } from '../../protocol/topic-partitions.ts'
import { answered, type Outcome, refused } from '../outcome.ts'
import type { PendingReply } from '../pending-reply.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerGroupMember, sameNumbers } from './consumer-group-member.ts'
import type { ConsumerGroups } from './consumer-groups.ts'
import { groupForJoin } from './conversion.ts'
import { fence } from './fencing.ts'
import { currentRecord } from './group-records.ts'
import { findOrSubscribe } from './membership.ts'
import { progress } from './progress.ts'
import { assignorsOf } from './target-assignment-builder.ts'

const NO_TOPICS: readonly number[] = []

/** ConsumerGroupHeartbeat: how members of the consumer protocol join, report, learn what is theirs, and leave (KIP-848). */
export class ConsumerProtocol {
  private readonly groups: ConsumerGroups

  constructor(groups: ConsumerGroups) {
    this.groups = groups
  }

  heartbeat(reply: PendingReply): Outcome {
    const request = reply.request.body as ConsumerGroupHeartbeatRequest
    const { memberEpoch } = request
    const error = this.validate(request)
    if (error !== Errors.NONE) return refused(error)
    return memberEpoch === LEAVE_GROUP_MEMBER_EPOCH || memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH
      ? this.leave(request)
      : this.beat(request, reply.request.source)
  }

  /** `throwIfConsumerGroupHeartbeatRequestIsInvalid` */
  private validate(request: ConsumerGroupHeartbeatRequest): number {
    const { memberEpoch, memberId, groupInstanceId, serverAssignor } = request
    const { subscribedTopics, rebalanceTimeoutMs, topicPartitions } = request
    const isFirst =
      rebalanceTimeoutMs >= 0 && topicPartitions?.length === 0 && (subscribedTopics ?? NO_TOPICS).length > 0
    if (memberId === '' || memberEpoch < LEAVE_GROUP_STATIC_MEMBER_EPOCH) return Errors.INVALID_REQUEST
    if (memberEpoch === 0 && !isFirst) return Errors.INVALID_REQUEST
    if (memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH && groupInstanceId === null) return Errors.INVALID_REQUEST
    const isKnown = serverAssignor === null || assignorsOf(this.groups.options).some((name) => name === serverAssignor)
    return isKnown ? Errors.NONE : Errors.UNSUPPORTED_ASSIGNOR
  }

  // --- heartbeats ---------------------------------------------------------------------------------------------------

  private beat(request: ConsumerGroupHeartbeatRequest, node: number): Outcome {
    const { groups } = this
    const { groupId, memberId, memberEpoch } = request
    const owned = request.topicPartitions === null ? null : tpsOf(request.topicPartitions)
    const records: CoordinatorRecord[] = []
    const group = groupForJoin(groups, groupId, memberEpoch === 0, records)
    if (group === null) return refused(Errors.GROUP_ID_NOT_FOUND)
    if (group.members.size >= groups.options['group.consumer.max.size'] && !group.members.has(memberId))
      return refused(Errors.GROUP_MAX_SIZE_REACHED)
    const found = findOrSubscribe(groups, group, { ...request, node, owned }, records)
    if ('error' in found) return refused(found.error)
    const { member } = found
    const updated = progress(groups, group, member, metadataOf(member, request, node), owned, records)
    groups.keepAlive(groupId, memberId)
    const isFull =
      memberEpoch === 0 || (request.rebalanceTimeoutMs >= 0 && request.subscribedTopics !== null && owned !== null)
    const isNews = isFull || !sameNumbers(member.current.assigned, updated.current.assigned)
    return { ...answered(this.response(updated, isNews)), records }
  }

  private response(
    { memberId, current }: ConsumerGroupMember,
    tellsAssignment: boolean,
  ): ConsumerGroupHeartbeatResponse {
    return {
      errorCode: Errors.NONE,
      memberId,
      memberEpoch: current.memberEpoch,
      heartbeatIntervalMs: this.groups.options['group.consumer.heartbeat.interval.ms'],
      assignment: tellsAssignment ? current.assigned.map(topicPartition) : null,
    }
  }

  // --- leaving ------------------------------------------------------------------------------------------------------

  /** `consumerGroupLeave` */
  private leave({ groupId, memberId, memberEpoch, groupInstanceId }: ConsumerGroupHeartbeatRequest): Outcome {
    const group = this.groups.groups.get(groupId)
    if (group === undefined) return refused(Errors.GROUP_ID_NOT_FOUND)
    const member = groupInstanceId === null ? group.members.get(memberId) : group.staticMember(groupInstanceId)
    if (member === undefined) return refused(Errors.UNKNOWN_MEMBER_ID)
    if (member.memberId !== memberId) return refused(Errors.FENCED_INSTANCE_ID)
    const response: ConsumerGroupHeartbeatResponse = {
      errorCode: Errors.NONE,
      memberId,
      memberEpoch,
      heartbeatIntervalMs: 0,
      assignment: null,
    }
    if (memberEpoch === LEAVE_GROUP_STATIC_MEMBER_EPOCH) return this.leaveForNow(group, member, response)
    return { ...fence(this.groups, group, [member], false), response }
  }

  /** `consumerGroupStaticMemberGroupLeave`: its partitions wait for it as long as its session. */
  private leaveForNow(
    { groupId }: ConsumerGroup,
    { memberId, current }: ConsumerGroupMember,
    response: ConsumerGroupHeartbeatResponse,
  ): Outcome {
    const left = { ...current, memberEpoch: LEAVE_GROUP_STATIC_MEMBER_EPOCH, pendingRevocation: NO_TOPICS }
    return { ...answered(response), records: [currentRecord(groupId, memberId, left)] }
  }
}

/** What a member says of itself now; what it leaves out is as it was. */
function metadataOf(
  { metadata }: ConsumerGroupMember,
  request: ConsumerGroupHeartbeatRequest,
  node: number,
): MemberMetadataValue {
  const { groupInstanceId, rebalanceTimeoutMs, subscribedTopics, serverAssignor } = request
  return {
    groupInstanceId: groupInstanceId ?? metadata.groupInstanceId,
    node,
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? metadata.rebalanceTimeoutMs : rebalanceTimeoutMs,
    subscribedTopics: subscribedTopics ?? metadata.subscribedTopics,
    serverAssignor: serverAssignor ?? metadata.serverAssignor,
    classic: null,
  }
}
