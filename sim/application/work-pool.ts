import { M } from '../history/catalogue.ts'
import { type Sampler, samplerOf } from '../kernel/sampler.ts'
import { WORKLOAD } from '../kernel/site.ts'
import type { Spread } from '../kernel/spread.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { Output } from './output.ts'

/** Number of timer kinds a pool takes, from its `timerBase` on. */
export const WORK_POOL_TIMERS = 3
const PROCESSED = 0
const OUTPUT = 1
const NEXT = 2

/** Records that one worker works off, one after the other. */
interface Unit {
  readonly records: readonly ConsumedRecord[]
  /** Generation in which they were polled. */
  readonly generation: number
}

class Worker {
  unit: Unit | null = null
  at = 0
}

export interface WorkPoolOptions {
  readonly timerBase: number
  readonly workers: number
  /** How long the work on one record takes. */
  readonly process: Spread
  readonly tellSteps: boolean
}

export interface WorkPoolOwner {
  /** A worker has put the results of all records of its unit. */
  onUnitDone(worker: number): void
}

/**
 * The hands of an application: each worker takes a unit, works on its records one after the other, and puts the result of
 * each. In order there is one worker, for whom the thread waits; handed off, the thread does not, and units wait in a queue
 * without bounds.
 */
export class WorkPool {
  private readonly env: Env
  private readonly options: WorkPoolOptions
  private readonly process: Sampler
  private readonly output: Output
  private readonly owner: WorkPoolOwner
  private readonly workers: readonly Worker[]
  private queue: Unit[] = []

  constructor(env: Env, options: WorkPoolOptions, output: Output, owner: WorkPoolOwner) {
    this.env = env
    this.options = options
    this.process = samplerOf(options.process)
    this.output = output
    this.owner = owner
    this.workers = Array.from({ length: options.workers }, () => new Worker())
  }

  isIdle(): boolean {
    return this.workers.every((worker) => worker.unit === null)
  }

  /** A free worker takes the unit, or the next that becomes free. */
  give(records: readonly ConsumedRecord[], generation: number): void {
    const unit = { records, generation }
    const free = this.workers.findIndex((worker) => worker.unit === null)
    if (free < 0) this.queue.push(unit)
    else this.begin(free, unit)
  }

  /** The unit that {@link WorkPoolOwner.onUnitDone} told of is settled: the worker takes another. */
  release(worker: number): void {
    this.worker(worker).unit = null
    const next = this.queue.shift()
    if (next !== undefined) this.begin(worker, next)
  }

  /** The output takes further results of a worker. */
  onPut(worker: number): void {
    this.afterPut(worker)
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number, a: number): boolean {
    switch (kind - this.options.timerBase) {
      case PROCESSED:
        this.onProcessed(a)
        return true
      case OUTPUT:
        this.put(a)
        return true
      case NEXT:
        this.next(a)
        return true
      default:
        return false
    }
  }

  private begin(index: number, unit: Unit): void {
    const worker = this.worker(index)
    worker.unit = unit
    worker.at = 0
    this.work(index)
  }

  private work(index: number): void {
    const { env, process } = this
    const { record, tp, offset } = this.current(index)
    env.emit(M.workStarted, record.record, tp, offset)
    this.setTimer(PROCESSED, process.length(env.decide(WORKLOAD, process.bound)), index)
  }

  private onProcessed(index: number): void {
    // A unit that goes out as a whole tells its steps when it does.
    if (!this.options.tellSteps || this.output.writesUnits) {
      this.put(index)
      return
    }
    const { record } = this.current(index)
    this.env.emit(M.stepBeforeOutput, record.record, record.attempt)
    this.setTimer(OUTPUT, 0, index)
  }

  private put(index: number): void {
    const { generation } = this.worker(index).unit as Unit
    if (this.output.put(index, this.current(index), generation)) this.afterPut(index)
  }

  private afterPut(index: number): void {
    if (!this.options.tellSteps || !this.output.immediate) {
      this.next(index)
      return
    }
    const { record } = this.current(index)
    this.env.emit(M.stepAfterOutput, record.record, record.attempt)
    this.setTimer(NEXT, 0, index)
  }

  private next(index: number): void {
    const worker = this.worker(index)
    worker.at++
    if (worker.at < (worker.unit as Unit).records.length) this.work(index)
    else this.owner.onUnitDone(index)
  }

  private setTimer(kind: number, delay: number, index: number): void {
    this.env.setTimer(this.options.timerBase + kind, delay, index)
  }

  private worker(index: number): Worker {
    return this.workers[index] as Worker
  }

  private current(index: number): ConsumedRecord {
    const { unit, at } = this.worker(index)
    return (unit as Unit).records[at] as ConsumedRecord
  }
}
