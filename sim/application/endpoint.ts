import { M } from '../history/catalogue.ts'
import type { Envelope } from '../network/envelope.ts'
import type { Env } from '../kafka/env.ts'
import { Marks } from './marks.ts'
import { CALLED, REMEMBERED } from './store-effects.ts'
import type { StoreCallRequest } from './store-messages.ts'
import type { StoreService } from './store-process.ts'

/** What an endpoint keeps: what it did for whom, and the idempotency keys that it was given. */
export class EndpointData {
  private keys: Map<string, Marks> = new Map()
  private calls: Map<string, number> = new Map()

  /** The disk is emptied. */
  wipe(): void {
    this.keys = new Map()
    this.calls = new Map()
  }

  keysOf(group: string): Marks {
    const known = this.keys.get(group)
    if (known !== undefined) return known
    const keys = new Marks()
    this.keys.set(group, keys)
    return keys
  }

  called(group: string): void {
    this.calls.set(group, this.callsOf(group) + 1)
  }

  callsOf(group: string): number {
    return this.calls.get(group) ?? 0
  }
}

/**
 * An external service that is called for its side effect. It does what it was asked whether or not the caller still waits, and
 * does again what it is asked again, unless the caller sends an idempotency key that it remembers.
 */
export class Endpoint implements StoreService {
  readonly rollsBack = false
  readonly inDoubt = 0
  private readonly env: Env
  private readonly data: EndpointData

  constructor(env: Env, data: EndpointData) {
    this.env = env
    this.data = data
  }

  perform({ body, source }: Envelope): object {
    const { group, generation, row, idempotencyKey } = body as StoreCallRequest
    const { env, data } = this
    const { record, tp, offset, key } = row
    if (idempotencyKey !== null) {
      const keys = data.keysOf(group)
      const now = env.wallClock()
      if (keys.has(record, idempotencyKey, now)) {
        env.emitWide(M.effectRefused, record, tp, offset, env.node, REMEMBERED, source)
        return {}
      }
      keys.put(record, now)
    }
    data.called(group)
    const keyText = key === null ? -1 : env.recorder.text(key)
    env.emitWide(M.effectApplied, record, tp, offset, CALLED, env.node, keyText, generation, source)
    return {}
  }
}
