import { M } from '../../../history/catalogue.ts'
import { SECOND } from '../../../kernel/time.ts'
import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import type { ClientProfile } from '../../protocol/profile.ts'
import { AcknowledgeType, type AcknowledgeTypeId } from '../../share/record-state.ts'
import type { ConsumedRecord } from '../consumer/completed-fetch.ts'
import { type ConsumerSettings, consumerSettings } from '../consumer/consumer-settings.ts'
import type { PollFailure } from '../consumer/poll-failure.ts'
import { ShareHand } from './share-buffer.ts'
import { type ShareConsumerOptions, ShareConsumerParts } from './share-consumer-parts.ts'
import type { ShareCommit } from './node-session.ts'

export { SHARE_CONSUMER_TIMERS, type ShareConsumerOptions } from './share-consumer-parts.ts'

/** `ConsumerUtils.DEFAULT_CLOSE_TIMEOUT_MS` */
const CLOSE_TIMEOUT_US: number = 30 * SECOND
/** Metadata requests carry no token of their own. */
const NO_TOKEN = 0

/** The application behind a share consumer: one thread, which is in at most one of its calls. */
export interface ShareConsumerOwner {
  /** poll() returns; without records its timeout has passed. */
  onPolled(records: readonly ConsumedRecord[]): void
  /** poll() throws. */
  onPollFailed(failure: PollFailure): void
  /** A commit is over: commitSync() returns, or the callback of commitAsync() is made; `ok` false if anything of it failed. */
  onCommitted(token: number, ok: boolean): void
  /** close() is over. */
  onClosed(): void
}

/**
 * `KafkaShareConsumer` (`ShareConsumerImpl`). With `share.acknowledgement.mode=implicit` whatever poll() has returned is
 * accepted by the next poll() or commit; with `explicit` the application acknowledges every record. Acknowledgements go with
 * the next fetch, or with a commit. The background thread beats by itself, whatever the application's thread does.
 */
export class KafkaShareConsumer {
  private readonly env: Env
  private readonly owner: ShareConsumerOwner
  private readonly settings: ConsumerSettings
  private readonly isImplicit: boolean
  private readonly parts: ShareConsumerParts
  private readonly hand: ShareHand = new ShareHand()
  private tokens = 0
  private inPoll = false
  private pollDeadline = 0
  /** The commit that commitSync() waits for. */
  private syncCommit: ShareCommit | null = null
  private closeDeadline = -1
  private isClosed = false
  /** {@link advance} is at work: what its callees ask for is done by its loop. */
  private running = false
  private again = false

  constructor(
    env: Env,
    options: ShareConsumerOptions,
    config: ConsumerConfig,
    profile: ClientProfile,
    owner: ShareConsumerOwner,
  ) {
    this.env = env
    this.owner = owner
    this.settings = consumerSettings(config, profile)
    this.isImplicit = config['share.acknowledgement.mode'] === 'implicit'
    this.parts = new ShareConsumerParts(env, options, this.settings)
  }

  // --- the application's calls --------------------------------------------------------------------------------------

  /** `poll(timeout)`: {@link ShareConsumerOwner.onPolled} or {@link ShareConsumerOwner.onPollFailed} follows. */
  poll(timeoutUs: number): void {
    const { membership, requests, buffer } = this.parts
    membership.onPoll()
    if (this.isImplicit) this.hand.acknowledgeAll(AcknowledgeType.ACCEPT)
    const acknowledged = this.hand.takeAcknowledged()
    // What is here already is returned at once: then acknowledgements need a request of their own.
    if (buffer.isEmpty) requests.acknowledgeWithFetch(acknowledged)
    else requests.acknowledge(acknowledged, null)
    this.inPoll = true
    this.pollDeadline = this.env.monotonic() + timeoutUs
    this.advance()
  }

  /** `acknowledge(record, type)`, in explicit mode. */
  acknowledge(tp: number, offset: number, type: AcknowledgeTypeId): void {
    this.hand.acknowledge(tp, offset, type)
  }

  /** `commitSync()`; the token that {@link ShareConsumerOwner.onCommitted} will name, perhaps before this returns. */
  commitSync(): number {
    const commit = this.commit(this.env.monotonic() + this.settings.defaultApiTimeoutUs)
    this.syncCommit = commit
    this.advance()
    return commit.token
  }

  /** `commitAsync()`: one attempt. Its callback is made within a later call. */
  commitAsync(): number {
    const commit = this.commit(0)
    this.advance()
    return commit.token
  }

  private commit(deadline: number): ShareCommit {
    if (this.isImplicit) this.hand.acknowledgeAll(AcknowledgeType.ACCEPT)
    const commit = { token: this.tokens++, deadline, unanswered: 0, failed: false }
    this.parts.requests.acknowledge(this.hand.takeAcknowledged(), commit)
    return commit
  }

  /**
   * `close()`: brings what was acknowledged to the brokers, releases the rest, and leaves the group. What was delivered and
   * not acknowledged explicitly is among the rest. {@link ShareConsumerOwner.onClosed} follows.
   */
  close(): void {
    if (this.closeDeadline >= 0) return
    this.closeDeadline = this.env.monotonic() + CLOSE_TIMEOUT_US
    this.inPoll = false
    this.syncCommit = null
    this.parts.requests.acknowledge(this.hand.takeAcknowledged(), null)
    this.advance()
  }

  /** Whether some acknowledgement has no answer yet. */
  get isAcknowledging(): boolean {
    return this.parts.requests.isAcknowledging
  }

  // --- events -------------------------------------------------------------------------------------------------------

  onMessage(envelope: Envelope): void {
    if (this.isClosed) return
    this.parts.onMessage(envelope)
    this.advance()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (this.isClosed) return
    this.parts.onSignal(kind, connection, peer)
    this.advance()
  }

  /** Takes the consumer's timers; false when the timer is not one of them. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (!this.parts.onTimer(kind, a, b)) return false
    this.advance()
    return true
  }

  /** What the application's thread waits for, in words. */
  waiting(): readonly string[] {
    if (this.syncCommit !== null) return ['its consumer: commitSync()']
    if (this.closeDeadline >= 0 && !this.isClosed) return ['its consumer: close()']
    if (!this.inPoll) return []
    const acknowledging = this.isAcknowledging ? ['its consumer: its acknowledgements'] : []
    if (this.parts.finder.node < 0) return ['its consumer: the coordinator of its group', ...acknowledging]
    return this.parts.membership.isMember ? acknowledging : ['its consumer: to be a member of its group']
  }

  // --- the application's thread inside the consumer, and the background thread ----------------------------------------

  private advance(): void {
    this.again = true
    if (this.running) return
    this.running = true
    while (this.again && !this.isClosed) {
      this.again = false
      this.step()
    }
    this.running = false
  }

  private step(): void {
    const { membership, requests, buffer, metadata, wake } = this.parts
    membership.run()
    if (this.closeDeadline >= 0) {
      this.runClose()
      if (this.isClosed) return
    } else {
      const mayFetch = this.inPoll && buffer.isEmpty
      requests.run(mayFetch ? membership.assignment : null)
      this.tellCommits()
      if (this.inPoll) this.runPoll()
    }
    if (this.syncCommit !== null) wake.wakeAt(Math.max(this.syncCommit.deadline, this.env.monotonic() + 1))
    metadata.maybeUpdate(NO_TOKEN)
  }

  private runPoll(): void {
    const { buffer, membership, wake } = this.parts
    if (membership.failure !== null) {
      this.inPoll = false
      this.owner.onPollFailed(membership.failure)
      return
    }
    const isOver = this.env.monotonic() >= this.pollDeadline
    if (buffer.isEmpty && !isOver) {
      wake.wakeAt(this.pollDeadline)
      return
    }
    const records = buffer.take(this.settings.maxPollRecords, this.hand)
    for (const { record, tp, offset } of records) {
      this.env.emit(M.recordDelivered, record.record, record.attempt, tp, offset)
    }
    // Nothing but markers: they are acknowledged with the next fetch.
    if (records.length === 0 && !isOver) {
      this.parts.requests.acknowledgeWithFetch(this.hand.takeAcknowledged())
      this.again = true
      return
    }
    this.inPoll = false
    this.owner.onPolled(records)
  }

  private tellCommits(): void {
    const { completed } = this.parts.requests
    while (completed.length > 0) {
      const commit = completed.shift() as ShareCommit
      if (commit === this.syncCommit) this.syncCommit = null
      this.owner.onCommitted(commit.token, !commit.failed)
    }
    const { syncCommit } = this
    if (syncCommit === null || this.env.monotonic() < syncCommit.deadline) return
    // `TimeoutException`: what becomes of it nobody knows.
    this.syncCommit = null
    this.owner.onCommitted(syncCommit.token, false)
  }

  private runClose(): void {
    const { membership, requests, wake } = this.parts
    const isLate = this.env.monotonic() >= this.closeDeadline
    if (!isLate && !requests.close()) {
      wake.wakeAt(this.closeDeadline)
      return
    }
    membership.leave()
    membership.run()
    if (!isLate && !membership.hasLeft) {
      wake.wakeAt(this.closeDeadline)
      return
    }
    this.isClosed = true
    this.parts.close()
    this.owner.onClosed()
  }
}
