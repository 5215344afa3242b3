import { M } from '../../../history/catalogue.ts'
import { SECOND } from '../../../kernel/time.ts'
import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import { Errors } from '../../protocol/errors.ts'
import { CommitSync } from './commit-sync.ts'
import type { ConsumerOwner, KafkaConsumerOptions } from './consumer-owner.ts'
import type { ConsumerRebalanceListener } from './rebalance-listener.ts'
import { AssignmentUpdate } from './assignment-update.ts'
import { ConsumerClose } from './consumer-close.ts'
import { ConsumerParts } from './consumer-parts.ts'
import { type ConsumerSettings, consumerSettings } from './consumer-settings.ts'
import { Commit, type CommitOutcome } from './offset-commits.ts'
import type { JoinedAs } from './group-membership.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { CommitOffset } from './subscription-state.ts'
import { INITIALIZING } from './topic-partition-state.ts'

export { ConsumedRecord } from './completed-fetch.ts'
export { CONSUMER_TIMERS } from './consumer-parts.ts'
export type { ConsumerOwner, KafkaConsumerOptions } from './consumer-owner.ts'
export type { CommitOutcome } from './offset-commits.ts'
export type { PollFailure } from './poll-failure.ts'
export type { CommitOffset } from './subscription-state.ts'

/** `ConsumerUtils.DEFAULT_CLOSE_TIMEOUT_MS` */
const CLOSE_TIMEOUT_US: number = 30 * SECOND
/** Metadata requests carry no token of their own. */
const NO_TOKEN = 0

/**
 * `KafkaConsumer`. The application's thread is in poll(), commitSync(), close() or a
 * rebalance callback, or it is somewhere else; what Kafka does on that thread happens only while it is in a call. The
 * heartbeat thread works by itself, and answers are taken in whenever they arrive.
 */
export class KafkaConsumer {
  private readonly env: Env
  private readonly owner: ConsumerOwner
  private readonly settings: ConsumerSettings
  private readonly parts: ConsumerParts
  private readonly listener: ConsumerRebalanceListener
  private readonly update: AssignmentUpdate
  private readonly sync: CommitSync
  private readonly closing: ConsumerClose
  private readonly isSubscribed: boolean
  private readonly memberTag: string
  private tokens = 0
  private inPoll = false
  private pollDeadline = 0
  /** A commitSync() that the application waits for, or the consumer's own at its end. */
  private syncCommit: Commit | null = null
  private woken = false
  private failure: PollFailure | null = null
  /** {@link advance} is at work: what its callees ask for is done by its loop. */
  private running = false
  private again = false

  constructor(env: Env, options: KafkaConsumerOptions, owner: ConsumerOwner) {
    const { timerBase, topics, subscribe, assign, bootstrap, memberTag } = options
    const settings = consumerSettings(options.config, options.profile)
    if ((subscribe === null) === (assign === null)) throw new Error('a consumer either subscribes or assigns')
    if (subscribe !== null && settings.groupId === null) throw new Error('to subscribe, a consumer needs group.id')
    this.env = env
    this.owner = owner
    this.settings = settings
    this.isSubscribed = subscribe !== null
    this.memberTag = memberTag
    this.parts = new ConsumerParts(env, timerBase, settings, topics, bootstrap, subscribe, owner)
    this.listener = this.parts.listener
    this.update = new AssignmentUpdate(this.parts)
    this.closing = new ConsumerClose(env, this.parts)
    this.sync = new CommitSync(env, this.parts)
    for (const topic of this.parts.topics.all) {
      const isAssigned = assign?.some((tp) => tp >>> 16 === topic.topicId) ?? false
      if (isAssigned || subscribe?.includes(topic.topicId) === true) this.parts.metadata.add(topic)
    }
    if (assign !== null) this.parts.subscriptions.assign(assign)
  }

  /** Takes assign()ed partitions over. Nothing is sent before the first poll. */
  start(): void {
    if (!this.isSubscribed) this.listener.tellAll(M.partitionAssigned, this.assignment)
  }

  // --- the application's calls --------------------------------------------------------------------------------------

  /** `poll(timeout)`: {@link ConsumerOwner.onPolled} or {@link ConsumerOwner.onPollFailed} follows, perhaps before this returns. */
  poll(timeoutUs: number): void {
    this.inPoll = true
    this.pollDeadline = this.env.monotonic() + timeoutUs
    this.advance()
  }

  /**
   * `commitSync(offsets)`; null = the positions, that is all that poll() has returned. Retries until
   * default.api.timeout.ms. Returns the token that {@link ConsumerOwner.onCommitted} will name, perhaps before this returns.
   */
  commitSync(offsets: readonly CommitOffset[] | null): number {
    const commit = new Commit(this.tokens++, this.offsetsToCommit(offsets), false)
    commit.deadline = this.env.monotonic() + this.settings.defaultApiTimeoutUs
    this.syncCommit = commit
    this.advance()
    return commit.token
  }

  /** `commitAsync(offsets)`: one attempt. Its callback comes with a later poll(), commit or close(). */
  commitAsync(offsets: readonly CommitOffset[] | null): number {
    this.invokeCompletedCommits()
    const commit = new Commit(this.tokens++, this.offsetsToCommit(offsets), true)
    if (this.settings.groupId === null) this.parts.commits.refuse(commit, Errors.INVALID_GROUP_ID)
    else this.parts.commits.commitAsync(commit)
    return commit.token
  }

  /** The owner has let go of the partitions of the last {@link ConsumerOwner.onPartitionsRevoked}. */
  revoked(): void {
    if (this.listener.release()) this.advance()
  }

  /** `seek()`: the next poll() returns the record at this offset. Ignored for a partition that is not assigned. */
  seek(tp: number, offset: number): void {
    this.parts.subscriptions.get(tp)?.seekUnvalidated(offset, -1)
  }

  /** Back to what the group has committed, or what the reset policy says: the next poll() asks. */
  seekToCommitted(): void {
    for (const state of this.parts.subscriptions.partitions) {
      state.fetchState = INITIALIZING
      state.offset = -1
      state.offsetEpoch = -1
    }
  }

  pause(tp: number): void {
    const state = this.parts.subscriptions.get(tp)
    if (state !== undefined) state.paused = true
  }

  resume(tp: number): void {
    const state = this.parts.subscriptions.get(tp)
    if (state !== undefined) state.paused = false
  }

  /** The next offset that poll() returns; -1 = not known (yet). */
  position(tp: number): number {
    return this.parts.subscriptions.get(tp)?.offset ?? -1
  }

  /** Assigned partitions, ascending. */
  get assignment(): readonly number[] {
    return this.parts.subscriptions.assigned()
  }

  /** -1 = not a member now, or not a member at all. */
  get generation(): number {
    return this.parts.groupClient.generation
  }

  /** Whether the member has asked to join, and its rebalance is not complete. */
  get isRebalancing(): boolean {
    return this.parts.groupClient.isRebalancing
  }

  /**
   * `groupMetadata()`, what fences offsets in a transaction (KIP-447): who the consumer was when it joined last. That it has
   * lost its membership since is not in it, so that the coordinator refuses it.
   */
  get groupMetadata(): JoinedAs {
    return this.parts.groupClient.joinedAs
  }

  /** `wakeup()`: the call the application is in throws `WakeupException`, or the next poll() does. */
  wakeup(): void {
    this.woken = true
    if (this.inPoll || this.syncCommit !== null) this.advance()
  }

  /** The application's thread has left poll() by a `WakeupException` that it catches before it closes: no record is taken. */
  leavePoll(): void {
    this.inPoll = false
  }

  /** `close()`: auto-commit if it is on, give partitions up, leave the group. {@link ConsumerOwner.onClosed} follows. */
  close(timeoutUs: number = CLOSE_TIMEOUT_US): void {
    if (this.closing.isBegun) return
    this.closing.begin(this.env.monotonic() + timeoutUs)
    this.inPoll = false
    this.syncCommit = null
    this.listener.release()
    this.advance()
  }

  /** The application drops the consumer: nothing is committed, nobody is told; the group finds out by itself. */
  closeNow(): void {
    this.closing.end()
    this.inPoll = false
    this.syncCommit = null
    this.parts.close()
  }

  // --- events -------------------------------------------------------------------------------------------------------

  onMessage(envelope: Envelope): void {
    if (this.closing.isClosed) return
    this.parts.onMessage(envelope)
    this.advance()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (this.closing.isClosed) return
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
    const { finder, groupClient } = this.parts
    if (this.syncCommit !== null) return [`${this.memberTag}: commitSync()`]
    if (this.closing.isBegun && !this.closing.isClosed) return [`${this.memberTag}: close()`]
    if (!this.inPoll || !this.isSubscribed) return []
    if (finder.node < 0) return [`${this.memberTag}: the coordinator of its group`]
    const what = groupClient.waitsFor()
    return what === null ? [] : [`${this.memberTag}: ${what}`]
  }

  // --- the application's thread inside the consumer -----------------------------------------------------------------

  /** Goes on with whatever can go on; what callbacks ask for on the way is done by the same loop. */
  private advance(): void {
    this.again = true
    if (this.running) return
    this.running = true
    while (this.again && !this.closing.isClosed) {
      this.again = false
      this.step()
    }
    this.running = false
  }

  private step(): void {
    const { metadata, groupClient } = this.parts
    groupClient.runThread()
    if (this.settings.switches['auto-commit.by'] === 'thread') this.autoCommitByThread()
    const isClosing = this.closing.isBegun
    if (this.inPoll || this.syncCommit !== null || isClosing) {
      groupClient.onCall()
      if (this.syncCommit !== null) this.runCommitSync(this.syncCommit)
      else if (this.listener.isRevoking) return
      else if (isClosing) this.runClose()
      else this.runPoll()
    }
    if (!this.closing.isClosed) metadata.maybeUpdate(NO_TOKEN)
  }

  /** One turn of poll()'s loop. */
  private runPoll(): void {
    const { env, parts } = this
    if (this.takeWakeup()) {
      this.endPoll(pollFailure('wakeup', Errors.NONE))
      return
    }
    this.invokeCompletedCommits()
    const mayCollect = this.failure === null && this.updateAssignment()
    if (this.failure !== null) {
      this.endPoll(this.failure)
      return
    }
    // A callback has called the consumer, and is not done.
    if (this.syncCommit !== null || this.listener.isRevoking || !this.inPoll) return
    const isOver = env.monotonic() >= this.pollDeadline
    if (mayCollect || isOver) {
      const records = parts.collector.collect()
      const { failure, positionAdvanced } = parts.collector
      if (this.settings.switches['auto-commit.timer'] === 'behind-records') parts.autoCommit.maybeCommit()
      if (failure !== null) {
        this.endPoll(failure)
        return
      }
      parts.fetcher.sendFetches()
      // Also with nothing to return: past markers and aborted records (KAFKA-12980).
      if (positionAdvanced || isOver) {
        this.inPoll = false
        this.owner.onPolled(records)
        return
      }
    }
    parts.wake.wakeAt(this.pollDeadline)
  }

  private updateAssignment(): boolean {
    const mayCollect = this.update.run()
    this.failure = this.update.failure
    return mayCollect
  }

  private endPoll(failure: PollFailure): void {
    this.failure = null
    this.inPoll = false
    this.owner.onPollFailed(failure)
  }

  /** One turn of a commitSync(). */
  private runCommitSync(commit: Commit): void {
    if (commit.attempts === 0) this.invokeCompletedCommits()
    const isWoken = commit.token >= 0 && this.takeWakeup()
    const outcome = isWoken ? this.sync.giveUp(commit, 'woken-up') : this.sync.turn(commit)
    if (outcome !== null) this.endCommitSync(commit, outcome)
  }

  private endCommitSync(commit: Commit, outcome: CommitOutcome): void {
    this.syncCommit = null
    // Callbacks of earlier commitAsync() come first: commits end in the order in which they were made.
    this.invokeCompletedCommits()
    if (commit.token >= 0) this.owner.onCommitted(commit.token, outcome, commit.errorCode)
    this.again = true
  }

  private runClose(): void {
    switch (this.closing.turn()) {
      case 'commit': {
        const commit = new Commit(-1, this.offsetsToCommit(null), false)
        commit.deadline = this.closing.deadline
        this.syncCommit = commit
        this.again = true
        break
      }
      case 'wait':
        break
      case 'end':
        this.invokeCompletedCommits()
        this.closeNow()
        this.owner.onClosed()
    }
  }

  // --- small parts --------------------------------------------------------------------------------------------------

  /** `invokeCompletedOffsetCommitCallbacks` */
  private invokeCompletedCommits(): void {
    const { completed } = this.parts.commits
    while (completed.length > 0) {
      const commit = completed.shift() as Commit
      if (commit.outcome === 'fenced') this.failure = pollFailure('fenced-instance', commit.errorCode)
      if (commit.token < 0) this.parts.autoCommit.onCommitted(commit)
      else this.owner.onCommitted(commit.token, commit.outcome ?? 'error', commit.errorCode)
    }
  }

  private autoCommitByThread(): void {
    const { settings, parts } = this
    if (settings.autoCommit && parts.groupClient.isStable) parts.autoCommit.commitByThread()
  }

  private offsetsToCommit(offsets: readonly CommitOffset[] | null): readonly CommitOffset[] {
    return offsets ?? this.parts.subscriptions.allConsumed()
  }

  private takeWakeup(): boolean {
    const { woken } = this
    this.woken = false
    return woken
  }
}
