import type { TimerHandle } from '../../kernel/kernel.ts'
import type { ClientRequest } from './client-request.ts'

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
  /** Fires at or before the oldest request's deadline; re-armed only when it fires. */
  timeoutTimer: TimerHandle = 0
  setupTimer: TimerHandle = 0
  backoffTimer: TimerHandle = 0
  /** Oldest and newest version of each api that both sides speak; an api that is missing is not shared. */
  readonly versions: Map<number, number> = new Map()

  constructor(destination: number) {
    this.destination = destination
  }
}
