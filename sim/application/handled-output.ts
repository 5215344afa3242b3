import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { EffectOutput } from './effect-output.ts'
import type { HandlerWork } from './handler-work.ts'
import type { OutputOwner } from './output.ts'

/** The output of a consumer with a handler of the user's own: a record is processed when its handler has returned. */
export class HandledOutput extends EffectOutput {
  private readonly owner: OutputOwner
  private readonly work: HandlerWork
  /** By worker: the generation in which the record was polled that its handler has. */
  private readonly generations: number[] = []

  constructor(env: Env, owner: OutputOwner, work: HandlerWork) {
    super(env)
    this.owner = owner
    this.work = work
  }

  override put(worker: number, polled: ConsumedRecord, generation: number): boolean {
    this.generations[worker] = generation
    return this.work.handle(worker, polled) !== null && super.put(worker, polled, generation)
  }

  /** The handler that a put() had to wait for is done. */
  onHandled(worker: number, polled: ConsumedRecord): void {
    super.put(worker, polled, this.generations[worker] as number)
    this.owner.onPut(worker)
  }

  override isIdle(): boolean {
    return this.work.isIdle()
  }
}
