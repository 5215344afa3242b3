import { M } from '../history/catalogue.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { type Sampler, samplerOf } from '../kernel/sampler.ts'
import { WORKLOAD } from '../kernel/site.ts'
import type { Spread } from '../kernel/spread.ts'
import { CLOSED, RESET, SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import { type Database, GENERATION_FENCE, OFFSET_FENCE } from './database.ts'
import type { ProcessHost } from './process-host.ts'
import type {
  StoreReadOffsetsRequest,
  StoreReadOffsetsResponse,
  StoreWriteRequest,
  StoreWriteResponse,
} from './store-messages.ts'

const COMMIT = 0

/**
 * A database's process. Transactions are serialised: one at a time, each taking its latency, applied and flushed at its
 * end and only then answered. What waits for a connection that ends is rolled back; a transaction at work is not.
 */
export class DatabaseStore implements NodeHandler {
  private readonly env: Env
  private readonly latency: Sampler
  private readonly database: Database
  private readonly host: Pick<ProcessHost, 'exited'>
  /** Requests in the order of arrival; the first is at work. */
  private queue: Envelope[] = []
  private stopping = false

  constructor(env: Env, latency: Spread, database: Database, host: Pick<ProcessHost, 'exited'>) {
    this.env = env
    this.latency = samplerOf(latency)
    this.database = database
    this.host = host
  }

  /** No transaction is at work or waits. */
  isIdle(): boolean {
    return this.queue.length === 0
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
        this.queue = this.queue.filter((request, index) => index === 0 || request.connection !== connection)
        if (kind === CLOSED) this.env.disconnect(connection)
        break
    }
  }

  onTimer(_kind: number, _a: number, _b: number): void {
    const request = this.queue.shift() as Envelope
    this.env.reply(request, this.perform(request))
    if (this.stopping) this.host.exited(this.env.node)
    else if (this.queue.length > 0) this.begin()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  waiting(): readonly string[] {
    return this.queue.length === 0 ? [] : [`${this.queue.length} transactions to end`]
  }

  private begin(): void {
    const { env, latency } = this
    env.setTimer(COMMIT, latency.length(env.decide(WORKLOAD, latency.bound)))
  }

  private perform(request: Envelope): StoreWriteResponse | StoreReadOffsetsResponse {
    return request.api === StoreApi.StoreWrite
      ? this.write(request.body as StoreWriteRequest, request.source)
      : this.readOffsets(request.body as StoreReadOffsetsRequest)
  }

  private readOffsets(request: StoreReadOffsetsRequest): StoreReadOffsetsResponse {
    const { database } = this
    if (!database.admit(request)) return { fenced: true, offsets: [] }
    const offsets = request.partitions.map((tp) => ({ tp, next: database.nextOffset(request.group, tp) }))
    return { fenced: false, offsets }
  }

  private write(request: StoreWriteRequest, by: number): StoreWriteResponse {
    const { env, database } = this
    if (!database.admit(request)) {
      for (const { record, tp, offset } of request.rows)
        env.emitWide(M.effectRefused, record, tp, offset, env.node, GENERATION_FENCE, by)
      return { fenced: true, skipped: 0 }
    }
    let skipped = 0
    for (const row of request.rows) {
      const { record, tp, offset, key } = row
      const what = database.write(request, row)
      if (what === 0) {
        skipped++
        env.emitWide(M.effectRefused, record, tp, offset, env.node, OFFSET_FENCE, by)
      } else {
        const keyText = key === null ? -1 : env.recorder.text(key)
        env.emitWide(M.effectApplied, record, tp, offset, what, env.node, keyText, request.generation, by)
      }
    }
    database.savePositions(request)
    return { fenced: false, skipped }
  }
}
