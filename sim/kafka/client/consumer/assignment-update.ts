import type { ConsumerParts } from './consumer-parts.ts'
import type { PollFailure } from './poll-failure.ts'

/** What poll() sees to before it fetches: membership, automatic commits, and a position for every partition. */
export class AssignmentUpdate {
  /** What the last {@link run} came upon: poll() throws it. */
  failure: PollFailure | null = null
  private readonly parts: ConsumerParts
  private readonly isSubscribed: boolean

  constructor(parts: ConsumerParts, isSubscribed: boolean) {
    this.parts = parts
    this.isSubscribed = isSubscribed
  }

  /**
   * `updateAssignmentMetadataIfNeeded`. False where Kafka's poll() blocks until its timeout: without a coordinator, and while
   * committed offsets are asked for. A rebalance does not block.
   */
  run(): boolean {
    const { settings, heartbeat, finder, coordinator, commits, wake } = this.parts
    commits.retryAsync()
    if (this.isSubscribed) {
      heartbeat.onPoll()
      this.failure = heartbeat.failure ?? finder.failure
      heartbeat.failure = null
      finder.failure = null
      if (this.failure !== null || !finder.ensureReady()) return false
      if (coordinator.rejoinNeededOrPending() && !coordinator.joinGroupIfNeeded()) {
        this.failure = coordinator.failure
        coordinator.failure = null
        return true
      }
    }
    if (settings.autoCommit) {
      if (settings.switches['auto-commit.timer'] === 'before-records') coordinator.maybeAutoCommit()
      wake.wakeAt(coordinator.nextAutoCommitAt)
    }
    return this.updateFetchPositions()
  }

  private updateFetchPositions(): boolean {
    const { settings, offsets, committed, subscriptions, finder } = this.parts
    this.failure = offsets.validatePositionsIfNeeded()
    if (this.failure !== null || subscriptions.hasAllFetchPositions()) return true
    if (settings.groupId !== null) {
      const isDone = committed.init()
      this.failure = committed.failure ?? finder.failure
      committed.failure = null
      finder.failure = null
      if (!isDone || this.failure !== null) return false
    }
    this.failure = offsets.resetInitializingPositions()
    if (this.failure === null) offsets.resetPositionsIfNeeded()
    return true
  }
}
