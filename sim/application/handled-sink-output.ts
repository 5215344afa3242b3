import type { CodeOutput } from '../host.ts'
import { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { HandlerWork } from './handler-work.ts'
import type { MadeOutput, OutputOwner } from './output.ts'
import { type PositionReader, SinkOutput, type SinkOutputOptions } from './sink-output.ts'

/** The output of a sink with a handler of the user's own, which says whether a record is written, and under which key. */
export class HandledSinkOutput extends SinkOutput implements MadeOutput {
  private readonly putter: OutputOwner
  private readonly work: HandlerWork
  /** By worker: the generation in which the record was polled that its handler has. */
  private readonly generations: number[] = []

  constructor(env: Env, owner: OutputOwner & PositionReader, options: SinkOutputOptions, work: HandlerWork) {
    super(env, owner, options)
    this.putter = owner
    this.work = work
  }

  override put(worker: number, polled: ConsumedRecord, generation: number): boolean {
    this.generations[worker] = generation
    const effects = this.work.handle(worker, polled)
    if (effects === null) return false
    this.collect(worker, polled, effects)
    return true
  }

  /** The handler that a put() had to wait for is done. */
  onMade(worker: number, polled: ConsumedRecord, effects: readonly CodeOutput[]): void {
    this.collect(worker, polled, effects)
    this.putter.onPut(worker)
  }

  override isIdle(): boolean {
    return this.work.isIdle() && super.isIdle()
  }

  private collect(worker: number, polled: ConsumedRecord, [effect]: readonly CodeOutput[]): void {
    const generation = this.generations[worker] as number
    if (effect === undefined) {
      this.pass(worker, polled, generation)
      return
    }
    super.put(worker, underKey(polled, effect), generation)
  }
}

/** The record as its handler wants it written. */
export function underKey({ record, tp, offset, leaderEpoch }: ConsumedRecord, effect: CodeOutput): ConsumedRecord {
  return new ConsumedRecord({ ...record, key: effect.key }, tp, offset, leaderEpoch)
}
