import type { Env } from '../../env.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import { Commit, type OffsetCommits } from './offset-commits.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { WakeTimer } from './wake-timer.ts'

export interface AutoCommitParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly commits: OffsetCommits
  readonly subscriptions: SubscriptionState
  readonly wake: WakeTimer
}

/** `enable.auto.commit`: what earlier polls returned is committed every `auto.commit.interval.ms`. */
export class AutoCommit {
  /** When the next one is due. */
  private nextAt: number
  private readonly parts: AutoCommitParts
  /** Unanswered; the consumer protocol's client sends one at a time. */
  private inFlight = 0

  constructor(parts: AutoCommitParts) {
    this.parts = parts
    this.nextAt = parts.env.monotonic() + parts.settings.autoCommitIntervalUs
  }

  /**
   * `maybeAutoCommitOffsetsAsync`: the positions of all that earlier polls returned. A commit that fails retriably makes the
   * next one due soon.
   */
  maybeCommit(): void {
    const { env, settings, commits, subscriptions } = this.parts
    if (!settings.autoCommit) return
    const now = env.monotonic()
    if (now < this.nextAt || (settings.groupProtocol === 'consumer' && this.inFlight > 0)) return
    this.nextAt = now + settings.autoCommitIntervalUs
    this.inFlight++
    commits.commitAsync(new Commit(-1, subscriptions.allConsumed(), true))
  }

  /** The timer of a thread of its own: whatever the application is doing, all that was handed over is committed (librdkafka). */
  commitByThread(): void {
    this.maybeCommit()
    this.wakeWhenDue()
  }

  /** The thread looks again when the next one is due. One that is due and waits for the last one's answer is woken by that. */
  wakeWhenDue(): void {
    const { env, wake } = this.parts
    if (this.inFlight === 0 || this.nextAt > env.monotonic()) wake.wakeAt(this.nextAt)
  }

  /** The callback of an auto-commit. */
  onCommitted(commit: Commit): void {
    this.inFlight--
    if (commit.outcome === 'retriable') this.nextAt = this.parts.env.monotonic() + this.parts.settings.retryBackoffUs
  }

  /** A rebalance is over: its commit was as good as one of the timer's. */
  reset(): void {
    this.nextAt = this.parts.env.monotonic() + this.parts.settings.autoCommitIntervalUs
  }
}
