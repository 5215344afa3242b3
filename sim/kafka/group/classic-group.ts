import { Errors } from '../protocol/errors.ts'
import type { JoinGroupRequest, JoinGroupResponse, Protocols, TopicPartitionId } from '../protocol/group-messages.ts'
import { type GroupState, VALID_PREVIOUS_STATES } from './group-state.ts'
import { ClassicGroupMember } from './classic-group-member.ts'

/** `JoinGroupRequest.UNKNOWN_MEMBER_ID` */
export const UNKNOWN_MEMBER_ID = ''

/** A group of the classic protocol in its coordinator's memory (`ClassicGroup`). It decides nothing and answers nobody. */
export class ClassicGroup {
  readonly groupId: string
  /** Number of the group's name in the trace. */
  readonly text: number
  state: GroupState = 'EMPTY'
  previousState: GroupState = 'EMPTY'
  generationId = 0
  /** Since when it is EMPTY; null while it is not, or never had members. */
  emptySinceMs: number | null = null
  protocolType: 'consumer' | null = null
  protocolName: string | null = null
  leaderId: string | null = null
  /** While the first rebalance is put off: somebody joined since the last look. */
  newMemberAdded = false
  /** By member id, in the order in which they joined. */
  readonly members: Map<string, ClassicGroupMember> = new Map()
  /** Members that were told their id and have not come back with it. */
  readonly pendingJoinMembers: Set<string> = new Set()
  /** Members of the present generation that have not asked for their assignment. */
  readonly pendingSyncMembers: Set<string> = new Set()
  /** Member id by `group.instance.id`. */
  private readonly staticMembers: Map<string, string> = new Map()

  constructor(groupId: string, text: number) {
    this.groupId = groupId
    this.text = text
  }

  // --- states -------------------------------------------------------------------------------------------------------

  transitionTo(target: GroupState): void {
    if (!VALID_PREVIOUS_STATES[target].includes(this.state)) {
      throw new Error(`group ${this.groupId} cannot go from ${this.state} to ${target}`)
    }
    this.previousState = this.state
    this.state = target
  }

  canRebalance(): boolean {
    return VALID_PREVIOUS_STATES.PREPARING_REBALANCE.includes(this.state)
  }

  initNextGeneration(): void {
    this.generationId++
    this.protocolName = this.members.size > 0 ? this.selectProtocol() : null
    this.transitionTo(this.members.size > 0 ? 'COMPLETING_REBALANCE' : 'EMPTY')
    this.pendingSyncMembers.clear()
  }

  // --- members ------------------------------------------------------------------------------------------------------

  member(memberId: string): ClassicGroupMember {
    const member = this.members.get(memberId)
    if (member === undefined) throw new Error(`group ${this.groupId} has no member ${memberId}`)
    return member
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId
  }

  staticMemberId(instanceId: string): string | undefined {
    return this.staticMembers.get(instanceId)
  }

  add(member: ClassicGroupMember): void {
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.memberId)
    if (this.members.size === 0) this.protocolType = 'consumer'
    this.leaderId ??= member.memberId
    this.members.set(member.memberId, member)
    this.pendingJoinMembers.delete(member.memberId)
  }

  /** Also forgets a pending member. Without its leader the group is led by the member that has been there longest. */
  remove(memberId: string): void {
    const instanceId = this.members.get(memberId)?.groupInstanceId ?? null
    this.members.delete(memberId)
    if (instanceId !== null) this.staticMembers.delete(instanceId)
    if (this.isLeader(memberId)) this.leaderId = this.members.keys().next().value ?? null
    this.pendingJoinMembers.delete(memberId)
    this.pendingSyncMembers.delete(memberId)
  }

  /** `replaceStaticMember`: the same instance under a new id; whoever waits under the old one is the caller's to tell. */
  replaceStaticMember(instanceId: string, oldMemberId: string, replacement: ClassicGroupMember): void {
    this.members.delete(oldMemberId)
    this.members.set(replacement.memberId, replacement)
    if (this.isLeader(oldMemberId)) this.leaderId = replacement.memberId
    this.staticMembers.set(instanceId, replacement.memberId)
  }

  /** `validateMember`: NONE, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID. */
  validateMember(memberId: string, instanceId: string | null): number {
    if (instanceId !== null) {
      const known = this.staticMembers.get(instanceId)
      if (known === undefined) return Errors.UNKNOWN_MEMBER_ID
      if (known !== memberId) return Errors.FENCED_INSTANCE_ID
    }
    return this.members.has(memberId) ? Errors.NONE : Errors.UNKNOWN_MEMBER_ID
  }

  /** `validateOffsetCommit` for commits outside transactions. */
  validateOffsetCommit(memberId: string, instanceId: string | null, generationId: number): number {
    if (this.state === 'DEAD') return Errors.COORDINATOR_NOT_AVAILABLE
    // Whoever assigns partitions to itself, and admin tools, commit while nobody else is in the group.
    if (generationId < 0 && this.state === 'EMPTY') return Errors.NONE
    if (generationId < 0 && memberId === UNKNOWN_MEMBER_ID && instanceId === null) return Errors.UNKNOWN_MEMBER_ID
    const error = this.validateMember(memberId, instanceId)
    if (error !== Errors.NONE) return error
    if (generationId !== this.generationId) return Errors.ILLEGAL_GENERATION
    return this.state === 'COMPLETING_REBALANCE' ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
  }

  /**
   * `validateOffsetCommit` for commits in transactions: who names neither member nor generation is not fenced by them, and a
   * group whose members are about to get their assignments takes them too.
   */
  validateTransactionalOffsetCommit(memberId: string, instanceId: string | null, generationId: number): number {
    if (this.state === 'DEAD') return Errors.COORDINATOR_NOT_AVAILABLE
    if (generationId < 0 && this.state === 'EMPTY') return Errors.NONE
    if (generationId < 0 && memberId === UNKNOWN_MEMBER_ID && instanceId === null) return Errors.NONE
    const error = this.validateMember(memberId, instanceId)
    if (error !== Errors.NONE) return error
    return generationId === this.generationId ? Errors.NONE : Errors.ILLEGAL_GENERATION
  }

  hasAllMembersJoined(): boolean {
    if (this.pendingJoinMembers.size > 0) return false
    for (const member of this.members.values()) if (member.awaitingJoin === null) return false
    return true
  }

  /** Members whose JoinGroup is parked. */
  countAwaitingJoin(): number {
    let count = 0
    for (const member of this.members.values()) if (member.awaitingJoin !== null) count++
    return count
  }

  /** A leader that did not rejoin gives way to a member that did; false when nobody did. */
  maybeElectNewJoinedLeader(): boolean {
    if (this.leaderId === null) return false
    if (this.member(this.leaderId).awaitingJoin !== null) return true
    for (const member of this.members.values()) {
      if (member.awaitingJoin === null) continue
      this.leaderId = member.memberId
      return true
    }
    return false
  }

  /** The longest of the members' rebalance timeouts, in milliseconds. */
  rebalanceTimeoutMs(): number {
    let longest = 0
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
    return longest
  }

  // --- protocols ----------------------------------------------------------------------------------------------------

  /** Whether somebody with these protocols may join: any when nobody is there, else one that every member speaks. */
  supportsProtocols(protocols: Protocols): boolean {
    if (this.state === 'EMPTY') return protocols.length > 0
    return protocols.some((protocol) => this.isCandidate(protocol.name))
  }

  /** The protocol most members prefer among those all of them speak. */
  selectProtocol(): string {
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const vote = member.protocols.find((protocol) => this.isCandidate(protocol.name))?.name
      if (vote === undefined) throw new Error(`a member of group ${this.groupId} speaks no protocol of the group`)
      votes.set(vote, (votes.get(vote) ?? 0) + 1)
    }
    let winner = ''
    for (const [name, count] of votes) if (winner === '' || count > (votes.get(winner) ?? 0)) winner = name
    return winner
  }

  private isCandidate(name: string): boolean {
    for (const member of this.members.values()) {
      if (!member.protocols.some((protocol) => protocol.name === name)) return false
    }
    return true
  }

  // --- what is told -------------------------------------------------------------------------------------------------

  /** What JoinGroup answers in the present generation; only a leader that is to assign gets to know the members. */
  joinResponse(memberId: string, toAssign: boolean): JoinGroupResponse {
    return {
      errorCode: Errors.NONE,
      generationId: this.generationId,
      protocolName: this.protocolName ?? '',
      leader: this.leaderId ?? '',
      skipAssignment: false,
      memberId,
      members: toAssign ? this.currentMembers() : [],
    }
  }

  currentMembers(): JoinGroupResponse['members'] {
    const name = this.protocolName ?? ''
    return [...this.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadata(name),
    }))
  }

  assignments(): ReadonlyMap<string, readonly TopicPartitionId[]> {
    return new Map([...this.members.values()].map((member) => [member.memberId, member.assignment]))
  }
}

export function memberFrom(request: JoinGroupRequest, memberId: string, node: number): ClassicGroupMember {
  const { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = request
  return new ClassicGroupMember(memberId, groupInstanceId, node, rebalanceTimeoutMs, sessionTimeoutMs, protocols)
}
