import { M } from '../history/catalogue.ts'
import { partitionOf, topicIdOf } from '../history/ids.ts'
import type { CodeAnswer, CodeOutput, CodePause, CodePowers, CodeReference, UserCode } from '../host.ts'
import { WORKLOAD } from '../kernel/site.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { RecordValues } from './record-values.ts'

export interface HandlerOptions {
  readonly code: CodeReference
  /** The one kind of timer that it takes. */
  readonly timer: number
  readonly application: string
  readonly instance: number
  readonly incarnation: number
  /** Names of topics by id. */
  readonly topicNames: readonly string[]
}

export interface HandlerOwner {
  /** A record that had to wait for its handler is worked out. */
  onMade(worker: number, polled: ConsumedRecord, outputs: readonly CodeOutput[]): void
  /** The handler threw and nothing catches it: the process is over. */
  onThrew(message: string): void
}

/**
 * The user's handler at work on one record at a time. While it sleeps, or stands at a step that it names, the world goes on
 * and the process may die: then the handler dies with it, and the next process gets a new one.
 */
export class HandlerWork implements CodePowers {
  private readonly env: Env
  private readonly code: UserCode
  private readonly options: HandlerOptions
  private readonly values: RecordValues
  private readonly owner: HandlerOwner
  private readonly handler: number
  /** The record in hand while the handler waits. */
  private waiting: { readonly worker: number; readonly polled: ConsumedRecord } | null = null

  constructor(env: Env, code: UserCode, options: HandlerOptions, values: RecordValues, owner: HandlerOwner) {
    this.env = env
    this.code = code
    this.options = options
    this.values = values
    this.owner = owner
    const { application, instance, incarnation } = options
    this.handler = code.begin(options.code, { application, instance, incarnation })
  }

  isIdle(): boolean {
    return this.waiting === null
  }

  /** What the handler makes of a record; null when it waits ({@link HandlerOwner.onMade} follows) or threw. */
  handle(worker: number, polled: ConsumedRecord): readonly CodeOutput[] | null {
    const { record, tp, offset } = polled
    const { key, size, timestamp } = record
    const given = {
      id: this.values.nameOf(record.record),
      topic: this.options.topicNames[topicIdOf(tp)] ?? '',
      partition: partitionOf(tp),
      offset,
      key,
      value: this.values.of(record.record),
      size,
      timestamp,
    }
    const answer = this.code.handle(this.handler, given, this)
    if (answer.state === 'done') return this.finished(polled, answer.outputs)
    this.goOn({ worker, polled }, answer)
    return null
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number, pause: number): boolean {
    if (kind !== this.options.timer) return false
    const { waiting } = this
    if (waiting === null) return true
    const answer = this.code.resume(this.handler, pause, this)
    if (answer.state !== 'done') {
      this.goOn(waiting, answer)
      return true
    }
    this.waiting = null
    this.owner.onMade(waiting.worker, waiting.polled, this.finished(waiting.polled, answer.outputs))
    return true
  }

  private goOn(
    at: { readonly worker: number; readonly polled: ConsumedRecord },
    answer: Exclude<CodeAnswer, { state: 'done' }>,
  ): void {
    const { env } = this
    const { record } = at.polled.record
    this.waiting = at
    if (answer.state === 'threw') {
      env.emit(M.handlerThrew, record, env.recorder.text(answer.message))
      this.owner.onThrew(answer.message)
      return
    }
    for (const pause of answer.pauses) this.begin(pause, record)
  }

  private begin({ id, us, step }: CodePause, record: number): void {
    const { env, options } = this
    if (step !== null) env.emit(M.handlerStepped, record, env.recorder.text(step))
    env.setTimer(options.timer, us, id)
  }

  private finished({ record }: ConsumedRecord, outputs: readonly CodeOutput[]): readonly CodeOutput[] {
    this.env.emit(M.handlerFinished, record.record, outputs.length, hashOf(outputs))
    return outputs
  }

  // --- CodePowers ---------------------------------------------------------------------------------------------------

  wallClock(): number {
    return this.env.wallClock()
  }

  decide(bound: number): number {
    return this.env.decide(WORKLOAD, bound)
  }
}

/** FNV-1a over what a handler made, so that the digest of a run hangs on it. */
function hashOf(outputs: readonly CodeOutput[]): number {
  let hash = 0x811c9dc5
  for (const { key, value, size } of outputs) {
    hash = mixed(mixed(mixed(hash, key), value), String(size))
  }
  return hash | 0
}

function mixed(hash: number, text: string | null): number {
  let mix = Math.imul(hash ^ (text === null ? 1 : 2), 0x01000193)
  if (text !== null) for (let at = 0; at < text.length; at++) mix = Math.imul(mix ^ text.charCodeAt(at), 0x01000193)
  return mix
}
