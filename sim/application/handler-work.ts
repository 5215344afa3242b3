import { M } from '../history/catalogue.ts'
import { partitionOf, topicIdOf } from '../history/ids.ts'
import type { CodeAnswer, CodeOutput, CodePause, CodePowers, CodeReference, CodeTarget, UserCode } from '../host.ts'
import { WORKLOAD } from '../kernel/site.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { RecordValues } from './record-values.ts'

/** The user's own code, and what the records hold that it is given. */
export interface OwnCode {
  readonly code: UserCode
  readonly values: RecordValues
}

export interface HandlerOptions {
  readonly code: CodeReference
  /** The one kind of timer that it takes. */
  readonly timer: number
  readonly application: string
  readonly instance: number
  readonly incarnation: number
  /** Every topic, by id from 1. */
  readonly topics: readonly { readonly name: string }[]
  readonly target: HandlerTarget
}

/** Where what it makes goes: see {@link CodeTarget}. */
export type HandlerTarget =
  | Exclude<CodeTarget, { readonly kind: 'topics' }>
  | { readonly kind: 'topics'; readonly topics: readonly { readonly name: string; readonly topicId: number }[] }

export interface HandlerOwner {
  /** A record that had to wait for its handler is worked out. */
  onMade(worker: number, polled: ConsumedRecord, outputs: readonly CodeOutput[]): void
  /** The handler threw and nothing catches it: the process is over. */
  onThrew(message: string): void
}

/**
 * The user's handler at work, for each worker of its process on one record at a time. While it sleeps, or stands at a step that
 * it names, the world goes on and the process may die: then the handler dies with it, and the next process gets a new one.
 */
export class HandlerWork implements CodePowers {
  private readonly env: Env
  private readonly code: UserCode
  private readonly options: HandlerOptions
  private readonly values: RecordValues
  private readonly owner: HandlerOwner
  private readonly handler: number
  /** By worker: the record in its hand while the handler waits. */
  private readonly waiting: Map<number, ConsumedRecord> = new Map()
  /** By pause: the worker whose record goes on with it. */
  private readonly workers: Map<number, number> = new Map()

  constructor(env: Env, options: HandlerOptions, { code, values }: OwnCode, owner: HandlerOwner) {
    this.env = env
    this.code = code
    this.options = options
    this.values = values
    this.owner = owner
    const { application, instance, incarnation, target } = options
    this.handler = code.begin(options.code, { application, instance, incarnation }, codeTarget(target))
  }

  isIdle(): boolean {
    return this.waiting.size === 0
  }

  /** What the handler makes of a record; null when it waits ({@link HandlerOwner.onMade} follows) or threw. */
  handle(worker: number, polled: ConsumedRecord): readonly CodeOutput[] | null {
    const { record, tp, offset } = polled
    const { key, size, timestamp } = record
    const given = {
      id: this.values.nameOf(record.record),
      topic: this.options.topics[topicIdOf(tp) - 1]?.name ?? '',
      partition: partitionOf(tp),
      offset,
      key,
      value: this.values.of(record.record),
      size,
      timestamp,
    }
    const answer = this.code.handle(this.handler, given, this)
    if (answer.state === 'done') return this.finished(polled, answer.outputs)
    this.waiting.set(worker, polled)
    this.goOn(worker, polled, answer)
    return null
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number, pause: number): boolean {
    if (kind !== this.options.timer) return false
    const worker = this.workers.get(pause)
    const polled = worker === undefined ? undefined : this.waiting.get(worker)
    if (worker === undefined || polled === undefined) return true
    this.workers.delete(pause)
    const answer = this.code.resume(this.handler, pause, this)
    if (answer.state === 'done') {
      this.waiting.delete(worker)
      this.owner.onMade(worker, polled, this.finished(polled, answer.outputs))
    } else this.goOn(worker, polled, answer)
    return true
  }

  private goOn(worker: number, { record }: ConsumedRecord, answer: Exclude<CodeAnswer, { state: 'done' }>): void {
    const { env } = this
    if (answer.state === 'threw') {
      env.emit(M.handlerThrew, record.record, env.recorder.text(answer.message))
      this.owner.onThrew(answer.message)
      return
    }
    for (const pause of answer.pauses) {
      this.workers.set(pause.id, worker)
      this.begin(pause, record.record)
    }
  }

  private begin({ id, us, step }: CodePause, record: number): void {
    const { env, options } = this
    if (step !== null) env.emit(M.handlerStepped, record, env.recorder.text(step))
    env.setTimer(options.timer, us, id)
  }

  private finished({ record }: ConsumedRecord, outputs: readonly CodeOutput[]): readonly CodeOutput[] {
    const { env } = this
    const { target } = this.options
    switch (target.kind) {
      case 'topics':
        if (target.topics.length > 1)
          outputs.forEach(({ topic }, index) =>
            env.emit(M.handlerRouted, record.record, index, target.topics[topic]?.topicId ?? 0),
          )
        break
      case 'store':
        for (const { key } of outputs)
          env.emit(M.handlerKeyed, record.record, key === null ? -1 : env.recorder.text(key))
        break
      case 'nowhere':
    }
    env.emit(M.handlerFinished, record.record, outputs.length, hashOf(outputs))
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

function codeTarget(target: HandlerTarget): CodeTarget {
  return target.kind === 'topics' ? { kind: 'topics', names: target.topics.map(({ name }) => name) } : target
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
