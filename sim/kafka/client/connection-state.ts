import type { TimerHandle } from '../../kernel/kernel.ts'
import type { ClientRequest } from './client-request.ts'

/** Api keys are below this (Kafka's highest is 93). */
export const API_KEYS = 128

export const DISCONNECTED = 0
export const CONNECTING = 1
export const CHECKING_API_VERSIONS = 2
export const READY = 3

/** What a client knows of one node (`NodeConnectionState` with the node's `InFlightRequests`). */
export class NodeConnectionState {
  readonly destination: number
  state: 0 | 1 | 2 | 3 = DISCONNECTED
  /** The connection of this attempt; 0 = none. What belongs to an older one is ignored. */
  connection = 0
  /** Oldest first. */
  readonly inFlight: ClientRequest[] = []
  /** Reconnects that failed since the last success. */
  failedAttempts = 0
  /** Connection set-ups that failed since the last success. */
  failedConnectAttempts = 0
  /** No new connection before this time. */
  nextAttemptAt = 0
  /** Fires at or before the earliest deadline in flight; re-armed when it fires, or for an earlier deadline. */
  timeoutTimer: TimerHandle = 0
  /** When it fires. */
  timeoutAt = 0
  setupTimer: TimerHandle = 0
  backoffTimer: TimerHandle = 0
  /** Newest version that both sides speak, by api key; -1 = the api is not shared, or not known yet to be. */
  readonly versions: Int8Array = new Int8Array(API_KEYS).fill(-1)

  constructor(destination: number) {
    this.destination = destination
  }
}
