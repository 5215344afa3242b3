import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import type { HeartbeatRequest, HeartbeatResponse, LeaveGroupRequest } from '../../protocol/group-messages.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import type { GroupMembership } from './group-membership.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { WakeTimer } from './wake-timer.ts'

export interface HeartbeatParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly membership: GroupMembership
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly wake: WakeTimer
}

/**
 * `Heartbeat` and `AbstractCoordinator.HeartbeatThread`: works by itself, whatever the application's thread is doing. It keeps
 * the member alive at the coordinator, and leaves the group when the application does not poll for max.poll.interval.ms.
 */
export class HeartbeatThread {
  /** Another process took the group.instance.id; the next poll throws it. */
  failure: PollFailure | null = null
  private readonly parts: HeartbeatParts
  private inFlight = false
  private attempts = 0
  private beatAt = 0
  private sessionEndsAt = 0
  private pollDueAt = 0

  constructor(parts: HeartbeatParts) {
    this.parts = parts
  }

  /** The application polls. */
  onPoll(): void {
    this.pollDueAt = this.parts.env.monotonic() + this.parts.settings.maxPollIntervalUs
  }

  /** `resetTimeouts`, when the member may beat again. */
  onJoined(): void {
    const { env, settings } = this.parts
    const now = env.monotonic()
    this.sessionEndsAt = now + settings.sessionTimeoutUs
    this.pollDueAt = now + settings.maxPollIntervalUs
    this.beatAt = now + settings.heartbeatIntervalUs
  }

  /** A coordinator was found. */
  resetSession(): void {
    this.sessionEndsAt = this.parts.env.monotonic() + this.parts.settings.sessionTimeoutUs
  }

  /** One turn of the thread's loop. */
  run(): void {
    const { env, membership, finder, wake } = this.parts
    if (!membership.isBeating || this.failure !== null) return
    const now = env.monotonic()
    if (finder.node < 0) finder.ensureReady()
    else if (now >= this.sessionEndsAt) finder.markUnknown(false)
    else if (now >= this.pollDueAt) this.leaveGroup('consumer poll timeout has expired.')
    else if (!this.inFlight && now >= this.beatAt) this.beat(now)
    if (!membership.isBeating) return
    wake.wakeAt(Math.min(later(this.sessionEndsAt, now), later(this.pollDueAt, now)))
    if (finder.node >= 0 && !this.inFlight) wake.wakeAt(later(this.beatAt, now))
  }

  /** `maybeLeaveGroup`: static members only forget themselves, and expire at the coordinator. */
  leaveGroup(reason: string): void {
    const { settings, membership, finder, coordination } = this.parts
    const node = finder.node
    const isKnown = membership.state !== 'unjoined' && membership.memberId !== ''
    if (settings.groupInstanceId === null && node >= 0 && isKnown) {
      const request: LeaveGroupRequest = {
        groupId: settings.groupId ?? '',
        members: [{ memberId: membership.memberId, groupInstanceId: null, reason }],
      }
      coordination.send(node, Api.LeaveGroup, request)
    }
    membership.resetAndRejoin('consumer pro-actively leaving the group', true)
  }

  onCompletion(request: HeartbeatRequest, response: HeartbeatResponse | null): void {
    const { membership, finder } = this.parts
    this.inFlight = false
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : response.errorCode
    switch (errorCode) {
      case Errors.NONE:
        finder.onAnswer()
        this.received()
        break
      case Errors.REBALANCE_IN_PROGRESS:
        // The group goes on without a rejoin until the application polls, so the member goes on beating.
        if (membership.state === 'stable') membership.requestRejoin('group is already rebalancing')
        this.received()
        break
      case Errors.ILLEGAL_GENERATION:
      case Errors.UNKNOWN_MEMBER_ID:
      case Errors.FENCED_INSTANCE_ID:
        this.onRefused(request, errorCode)
        break
      case Errors.COORDINATOR_NOT_AVAILABLE:
      case Errors.NOT_COORDINATOR:
        finder.markUnknown(false)
        this.failed()
        break
      default:
        this.failed()
    }
  }

  private onRefused(request: HeartbeatRequest, errorCode: number): void {
    const { membership } = this.parts
    if (!membership.isUnchanged(request.generationId, request.memberId)) {
      this.received()
      return
    }
    if (errorCode === Errors.FENCED_INSTANCE_ID) this.failure = pollFailure('fenced-instance', errorCode)
    membership.resetAndRejoin('heartbeat was refused', errorCode !== Errors.ILLEGAL_GENERATION)
    this.failed()
  }

  private beat(now: number): void {
    const { settings, membership, finder, coordination } = this.parts
    const request: HeartbeatRequest = {
      groupId: settings.groupId ?? '',
      generationId: membership.generationId,
      memberId: membership.memberId,
      groupInstanceId: settings.groupInstanceId,
    }
    this.inFlight = coordination.send(finder.node, Api.Heartbeat, request)
    this.beatAt = now + settings.heartbeatIntervalUs
  }

  private received(): void {
    this.attempts = 0
    this.resetSession()
  }

  private failed(): void {
    const { env, settings } = this.parts
    this.beatAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.attempts++)
  }
}

/** A deadline that is still to come; one that has passed was dealt with. */
function later(deadline: number, now: number): number {
  return deadline > now ? deadline : Infinity
}
