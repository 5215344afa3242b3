import { topicIdOf } from '../../../history/ids.ts'
import type { Env } from '../../env.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { AutoCommit } from './auto-commit.ts'
import type { ConsumerTopics } from './consumer-topics.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import type { GroupMembership } from './group-membership.ts'
import { type JoinGroup, tpsOf } from './join-group.ts'
import { Commit, type OffsetCommits } from './offset-commits.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { WakeTimer } from './wake-timer.ts'

/** Tells the application of its partitions. */
export interface RebalanceListenerInvoker {
  /**
   * The application may commit before it lets go. False = it has not let go yet, and the same call is made again when it has;
   * true = the partitions are no longer assigned.
   */
  invokeRevoked(tps: readonly number[]): boolean
  /** Others may own them already; they are no longer assigned. */
  invokeLost(tps: readonly number[]): void
  /** What the application has let go, unasked by now, counts for nothing. */
  abandonRevocation(): void
  /** They are assigned now. */
  invokeAssigned(added: readonly number[]): void
}

export interface ConsumerCoordinatorParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly subscriptions: SubscriptionState
  readonly membership: GroupMembership
  readonly finder: CoordinatorFinder
  readonly commits: OffsetCommits
  readonly autoCommit: AutoCommit
  readonly join: JoinGroup
  readonly wake: WakeTimer
  readonly listener: RebalanceListenerInvoker
  readonly subscribed: readonly number[]
}

/** `ConsumerCoordinator`: what the application's thread does for the group inside poll(). */
export class ConsumerCoordinator {
  /** What poll() throws. */
  failure: PollFailure | null = null
  private readonly parts: ConsumerCoordinatorParts
  /** Where the giving up of partitions before a JoinGroup stands. */
  private preparing: 'not' | 'committing' | 'revoking' = 'not'
  private prepareDeadline = 0
  private prepareCommit: Commit | null = null
  private retryAt = 0
  private attempts = 0
  /** Partitions the application was asked to let go. */
  private revoking: readonly number[] | null = null

  constructor(parts: ConsumerCoordinatorParts) {
    this.parts = parts
  }

  /** `rejoinNeededOrPending`; a leader also joins again when partition counts have changed since it assigned. */
  rejoinNeededOrPending(): boolean {
    const { topics, membership, join } = this.parts
    if (join.assignedUnder >= 0 && join.assignedUnder !== topics.countsVersion && join.status === 'idle') {
      membership.requestRejoin('cached metadata has changed')
    }
    return membership.rejoinNeeded || join.status !== 'idle'
  }

  /** `joinGroupIfNeeded` with no time to wait: true = an active member; false = later, or {@link failure}. */
  joinGroupIfNeeded(): boolean {
    const { env, membership, finder, join, wake } = this.parts
    while (this.rejoinNeededOrPending()) {
      if (!finder.ensureReady()) return false
      if (membership.needsJoinPrepare || this.preparing !== 'not') {
        membership.needsJoinPrepare = false
        if (!this.prepareJoin()) {
          membership.needsJoinPrepare = true
          return false
        }
      }
      if (join.status === 'idle') {
        if (env.monotonic() < this.retryAt) {
          wake.wakeAt(this.retryAt)
          return false
        }
        join.start()
      }
      join.handleJoinResponse()
      if (join.status === 'under-way') return false
      if (join.status === 'succeeded' ? !this.completeJoin() : !this.onJoinFailed()) return false
    }
    return true
  }

  /** `onLeavePrepare`; false = the application has not let go yet. */
  prepareLeave(): boolean {
    const { subscriptions, membership, listener } = this.parts
    const owned = this.revoking ?? subscriptions.assigned()
    if (owned.length === 0) return true
    if (this.revoking === null && (this.hasNoGeneration || membership.isRebalancing)) {
      listener.invokeLost(owned)
      return true
    }
    this.revoking = owned
    if (!listener.invokeRevoked(owned)) return false
    this.revoking = null
    return true
  }

  private get hasNoGeneration(): boolean {
    const { membership } = this.parts
    return membership.generationId < 0 || membership.memberId === ''
  }

  // --- before JoinGroup ---------------------------------------------------------------------------------------------

  /** `onJoinPrepare`: commits if it is the consumer's business, then gives up what the protocol asks for. False = not done. */
  private prepareJoin(): boolean {
    const { env, settings, subscriptions, listener, subscribed } = this.parts
    if (this.preparing === 'not') {
      this.preparing = 'committing'
      this.prepareDeadline = env.monotonic() + settings.maxPollIntervalUs
    }
    if (this.preparing === 'committing') {
      if (settings.autoCommit && !this.commitBeforeRejoin()) return false
      this.preparing = 'revoking'
      const owned = subscriptions.assigned()
      if (this.hasNoGeneration) {
        if (owned.length > 0) listener.invokeLost(owned)
      } else {
        this.revoking =
          settings.protocol === 'eager' ? owned : owned.filter((tp) => !subscribed.includes(topicIdOf(tp)))
      }
    }
    if (!this.revoke()) return false
    this.preparing = 'not'
    return true
  }

  /** Lets go of {@link revoking}; false = the application is still at it. */
  private revoke(): boolean {
    const { revoking } = this
    if (revoking !== null && revoking.length > 0 && !this.parts.listener.invokeRevoked(revoking)) return false
    this.revoking = null
    return true
  }

  /** Tries until it has an answer that is final, or the rebalance timeout is over. */
  private commitBeforeRejoin(): boolean {
    const { env, settings, subscriptions, commits, wake } = this.parts
    const now = env.monotonic()
    if (this.prepareCommit === null) {
      if (now < this.retryAt && now < this.prepareDeadline) {
        wake.wakeAt(Math.min(this.retryAt, this.prepareDeadline))
        return false
      }
      // From here on nothing is returned that this commit does not cover (KAFKA-14024).
      const holdsBack = settings.protocol === 'eager' && settings.switches['rejoin.records'] === 'held-back'
      if (holdsBack) subscriptions.markPendingRevocation(subscriptions.assigned())
      this.prepareCommit = new Commit(-1, subscriptions.allConsumed(), false)
      commits.send(this.prepareCommit)
    }
    const commit = this.prepareCommit
    if (now >= this.prepareDeadline) {
      commits.abandon(commit, 'timed-out', commit.errorCode)
    } else if (commit.outcome === null) {
      wake.wakeAt(this.prepareDeadline)
      return false
    } else if (commit.outcome === 'retriable') {
      this.prepareCommit = null
      this.backOff()
      wake.wakeAt(Math.min(this.retryAt, this.prepareDeadline))
      return false
    }
    this.prepareCommit = null
    this.attempts = 0
    this.retryAt = 0
    return true
  }

  // --- after SyncGroup ----------------------------------------------------------------------------------------------

  /** `onJoinComplete`; false = the application has not let go yet. */
  private completeJoin(): boolean {
    const { settings, subscriptions, membership, autoCommit, join, listener, subscribed } = this.parts
    if (this.revoking !== null) {
      if (!this.revoke()) return false
      membership.requestRejoin('need to revoke partitions and re-join')
    }
    if (membership.generationId < 0 || membership.state !== 'stable') {
      membership.resetAndRejoin('the generation was lost before the rebalance was over', false)
      this.joinDone()
      return true
    }
    membership.joinedAs = { generationId: membership.generationId, memberId: membership.memberId }
    membership.assignedLast = join.assignment
    const assigned = tpsOf(join.assignment)
    if (!assigned.every((tp) => subscribed.includes(topicIdOf(tp)))) {
      membership.requestRejoin('received assignment does not match the current subscription')
      this.joinDone()
      return true
    }
    const owned = subscriptions.assigned()
    if (settings.protocol === 'cooperative') {
      const gone = owned.filter((tp) => !assigned.includes(tp))
      if (gone.length > 0) {
        this.revoking = gone
        if (!this.revoke()) return false
        membership.requestRejoin('need to revoke partitions and re-join')
      }
    }
    if (!join.isLeader) join.assignedUnder = -1
    autoCommit.reset()
    const added = assigned.filter((tp) => !owned.includes(tp))
    subscriptions.assign(assigned)
    membership.ownedUnder = membership.generationId
    this.joinDone()
    membership.needsJoinPrepare = true
    listener.invokeAssigned(added)
    return true
  }

  private joinDone(): void {
    this.parts.join.done()
    this.attempts = 0
    this.retryAt = 0
  }

  /** False = not again now. */
  private onJoinFailed(): boolean {
    const { membership, join, wake } = this.parts
    const { retry, errorCode } = join
    join.done()
    membership.requestRejoin('rebalance failed')
    if (retry === 'at-once') return true
    if (retry === 'never') {
      this.failure = pollFailure('group-refused', errorCode)
      return false
    }
    this.backOff()
    wake.wakeAt(this.retryAt)
    return false
  }

  private backOff(): void {
    const { env, settings } = this.parts
    this.retryAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.attempts++)
  }
}
