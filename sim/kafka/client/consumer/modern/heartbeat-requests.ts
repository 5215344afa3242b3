import { ms } from '../../../../kernel/time.ts'
import type { Env } from '../../../env.ts'
import { Api } from '../../../protocol/api.ts'
import { Errors } from '../../../protocol/errors.ts'
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from '../../../protocol/group-messages.ts'
import { topicPartition } from '../../../protocol/topic-partitions.ts'
import { exponentialBackoff } from '../../exponential-backoff.ts'
import type { ConsumerNetworkClient } from '../consumer-network-client.ts'
import type { ConsumerSettings } from '../consumer-settings.ts'
import type { CoordinatorFinder } from '../coordinator-finder.ts'
import { type PollFailure, pollFailure } from '../poll-failure.ts'
import type { WakeTimer } from '../wake-timer.ts'
import type { ConsumerMembership } from './consumer-membership.ts'
import { type LocalAssignment, sameAssignment } from './local-assignment.ts'

export interface HeartbeatRequestsParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly wake: WakeTimer
  /** Topic ids the consumer subscribes to, ascending. */
  readonly subscribed: readonly number[]
}

/**
 * `ConsumerHeartbeatRequestManager`: heartbeats at the interval that the coordinator tells, and at once where the member has
 * something to say. It works by itself, and makes the member leave when the application does not poll for
 * max.poll.interval.ms.
 */
export class HeartbeatRequests {
  /** The coordinator refuses the member for good; the next poll throws it. */
  failure: PollFailure | null = null
  private readonly parts: HeartbeatRequestsParts
  private readonly membership: ConsumerMembership
  /** The one whose answer is awaited; nobody waits for the answer to a goodbye. */
  private pending: ConsumerGroupHeartbeatRequest | null = null
  /** Told by the coordinator; 0 = at once. */
  private intervalUs = 0
  private beatAt = 0
  private attempts = 0
  private retryAt = 0
  private pollDueAt: number = Number.MAX_SAFE_INTEGER
  /** What the coordinator was told and need not be told again; null = everything is news. */
  private told: LocalAssignment | null = null

  constructor(parts: HeartbeatRequestsParts, membership: ConsumerMembership) {
    this.parts = parts
    this.membership = membership
  }

  /** The application polls (`resetPollTimer`). */
  onPoll(): void {
    this.pollDueAt = this.parts.env.monotonic() + this.parts.settings.maxPollIntervalUs
  }

  /** One turn of the thread. */
  run(): void {
    const { env, finder, wake } = this.parts
    const { membership } = this
    if (!membership.isBeating) return
    if (finder.node < 0) {
      finder.ensureReady()
      return
    }
    const now = env.monotonic()
    if (now >= this.pollDueAt && !membership.isLeaving) {
      membership.expirePoll()
      this.sayGoodbye()
      return
    }
    if (this.pending === null && now >= this.retryAt && (now >= this.beatAt || this.hasNews)) this.beat(now)
    wake.wakeAt(this.pollDueAt)
    if (this.pending === null) wake.wakeAt(Math.max(this.retryAt, this.hasNews ? now : this.beatAt))
  }

  /** The last heartbeat: no answer is waited for. Without a coordinator none is sent (`onHeartbeatRequestSkipped`). */
  sayGoodbye(): void {
    const { finder, coordination } = this.parts
    const node = finder.node
    if (node >= 0) coordination.send(node, Api.ConsumerGroupHeartbeat, this.request())
    this.pending = null
    this.membership.onHeartbeatSent()
    this.reset()
  }

  /** `shouldHeartbeatNow` */
  private get hasNews(): boolean {
    return this.membership.state === 'JOINING' || this.membership.state === 'ACKNOWLEDGING'
  }

  private beat(now: number): void {
    const { finder, coordination } = this.parts
    const request = this.request()
    this.pending = request
    this.beatAt = now + this.intervalUs
    this.membership.onHeartbeatSent()
    if (coordination.send(finder.node, Api.ConsumerGroupHeartbeat, request)) return
    this.pending = null
    this.failed()
  }

  /** Who joins says everything, others what they have not said yet (`HeartbeatState.buildRequestData`). */
  private request(): ConsumerGroupHeartbeatRequest {
    const { settings, subscribed } = this.parts
    const { membership, told } = this
    const { memberId, memberEpoch, current } = membership
    const saysAll = told === null || membership.state === 'JOINING'
    this.told = current
    return {
      groupId: settings.groupId ?? '',
      memberId,
      memberEpoch,
      groupInstanceId: settings.groupInstanceId,
      rebalanceTimeoutMs: saysAll ? settings.maxPollIntervalMs : -1,
      subscribedTopics: saysAll ? subscribed : null,
      serverAssignor: saysAll ? settings.remoteAssignor : null,
      topicPartitions: saysAll || !sameAssignment(told, current) ? current.tps.map(topicPartition) : null,
    }
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  onCompletion(request: ConsumerGroupHeartbeatRequest, response: ConsumerGroupHeartbeatResponse | null): void {
    if (request !== this.pending) return
    this.pending = null
    if (response === null) this.failed()
    else if (response.errorCode === Errors.NONE) this.onAnswer(response)
    else this.onError(response.errorCode)
  }

  private onAnswer(response: ConsumerGroupHeartbeatResponse): void {
    const { env, finder } = this.parts
    finder.onAnswer()
    this.attempts = 0
    this.retryAt = 0
    const intervalUs = ms(response.heartbeatIntervalMs)
    if (intervalUs !== this.intervalUs) this.beatAt = env.monotonic() + intervalUs
    this.intervalUs = intervalUs
    this.membership.onHeartbeat(response)
  }

  /** `AbstractHeartbeatRequestManager.onErrorResponse` */
  private onError(errorCode: number): void {
    const { finder } = this.parts
    this.failed()
    switch (errorCode) {
      case Errors.NOT_COORDINATOR:
      case Errors.COORDINATOR_NOT_AVAILABLE:
        finder.markUnknown(false)
        this.reset()
        break
      case Errors.COORDINATOR_LOAD_IN_PROGRESS:
        break
      case Errors.FENCED_MEMBER_EPOCH:
      case Errors.UNKNOWN_MEMBER_ID:
        this.membership.onFenced()
        this.reset()
        break
      default: {
        // UNSUPPORTED_ASSIGNOR, UNRELEASED_INSTANCE_ID, FENCED_INSTANCE_ID, GROUP_MAX_SIZE_REACHED ...
        const isFenced = errorCode === Errors.FENCED_INSTANCE_ID || errorCode === Errors.UNRELEASED_INSTANCE_ID
        this.failure = pollFailure(isFenced ? 'fenced-instance' : 'group-refused', errorCode)
        this.membership.onFatal()
      }
    }
  }

  /** The next heartbeat says everything, after a back-off. */
  private failed(): void {
    const { env, settings } = this.parts
    this.told = null
    this.beatAt = 0
    this.retryAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.attempts++)
  }

  private reset(): void {
    this.told = null
    this.beatAt = 0
    this.retryAt = 0
    this.attempts = 0
  }
}
