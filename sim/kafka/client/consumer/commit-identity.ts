import { Errors } from '../../protocol/errors.ts'
import type { OffsetCommitRequest } from '../../protocol/group-messages.ts'
import type { GroupMembership, JoinedAs } from './group-membership.ts'
import type { CommitOutcome } from './offset-commits.ts'

/** Who speaks for no group member. */
export const NOBODY: JoinedAs = { generationId: -1, memberId: '' }

/** As whom a consumer commits its positions, and asks where its group stands. */
export interface CommitIdentity {
  /** As whom a commit is sent now, or why none is. */
  committer(): JoinedAs | 'rebalance-in-progress' | 'commit-failed'
  /** What the coordinator's refusal means for a commit, and for the member; null = it is not about the member. */
  onCommitRefused(request: OffsetCommitRequest, errorCode: number): CommitOutcome | null
  /** As whom offsets are asked for. */
  fetcher(): JoinedAs
  /** Whether offsets that were asked for under another generation are of no use. */
  readonly fetchesAnew: boolean
  /** Whether offsets are asked for again after this error. */
  retriesFetch(errorCode: number): boolean
}

/** A member of the classic protocol, or somebody who has taken its partitions by hand (`ConsumerCoordinator`). */
export class ClassicIdentity implements CommitIdentity {
  readonly fetchesAnew: boolean = true
  private readonly membership: GroupMembership
  private readonly isSubscribed: boolean

  constructor(membership: GroupMembership, isSubscribed: boolean) {
    this.membership = membership
    this.isSubscribed = isSubscribed
  }

  committer(): JoinedAs | 'rebalance-in-progress' | 'commit-failed' {
    const { generationId, memberId, state, isRebalancing } = this.membership
    if (!this.isSubscribed) return NOBODY
    if (state === 'stable') return { generationId, memberId }
    // `generationIfStable`: nothing is sent; whoever is not in the group can only join it again.
    return isRebalancing ? 'rebalance-in-progress' : 'commit-failed'
  }

  onCommitRefused(request: OffsetCommitRequest, errorCode: number): CommitOutcome | null {
    const { membership, isSubscribed } = this
    const isUnchanged = membership.isUnchanged(request.generationIdOrMemberEpoch, request.memberId)
    switch (errorCode) {
      case Errors.FENCED_INSTANCE_ID:
        if (isUnchanged || !isSubscribed) return 'fenced'
        return membership.isRebalancing ? 'rebalance-in-progress' : 'commit-failed'
      case Errors.REBALANCE_IN_PROGRESS:
        membership.requestRejoin('offset commit failed since group is already rebalancing')
        return 'rebalance-in-progress'
      case Errors.ILLEGAL_GENERATION:
      case Errors.UNKNOWN_MEMBER_ID:
        if (!isSubscribed) return 'commit-failed'
        if (!isUnchanged && membership.isRebalancing) return 'rebalance-in-progress'
        membership.resetAndRejoin('offset commit was refused', errorCode !== Errors.ILLEGAL_GENERATION)
        return 'commit-failed'
      default:
        return null
    }
  }

  /** OffsetFetch of the classic protocol names no member; the generation only tells whether the answer is still wanted. */
  fetcher(): JoinedAs {
    const { state, generationId } = this.membership
    return { generationId: state === 'stable' ? generationId : -1, memberId: '' }
  }

  retriesFetch(): boolean {
    return false
  }
}
