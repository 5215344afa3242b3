import { topicIdOf } from '../../../../history/ids.ts'
import type { Env } from '../../../env.ts'
import { Errors } from '../../../protocol/errors.ts'
import { exponentialBackoff } from '../../exponential-backoff.ts'
import type { Metadata } from '../../metadata.ts'
import type { AutoCommit } from '../auto-commit.ts'
import type { RebalanceListenerInvoker } from '../consumer-coordinator.ts'
import type { ConsumerSettings } from '../consumer-settings.ts'
import type { ConsumerTopics } from '../consumer-topics.ts'
import { Commit, type OffsetCommits } from '../offset-commits.ts'
import type { SubscriptionState } from '../subscription-state.ts'
import type { WakeTimer } from '../wake-timer.ts'
import type { ConsumerMembership } from './consumer-membership.ts'
import { type LocalAssignment, NO_ASSIGNMENT, samePartitions } from './local-assignment.ts'

export interface ReconciliationParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly metadata: Metadata
  readonly subscriptions: SubscriptionState
  readonly commits: OffsetCommits
  readonly autoCommit: AutoCommit
  readonly listener: RebalanceListenerInvoker
  readonly wake: WakeTimer
}

/**
 * `maybeReconcile` and `revokeAndAssign`: how a member takes an assignment over. It commits, if that is its business, lets the
 * application give up what goes, and takes what comes; then the coordinator may be told. What concerns the application happens
 * within its calls, the commit whenever its answers come.
 */
export class Reconciliation {
  private readonly parts: ReconciliationParts
  private readonly membership: ConsumerMembership
  private phase: 'none' | 'committing' | 'revoking' = 'none'
  private resolved: LocalAssignment = NO_ASSIGNMENT
  private revoked: readonly number[] = []
  private commit: Commit | null = null
  private deadline = 0
  private retryAt = 0
  private attempts = 0

  constructor(parts: ReconciliationParts, membership: ConsumerMembership) {
    this.parts = parts
    this.membership = membership
  }

  /** The thread's share: commits that are under way. */
  runThread(): void {
    if (this.phase === 'committing' && !this.aborts() && this.isCommitted()) this.phase = 'revoking'
  }

  /** The application is in poll(): begins, or goes on. */
  run(): void {
    // What the application let go for an assignment that is void by now counts for no other.
    if (this.phase === 'none') this.parts.listener.abandonRevocation()
    if (this.phase === 'none' && this.membership.state === 'RECONCILING') this.begin()
    this.runThread()
    if (this.phase !== 'revoking' || this.aborts()) return
    const { listener } = this.parts
    if (this.revoked.length > 0 && !listener.invokeRevoked(this.revoked)) return
    this.revoked = []
    if (!this.aborts()) this.take()
  }

  private begin(): void {
    const { env, settings, subscriptions } = this.parts
    const { membership } = this
    if (membership.isReconciled) return
    membership.rejoined = false
    this.resolved = { localEpoch: membership.target.localEpoch, tps: this.resolvable() }
    const { tps } = this.resolved
    if (membership.current.localEpoch >= 0 && samePartitions(membership.current.tps, tps)) {
      this.finish()
      return
    }
    this.revoked = subscriptions.assigned().filter((tp) => !tps.includes(tp))
    // From here on nothing of them is returned that the commit does not cover.
    subscriptions.markPendingRevocation(this.revoked)
    this.deadline = env.monotonic() + settings.maxPollIntervalUs
    this.phase = settings.autoCommit ? 'committing' : 'revoking'
  }

  /** Partitions of topics that the consumer knows; the others have to wait for metadata. */
  private resolvable(): readonly number[] {
    const { topics, metadata } = this.parts
    const isKnown = (tp: number): boolean => topics.byId(topicIdOf(tp))?.known === true
    const { tps } = this.membership.target
    if (!tps.every(isKnown)) metadata.requestUpdate()
    return tps.filter(isKnown)
  }

  /** `maybeAbortReconciliation`: the member is elsewhere by now. */
  private aborts(): boolean {
    const { membership } = this
    if (membership.state === 'RECONCILING' && !membership.rejoined) return false
    this.phase = 'none'
    this.commit = null
    this.revoked = []
    return true
  }

  private take(): void {
    const { subscriptions, listener, autoCommit } = this.parts
    const { tps } = this.resolved
    const owned = subscriptions.assigned()
    const added = tps.filter((tp) => !owned.includes(tp))
    subscriptions.assign(tps)
    this.membership.ownedUnder = this.membership.memberEpoch
    listener.invokeAssigned(added)
    this.phase = 'none'
    // The application may have closed the consumer in its callback.
    if (this.membership.state !== 'RECONCILING') return
    autoCommit.reset()
    this.finish()
  }

  private finish(): void {
    this.membership.current = this.resolved
    this.membership.transitionTo('ACKNOWLEDGING')
  }

  // --- the commit before (`maybeAutoCommitSyncBeforeRebalance`) -----------------------------------------------------------

  /** Tries until an answer is final, or the rebalance timeout is over; then it goes on whatever has become of it. */
  private isCommitted(): boolean {
    const { env, commits, subscriptions, wake } = this.parts
    const now = env.monotonic()
    if (this.commit === null) {
      if (now < this.retryAt && now < this.deadline) {
        wake.wakeAt(Math.min(this.retryAt, this.deadline))
        return false
      }
      // Sent again it covers what poll() has returned by then; so it is in Kafka.
      this.commit = new Commit(-1, subscriptions.allConsumed(), false)
      commits.send(this.commit)
    }
    const { commit } = this
    if (now >= this.deadline) {
      commits.abandon(commit, 'timed-out', commit.errorCode)
    } else if (commit.outcome === null) {
      wake.wakeAt(this.deadline)
      return false
    } else if (this.retries(commit)) {
      this.commit = null
      this.backOff()
      wake.wakeAt(Math.min(this.retryAt, this.deadline))
      return false
    }
    this.commit = null
    this.attempts = 0
    this.retryAt = 0
    return true
  }

  /** Also when the epoch was stale and there is another one by now. */
  private retries({ outcome, errorCode }: Commit): boolean {
    if (errorCode === Errors.STALE_MEMBER_EPOCH) return this.membership.epoch >= 0
    return outcome === 'retriable' && errorCode !== Errors.UNKNOWN_TOPIC_OR_PARTITION
  }

  private backOff(): void {
    const { env, settings } = this.parts
    this.retryAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.attempts++)
  }
}
