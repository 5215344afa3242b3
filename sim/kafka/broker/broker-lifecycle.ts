import { ms } from '../../kernel/time.ts'
import { JITTER } from '../../kernel/site.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../protocol/messages.ts'
import { serverClientOptions } from './controller-channel.ts'
import { ControllerAddress, type ControllerNodes } from './controller-nodes.ts'
import { OfflineDirectories } from './offline-directories.ts'
import { BrokerTimer, LIFECYCLE_CLIENT_TIMERS } from './timers.ts'

/** `BrokerState`, as far as the controller has a say in it. */
export type LifecycleState = 'starting' | 'recovery' | 'running' | 'pending-controlled-shutdown' | 'shutting-down'

export interface LifecycleOwner {
  readonly nextMetadataOffset: number
  onRegistered(brokerEpoch: number): void
  /** The broker has applied the metadata log up to its own registration. */
  onCaughtUp(): void
  /** The controller lets the broker go, or nothing is to be waited for. */
  onShutdownGranted(): void
}

export interface LifecycleIdentity {
  readonly broker: number
  readonly incarnationId: number
  /** From the clean-shutdown marker; -1 = none. */
  readonly previousBrokerEpoch: number
}

/** Retries after a failure start here and double (`BrokerLifecycleManager.resendExponentialBackoff`: 100 ms, x2, broker session). */
const RESEND_BACKOFF_MS = 100

/** `NodeToControllerRequestThread`: the pause before it looks for the active controller again. */
const WRONG_CONTROLLER_BACKOFF: number = ms(100)

/** `BrokerLifecycleManager`: registration, heartbeats, unfencing and controlled shutdown. */
export class BrokerLifecycle implements NetworkClientOwner {
  state: LifecycleState = 'starting'
  brokerEpoch = -1
  readonly client: NetworkClient
  private readonly env: Env
  private readonly config: BrokerConfig
  private readonly identity: LifecycleIdentity
  private readonly address: ControllerAddress
  private readonly owner: LifecycleOwner
  private readonly offline: OfflineDirectories = new OfflineDirectories()
  private failures = 0
  private timer = 0

  constructor(
    env: Env,
    config: BrokerConfig,
    identity: LifecycleIdentity,
    nodes: ControllerNodes,
    owner: LifecycleOwner,
  ) {
    this.env = env
    this.config = config
    this.identity = identity
    this.address = new ControllerAddress(nodes)
    this.owner = owner
    const timeout = ms(config['broker.session.timeout.ms']) / 2
    this.client = new NetworkClient(env, serverClientOptions(LIFECYCLE_CLIENT_TIMERS, timeout), this)
  }

  /** Begins with registering; a broker of a formed cluster is already registered and unfenced and begins with heartbeats. */
  start(formedBrokerEpoch: number): void {
    if (formedBrokerEpoch >= 0) {
      this.brokerEpoch = formedBrokerEpoch
      this.state = 'running'
    }
    this.communicate()
  }

  /** `beginControlledShutdown` */
  beginControlledShutdown(): void {
    if (this.state === 'running') {
      this.state = 'pending-controlled-shutdown'
      this.communicate()
    } else if (this.state === 'starting' || this.state === 'recovery') {
      this.finishShutdown()
    }
  }

  /**
   * A log directory has failed (`propagateDirectoryFailure`). The controller must hear of it within
   * `log.dir.failure.timeout.ms`, or the broker ends; one that starts tells before it is unfenced.
   */
  propagateDirectoryFailure(directory: number, replicas: readonly number[]): void {
    this.offline.add(directory, replicas)
    const patience = ms(this.config['log.dir.failure.timeout.ms'])
    if (this.brokerEpoch >= 0) this.env.setTimer(BrokerTimer.LogDirFailureTimeout, patience, directory)
    this.communicate()
  }

  /** Whether the controller has heard of a directory that failed. */
  isFailureKnown(directory: number): boolean {
    return this.offline.isKnown(directory)
  }

  /** The metadata log was applied further: a broker that waits to be unfenced may be ready now. */
  onMetadataApplied(): void {
    if (this.state === 'starting' && this.brokerEpoch >= 0) this.communicate()
  }

  onTimer(): void {
    this.timer = 0
    this.communicate()
  }

  onReady(): void {
    this.communicate()
  }

  onConnectionFailed(): void {
    // The next attempt follows when the back-off is over.
    this.address.forget()
  }

  onBackoffOver(): void {
    this.communicate()
  }

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    if (cause !== 'response' || body === null) {
      this.address.forget()
      this.scheduleRetry()
    } else if (request.api === Api.BrokerRegistration) {
      this.onRegistration(body as BrokerRegistrationResponse)
    } else {
      this.onHeartbeat(body as BrokerHeartbeatResponse, request.body as BrokerHeartbeatRequest)
    }
  }

  /** Sends what is due, one request at a time. */
  private communicate(): void {
    const { node: controller } = this.address
    if (this.state === 'shutting-down' || controller < 0) return
    if (!this.client.ready(controller) || this.client.inFlight(controller) > 0) return
    this.env.cancel(this.timer)
    this.timer = 0
    if (this.brokerEpoch < 0) this.register()
    else this.heartbeat()
  }

  private register(): void {
    const { broker, incarnationId, previousBrokerEpoch } = this.identity
    const rack = this.config['broker.rack']
    const body: BrokerRegistrationRequest = {
      brokerId: broker,
      incarnationId,
      previousBrokerEpoch,
      ...(rack !== undefined && { rack }),
    }
    this.client.send(this.address.node, Api.BrokerRegistration, body, 0)
  }

  private heartbeat(): void {
    const { broker } = this.identity
    const applied = this.owner.nextMetadataOffset - 1
    const body: BrokerHeartbeatRequest = {
      brokerId: broker,
      brokerEpoch: this.brokerEpoch,
      currentMetadataOffset: applied,
      wantFence: this.state === 'starting',
      wantShutDown: this.state === 'pending-controlled-shutdown',
      ...this.offline.news(),
    }
    this.client.send(this.address.node, Api.BrokerHeartbeat, body, 0)
  }

  private onRegistration(response: BrokerRegistrationResponse): void {
    if (response.errorCode !== Errors.NONE) {
      // DUPLICATE_BROKER_REGISTRATION: the session of the last incarnation must lapse first.
      this.onRefused(response.errorCode)
      return
    }
    this.failures = 0
    this.brokerEpoch = response.brokerEpoch
    this.owner.onRegistered(response.brokerEpoch)
    this.communicate()
  }

  private onHeartbeat(response: BrokerHeartbeatResponse, request: BrokerHeartbeatRequest): void {
    if (response.errorCode !== Errors.NONE) {
      this.onRefused(response.errorCode)
      return
    }
    this.failures = 0
    this.offline.onHeard(request)
    if (this.state === 'starting' && response.isCaughtUp) {
      // Logs are loaded before the registration here, so recovery takes no time and the broker asks to be unfenced at once.
      this.state = 'recovery'
      this.owner.onCaughtUp()
      this.communicate()
      return
    }
    if (this.state === 'recovery' && !response.isFenced) this.state = 'running'
    if (this.state === 'pending-controlled-shutdown' && response.shouldShutDown) {
      this.finishShutdown()
      return
    }
    if (this.offline.areKnown) this.arm(ms(this.config['broker.heartbeat.interval.ms']))
    else this.communicate()
  }

  /** The channel itself turns to another controller when the one it asked is not the active one. */
  private onRefused(errorCode: number): void {
    if (errorCode !== Errors.NOT_CONTROLLER) {
      this.scheduleRetry()
      return
    }
    this.address.forget()
    this.arm(WRONG_CONTROLLER_BACKOFF)
  }

  private finishShutdown(): void {
    this.state = 'shutting-down'
    this.owner.onShutdownGranted()
  }

  private scheduleRetry(): void {
    const ceiling = this.config['broker.session.timeout.ms'] / 2
    const backoff = Math.min(RESEND_BACKOFF_MS * (1 << Math.min(this.failures, 10)), ceiling)
    this.failures++
    this.arm(ms(backoff) + this.env.decide(JITTER, Math.floor(ms(backoff) / 50) + 1))
  }

  private arm(delay: number): void {
    this.env.cancel(this.timer)
    this.timer = this.env.setTimer(BrokerTimer.Heartbeat, delay)
  }
}
