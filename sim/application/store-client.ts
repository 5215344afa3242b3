import type { TimerHandle } from '../kernel/kernel.ts'
import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { CLOSED, CONNECTED, REFUSED, RESET } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { exponentialBackoff } from '../kafka/client/exponential-backoff.ts'
import type { Env } from '../kafka/env.ts'
import type { StoreApiKey } from '../kafka/protocol/api.ts'

/** Number of timer kinds a client takes, from its `timerBase` on. */
export const STORE_CLIENT_TIMERS = 2
const TIMEOUT = 0
const BACKOFF_OVER = 1

/** How long a client waits for the answer to a call, connecting included. */
export const STORE_TIMEOUT_US: number = 10 * SECOND
const BACKOFF_US: number = 100 * MILLISECOND
const BACKOFF_MAX_US: number = SECOND

/** Who calls a store. */
export interface StoreCaller {
  onStoreAnswer(token: number, body: object): void
  /** No answer will come, and whether the store did it is unknown. A back-off has passed: it may be asked again at once. */
  onStoreFailed(token: number): void
}

interface StoreCall {
  readonly api: StoreApiKey
  readonly body: object
  readonly token: number
  readonly deadline: number
  correlation: number
}

/** An application's connection to its database. When it breaks, every call on it fails and a new one is opened. */
export class StoreClient {
  private readonly env: Env
  private readonly timerBase: number
  private readonly store: number
  private readonly caller: StoreCaller
  private connection = 0
  private state: 'none' | 'opening' | 'up' | 'backing-off' = 'none'
  /** Calls without an answer, oldest first. */
  private calls: StoreCall[] = []
  /** Calls that failed and whose caller will be told when the back-off is over. */
  private failed: StoreCall[] = []
  private failures = 0
  private correlation = 0
  private timeout: TimerHandle = 0

  constructor(env: Env, timerBase: number, store: number, caller: StoreCaller) {
    this.env = env
    this.timerBase = timerBase
    this.store = store
    this.caller = caller
  }

  /** Asks the store; {@link StoreCaller} hears how it ended. */
  call(api: StoreApiKey, body: object, token: number): void {
    const { env } = this
    const call = { api, body, token, deadline: env.monotonic() + STORE_TIMEOUT_US, correlation: -1 }
    this.calls.push(call)
    if (this.timeout === 0) this.timeout = env.setTimer(this.timerBase + TIMEOUT, STORE_TIMEOUT_US)
    if (this.state === 'up') this.send(call)
    else if (this.state === 'none') this.open()
  }

  /** The process ends. */
  close(): void {
    if (this.state === 'opening' || this.state === 'up') this.env.disconnect(this.connection)
    this.connection = 0
    this.state = 'none'
    this.calls.length = 0
    this.failed.length = 0
    this.env.cancel(this.timeout)
  }

  onMessage(envelope: Envelope): void {
    if (envelope.connection !== this.connection) return
    const call = this.calls.shift()
    if (call === undefined || call.correlation !== envelope.correlation)
      throw new Error(`a store answers ${envelope.correlation}, which is not the oldest call`)
    this.failures = 0
    this.caller.onStoreAnswer(call.token, envelope.body)
  }

  onSignal(kind: number, connection: number): void {
    if (connection !== this.connection) return
    switch (kind) {
      case CONNECTED:
        this.state = 'up'
        for (const call of this.calls) this.send(call)
        break
      case REFUSED:
      case CLOSED:
      case RESET:
        this.fail()
        break
    }
  }

  /** Takes the timers of this client; false when the timer is not one of them. */
  onTimer(kind: number): boolean {
    switch (kind - this.timerBase) {
      case TIMEOUT:
        this.timeout = 0
        this.onTimeout()
        return true
      case BACKOFF_OVER:
        this.onBackoffOver()
        return true
      default:
        return false
    }
  }

  waiting(): readonly string[] {
    const open = this.calls.length + this.failed.length
    return open === 0 ? [] : [`the store to answer ${open} calls`]
  }

  private open(): void {
    this.state = 'opening'
    this.connection = this.env.connect(this.store)
  }

  private send(call: StoreCall): void {
    call.correlation = this.correlation++
    this.env.request(this.connection, this.store, call.api, 0, call.correlation, call.body)
  }

  /** The timer was perhaps set for a call long answered: it looks at the oldest. */
  private onTimeout(): void {
    const oldest = this.calls[0]
    if (oldest === undefined) return
    const left = oldest.deadline - this.env.monotonic()
    if (left > 0) {
      this.timeout = this.env.setTimer(this.timerBase + TIMEOUT, left)
      return
    }
    if (this.state === 'opening' || this.state === 'up') this.env.disconnect(this.connection)
    this.fail()
  }

  private fail(): void {
    const { env } = this
    this.connection = 0
    this.failed.push(...this.calls.splice(0))
    if (this.state === 'backing-off') return
    this.state = 'backing-off'
    env.setTimer(this.timerBase + BACKOFF_OVER, exponentialBackoff(env, BACKOFF_US, BACKOFF_MAX_US, this.failures++))
  }

  private onBackoffOver(): void {
    this.state = 'none'
    const failed = this.failed.splice(0)
    if (this.calls.length > 0) this.open()
    for (const call of failed) this.caller.onStoreFailed(call.token)
  }
}
