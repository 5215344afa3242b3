import { M } from '../history/catalogue.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { Fence, StoreWrite } from './applications.ts'
import type { Output, OutputOwner } from './output.ts'
import { STORE_CLIENT_TIMERS, type StoreCaller, StoreClient } from './store-client.ts'
import type {
  NextOffset,
  StoreReadOffsetsRequest,
  StoreReadOffsetsResponse,
  StoreRow,
  StoreWriteRequest,
  StoreWriteResponse,
} from './store-messages.ts'

/** Number of timer kinds a sink's output takes, from its `timerBase` on. */
export const SINK_OUTPUT_TIMERS: number = STORE_CLIENT_TIMERS + 2
const WRITE: number = STORE_CLIENT_TIMERS
const WRITTEN: number = STORE_CLIENT_TIMERS + 1

export interface SinkOutputOptions {
  readonly timerBase: number
  /** Node of the store. */
  readonly store: number
  readonly group: string
  readonly write: StoreWrite
  readonly fence: Fence
  /** Positions are saved in the same transaction (`commit: with-output`). */
  readonly withOutput: boolean
  /**
   * Whether a transaction of unknown outcome ends the unit, so that the application reads its positions again; else it is
   * simply written again.
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

/** One worker's transaction in the making. */
class Unit {
  rows: ConsumedRecord[] = []
  generation = -1
  request: StoreWriteRequest | null = null
}

/** A sink's output: the rows of a unit of work go to the store in one transaction, perhaps with the positions. */
export class SinkOutput implements Output, StoreCaller {
  readonly writesUnits = true
  readonly immediate = false
  private readonly env: Env
  private readonly owner: OutputOwner
  private readonly reader: PositionReader
  private readonly options: SinkOutputOptions
  private readonly client: StoreClient
  private readonly units: readonly Unit[]
  /** Calls and steps under way. */
  private open = 0
  private closed = false

  constructor(env: Env, owner: OutputOwner & PositionReader, options: SinkOutputOptions) {
    this.env = env
    this.owner = owner
    this.reader = owner
    this.options = options
    this.client = new StoreClient(env, options.timerBase, options.store, this)
    this.units = Array.from({ length: options.workers }, () => new Unit())
  }

  start(): void {}

  put(worker: number, polled: ConsumedRecord, generation: number): boolean {
    const unit = this.units[worker] as Unit
    unit.rows.push(polled)
    unit.generation = generation
    return true
  }

  settle(worker: number): boolean {
    const unit = this.units[worker] as Unit
    if (unit.rows.length === 0) return true
    unit.request = this.requestOf(unit)
    this.open++
    if (this.tell(unit, M.stepBeforeOutput, M.stepBeforeCommit)) this.setTimer(WRITE, worker)
    else this.write(worker)
    return false
  }

  discard(worker: number): void {
    const unit = this.units[worker] as Unit
    unit.rows = []
    unit.request = null
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

  onMessage(envelope: Envelope): void {
    if (envelope.source === this.options.store) this.client.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (peer === this.options.store) this.client.onSignal(kind, connection)
  }

  onTimer(kind: number, a: number, _b: number): boolean {
    switch (kind - this.options.timerBase) {
      case WRITE:
        this.write(a)
        return true
      case WRITTEN:
        this.settled(a, true)
        return true
      default:
        return this.client.onTimer(kind)
    }
  }

  waiting(): readonly string[] {
    return this.client.waiting()
  }

  // --- StoreCaller: token = worker, or the number of workers for reading positions --------------------------------------

  onStoreAnswer(token: number, body: object): void {
    if (token === this.options.workers) {
      this.open--
      const { fenced, offsets } = body as StoreReadOffsetsResponse
      this.reader.onPositions(fenced ? null : offsets)
    } else if ((body as StoreWriteResponse).fenced) this.settled(token, false)
    else if (this.tell(this.units[token] as Unit, M.stepAfterOutput, M.stepAfterCommit)) this.setTimer(WRITTEN, token)
    else this.settled(token, true)
  }

  onStoreFailed(token: number): void {
    if (token === this.options.workers) {
      this.open--
      this.reader.onPositions(null)
    } else if (this.options.failsOnDoubt) this.settled(token, false)
    else this.write(token)
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private write(worker: number): void {
    const { request } = this.units[worker] as Unit
    this.client.call(StoreApi.StoreWrite, request as StoreWriteRequest, worker)
  }

  private settled(worker: number, ok: boolean): void {
    this.open--
    this.discard(worker)
    this.owner.onSettled(worker, ok)
  }

  private requestOf(unit: Unit): StoreWriteRequest {
    const { group, write, fence, withOutput } = this.options
    const rows: StoreRow[] = []
    const next = new Map<number, number>()
    for (const { tp, offset, record } of unit.rows) {
      rows.push({ record: record.record, tp, offset, key: record.key })
      next.set(tp, offset + 1)
    }
    const offsets = withOutput ? Array.from(next, ([tp, offset]) => ({ tp, next: offset })) : null
    return { group, generation: unit.generation, write, fence, rows, offsets }
  }

  /** Tells the steps of a transaction; whether there is somebody to tell. Positions that go with the rows are committed by it. */
  private tell(unit: Unit, outputStep: number, commitStep: number): boolean {
    const { tellSteps, withOutput, group } = this.options
    if (!tellSteps) return false
    for (const { record } of unit.rows) this.env.emit(outputStep, record.record, record.attempt)
    if (withOutput) this.env.emit(commitStep, this.env.recorder.text(group), unit.generation)
    return true
  }

  private setTimer(kind: number, worker: number): void {
    this.env.setTimer(this.options.timerBase + kind, 0, worker)
  }
}
