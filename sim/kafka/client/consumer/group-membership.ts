import type { TopicPartitionId } from '../../protocol/group-messages.ts'

/** `AbstractCoordinator.MemberState` */
export type MemberState = 'unjoined' | 'preparing-rebalance' | 'completing-rebalance' | 'stable'

/** A member in a generation. */
export interface JoinedAs {
  readonly generationId: number
  readonly memberId: string
}

const NEVER_JOINED: JoinedAs = { generationId: -1, memberId: '' }

/** A member's standing in its group as the member knows it: state, generation, and whether it has to join again. */
export class GroupMembership {
  state: MemberState = 'unjoined'
  /** -1 = none. */
  generationId = -1
  /** The last one whose assignment was taken over: the one under which partitions are owned. */
  ownedUnder = -1
  /** '' = none. */
  memberId = ''
  /** `groupMetadata()`: as which member of which generation the last join ended, whatever has become of it since. */
  joinedAs: JoinedAs = NEVER_JOINED
  /** Partitions that the last join brought (`StickyAssignor.memberAssignment`), whatever has become of them since. */
  assignedLast: readonly TopicPartitionId[] = []
  rejoinNeeded = true
  /** Partitions are still to be given up before the next JoinGroup. */
  needsJoinPrepare = true
  rejoinReason = ''

  /** `hasNotJoinedGroup` is the opposite: whether heartbeats are sent. */
  get isBeating(): boolean {
    return this.state === 'completing-rebalance' || this.state === 'stable'
  }

  get isRebalancing(): boolean {
    return this.state === 'preparing-rebalance' || this.state === 'completing-rebalance'
  }

  /** Whether an answer to a request sent under this generation still concerns the member (`generationUnchanged`). */
  isUnchanged(generationId: number, memberId: string): boolean {
    return this.generationId === generationId && this.memberId === memberId
  }

  requestRejoin(reason: string): void {
    this.rejoinNeeded = true
    this.rejoinReason = reason
  }

  /** `resetStateAndGeneration`; the member id is kept where the coordinator may still know it. */
  reset(resetMemberId: boolean): void {
    this.state = 'unjoined'
    this.generationId = -1
    if (resetMemberId) this.memberId = ''
  }

  /** `resetStateAndRejoin` */
  resetAndRejoin(reason: string, resetMemberId: boolean): void {
    this.reset(resetMemberId)
    this.requestRejoin(reason)
    this.needsJoinPrepare = true
  }
}
