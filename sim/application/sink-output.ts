import { M } from '../history/catalogue.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { Output, OutputOwner } from './output.ts'
import { planAfterMarks, planOf, type SinkMoment, type SinkPlanOptions, type SinkStep } from './sink-plan.ts'
import { STORE_CLIENT_TIMERS } from './store-client.ts'
import { StoreOutput } from './store-output.ts'
import type {
  NextOffset,
  StoreReadMarksResponse,
  StoreReadOffsetsRequest,
  StoreReadOffsetsResponse,
} from './store-messages.ts'

/** Number of timer kinds a sink's output takes, from its `timerBase` on. */
export const SINK_OUTPUT_TIMERS: number = STORE_CLIENT_TIMERS + 2
/** Goes on with a unit behind a step that was told. */
const GO_ON: number = STORE_CLIENT_TIMERS
/** The same at the end of its way. */
const WRITTEN: number = STORE_CLIENT_TIMERS + 1

export interface SinkOutputOptions extends SinkPlanOptions {
  readonly timerBase: number
  /** Node of the store. */
  readonly store: number
  /**
   * Whether a request of unknown outcome ends the unit, so that the application reads its positions again or puts the unit
   * again later; else it is simply made again.
   */
  readonly failsOnDoubt: boolean
  readonly workers: number
  readonly tellSteps: boolean
}

/** Who reads positions from a store. */
export interface PositionReader {
  /** The answer to {@link SinkOutput.readPositions}; null when it is refused by the generation fence or got lost. */
  onPositions(offsets: readonly NextOffset[] | null): void
}

/** One worker's unit of work and how far it is. */
class Unit {
  rows: ConsumedRecord[] = []
  /** Records of which nothing is written. */
  passed: ConsumedRecord[] = []
  generation = -1
  plan: readonly SinkStep[] = []
  at = 0
}

/** A sink's output: the records of a unit of work go to the store together, perhaps with the positions. */
export class SinkOutput extends StoreOutput implements Output {
  readonly writesUnits = true
  readonly immediate = false
  private readonly owner: OutputOwner
  private readonly reader: PositionReader
  private readonly options: SinkOutputOptions
  private readonly units: readonly Unit[]
  /** Calls and steps under way. */
  private open = 0
  private closed = false

  constructor(env: Env, owner: OutputOwner & PositionReader, options: SinkOutputOptions) {
    super(env, options)
    this.owner = owner
    this.reader = owner
    this.options = options
    this.units = Array.from({ length: options.workers }, () => new Unit())
  }

  start(): void {}

  put(worker: number, polled: ConsumedRecord, generation: number): boolean {
    const unit = this.unit(worker)
    unit.rows.push(polled)
    unit.generation = generation
    return true
  }

  /** Instead of a put: nothing is written of the record, and the positions that are saved with its unit are past it. */
  protected pass(worker: number, polled: ConsumedRecord, generation: number): void {
    const unit = this.unit(worker)
    unit.passed.push(polled)
    unit.generation = generation
  }

  settle(worker: number): boolean {
    const unit = this.unit(worker)
    const { withOutput } = this.options
    if (unit.rows.length === 0 && !(withOutput && unit.passed.length > 0)) {
      unit.passed = []
      return true
    }
    this.take(unit, this.plan(unit))
    this.open++
    this.goOn(worker)
    return false
  }

  discard(worker: number): void {
    const unit = this.unit(worker)
    unit.rows = []
    unit.passed = []
    this.take(unit, [])
  }

  /** Partitions are the application's no longer: what was put from them and not settled is forgotten. */
  forget(partitions: readonly number[]): void {
    const isKept = ({ tp }: ConsumedRecord): boolean => !partitions.includes(tp)
    for (const unit of this.units) {
      unit.rows = unit.rows.filter(isKept)
      unit.passed = unit.passed.filter(isKept)
    }
  }

  /** Asks where the group stands; {@link PositionReader.onPositions} gets the answer. */
  readPositions(partitions: readonly number[], generation: number): void {
    if (this.closed) return
    const { group, fence, workers } = this.options
    const body: StoreReadOffsetsRequest = { group, generation, fence, partitions }
    this.open++
    this.client.call(StoreApi.StoreReadOffsets, body, workers)
  }

  isIdle(): boolean {
    return this.open === 0 && this.units.every((unit) => unit.rows.length === 0)
  }

  close(): boolean {
    this.closed = true
    // Nobody waits any more for where to read on.
    this.open = 0
    this.client.close()
    return true
  }

  onTimer(kind: number, a: number, _b: number): boolean {
    switch (kind - this.options.timerBase) {
      case GO_ON:
      case WRITTEN:
        this.goOn(a)
        return true
      default:
        return this.client.onTimer(kind)
    }
  }

  // --- StoreCaller: token = worker, or the number of workers for reading positions --------------------------------------

  onStoreAnswer(token: number, body: object): void {
    if (token === this.options.workers) {
      this.open--
      const { fenced, offsets } = body as StoreReadOffsetsResponse
      this.reader.onPositions(fenced ? null : offsets)
      return
    }
    if ('fenced' in body && body.fenced === true) {
      this.settled(token, false)
      return
    }
    if ('marked' in body) this.planKnowing(token, body as StoreReadMarksResponse)
    this.goOn(token)
  }

  onStoreFailed(token: number): void {
    if (token === this.options.workers) {
      this.open--
      this.reader.onPositions(null)
    } else if (this.options.failsOnDoubt) this.settled(token, false)
    else this.again(token)
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  /** Takes a unit further: through what is to be told, each an event of its own, up to the next call or to its end. */
  private goOn(worker: number): void {
    const unit = this.unit(worker)
    while (unit.at < unit.plan.length) {
      const step = unit.plan[unit.at++] as SinkStep
      if (step.do === 'call') {
        this.client.call(step.api, step.body, worker)
        return
      }
      if (!this.options.tellSteps) continue
      for (const what of step.what) this.tell(unit, what)
      const timer = unit.at < unit.plan.length ? GO_ON : WRITTEN
      this.env.setTimer(this.options.timerBase + timer, 0, worker)
      return
    }
    this.settled(worker, true)
  }

  /** Nobody knows what became of the last call. A file is written anew, anything else is asked for again. */
  private again(worker: number): void {
    const unit = this.unit(worker)
    if (this.options.write.kind === 'file') {
      this.take(unit, this.plan(unit))
      unit.at = 1
    } else unit.at--
    this.goOn(worker)
  }

  private planKnowing(worker: number, { marked }: StoreReadMarksResponse): void {
    const unit = this.unit(worker)
    this.take(unit, planAfterMarks(this.options, unit.rows, unit.generation, marked))
  }

  private plan({ rows, passed, generation }: Unit): readonly SinkStep[] {
    return planOf(this.options, rows, passed, generation, this.env.monotonic())
  }

  private take(unit: Unit, plan: readonly SinkStep[]): void {
    unit.plan = plan
    unit.at = 0
  }

  private settled(worker: number, ok: boolean): void {
    this.open--
    this.discard(worker)
    this.owner.onSettled(worker, ok)
  }

  private tell(unit: Unit, what: SinkMoment): void {
    const { env, options } = this
    switch (what) {
      case 'before-output':
        for (const { record } of unit.rows) env.emit(M.stepBeforeOutput, record.record, record.attempt)
        break
      case 'after-output':
        for (const { record } of unit.rows) env.emit(M.stepAfterOutput, record.record, record.attempt)
        break
      case 'before-commit':
        env.emit(M.stepBeforeCommit, env.recorder.text(options.group), unit.generation)
        break
      case 'after-commit':
        env.emit(M.stepAfterCommit, env.recorder.text(options.group), unit.generation)
        break
    }
  }

  private unit(worker: number): Unit {
    return this.units[worker] as Unit
  }
}
