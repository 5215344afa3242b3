import { CLOSED, CONNECTED, REFUSED, RESET } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import { Api, type ApiKey, BROKER_VERSIONS } from '../protocol/api.ts'
import type { ApiVersionsRequest, ApiVersionsResponse } from '../protocol/messages.ts'
import { ClientRequest, type Completion } from './client-request.ts'
import { CHECKING_API_VERSIONS, CONNECTING, DISCONNECTED, NodeConnectionState, READY } from './connection-state.ts'
import { exponentialBackoff } from './exponential-backoff.ts'

export { ClientRequest, type Completion } from './client-request.ts'

/** Kinds of timer a client takes, from its `timerBase` on. */
export const NETWORK_CLIENT_TIMERS = 8
const REQUEST_TIMEOUT = 0
const SETUP_TIMEOUT = 1
const BACKOFF_OVER = 2

export interface NetworkClientOptions {
  /** The client uses the timer kinds `timerBase` .. `timerBase + 7`. */
  readonly timerBase: number
  readonly maxInFlight: number
  readonly requestTimeoutUs: number
  readonly reconnectBackoffUs: number
  readonly reconnectBackoffMaxUs: number
  readonly setupTimeoutUs: number
  readonly setupTimeoutMaxUs: number
  /** Newest version this client speaks, per api; the broker's newest unless named. */
  readonly versions?: Readonly<Partial<Record<ApiKey, number>>>
}

/** Who sends through a {@link NetworkClient}. Every call comes from within one of the client's own methods. */
export interface NetworkClientOwner {
  /** Connected, and the api versions are known. */
  onReady(destination: number): void
  /** A connection could not be opened or was lost; requests in flight on it have completed already. */
  onConnectionFailed(destination: number): void
  /** The reconnect back-off is over: {@link NetworkClient.ready} may connect again. */
  onBackoffOver(destination: number): void
  /** Exactly once per request, unless {@link NetworkClient.closeAll} dropped it. `body` is null without a response. */
  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void
}

const NEWEST = 127
const API_VERSIONS_REQUEST: ApiVersionsRequest = { clientSoftwareName: 'apache-kafka-java' }

/**
 * Kafka's `NetworkClient` with its `ClusterConnectionStates` and `InFlightRequests`: one connection per node, requests
 * answered in order, one timeout for the oldest of them. A connection begins with ApiVersions (KIP-511), which is in flight
 * like any other request.
 */
export class NetworkClient {
  private readonly env: Env
  private readonly options: NetworkClientOptions
  private readonly owner: NetworkClientOwner
  /** By node number. */
  private readonly nodes: (NodeConnectionState | undefined)[] = []
  private correlation = 0
  /** `transaction.version` as brokers told it with their versions; 0 before the first did. */
  transactionVersion = 0

  constructor(env: Env, options: NetworkClientOptions, owner: NetworkClientOwner) {
    this.env = env
    this.options = options
    this.owner = owner
  }

  /** Whether requests may go to the node; begins to connect when there is no connection and no back-off. */
  ready(destination: number): boolean {
    const node = this.node(destination)
    if (node.state === READY) return true
    if (node.state === DISCONNECTED && this.env.monotonic() >= node.nextAttemptAt) this.connect(node)
    return false
  }

  /** Whether a request would leave now: ready, with fewer than `maxInFlight` requests unanswered. */
  canSend(destination: number): boolean {
    const node = this.nodes[destination]
    return node !== undefined && node.state === READY && node.inFlight.length < this.options.maxInFlight
  }

  /**
   * Sends to a node that is ready; otherwise an error of the caller, which throws. A request that expects no reply (acks=0)
   * completes before this returns, as `response` with a null body: it was handed to the socket. `timeoutUs` stands in for
   * request.timeout.ms where a broker may take longer on purpose (JoinGroup); `versionAtMost` asks for an older version than
   * both sides speak (transaction version 1).
   */
  send(
    destination: number,
    api: ApiKey,
    body: object,
    token: number,
    expectsReply = true,
    timeoutUs: number = this.options.requestTimeoutUs,
    versionAtMost: number = NEWEST,
  ): ClientRequest {
    const node = this.nodes[destination]
    if (node === undefined || node.state !== READY) throw new Error(`node ${destination} is not ready for a request`)
    const version = Math.min(node.versions[api] as number, versionAtMost)
    const request = this.dispatch(node, api, version, body, token, expectsReply, timeoutUs)
    if (!expectsReply) this.owner.onCompletion(request, null, 'response')
    return request
  }

  /** Number of requests to the node that are unanswered. */
  inFlight(destination: number): number {
    const node = this.nodes[destination]
    return node === undefined ? 0 : node.inFlight.length
  }

  /** Whether a connection to the node is being set up. */
  isConnecting(destination: number): boolean {
    const node = this.nodes[destination]
    return node !== undefined && (node.state === CONNECTING || node.state === CHECKING_API_VERSIONS)
  }

  /** Whether {@link ready} would begin to connect. */
  canConnect(destination: number): boolean {
    const node = this.nodes[destination]
    return node === undefined || (node.state === DISCONNECTED && this.env.monotonic() >= node.nextAttemptAt)
  }

  /** The version both sides speak best; -1 = none, or the node's versions are not known yet. */
  apiVersion(destination: number, api: ApiKey): number {
    return this.nodes[destination]?.versions[api] ?? -1
  }

  /** Gives the connection to a node up: what is in flight on it completes as `disconnected`, and back-off begins. */
  close(destination: number): void {
    const node = this.nodes[destination]
    if (node === undefined || node.state === DISCONNECTED) return
    this.env.disconnect(node.connection)
    this.fail(node)
  }

  /** The client ends: every connection is closed, its timers die, and the owner hears of nothing any more. */
  closeAll(): void {
    for (const node of this.nodes) {
      if (node === undefined) continue
      if (node.state !== DISCONNECTED) this.env.disconnect(node.connection)
      node.state = DISCONNECTED
      node.connection = 0
      node.inFlight.length = 0
      this.env.cancel(node.timeoutTimer)
      this.env.cancel(node.setupTimer)
      this.env.cancel(node.backoffTimer)
    }
  }

  // --- what happens -------------------------------------------------------------------------------------------------

  /** A reply arrived. One from an older connection is ignored. */
  onMessage(envelope: Envelope): void {
    const node = this.nodes[envelope.source]
    if (node === undefined || node.connection !== envelope.connection || node.state === DISCONNECTED) return
    const request = node.inFlight.shift()
    if (request === undefined || request.correlation !== envelope.correlation) {
      throw new Error(
        `correlation ${envelope.correlation} of node ${envelope.source} is not that of the oldest request in flight`,
      )
    }
    if (node.state === CHECKING_API_VERSIONS) this.onApiVersions(node, envelope.body as ApiVersionsResponse)
    else this.owner.onCompletion(request, envelope.body, 'response')
  }

  /** The operating system tells of a connection. */
  onSignal(kind: number, connection: number, peer: number): void {
    const node = this.nodes[peer]
    if (node === undefined || node.connection !== connection || node.state === DISCONNECTED) return
    switch (kind) {
      case CONNECTED:
        this.onConnected(node)
        break
      case REFUSED:
      case CLOSED:
      case RESET:
        this.fail(node)
        break
    }
  }

  /** Takes the timers of this client; false when the timer is not one of them. */
  onTimer(kind: number, a: number, _b: number): boolean {
    const which = kind - this.options.timerBase
    if (which < 0 || which >= NETWORK_CLIENT_TIMERS) return false
    const node = this.nodes[a]
    if (node === undefined) return true
    switch (which) {
      case REQUEST_TIMEOUT:
        node.timeoutTimer = 0
        this.onRequestTimeout(node)
        break
      case SETUP_TIMEOUT:
        node.setupTimer = 0
        this.close(a)
        break
      case BACKOFF_OVER:
        node.backoffTimer = 0
        this.owner.onBackoffOver(a)
        break
    }
    return true
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private node(destination: number): NodeConnectionState {
    const known = this.nodes[destination]
    if (known !== undefined) return known
    while (this.nodes.length <= destination) this.nodes.push(undefined)
    return (this.nodes[destination] = new NodeConnectionState(destination))
  }

  private connect(node: NodeConnectionState): void {
    const { env, options } = this
    node.state = CONNECTING
    node.connection = env.connect(node.destination)
    const timeout = exponentialBackoff(
      env,
      options.setupTimeoutUs,
      options.setupTimeoutMaxUs,
      node.failedConnectAttempts,
    )
    node.setupTimer = env.setTimer(options.timerBase + SETUP_TIMEOUT, timeout, node.destination, node.connection)
  }

  private onConnected(node: NodeConnectionState): void {
    this.env.cancel(node.setupTimer)
    node.setupTimer = 0
    node.state = CHECKING_API_VERSIONS
    node.failedConnectAttempts = 0
    const { requestTimeoutUs } = this.options
    const version = this.newestVersion(Api.ApiVersions)
    this.dispatch(node, Api.ApiVersions, version, API_VERSIONS_REQUEST, 0, true, requestTimeoutUs)
  }

  private onApiVersions(node: NodeConnectionState, response: ApiVersionsResponse): void {
    node.versions.fill(-1)
    for (const range of response.apiKeys) {
      const version = Math.min(range.maxVersion, this.newestVersion(range.apiKey as ApiKey))
      if (version >= range.minVersion) node.versions[range.apiKey] = version
    }
    for (const feature of response.finalizedFeatures) this.transactionVersion = feature.maxVersionLevel
    node.state = READY
    node.failedAttempts = 0
    this.owner.onReady(node.destination)
  }

  private newestVersion(api: ApiKey): number {
    return this.options.versions?.[api] ?? BROKER_VERSIONS[api]?.max ?? -1
  }

  private dispatch(
    node: NodeConnectionState,
    api: ApiKey,
    version: number,
    body: object,
    token: number,
    expectsReply: boolean,
    timeoutUs: number,
  ): ClientRequest {
    const { env } = this
    const { destination } = node
    const request = new ClientRequest(
      destination,
      api,
      version,
      this.correlation++,
      body,
      token,
      env.monotonic(),
      expectsReply,
      timeoutUs,
    )
    if (expectsReply) {
      node.inFlight.push(request)
      if (node.timeoutTimer === 0) this.armTimeout(node, timeoutUs)
      else if (request.sentAt + timeoutUs < node.timeoutAt) this.armTimeout(node, timeoutUs)
    }
    env.request(node.connection, destination, api, version, request.correlation, body)
    return request
  }

  private armTimeout(node: NodeConnectionState, delay: number): void {
    this.env.cancel(node.timeoutTimer)
    node.timeoutAt = this.env.monotonic() + delay
    node.timeoutTimer = this.env.setTimer(this.options.timerBase + REQUEST_TIMEOUT, delay, node.destination, 0)
  }

  /** The timer was set for a request that is perhaps long answered: it looks at those that are in flight now. */
  private onRequestTimeout(node: NodeConnectionState): void {
    const { inFlight } = node
    if (inFlight.length === 0) return
    let deadline = Infinity
    for (const request of inFlight) deadline = Math.min(deadline, request.sentAt + request.timeoutUs)
    const left = deadline - this.env.monotonic()
    if (left > 0) {
      this.armTimeout(node, left)
      return
    }
    this.env.disconnect(node.connection)
    this.fail(node)
  }

  /** `ClusterConnectionStates.disconnected` and `NetworkClient.cancelInFlightRequests`. */
  private fail(node: NodeConnectionState): void {
    const { env } = this
    env.cancel(node.setupTimer)
    node.setupTimer = 0
    node.failedConnectAttempts = node.state === CONNECTING ? node.failedConnectAttempts + 1 : 0
    const checking = node.state === CHECKING_API_VERSIONS
    node.state = DISCONNECTED
    node.connection = 0
    node.versions.fill(-1)
    this.beginBackoff(node)
    const now = env.monotonic()
    const cancelled = node.inFlight.splice(0)
    for (const request of cancelled) {
      if (checking) continue
      const late = now - request.sentAt >= request.timeoutUs
      this.owner.onCompletion(request, null, late ? 'timed-out' : 'disconnected')
    }
    this.owner.onConnectionFailed(node.destination)
  }

  private beginBackoff(node: NodeConnectionState): void {
    const { env, options } = this
    const backoff = exponentialBackoff(
      env,
      options.reconnectBackoffUs,
      options.reconnectBackoffMaxUs,
      node.failedAttempts++,
    )
    // Without a back-off a client would try again in a busy loop, and even that takes some time a turn.
    const delay = Math.max(backoff, MILLISECOND)
    node.nextAttemptAt = env.monotonic() + delay
    env.cancel(node.backoffTimer)
    node.backoffTimer = env.setTimer(options.timerBase + BACKOFF_OVER, delay, node.destination, 0)
  }
}
