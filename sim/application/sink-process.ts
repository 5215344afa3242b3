import { MILLISECOND } from '../kernel/time.ts'
import type { Env } from '../kafka/env.ts'
import type { ConnectSink, Deduplication, Fence, Memory, StoreWrite } from './applications.ts'
import { CallOutput, type CallOutputOptions } from './call-output.ts'
import type { Output } from './output.ts'
import type { ProcessHost } from './process-host.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { READER_TIMERS, ReaderProcess } from './reader-process.ts'
import { type PositionReader, SINK_OUTPUT_TIMERS, SinkOutput, type SinkOutputOptions } from './sink-output.ts'
import type { SinkWrite } from './sink-plan.ts'
import type { NextOffset } from './store-messages.ts'

const READ_AGAIN: number = READER_TIMERS + SINK_OUTPUT_TIMERS
/** First timer kind that is free for what a sink adds. */
export const SINK_TIMERS: number = READ_AGAIN + 1

/** Pause before positions are read again that the store would not tell. */
const READ_AGAIN_US: number = 100 * MILLISECOND

export interface SinkProcessOptions extends ReaderProcessOptions {
  /** Node of the store. */
  readonly store: number
  readonly write: StoreWrite
  readonly fence: Fence
  /** Positions live in the store, saved with the rows (`commit: with-output`). */
  readonly withOutput: boolean
  readonly deduplicate: Deduplication | null
  readonly idempotencyKey: Memory | null
  readonly rename: boolean
  /** Null = no Kafka Connect around it. */
  readonly connect: ConnectSink | null
}

/**
 * One instance of a sink: consumes into a store, one transaction per unit of work. A transaction of unknown outcome is
 * written again, for better or worse; `with-output` reads its positions from the store instead and goes on from there, as it
 * does whenever it is assigned partitions. One that a fence refuses sends it back to where it last committed.
 */
export class SinkProcess extends ReaderProcess implements PositionReader {
  protected readonly sink: SinkProcessOptions
  /** Partitions whose position is being read, each with the number of the assignment or failure that asked for it. */
  private readonly loading: Map<number, number> = new Map()
  /** What the read under way was for. */
  private asked: ReadonlyMap<number, number> = new Map()
  /** A read is under way, or will be made again. */
  private reading = false
  private loads = 0
  /** Where the work that failed began, for partitions in which the store may not have saved a position yet. */
  private readonly begun: Map<number, number> = new Map()

  constructor(env: Env, options: SinkProcessOptions, host: Pick<ProcessHost, 'exited'>) {
    super(env, options, host)
    this.sink = options
  }

  protected makeOutput(): Output {
    const { store, write, fence, withOutput, handling, config, tellSteps } = this.sink
    const { deduplicate, rename, idempotencyKey, connect } = this.sink
    const handsOff = handling.kind === 'hand-off'
    const workers = handsOff ? handling.workers : 1
    const common = { timerBase: READER_TIMERS, store, group: config['group.id'], workers }
    if (write === 'call') return this.newCalls({ ...common, idempotencyKey })
    const into: SinkWrite = write === 'file' ? { kind: 'file', rename } : { kind: 'rows', write, deduplicate }
    const failsOnDoubt = (withOutput && !handsOff) || connect !== null
    return this.newOutput({ ...common, write: into, fence, withOutput, failsOnDoubt, tellSteps })
  }

  protected newCalls(options: CallOutputOptions): CallOutput {
    return new CallOutput(this.env, this, options)
  }

  protected newOutput(options: SinkOutputOptions): SinkOutput {
    return new SinkOutput(this.env, this, options)
  }

  override isIdle(): boolean {
    return this.loading.size === 0 && super.isIdle()
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (kind === READ_AGAIN) this.readPositions()
    else super.onTimer(kind, a, b)
  }

  override onPartitionsAssigned(partitions: readonly number[]): void {
    super.onPartitionsAssigned(partitions)
    if (this.sink.withOutput) this.load(partitions)
  }

  protected override disown(partitions: readonly number[]): void {
    super.disown(partitions)
    for (const tp of partitions) {
      this.loading.delete(tp)
      this.begun.delete(tp)
    }
  }

  protected override rewind(to: readonly { readonly tp: number; readonly offset: number }[]): void {
    if (!this.sink.withOutput) {
      super.rewind(to)
      return
    }
    for (const { tp, offset } of to) this.begun.set(tp, offset)
    this.load(this.assigned())
  }

  override onClosed(): void {
    this.loading.clear()
    super.onClosed()
  }

  /** Nothing is read from the partitions until the store has told where. */
  private load(partitions: readonly number[]): void {
    if (partitions.length === 0) return
    this.loads++
    for (const tp of partitions) {
      this.consumer?.pause(tp)
      this.loading.set(tp, this.loads)
    }
    if (!this.reading) this.readPositions()
  }

  private readPositions(): void {
    this.reading = this.loading.size > 0
    if (!this.reading || this.consumer === null) return
    this.asked = new Map(this.loading)
    const partitions = [...this.loading.keys()].sort((a, b) => a - b)
    ;(this.output as SinkOutput).readPositions(partitions, this.consumer.generation)
  }

  onPositions(offsets: readonly NextOffset[] | null): void {
    if (offsets === null) {
      this.env.setTimer(READ_AGAIN, READ_AGAIN_US)
      return
    }
    for (const { tp, next } of offsets) {
      const load = this.loading.get(tp)
      // Lost and perhaps assigned again meanwhile: this is old news.
      if (load === undefined || load !== this.asked.get(tp)) continue
      this.loading.delete(tp)
      // A store that knows nothing has taken nothing: then the work begins where it began.
      const from = next >= 0 ? next : (this.begun.get(tp) ?? -1)
      this.begun.delete(tp)
      if (from >= 0) this.consumer?.seek(tp, from)
      this.consumer?.resume(tp)
    }
    this.readPositions()
  }
}
