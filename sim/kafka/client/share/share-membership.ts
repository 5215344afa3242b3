import { tpOf } from '../../../history/ids.ts'
import { ms } from '../../../kernel/time.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import type { ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse } from '../../protocol/share-messages.ts'
import type { ConsumerNetworkClient } from '../consumer/consumer-network-client.ts'
import type { ConsumerSettings } from '../consumer/consumer-settings.ts'
import type { CoordinatorFinder } from '../consumer/coordinator-finder.ts'
import { type PollFailure, pollFailure } from '../consumer/poll-failure.ts'
import type { WakeTimer } from '../consumer/wake-timer.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'

export interface ShareMembershipParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly wake: WakeTimer
  /** Made by the client, one for each process. */
  readonly memberId: string
  /** Ids of topics. */
  readonly subscribed: readonly number[]
}

/** -1 in the answer too: the member has left. */
const LEAVE = -1
const JOIN = 0

/**
 * `ShareMembershipManager` with `ShareHeartbeatRequestManager`: joins with the first poll(), then beats by itself, whatever
 * the application's thread does, until that does not poll for max.poll.interval.ms.
 */
export class ShareMembership {
  /** Partitions to fetch, ascending. */
  assignment: readonly number[] = []
  /** The coordinator refuses the member for good; poll() throws it. */
  failure: PollFailure | null = null
  private readonly parts: ShareMembershipParts
  private state: 'unjoined' | 'member' | 'leaving' | 'left' = 'unjoined'
  private epoch: number = JOIN
  private inFlight = false
  private failures = 0
  private beatAt = 0
  private pollDueAt = 0

  constructor(parts: ShareMembershipParts) {
    this.parts = parts
  }

  /** Whether the coordinator knows it, as far as it knows. */
  get isMember(): boolean {
    return this.state === 'member' && this.epoch > JOIN
  }

  get hasLeft(): boolean {
    return this.state === 'left' || this.state === 'unjoined'
  }

  /** The application polls. */
  onPoll(): void {
    const { env, settings } = this.parts
    this.pollDueAt = env.monotonic() + settings.maxPollIntervalUs
    if (this.state !== 'unjoined') return
    this.state = 'member'
    this.epoch = JOIN
    this.beatAt = env.monotonic()
  }

  /** Leaves in good order; {@link hasLeft} tells when that is over. */
  leave(): void {
    if (this.state !== 'member') return
    this.state = this.epoch === JOIN ? 'left' : 'leaving'
    this.assignment = []
    this.beatAt = this.parts.env.monotonic()
  }

  /** One turn. */
  run(): void {
    if (this.state === 'unjoined' || this.state === 'left' || this.failure !== null) return
    const { env, finder, wake } = this.parts
    const now = env.monotonic()
    if (this.state === 'member' && this.epoch > JOIN && now >= this.pollDueAt) this.onPollTimeout()
    if (!finder.ensureReady()) return
    if (this.inFlight) return
    if (now >= this.beatAt) this.beat()
    else wake.wakeAt(this.beatAt)
    if (this.state === 'member' && this.epoch > JOIN) wake.wakeAt(this.pollDueAt)
  }

  /** `onPollTimerExpired`: the member leaves, and joins again when the application polls. */
  private onPollTimeout(): void {
    this.leave()
  }

  private beat(): void {
    const { finder, coordination, settings, memberId, subscribed } = this.parts
    const memberEpoch = this.state === 'leaving' ? LEAVE : this.epoch
    const request: ShareGroupHeartbeatRequest = {
      groupId: settings.groupId ?? '',
      memberId,
      memberEpoch,
      subscribedTopics: memberEpoch === JOIN ? subscribed : null,
    }
    this.inFlight = coordination.send(finder.node, Api.ShareGroupHeartbeat, request)
  }

  onCompletion(request: ShareGroupHeartbeatRequest, response: ShareGroupHeartbeatResponse | null): void {
    this.inFlight = false
    if (request.memberEpoch === LEAVE) {
      // Whatever the answer, the member is gone.
      this.left()
      return
    }
    if (response === null) this.backOff()
    else if (response.errorCode === Errors.NONE) this.onBeat(request, response)
    else this.onError(response.errorCode)
  }

  private left(): void {
    this.state = this.state === 'leaving' ? 'unjoined' : this.state
    this.epoch = JOIN
    this.failures = 0
  }

  private onBeat(request: ShareGroupHeartbeatRequest, response: ShareGroupHeartbeatResponse): void {
    const { env, finder } = this.parts
    finder.onAnswer()
    this.failures = 0
    this.beatAt = env.monotonic() + ms(response.heartbeatIntervalMs)
    if (this.state === 'leaving') {
      // Asked before it left.
      this.beatAt = env.monotonic()
      return
    }
    if (request.memberEpoch !== this.epoch) return
    this.epoch = response.memberEpoch
    if (response.assignment === null) return
    this.assignment = response.assignment
      .map(({ topicId, partition }) => tpOf(topicId, partition))
      .toSorted((a, b) => a - b)
  }

  private onError(errorCode: number): void {
    const { env, finder } = this.parts
    switch (errorCode) {
      case Errors.NOT_COORDINATOR:
      case Errors.COORDINATOR_NOT_AVAILABLE:
        finder.markUnknown(false)
        this.backOff()
        break
      case Errors.COORDINATOR_LOAD_IN_PROGRESS:
        this.backOff()
        break
      case Errors.FENCED_MEMBER_EPOCH:
      case Errors.UNKNOWN_MEMBER_ID:
      case Errors.GROUP_ID_NOT_FOUND:
        // `transitionToFenced`: it gives everything up and joins anew.
        this.epoch = JOIN
        this.assignment = []
        this.beatAt = env.monotonic()
        if (this.state === 'leaving') this.left()
        break
      default:
        this.failure = pollFailure('group-refused', errorCode)
    }
  }

  private backOff(): void {
    const { env, settings } = this.parts
    this.beatAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.failures++)
  }
}
