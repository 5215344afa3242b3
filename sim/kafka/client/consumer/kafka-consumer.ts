import { M } from '../../../history/catalogue.ts'
import { SECOND } from '../../../kernel/time.ts'
import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import type { ConsumerOwner, KafkaConsumerOptions } from './consumer-owner.ts'
import { ApplicationThread } from './application-thread.ts'
import { ConsumerParts } from './consumer-parts.ts'
import { consumerSettings } from './consumer-settings.ts'
import type { JoinedAs } from './group-membership.ts'
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

/**
 * `KafkaConsumer`. The application's thread is in poll(), commitSync(), close() or a
 * rebalance callback, or it is somewhere else; what Kafka does on that thread happens only while it is in a call. The
 * heartbeat thread works by itself, and answers are taken in whenever they arrive.
 */
export class KafkaConsumer {
  private readonly parts: ConsumerParts
  private readonly thread: ApplicationThread
  private readonly isSubscribed: boolean
  private readonly memberTag: string

  constructor(env: Env, options: KafkaConsumerOptions, owner: ConsumerOwner) {
    const { timerBase, topics, subscribe, assign, bootstrap, memberTag } = options
    const settings = consumerSettings(options.config, options.profile)
    if ((subscribe === null) === (assign === null)) throw new Error('a consumer either subscribes or assigns')
    if (subscribe !== null && settings.groupId === null) throw new Error('to subscribe, a consumer needs group.id')
    this.isSubscribed = subscribe !== null
    this.memberTag = memberTag
    this.parts = new ConsumerParts(env, timerBase, settings, topics, bootstrap, subscribe, owner)
    this.thread = new ApplicationThread(env, this.parts, owner)
    for (const topic of this.parts.topics.all) {
      const isAssigned = assign?.some((tp) => tp >>> 16 === topic.topicId) ?? false
      if (isAssigned || subscribe?.includes(topic.topicId) === true) this.parts.metadata.add(topic)
    }
    if (assign !== null) this.parts.subscriptions.assign(assign)
  }

  /** Takes assign()ed partitions over. Nothing is sent before the first poll. */
  start(): void {
    if (!this.isSubscribed) this.parts.listener.tellAll(M.partitionAssigned, this.assignment)
  }

  // --- the application's calls --------------------------------------------------------------------------------------

  /** `poll(timeout)`: {@link ConsumerOwner.onPolled} or {@link ConsumerOwner.onPollFailed} follows, perhaps before this returns. */
  poll(timeoutUs: number): void {
    this.thread.poll(timeoutUs)
  }

  /**
   * `commitSync(offsets)`; null = the positions, that is all that poll() has returned. Retries until
   * default.api.timeout.ms. Returns the token that {@link ConsumerOwner.onCommitted} will name, perhaps before this returns.
   */
  commitSync(offsets: readonly CommitOffset[] | null): number {
    return this.thread.commitSync(offsets)
  }

  /** `commitAsync(offsets)`: one attempt. Its callback comes with a later poll(), commit or close(). */
  commitAsync(offsets: readonly CommitOffset[] | null): number {
    return this.thread.commitAsync(offsets)
  }

  /** The owner has let go of the partitions of the last {@link ConsumerOwner.onPartitionsRevoked}. */
  revoked(): void {
    if (this.parts.listener.release()) this.thread.advance()
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
    this.thread.wakeup()
  }

  /** The application's thread has left poll() by a `WakeupException` that it catches before it closes: no record is taken. */
  leavePoll(): void {
    this.thread.leavePoll()
  }

  /** `close()`: auto-commit if it is on, give partitions up, leave the group. {@link ConsumerOwner.onClosed} follows. */
  close(timeoutUs: number = CLOSE_TIMEOUT_US): void {
    this.thread.close(timeoutUs)
  }

  /** The application drops the consumer: nothing is committed, nobody is told; the group finds out by itself. */
  closeNow(): void {
    this.thread.closeNow()
  }

  // --- events -------------------------------------------------------------------------------------------------------

  onMessage(envelope: Envelope): void {
    if (this.thread.isClosed) return
    this.parts.onMessage(envelope)
    this.thread.advance()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (this.thread.isClosed) return
    this.parts.onSignal(kind, connection, peer)
    this.thread.advance()
  }

  /** Takes the consumer's timers; false when the timer is not one of them. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (!this.parts.onTimer(kind, a, b)) return false
    this.thread.advance()
    return true
  }

  /** What the application's thread waits for, in words. */
  waiting(): readonly string[] {
    const { finder, groupClient } = this.parts
    const { call } = this.thread
    if (call === 'commitSync()' || call === 'close()') return [`${this.memberTag}: ${call}`]
    if (call === null || !this.isSubscribed) return []
    if (finder.node < 0) return [`${this.memberTag}: the coordinator of its group`]
    const what = groupClient.waitsFor()
    return what === null ? [] : [`${this.memberTag}: ${what}`]
  }
}
