import { MILLISECOND } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import type { Api } from '../protocol/api.ts'

/** A voter's client takes the kinds of timer from here on. */
const VOTER_CLIENT_TIMERS = 16
/** controller.quorum.retry.backoff.ms */
const RETRY_BACKOFF: number = 20 * MILLISECOND

/** What voters ask each other. */
type VoterApi = typeof Api.Vote | typeof Api.BeginQuorumEpoch | typeof Api.EndQuorumEpoch | typeof Api.Fetch

/** Told of answers. A request without one is asked again when it is still due. */
export interface PeersOwner {
  onAnswer(request: ClientRequest, body: object): void
}

/** The way to the other voters (`RequestManager`, `KafkaNetworkChannel`): one request to each at a time. */
export class QuorumPeers implements NetworkClientOwner {
  private readonly env: Env
  private readonly owner: PeersOwner
  private readonly client: NetworkClient
  /** No request to a voter before this time, after one that was refused. */
  private readonly allowedAt: Map<number, number> = new Map()

  constructor(env: Env, requestTimeoutUs: number, owner: PeersOwner) {
    this.env = env
    this.owner = owner
    this.client = new NetworkClient(env, clientOptions(requestTimeoutUs), this)
  }

  /** Sends unless a request to the node is under way or was just refused; connects when there is no connection. */
  send(node: number, api: VoterApi, body: object): void {
    if ((this.allowedAt.get(node) ?? 0) > this.env.monotonic()) return
    if (this.client.ready(node) && this.client.inFlight(node) === 0) this.client.send(node, api, body, 0)
  }

  /** A voter refused what it was asked: it is left alone for a moment. */
  onRefused(node: number): void {
    this.allowedAt.set(node, this.env.monotonic() + RETRY_BACKOFF)
  }

  /** When the first voter that refused may be asked again; Infinity: none is waited for. */
  nextAttemptAt(): number {
    const now = this.env.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const at of this.allowedAt.values()) if (at > now && at < next) next = at
    return next
  }

  onMessage(reply: Envelope): void {
    this.client.onMessage(reply)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.client.onSignal(kind, connection, peer)
  }

  /** Takes the client's timers; false when the timer is none of them. */
  onTimer(kind: number, a: number, b: number): boolean {
    return this.client.onTimer(kind, a, b)
  }

  onReady(): void {
    // The turn that brought the news sends what is due.
  }

  onConnectionFailed(): void {
    // The next attempt follows when the back-off is over.
  }

  onBackoffOver(): void {
    // The turn connects anew when there is something to send.
  }

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    if (cause === 'response' && body !== null) this.owner.onAnswer(request, body)
  }
}

function clientOptions(requestTimeoutUs: number): ConstructorParameters<typeof NetworkClient>[1] {
  return {
    timerBase: VOTER_CLIENT_TIMERS,
    maxInFlight: 1,
    requestTimeoutUs,
    reconnectBackoffUs: 50 * MILLISECOND,
    reconnectBackoffMaxUs: 500 * MILLISECOND,
    setupTimeoutUs: 10_000 * MILLISECOND,
    setupTimeoutMaxUs: 30_000 * MILLISECOND,
  }
}
