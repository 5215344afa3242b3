import type { Env } from '../../env.ts'
import { Errors } from '../../protocol/errors.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import type { Commit, CommitOutcome, OffsetCommits } from './offset-commits.ts'
import type { WakeTimer } from './wake-timer.ts'

/** What a {@link CommitSync} works with. */
export interface CommitSyncParts {
  readonly settings: ConsumerSettings
  readonly commits: OffsetCommits
  readonly finder: CoordinatorFinder
  readonly wake: WakeTimer
}

/** `commitOffsetsSync`: tries until an attempt ends with something that is not retriable, or the time is up. */
export class CommitSync {
  private readonly env: Env
  private readonly parts: CommitSyncParts

  constructor(env: Env, parts: CommitSyncParts) {
    this.env = env
    this.parts = parts
  }

  /** Does what can be done now; the outcome when it has ended, or null. */
  turn(commit: Commit): CommitOutcome | null {
    const { settings, commits, wake } = this.parts
    if (settings.groupId === null) commits.refuse(commit, Errors.INVALID_GROUP_ID)
    for (;;) {
      if (commit.outcome !== null && commit.outcome !== 'retriable') return commit.outcome
      if (this.env.monotonic() >= commit.deadline) return this.giveUp(commit, 'timed-out')
      wake.wakeAt(commit.deadline)
      // An attempt may end at once.
      if (commit.request !== null || !this.attempt(commit)) return null
    }
  }

  /** Waits no longer; an attempt may still arrive. */
  giveUp(commit: Commit, outcome: CommitOutcome): CommitOutcome {
    if (commit.errorCode === Errors.NONE) commit.errorCode = Errors.REQUEST_TIMED_OUT
    this.parts.commits.abandon(commit, outcome, commit.errorCode)
    return outcome
  }

  /** False = not now: a back-off, or no coordinator. */
  private attempt(commit: Commit): boolean {
    const { env } = this
    const { settings, commits, finder, wake } = this.parts
    const now = env.monotonic()
    if (commit.outcome === 'retriable') {
      commit.outcome = null
      commit.retryAt =
        now + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, commit.attempts - 1)
    }
    if (now < commit.retryAt) {
      wake.wakeAt(commit.retryAt)
      return false
    }
    if (commit.offsets.length > 0 && !finder.ensureReady()) return false
    commit.attempts++
    commits.send(commit)
    return true
  }
}
