import type { CodeOutput } from '../host.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { CallOutput, type CallOutputOptions } from './call-output.ts'
import { underKey } from './handled-sink-output.ts'
import type { HandlerWork } from './handler-work.ts'
import type { MadeOutput, OutputOwner } from './output.ts'

/** The output of a sink with a handler of the user's own, which says whether the endpoint is called for a record. */
export class HandledCallOutput extends CallOutput implements MadeOutput {
  private readonly putter: OutputOwner
  private readonly work: HandlerWork
  /** By worker: the generation in which the record was polled that its handler has. */
  private readonly generations: number[] = []

  constructor(env: Env, owner: OutputOwner, options: CallOutputOptions, work: HandlerWork) {
    super(env, owner, options)
    this.putter = owner
    this.work = work
  }

  override put(worker: number, polled: ConsumedRecord, generation: number): boolean {
    this.generations[worker] = generation
    const effects = this.work.handle(worker, polled)
    return effects !== null && this.callsNothing(worker, polled, effects)
  }

  /** The handler that a put() had to wait for is done. */
  onMade(worker: number, polled: ConsumedRecord, effects: readonly CodeOutput[]): void {
    if (this.callsNothing(worker, polled, effects)) this.putter.onPut(worker)
  }

  override isIdle(): boolean {
    return this.work.isIdle() && super.isIdle()
  }

  /** False: the worker waits for its call. */
  private callsNothing(worker: number, polled: ConsumedRecord, [effect]: readonly CodeOutput[]): boolean {
    return effect === undefined || super.put(worker, underKey(polled, effect), this.generations[worker] as number)
  }
}
