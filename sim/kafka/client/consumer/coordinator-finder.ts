import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors, isRetriable } from '../../protocol/errors.ts'
import type { FindCoordinatorRequest, FindCoordinatorResponse } from '../../protocol/group-messages.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { WakeTimer } from './wake-timer.ts'

/** Told how a look-up went. */
export interface CoordinatorSeeker {
  onCoordinatorFound(): void
  onLookupFailed(errorCode: number): void
}

export interface CoordinatorFinderParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly metadata: Metadata
  /** Look-ups go to any broker. */
  readonly data: ConsumerNetworkClient
  readonly coordination: ConsumerNetworkClient
  readonly wake: WakeTimer
}

/** Which broker coordinates the group (`AbstractCoordinator.ensureCoordinatorReady`). */
export class CoordinatorFinder {
  /** The coordinator refuses the group for good; poll() throws it. */
  failure: PollFailure | null = null
  private readonly parts: CoordinatorFinderParts
  private readonly seeker: CoordinatorSeeker
  private coordinator = -1
  private inFlight = false
  private attempts = 0
  private retryAt = 0

  constructor(parts: CoordinatorFinderParts, seeker: CoordinatorSeeker) {
    this.parts = parts
    this.seeker = seeker
  }

  /** The coordinator's node; -1 = unknown (`checkAndGetCoordinator`). */
  get node(): number {
    if (this.coordinator >= 0 && this.parts.coordination.isUnavailable(this.coordinator)) this.markUnknown(true)
    return this.coordinator
  }

  /** Whether the coordinator is known; if not, it is being looked for, and {@link CoordinatorSeeker} or a timer tells. */
  ensureReady(): boolean {
    if (this.node >= 0) return true
    const { env, wake } = this.parts
    if (this.inFlight) return false
    if (env.monotonic() < this.retryAt) wake.wakeAt(this.retryAt)
    else this.lookup()
    return false
  }

  /** `lookupCoordinator`; false = no broker can be asked now. */
  lookup(): boolean {
    const { settings, metadata, data } = this.parts
    if (this.inFlight) return true
    const node = metadata.leastLoadedNode()
    if (node < 0) return false
    const request: FindCoordinatorRequest = { keyType: 'group', key: settings.groupId ?? '' }
    this.inFlight = data.send(node, Api.FindCoordinator, request)
    return this.inFlight
  }

  onResponse(response: FindCoordinatorResponse | null): void {
    this.inFlight = false
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : response.errorCode
    if (response !== null && errorCode === Errors.NONE) {
      this.coordinator = response.nodeId
      this.parts.coordination.client.ready(response.nodeId)
      this.seeker.onCoordinatorFound()
      return
    }
    if (!isRetriable(errorCode)) this.failure = pollFailure('group-refused', errorCode)
    this.backOff()
    this.parts.metadata.requestUpdate()
    this.seeker.onLookupFailed(errorCode)
  }

  /** The coordinator answered as one: the next look-up is a first one. */
  onAnswer(): void {
    this.attempts = 0
  }

  /** `markCoordinatorUnknown`: what is under way there fails; `isDisconnected` = it has failed already. */
  markUnknown(isDisconnected: boolean): void {
    const { coordinator } = this
    if (coordinator < 0) return
    this.coordinator = -1
    if (isDisconnected) this.backOff()
    else this.parts.coordination.disconnect(coordinator)
  }

  /** The connection to a node over which coordinators are asked is gone. */
  onConnectionLost(destination: number): void {
    if (destination === this.coordinator) this.markUnknown(true)
  }

  private backOff(): void {
    const { env, settings } = this.parts
    this.retryAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.attempts++)
  }
}
