import type { ConsumerParts } from './consumer-parts.ts'
import type { PollFailure } from './poll-failure.ts'

/** What poll() sees to before it fetches: membership, automatic commits, and a position for every partition. */
export class AssignmentUpdate {
  /** What the last {@link run} came upon: poll() throws it. */
  failure: PollFailure | null = null
  private readonly parts: ConsumerParts

  constructor(parts: ConsumerParts) {
    this.parts = parts
  }

  /**
   * `updateAssignmentMetadataIfNeeded`. False where Kafka's poll() blocks until its timeout: with the classic protocol, without a
   * coordinator and while committed offsets are asked for. A rebalance does not block.
   */
  run(): boolean {
    const { settings, groupClient, autoCommit, commits } = this.parts
    commits.retryAsync()
    const turn = groupClient.onPoll()
    this.failure = groupClient.takeFailure()
    if (turn !== 'ready') return turn === 'rebalancing'
    if (settings.autoCommit) {
      if (settings.switches['auto-commit.timer'] === 'before-records') autoCommit.maybeCommit()
      autoCommit.wakeWhenDue()
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
      // The consumer protocol's client goes on with the partitions whose positions it has.
      if (this.failure !== null || !isDone) return this.failure === null && settings.groupProtocol === 'consumer'
    }
    this.failure = offsets.resetInitializingPositions()
    if (this.failure === null) offsets.resetPositionsIfNeeded()
    return true
  }
}
