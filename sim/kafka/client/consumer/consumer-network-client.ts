import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import type { ApiKey } from '../../protocol/api.ts'
import type { ClientRequest, Completion } from '../client-request.ts'
import { NetworkClient, type NetworkClientOwner } from '../network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'

/** `CONSUMER_MAX_INFLIGHT_REQUESTS_PER_CONNECTION` */
const MAX_IN_FLIGHT = 100

/** Who sends through a {@link ConsumerNetworkClient}. */
export interface ConsumerNetworkOwner {
  /** A request ended, exactly once; `response` is null without an answer. */
  onCompletion(destination: number, api: ApiKey, request: object, response: object | null, cause: Completion): void
  onConnectionLost(client: ConsumerNetworkClient, destination: number): void
}

/** A request that waits for its connection. */
interface Unsent {
  readonly destination: number
  readonly api: ApiKey
  readonly body: object
  readonly timeoutUs: number
}

/**
 * `ConsumerNetworkClient`: requests wait until their connection stands, and fail when it cannot be opened. A consumer has two:
 * its coordinator is talked to over a connection of its own, so that a long fetch does not hold a heartbeat up.
 */
export class ConsumerNetworkClient implements NetworkClientOwner {
  readonly client: NetworkClient
  private readonly owner: ConsumerNetworkOwner
  private readonly requestTimeoutUs: number
  private readonly unsent: Unsent[] = []

  constructor(env: Env, timerBase: number, settings: ConsumerSettings, owner: ConsumerNetworkOwner) {
    this.owner = owner
    this.requestTimeoutUs = settings.requestTimeoutUs
    this.client = new NetworkClient(
      env,
      {
        timerBase,
        maxInFlight: MAX_IN_FLIGHT,
        requestTimeoutUs: settings.requestTimeoutUs,
        reconnectBackoffUs: settings.reconnectBackoffUs,
        reconnectBackoffMaxUs: settings.reconnectBackoffMaxUs,
        setupTimeoutUs: settings.setupTimeoutUs,
        setupTimeoutMaxUs: settings.setupTimeoutMaxUs,
      },
      this,
    )
  }

  /** Whether the node cannot be asked now: its last connection failed and the back-off is not over. */
  isUnavailable(destination: number): boolean {
    const { client } = this
    return !client.canSend(destination) && !client.isConnecting(destination) && !client.canConnect(destination)
  }

  /**
   * Sends as soon as the connection stands. False = the node is in its reconnect back-off: nothing was sent and nothing
   * will be told.
   */
  send(destination: number, api: ApiKey, body: object, timeoutUs: number = this.requestTimeoutUs): boolean {
    const { client } = this
    const isReady = client.ready(destination)
    if (isReady && client.canSend(destination)) {
      client.send(destination, api, body, 0, true, timeoutUs)
      return true
    }
    if (!isReady && !client.isConnecting(destination)) return false
    this.unsent.push({ destination, api, body, timeoutUs })
    return true
  }

  /** Requests to the node that are unanswered or unsent. */
  pending(destination: number): number {
    let count = this.client.inFlight(destination)
    for (const request of this.unsent) if (request.destination === destination) count++
    return count
  }

  /** Gives the connection up: what is under way on it completes as `disconnected`. */
  disconnect(destination: number): void {
    this.client.close(destination)
  }

  onMessage(envelope: Envelope): void {
    this.client.onMessage(envelope)
  }

  closeAll(): void {
    this.client.closeAll()
    this.unsent.length = 0
  }

  // --- NetworkClientOwner -------------------------------------------------------------------------------------------

  onReady(destination: number): void {
    this.sendUnsent(destination)
  }

  onConnectionFailed(destination: number): void {
    if (this.unsent.length > 0) {
      const failed = this.unsent.filter((request) => request.destination === destination)
      const others = this.unsent.filter((request) => request.destination !== destination)
      this.unsent.length = 0
      this.unsent.push(...others)
      for (const { api, body } of failed) this.owner.onCompletion(destination, api, body, null, 'disconnected')
    }
    this.owner.onConnectionLost(this, destination)
  }

  onBackoffOver(_destination: number): void {}

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    if (this.unsent.length > 0) this.sendUnsent(request.destination)
    this.owner.onCompletion(request.destination, request.api, request.body, body, cause)
  }

  private sendUnsent(destination: number): void {
    const { client, unsent } = this
    for (let at = 0; at < unsent.length && client.canSend(destination);) {
      const { destination: node, api, body, timeoutUs } = unsent[at] as Unsent
      if (node !== destination) {
        at++
        continue
      }
      unsent.splice(at, 1)
      client.send(destination, api, body, 0, true, timeoutUs)
    }
  }
}
