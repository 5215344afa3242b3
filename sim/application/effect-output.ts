import { M } from '../history/catalogue.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { Output } from './output.ts'

/** A consumer's output: having processed a record is the effect. */
export class EffectOutput implements Output {
  readonly writesUnits = false
  readonly immediate = true
  private readonly env: Env

  constructor(env: Env) {
    this.env = env
  }

  put(_worker: number, polled: ConsumedRecord, generation: number): boolean {
    const { env } = this
    const { key, record } = polled.record
    const keyText = key === null ? -1 : env.recorder.text(key)
    env.emitWide(M.effectApplied, record, polled.tp, polled.offset, 0, env.node, keyText, generation, env.node)
    return true
  }

  start(): void {}
  settle(): boolean {
    return true
  }
  discard(): void {}
  isIdle(): boolean {
    return true
  }
  close(): boolean {
    return true
  }
  onMessage(): void {}
  onSignal(): void {}
  onTimer(): boolean {
    return false
  }
  waiting(): readonly string[] {
    return []
  }
}
