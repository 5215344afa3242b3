import type { NodeHandler } from '../kernel/node.ts'
import { type Sampler, samplerOf } from '../kernel/sampler.ts'
import { WORKLOAD } from '../kernel/site.ts'
import type { Spread } from '../kernel/spread.ts'
import { CLOSED, RESET, SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import type { ProcessHost } from './process-host.ts'

/** What a store does with requests, and to what it keeps. */
export interface StoreService {
  /** Whether a request that waits is given up when its connection ends, as a database rolls back; else it is done all the same. */
  readonly rollsBack: boolean
  /** Transactions that are prepared and wait for somebody to end them. */
  readonly inDoubt: number
  /** Does what is asked for good; returns the answer's body. */
  perform(request: Envelope): object
}

const COMMIT = 0

/**
 * A store's process. Requests are serialised: one at a time, each taking its latency, done for good at its end and only then
 * answered. The one at work is finished, whatever becomes of its connection.
 */
export class StoreProcess implements NodeHandler {
  private readonly env: Env
  private readonly latency: Sampler
  private readonly service: StoreService
  private readonly host: Pick<ProcessHost, 'exited'>
  /** Requests in the order of arrival; the first is at work. */
  private queue: Envelope[] = []
  private stopping = false

  constructor(env: Env, latency: Spread, service: StoreService, host: Pick<ProcessHost, 'exited'>) {
    this.env = env
    this.latency = samplerOf(latency)
    this.service = service
    this.host = host
  }

  /** No request is at work or waits. */
  isIdle(): boolean {
    return this.queue.length === 0
  }

  get inDoubt(): number {
    return this.service.inDoubt
  }

  onStart(): void {}

  onMessage(message: unknown): void {
    this.queue.push(message as Envelope)
    if (this.queue.length === 1) this.begin()
  }

  onSignal(kind: number, connection: number, _peer: number): void {
    switch (kind) {
      case SHUT_DOWN:
        this.stopping = true
        this.queue.length = Math.min(1, this.queue.length)
        if (this.queue.length === 0) this.host.exited(this.env.node)
        break
      case CLOSED:
      case RESET:
        if (this.service.rollsBack)
          this.queue = this.queue.filter((request, index) => index === 0 || request.connection !== connection)
        if (kind === CLOSED) this.env.disconnect(connection)
        break
    }
  }

  onTimer(_kind: number, _a: number, _b: number): void {
    const request = this.queue.shift() as Envelope
    this.env.reply(request, this.service.perform(request))
    if (this.stopping) this.host.exited(this.env.node)
    else if (this.queue.length > 0) this.begin()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  waiting(): readonly string[] {
    return this.queue.length === 0 ? [] : [`${this.queue.length} requests to end`]
  }

  private begin(): void {
    const { env, latency } = this
    env.setTimer(COMMIT, latency.length(env.decide(WORKLOAD, latency.bound)))
  }
}
