import type { Envelope } from '../../network/envelope.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
  TopicPartitionId,
} from '../protocol/group-messages.ts'
import { type ClassicGroup, memberFrom, UNKNOWN_MEMBER_ID } from './classic-group.ts'
import type { ClassicGroupMember } from './classic-group-member.ts'
import type { ClassicGroups } from './classic-groups.ts'
import { joinError, syncError } from './group-errors.ts'
import { NEW_MEMBER_JOIN_TIMEOUT_MS } from './options.ts'
import { answered, NOTHING, type Outcome, refused } from './outcome.ts'
import type { PendingReply } from './pending-reply.ts'

/** From this version on a dynamic member must come back with the id it was given (KIP-394). */
export const JOIN_REQUIRES_MEMBER_ID = 4

/** What members ask their coordinator for: the cells of the table of states and requests (`GroupMetadataManager.classicGroup*`). */
export class ClassicProtocol {
  private readonly groups: ClassicGroups
  /** Leader epoch of the coordinator's partition, part of the member ids it makes. */
  epoch = 0
  private nextMember = 1

  constructor(groups: ClassicGroups) {
    this.groups = groups
  }

  // --- JoinGroup ----------------------------------------------------------------------------------------------------

  join(reply: PendingReply): Outcome {
    const { groups } = this
    const request = reply.request.body as JoinGroupRequest
    const { groupId, memberId } = request
    const isNewGroup = !groups.groups.has(groupId)
    if (isNewGroup && memberId !== UNKNOWN_MEMBER_ID) {
      return this.answer(reply, joinError(Errors.UNKNOWN_MEMBER_ID, memberId))
    }
    const group = groups.getOrCreate(groupId)
    let outcome = NOTHING
    if (!this.accepts(group, memberId)) {
      group.remove(memberId)
      this.answer(reply, joinError(Errors.GROUP_MAX_SIZE_REACHED, UNKNOWN_MEMBER_ID))
    } else if (!group.supportsProtocols(request.protocols)) {
      this.answer(reply, joinError(Errors.INCONSISTENT_GROUP_PROTOCOL, memberId))
    } else if (memberId === UNKNOWN_MEMBER_ID) {
      outcome = this.joinNew(group, request, reply)
    } else {
      outcome = this.joinExisting(group, request, reply)
    }
    if (!isNewGroup || outcome.records.length > 0) return outcome
    // The group itself must be in the log, or a failed write could not take it back.
    const empty = {
      type: 'GroupMetadata',
      groupId,
      generationId: 0,
      protocolName: null,
      leader: null,
      emptySinceMs: null,
      members: [],
    } as const
    return { ...NOTHING, records: [empty], afterwards: { kind: 'new-group', reply } }
  }

  private accepts(group: ClassicGroup, memberId: string): boolean {
    const maxSize = this.groups.options['group.max.size']
    const member = group.members.get(memberId)
    switch (group.state) {
      case 'EMPTY':
      case 'DEAD':
        return true
      case 'PREPARING_REBALANCE':
        return (member !== undefined && member.awaitingJoin !== null) || group.countAwaitingJoin() < maxSize
      case 'COMPLETING_REBALANCE':
      case 'STABLE':
        return member !== undefined || group.members.size < maxSize
    }
  }

  private joinNew(group: ClassicGroup, request: JoinGroupRequest, reply: PendingReply): Outcome {
    const { groupInstanceId } = request
    const memberId = this.newMemberId(reply.request, groupInstanceId)
    if (groupInstanceId !== null) {
      const existing = group.staticMemberId(groupInstanceId)
      if (existing === undefined) return this.addThenRebalance(group, request, reply, memberId)
      return this.replaceStatic(group, request, reply, group.member(existing), memberId)
    }
    if (reply.request.apiVersion < JOIN_REQUIRES_MEMBER_ID) {
      return this.addThenRebalance(group, request, reply, memberId)
    }
    group.pendingJoinMembers.add(memberId)
    this.groups.timers.schedule({ kind: 'session', groupId: group.groupId, memberId }, request.sessionTimeoutMs)
    return this.answer(reply, joinError(Errors.MEMBER_ID_REQUIRED, memberId))
  }

  /** Kafka's ids end in a random UUID; here the coordinator's epoch and a count make them as unique. */
  newMemberId(request: Envelope, instanceId: string | null): string {
    const client = instanceId ?? this.groups.env.kernel.nodes[request.source]?.name ?? `node-${request.source}`
    return `${client}-${this.epoch}-${this.nextMember++}`
  }

  private addThenRebalance(
    group: ClassicGroup,
    request: JoinGroupRequest,
    reply: PendingReply,
    memberId: string,
  ): Outcome {
    const { groups } = this
    const member = memberFrom(request, memberId, reply.request.source)
    member.awaitingJoin = reply
    groups.addMember(group, member)
    // It cannot send heartbeats while its request is parked, and nobody notices when its client goes away.
    groups.keepAlive(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
    return groups.rebalanceOrComplete(group)
  }

  private joinExisting(group: ClassicGroup, request: JoinGroupRequest, reply: PendingReply): Outcome {
    const { memberId } = request
    if (group.pendingJoinMembers.has(memberId)) return this.addThenRebalance(group, request, reply, memberId)
    const error = group.validateMember(memberId, request.groupInstanceId)
    if (error !== Errors.NONE) return this.answer(reply, joinError(error, memberId))
    const member = group.member(memberId)
    switch (group.state) {
      case 'PREPARING_REBALANCE':
        return this.updateThenRebalance(group, request, reply, member)
      case 'COMPLETING_REBALANCE':
        if (!member.matches(request.protocols)) return this.updateThenRebalance(group, request, reply, member)
        // The answer to its JoinGroup may have been lost.
        return this.answer(reply, group.joinResponse(memberId, group.isLeader(memberId)))
      case 'STABLE':
        if (group.isLeader(memberId) || !member.matches(request.protocols)) {
          return this.updateThenRebalance(group, request, reply, member)
        }
        return this.answer(reply, group.joinResponse(memberId, false))
      case 'EMPTY':
      case 'DEAD':
        return this.answer(reply, joinError(Errors.UNKNOWN_MEMBER_ID, memberId))
    }
  }

  private updateThenRebalance(
    group: ClassicGroup,
    request: JoinGroupRequest,
    reply: PendingReply,
    member: ClassicGroupMember,
  ): Outcome {
    this.groups.updateMember(member, request)
    member.awaitingJoin = reply
    return this.groups.rebalanceOrComplete(group)
  }

  /** `updateStaticMemberThenRebalanceOrCompleteJoin`: an instance came back without its member id. */
  private replaceStatic(
    group: ClassicGroup,
    request: JoinGroupRequest,
    reply: PendingReply,
    before: ClassicGroupMember,
    memberId: string,
  ): Outcome {
    const { groups } = this
    groups.timers.cancelSession(group.groupId, before.memberId)
    const member = groups.replaceStaticMember(group, before, memberId, reply.request.source)
    groups.updateMember(member, request)
    member.awaitingJoin = reply
    groups.keepAlive(group, member)
    if (group.state === 'COMPLETING_REBALANCE') return groups.prepareRebalance(group)
    if (group.state !== 'STABLE') return groups.maybeCompleteJoin(group)
    if (group.protocolName !== group.selectProtocol()) return groups.rebalanceOrComplete(group)
    // The assignment stays; only the new id has to be known to the next coordinator.
    const { groupId } = group
    return {
      records: [groups.metadataRecord(group, group.assignments())],
      response: null,
      afterwards: {
        kind: 'static-member',
        groupId,
        reply,
        before,
        beforeProtocols: before.protocols,
        memberId,
      },
      error: Errors.NONE,
    }
  }

  // --- SyncGroup ----------------------------------------------------------------------------------------------------

  sync(reply: PendingReply): Outcome {
    const { groups } = this
    const request = reply.request.body as SyncGroupRequest
    const { memberId } = request
    const group = groups.groups.get(request.groupId)
    const error = validateSync(group, request)
    if (group === undefined || error !== Errors.NONE) return this.answer(reply, syncError(error))
    const member = group.member(memberId)
    if (group.state === 'PREPARING_REBALANCE') return this.answer(reply, syncError(Errors.REBALANCE_IN_PROGRESS))
    groups.removePendingSync(group, memberId)
    if (group.state === 'STABLE') {
      return this.answer(reply, { errorCode: Errors.NONE, assignment: member.assignment } satisfies SyncGroupResponse)
    }
    member.awaitingSync = reply
    if (!group.isLeader(memberId)) return NOTHING
    const assignment = new Map<string, readonly TopicPartitionId[]>()
    for (const item of request.assignments) assignment.set(item.memberId, item.assignment)
    const { groupId, generationId } = group
    return {
      records: [groups.metadataRecord(group, assignment)],
      response: null,
      afterwards: { kind: 'assign', groupId, generationId, assignment },
      error: Errors.NONE,
    }
  }

  // --- Heartbeat, LeaveGroup ----------------------------------------------------------------------------------------

  heartbeat(reply: PendingReply): Outcome {
    const { groupId, memberId, groupInstanceId, generationId } = reply.request.body as HeartbeatRequest
    const group = this.groups.groups.get(groupId)
    if (group === undefined) return refused(Errors.UNKNOWN_MEMBER_ID)
    const error = group.validateMember(memberId, groupInstanceId)
    if (error !== Errors.NONE) return refused(error)
    if (generationId !== group.generationId) return refused(Errors.ILLEGAL_GENERATION)
    this.groups.keepAlive(group, group.member(memberId))
    const errorCode = group.state === 'PREPARING_REBALANCE' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
    return answered({ errorCode } satisfies HeartbeatResponse)
  }

  leave(reply: PendingReply): Outcome {
    const { groupId, members } = reply.request.body as LeaveGroupRequest
    const group = this.groups.groups.get(groupId)
    if (group === undefined) return refused(Errors.UNKNOWN_MEMBER_ID)
    let errorCode: number = Errors.NONE
    let left = false
    for (const leaving of members) {
      const error = this.leaveOne(group, leaving.memberId, leaving.groupInstanceId)
      if (error === Errors.NONE) left = true
      else if (errorCode === Errors.NONE) errorCode = error
    }
    const response: LeaveGroupResponse = { errorCode }
    return left && group.state !== 'EMPTY'
      ? { ...this.groups.rebalanceOrComplete(group), response }
      : answered(response)
  }

  private leaveOne(group: ClassicGroup, memberId: string, instanceId: string | null): number {
    const { groups } = this
    if (group.pendingJoinMembers.has(memberId)) {
      group.remove(memberId)
      groups.timers.cancelSession(group.groupId, memberId)
      return Errors.NONE
    }
    // An admin removes a static member by its instance alone.
    const id = memberId === UNKNOWN_MEMBER_ID && instanceId !== null ? group.staticMemberId(instanceId) : memberId
    if (id === undefined) return Errors.UNKNOWN_MEMBER_ID
    const error = group.validateMember(id, instanceId)
    if (error !== Errors.NONE) return error
    groups.removeMember(group, group.member(id), false)
    return Errors.NONE
  }

  /** Answers at once, whatever is still to be replicated; nothing is written. */
  private answer(reply: PendingReply, body: object): Outcome {
    this.groups.replies.complete(reply, body)
    return NOTHING
  }
}

/** `validateSyncGroup` */
function validateSync(group: ClassicGroup | undefined, request: SyncGroupRequest): number {
  if (group === undefined || group.members.size === 0) return Errors.UNKNOWN_MEMBER_ID
  const error = group.validateMember(request.memberId, request.groupInstanceId)
  if (error !== Errors.NONE) return error
  if (request.generationId !== group.generationId) return Errors.ILLEGAL_GENERATION
  const isOther = group.protocolName !== null && request.protocolName !== group.protocolName
  return isOther ? Errors.INCONSISTENT_GROUP_PROTOCOL : Errors.NONE
}
