import { Errors } from '../../../protocol/errors.ts'
import type { OffsetCommitRequest } from '../../../protocol/group-messages.ts'
import { type CommitIdentity, NOBODY } from '../commit-identity.ts'
import type { JoinedAs } from '../group-membership.ts'
import type { CommitOutcome } from '../offset-commits.ts'
import type { ConsumerMembership } from './consumer-membership.ts'

/**
 * A member of the consumer protocol (`CommitRequestManager`): it names itself as long as it has an epoch, and nobody else when it
 * has none. Only its heartbeats tell it whether it is still in the group.
 */
export class ConsumerIdentity implements CommitIdentity {
  readonly fetchesAnew: boolean = false
  private readonly membership: ConsumerMembership

  constructor(membership: ConsumerMembership) {
    this.membership = membership
  }

  committer(): JoinedAs {
    const { epoch, memberId } = this.membership
    return epoch < 0 ? NOBODY : { generationId: epoch, memberId }
  }

  onCommitRefused(_request: OffsetCommitRequest, errorCode: number): CommitOutcome | null {
    return errorCode === Errors.UNKNOWN_MEMBER_ID || errorCode === Errors.STALE_MEMBER_EPOCH ? 'commit-failed' : null
  }

  fetcher(): JoinedAs {
    return this.committer()
  }

  /** `isStaleEpochErrorAndValidEpochAvailable` */
  retriesFetch(errorCode: number): boolean {
    return errorCode === Errors.STALE_MEMBER_EPOCH && this.membership.epoch >= 0
  }
}
