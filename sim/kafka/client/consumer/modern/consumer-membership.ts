import {
  type ConsumerGroupHeartbeatResponse,
  JOIN_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_MEMBER_EPOCH,
  LEAVE_GROUP_STATIC_MEMBER_EPOCH,
} from '../../../protocol/group-messages.ts'
import { tpsOf } from '../../../protocol/topic-partitions.ts'
import { NOBODY } from '../commit-identity.ts'
import type { JoinedAs } from '../group-membership.ts'
import type { SubscriptionState } from '../subscription-state.ts'
import { type LocalAssignment, NO_ASSIGNMENT, sameAssignment, updatedWith } from './local-assignment.ts'
import { canHandleAssignment, isNotInGroup, type MemberState, VALID_PREVIOUS_STATES } from './member-state.ts'

/**
 * A member's standing as it knows it itself (`AbstractMembershipManager`): its state and epoch, what it was told to have and what
 * it has. It sends nothing, and tells the application nothing.
 */
export class ConsumerMembership {
  state: MemberState = 'UNSUBSCRIBED'
  /** Kept for the consumer's lifetime. */
  readonly memberId: string
  memberEpoch: number = JOIN_GROUP_MEMBER_EPOCH
  /** What the coordinator gives it. */
  target: LocalAssignment = NO_ASSIGNMENT
  /** What it has taken over, and tells the coordinator. */
  current: LocalAssignment = NO_ASSIGNMENT
  /** `groupMetadata()`: its last epoch, whatever has become of it since. */
  joinedAs: JoinedAs = NOBODY
  /** The epoch under which partitions were taken over last. */
  ownedUnder = -1
  /** The application is still to be told that it has lost everything; until then the member does nothing. */
  isLosing = false
  /** It has joined anew while an assignment was being taken over: that one is void. */
  rejoined = false
  private readonly subscriptions: SubscriptionState
  private readonly isStatic: boolean
  private pollTimerExpired = false

  constructor(memberId: string, isStatic: boolean, subscriptions: SubscriptionState) {
    this.memberId = memberId
    this.isStatic = isStatic
    this.subscriptions = subscriptions
  }

  /** An epoch that the coordinator knows; -1 = none. */
  get epoch(): number {
    return this.memberEpoch > 0 ? this.memberEpoch : -1
  }

  get isReconciled(): boolean {
    return sameAssignment(this.current, this.target)
  }

  /** Whether heartbeats are due at all (`shouldSkipHeartbeat` is the opposite). */
  get isBeating(): boolean {
    return !isNotInGroup(this.state)
  }

  /** `isLeavingGroup` */
  get isLeaving(): boolean {
    return this.state === 'PREPARE_LEAVING' || this.state === 'LEAVING'
  }

  transitionTo(target: MemberState): void {
    if (!VALID_PREVIOUS_STATES[target].includes(this.state)) {
      throw new Error(`member ${this.memberId} cannot go from ${this.state} to ${target}`)
    }
    this.state = target
  }

  // --- joining ------------------------------------------------------------------------------------------------------

  /** `onConsumerPoll` and `maybeRejoinStaleMember` */
  onPoll(): void {
    this.pollTimerExpired = false
    if (this.state === 'UNSUBSCRIBED' || (this.state === 'STALE' && !this.isLosing)) this.join()
  }

  /** `transitionToJoining` */
  private join(): void {
    this.rejoined = true
    this.setEpoch(JOIN_GROUP_MEMBER_EPOCH)
    this.transitionTo('JOINING')
    this.target = NO_ASSIGNMENT
  }

  // --- heartbeats ---------------------------------------------------------------------------------------------------

  /** A heartbeat is on its way (`onHeartbeatRequestGenerated`). */
  onHeartbeatSent(): void {
    if (this.state === 'ACKNOWLEDGING') this.transitionTo(this.isReconciled ? 'STABLE' : 'RECONCILING')
    else if (this.state === 'LEAVING' && this.pollTimerExpired) this.lose('STALE')
    else if (this.state === 'LEAVING') this.transitionTo('UNSUBSCRIBED')
  }

  /** The coordinator has answered (`onHeartbeatSuccess`). */
  onHeartbeat({ memberEpoch, assignment }: ConsumerGroupHeartbeatResponse): void {
    if (this.state === 'LEAVING' || isNotInGroup(this.state)) return
    this.setEpoch(memberEpoch)
    if (assignment === null || !canHandleAssignment(this.state)) return
    // `processAssignmentReceived`
    this.target = updatedWith(this.target, tpsOf(assignment))
    if (!this.isReconciled) this.transitionTo('RECONCILING')
    else if (this.state === 'RECONCILING' || this.state === 'JOINING') this.transitionTo('STABLE')
  }

  /** The coordinator knows the member no longer, or not under this epoch (`transitionToFenced`). */
  onFenced(): void {
    if (this.state === 'PREPARE_LEAVING' || isNotInGroup(this.state)) return
    if (this.state === 'LEAVING') {
      this.transitionTo('UNSUBSCRIBED')
      return
    }
    this.setEpoch(JOIN_GROUP_MEMBER_EPOCH)
    this.lose('FENCED')
  }

  /** The coordinator refuses the member for good (`transitionToFatal`). */
  onFatal(): void {
    if (this.state === 'FATAL' || this.state === 'FENCED' || this.state === 'STALE') return
    const hasLeft = this.state === 'UNSUBSCRIBED' || this.isLeaving
    this.setEpoch(JOIN_GROUP_MEMBER_EPOCH)
    if (hasLeft) this.transitionTo('FATAL')
    else this.lose('FATAL')
  }

  // --- giving everything up -----------------------------------------------------------------------------------------

  /** Enters a state in which nothing is the member's own; the application hears of it within its next call. */
  private lose(state: 'FENCED' | 'STALE' | 'FATAL'): void {
    this.transitionTo(state)
    this.isLosing = true
    if (this.subscriptions.partitions.length === 0) this.onLost()
  }

  /** The application has been told. */
  onLost(): void {
    this.isLosing = false
    this.clear()
    if (this.state === 'FENCED') this.join()
  }

  /** `clearAssignment` */
  private clear(): void {
    this.current = NO_ASSIGNMENT
    this.target = NO_ASSIGNMENT
  }

  /** The application does not poll: the member leaves, and is no longer in the group when the heartbeat that says so is sent. */
  expirePoll(): void {
    this.pollTimerExpired = true
    this.leave()
  }

  /** `transitionToSendingLeaveGroup`: the next heartbeat says goodbye; a static member means to come back. */
  leave(): void {
    if (this.state !== 'PREPARE_LEAVING') this.transitionTo('PREPARE_LEAVING')
    this.setEpoch(this.isStatic ? LEAVE_GROUP_STATIC_MEMBER_EPOCH : LEAVE_GROUP_MEMBER_EPOCH)
    this.current = NO_ASSIGNMENT
    this.transitionTo('LEAVING')
  }

  private setEpoch(memberEpoch: number): void {
    this.memberEpoch = memberEpoch
    if (memberEpoch > 0) this.joinedAs = { generationId: memberEpoch, memberId: this.memberId }
  }
}
