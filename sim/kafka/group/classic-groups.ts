import { M } from '../../history/catalogue.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { CoordinatorRecord, GroupMetadataRecord } from '../protocol/coordinator-records.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupRequest, TopicPartitionId } from '../protocol/group-messages.ts'
import { ClassicGroup } from './classic-group.ts'
import { ClassicGroupMember, NO_ASSIGNMENT } from './classic-group-member.ts'
import { joinError, syncError } from './group-errors.ts'
import type { GroupTask, GroupTimers, MemberTask } from './group-timers.ts'
import type { GroupCoordinatorOptions } from './options.ts'
import { NOTHING, type Outcome } from './outcome.ts'
import type { Replies } from './pending-reply.ts'

/**
 * The classic groups of one coordinator partition and how they rebalance (`GroupMetadataManager`). What members ask for is
 * in `classic-protocol.ts`; this is what follows from it.
 */
export class ClassicGroups {
  readonly groups: Map<string, ClassicGroup> = new Map()
  readonly env: Env
  readonly options: GroupCoordinatorOptions
  readonly timers: GroupTimers
  readonly replies: Replies

  constructor(env: Env, options: GroupCoordinatorOptions, timers: GroupTimers, replies: Replies) {
    this.env = env
    this.options = options
    this.timers = timers
    this.replies = replies
  }

  /** `getOrMaybeCreateClassicGroup(groupId, true)` */
  getOrCreate(groupId: string): ClassicGroup {
    const known = this.groups.get(groupId)
    if (known !== undefined) return known
    const created = new ClassicGroup(groupId, this.env.recorder.text(groupId))
    this.groups.set(groupId, created)
    return created
  }

  /** The group's first record could not be written: it never was. */
  forget(groupId: string): void {
    this.groups.delete(groupId)
  }

  // --- loading and unloading ----------------------------------------------------------------------------------------

  /** A group as the log has it: without members it is empty, with members it is stable in that generation. */
  replay(record: GroupMetadataRecord): void {
    const group = new ClassicGroup(record.groupId, this.env.recorder.text(record.groupId))
    group.state = record.members.length === 0 ? 'EMPTY' : 'STABLE'
    group.previousState = group.state
    group.generationId = record.generationId
    group.emptySinceMs = record.emptySinceMs
    group.protocolName = record.protocolName
    group.leaderId = record.leader
    for (const stored of record.members) {
      const { memberId, groupInstanceId, node, rebalanceTimeoutMs, sessionTimeoutMs, subscription } = stored
      // Only the protocol in use is stored, so a loaded member speaks no other.
      const protocols = [{ name: record.protocolName ?? '', metadata: subscription }]
      const member = new ClassicGroupMember(
        memberId,
        groupInstanceId,
        node,
        rebalanceTimeoutMs,
        sessionTimeoutMs,
        protocols,
      )
      member.assignment = stored.assignment
      group.add(member)
    }
    this.groups.set(record.groupId, group)
  }

  /** Every member's session begins anew: nobody knows when it was last heard of. */
  onLoaded(): void {
    for (const group of this.groups.values()) for (const member of group.members.values()) this.keepAlive(group, member)
  }

  /** Whoever waits has to find the new coordinator. */
  onUnloaded(): void {
    for (const group of this.groups.values()) {
      group.transitionTo('DEAD')
      for (const member of group.members.values()) {
        if (group.previousState === 'PREPARING_REBALANCE') this.answerJoin(member, Errors.NOT_COORDINATOR)
        else this.answerSync(member, syncError(Errors.NOT_COORDINATOR))
      }
    }
  }

  // --- timers -------------------------------------------------------------------------------------------------------

  onTask(task: Exclude<GroupTask, MemberTask | { readonly kind: 'share-session' }>): Outcome {
    const group = this.groups.get(task.groupId)
    if (group === undefined || group.state === 'DEAD') return NOTHING
    switch (task.kind) {
      case 'session':
        return this.expireSession(group, task.memberId)
      case 'join':
        return this.completeJoin(group)
      case 'initial-join':
        return this.tryCompleteInitialRebalance(group, task.delayMs, task.remainingMs)
      case 'sync':
        return this.expirePendingSync(group, task.generationId)
    }
  }

  /** The member's session begins anew, or its time to wait in a parked request. */
  keepAlive(group: ClassicGroup, member: ClassicGroupMember, timeoutMs: number = member.sessionTimeoutMs): void {
    this.timers.schedule({ kind: 'session', groupId: group.groupId, memberId: member.memberId }, timeoutMs)
  }

  private expireSession(group: ClassicGroup, memberId: string): Outcome {
    const member = group.members.get(memberId)
    if (group.pendingJoinMembers.has(memberId)) {
      group.remove(memberId)
    } else {
      if (member === undefined || member.hasSatisfiedHeartbeat()) return NOTHING
      this.removeMember(group, member, true)
      if (group.state === 'STABLE' || group.state === 'COMPLETING_REBALANCE') return this.rebalanceOrComplete(group)
    }
    return group.state === 'PREPARING_REBALANCE' && group.hasAllMembersJoined() ? this.completeJoin(group) : NOTHING
  }

  private expirePendingSync(group: ClassicGroup, generationId: number): Outcome {
    if (generationId !== group.generationId || group.pendingSyncMembers.size === 0) return NOTHING
    if (group.state !== 'COMPLETING_REBALANCE' && group.state !== 'STABLE') return NOTHING
    for (const memberId of [...group.pendingSyncMembers]) {
      const member = group.members.get(memberId)
      if (member !== undefined) this.removeMember(group, member, true)
    }
    return this.prepareRebalance(group)
  }

  // --- members ------------------------------------------------------------------------------------------------------

  addMember(group: ClassicGroup, member: ClassicGroupMember): void {
    member.isNew = true
    if (group.state === 'PREPARING_REBALANCE' && group.previousState === 'EMPTY') group.newMemberAdded = true
    group.add(member)
    this.env.emit(M.memberJoined, group.text, member.node, group.generationId)
  }

  /** Takes a member out of the group; who waits in a parked request is told that it is unknown. */
  removeMember(group: ClassicGroup, member: ClassicGroupMember, expired: boolean): void {
    this.timers.cancelSession(group.groupId, member.memberId)
    this.answerJoin(member, Errors.UNKNOWN_MEMBER_ID)
    group.remove(member.memberId)
    this.env.emit(M.memberRemoved, group.text, member.node, group.generationId, expired ? 1 : 0)
  }

  updateMember(member: ClassicGroupMember, request: JoinGroupRequest): void {
    member.protocols = request.protocols
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    member.sessionTimeoutMs = request.sessionTimeoutMs
  }

  /** The same instance under a new member id; a request that the old holder has parked is fenced. */
  replaceStaticMember(
    group: ClassicGroup,
    old: ClassicGroupMember,
    memberId: string,
    node: number,
  ): ClassicGroupMember {
    if (old.awaitingJoin !== null) {
      this.replies.complete(old.awaitingJoin, joinError(Errors.FENCED_INSTANCE_ID, old.memberId))
      old.awaitingJoin = null
    }
    this.answerSync(old, syncError(Errors.FENCED_INSTANCE_ID))
    const instanceId = old.groupInstanceId as string
    const { rebalanceTimeoutMs, sessionTimeoutMs, protocols } = old
    const member = new ClassicGroupMember(memberId, instanceId, node, rebalanceTimeoutMs, sessionTimeoutMs, protocols)
    member.assignment = old.assignment
    group.replaceStaticMember(instanceId, old.memberId, member)
    this.env.emit(M.memberRemoved, group.text, old.node, group.generationId, 0)
    this.env.emit(M.memberJoined, group.text, node, group.generationId)
    return member
  }

  /** The group ends in this form: whoever waits is told this. */
  answerAll(group: ClassicGroup, error: number): void {
    for (const member of group.members.values()) {
      this.answerJoin(member, error)
      this.answerSync(member, syncError(error))
    }
  }

  private answerJoin(member: ClassicGroupMember, error: number): void {
    const { awaitingJoin } = member
    if (awaitingJoin === null) return
    member.awaitingJoin = null
    this.replies.complete(awaitingJoin, joinError(error, error === Errors.UNKNOWN_MEMBER_ID ? '' : member.memberId))
  }

  private answerSync(member: ClassicGroupMember, body: object): boolean {
    const { awaitingSync } = member
    if (awaitingSync === null) return false
    member.awaitingSync = null
    this.replies.complete(awaitingSync, body)
    return true
  }

  // --- the joining half of a rebalance ------------------------------------------------------------------------------

  /** `maybePrepareRebalanceOrCompleteJoin` */
  rebalanceOrComplete(group: ClassicGroup): Outcome {
    return group.canRebalance() ? this.prepareRebalance(group) : this.maybeCompleteJoin(group)
  }

  prepareRebalance(group: ClassicGroup): Outcome {
    // Who waits for an assignment of this generation has to join again.
    if (group.state === 'COMPLETING_REBALANCE') this.propagate(group, null, Errors.REBALANCE_IN_PROGRESS)
    group.pendingSyncMembers.clear()
    this.timers.cancelSync(group.groupId)
    const isInitial = group.state === 'EMPTY'
    if (isInitial) {
      // The group is new: others may be about to start.
      const delayMs = this.options['group.initial.rebalance.delay.ms']
      const remainingMs = Math.max(group.rebalanceTimeoutMs() - delayMs, 0)
      this.timers.schedule({ kind: 'initial-join', groupId: group.groupId, delayMs, remainingMs }, delayMs)
    }
    group.transitionTo('PREPARING_REBALANCE')
    if (isInitial) return NOTHING
    if (group.hasAllMembersJoined()) return this.completeJoin(group)
    this.timers.schedule({ kind: 'join', groupId: group.groupId }, group.rebalanceTimeoutMs())
    return NOTHING
  }

  /** `maybeCompleteJoinPhase`: not before the delay of a new group is over. */
  maybeCompleteJoin(group: ClassicGroup): Outcome {
    if (group.state !== 'PREPARING_REBALANCE' || group.previousState === 'EMPTY') return NOTHING
    return group.hasAllMembersJoined() ? this.completeJoin(group) : NOTHING
  }

  private tryCompleteInitialRebalance(group: ClassicGroup, delayMs: number, remainingMs: number): Outcome {
    if (!group.newMemberAdded || remainingMs === 0) return this.completeJoin(group)
    group.newMemberAdded = false
    const next = Math.min(this.options['group.initial.rebalance.delay.ms'], remainingMs)
    const left = Math.max(remainingMs - delayMs, 0)
    const { groupId } = group
    this.timers.schedule({ kind: 'initial-join', groupId, delayMs: next, remainingMs: left }, next)
    return NOTHING
  }

  /** `completeClassicGroupJoin`: the next generation begins with those who rejoined. */
  private completeJoin(group: ClassicGroup): Outcome {
    this.timers.cancelJoin(group.groupId)
    for (const member of [...group.members.values()]) {
      // Static members stay: they come back under their name.
      if (member.awaitingJoin === null && member.groupInstanceId === null) this.removeMember(group, member, true)
    }
    if (!group.maybeElectNewJoinedLeader() && group.members.size > 0) {
      this.timers.schedule({ kind: 'join', groupId: group.groupId }, group.rebalanceTimeoutMs())
      return NOTHING
    }
    group.initNextGeneration()
    this.env.emit(M.groupRebalanced, group.text, group.generationId, group.members.size)
    group.emptySinceMs = group.state === 'EMPTY' ? Math.floor(this.env.wallClock() / MILLISECOND) : null
    if (group.state === 'EMPTY') return { ...NOTHING, records: [this.metadataRecord(group, null)] }
    for (const member of group.members.values()) this.beginGeneration(group, member)
    const { groupId, generationId } = group
    this.timers.schedule({ kind: 'sync', groupId, generationId }, group.rebalanceTimeoutMs())
    return NOTHING
  }

  private beginGeneration(group: ClassicGroup, member: ClassicGroupMember): void {
    const { awaitingJoin, memberId } = member
    if (awaitingJoin !== null) {
      member.awaitingJoin = null
      this.replies.complete(awaitingJoin, group.joinResponse(memberId, group.isLeader(memberId)))
    }
    this.keepAlive(group, member)
    member.isNew = false
    group.pendingSyncMembers.add(memberId)
  }

  // --- the syncing half ---------------------------------------------------------------------------------------------

  /** The member has asked for its assignment. */
  removePendingSync(group: ClassicGroup, memberId: string): void {
    group.pendingSyncMembers.delete(memberId)
    if (group.pendingSyncMembers.size === 0) this.timers.cancelSync(group.groupId)
  }

  /** Gives every member its assignment, or takes it back (null), and answers who waits. */
  propagate(
    group: ClassicGroup,
    assignment: ReadonlyMap<string, readonly TopicPartitionId[]> | null,
    error: number,
  ): void {
    for (const member of group.members.values()) member.assignment = assignment?.get(member.memberId) ?? NO_ASSIGNMENT
    for (const member of group.members.values()) {
      if (this.answerSync(member, { errorCode: error, assignment: member.assignment })) this.keepAlive(group, member)
    }
  }

  // --- records ------------------------------------------------------------------------------------------------------

  metadataRecord(
    group: ClassicGroup,
    assignment: ReadonlyMap<string, readonly TopicPartitionId[]> | null,
  ): CoordinatorRecord {
    const { groupId, generationId, protocolName, leaderId, emptySinceMs } = group
    const members = [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      node: member.node,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: member.metadata(protocolName ?? ''),
      assignment: assignment?.get(member.memberId) ?? NO_ASSIGNMENT,
    }))
    return { type: 'GroupMetadata', groupId, generationId, protocolName, leader: leaderId, emptySinceMs, members }
  }
}
