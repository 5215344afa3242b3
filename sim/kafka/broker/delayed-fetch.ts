import { tpOf } from '../../history/ids.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { FetchRequest } from '../protocol/messages.ts'
import { BrokerTimer } from './timers.ts'

/** A fetch that waits for `minBytes` (`DelayedFetch`). */
export interface DelayedFetch {
  readonly envelope: Envelope
  readonly request: FetchRequest
  readonly deadline: number
  /** Bytes that have become readable since it was parked. */
  bytes: number
}

/** Told when a parked fetch is to be answered. */
export interface FetchCompletion {
  onFetchReady(operation: DelayedFetch): void
}

/** The fetch purgatory: long polls wake on bytes, not on moves of the high watermark. */
export class FetchPurgatory {
  private readonly env: Env
  private readonly completion: FetchCompletion
  private readonly byPartition: Map<number, DelayedFetch[]> = new Map()
  private readonly parked: Set<DelayedFetch> = new Set()
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(env: Env, completion: FetchCompletion) {
    this.env = env
    this.completion = completion
  }

  get size(): number {
    return this.parked.size
  }

  park(operation: DelayedFetch): void {
    this.parked.add(operation)
    for (const partition of operation.request.partitions) {
      const tp = tpOf(partition.topicId, partition.partition)
      const waiting = this.byPartition.get(tp)
      if (waiting === undefined) this.byPartition.set(tp, [operation])
      else waiting.push(operation)
    }
    this.arm(operation.deadline)
  }

  /** `bytes` were appended to the partition. */
  onAppend(tp: number, bytes: number): void {
    const waiting = this.byPartition.get(tp)
    if (waiting === undefined || waiting.length === 0) return
    let ready = 0
    for (const operation of waiting) {
      operation.bytes += bytes
      if (operation.bytes >= operation.request.minBytes) ready++
    }
    if (ready > 0) this.finishAll(waiting.filter((operation) => operation.bytes >= operation.request.minBytes))
  }

  /** The partition's role or epoch changed: everything parked on it is answered. */
  flush(tp: number): void {
    const waiting = this.byPartition.get(tp)
    if (waiting !== undefined && waiting.length > 0) this.finishAll([...waiting])
  }

  onTimer(): void {
    this.timer = 0
    const now = this.env.monotonic()
    let next = 0
    for (const operation of [...this.parked]) {
      if (operation.deadline <= now) this.finish(operation)
      else next = next === 0 ? operation.deadline : Math.min(next, operation.deadline)
    }
    if (next > 0) this.arm(next)
  }

  /** A connection is gone: nobody waits for its answer. */
  drop(connection: number): void {
    for (const operation of [...this.parked]) if (operation.envelope.connection === connection) this.forget(operation)
  }

  private finishAll(operations: readonly DelayedFetch[]): void {
    for (const operation of operations) this.finish(operation)
  }

  private finish(operation: DelayedFetch): void {
    if (!this.parked.has(operation)) return
    this.forget(operation)
    this.completion.onFetchReady(operation)
  }

  private forget(operation: DelayedFetch): void {
    this.parked.delete(operation)
    for (const partition of operation.request.partitions) {
      const waiting = this.byPartition.get(tpOf(partition.topicId, partition.partition))
      const at = waiting?.indexOf(operation) ?? -1
      if (waiting !== undefined && at >= 0) waiting.splice(at, 1)
    }
  }

  private arm(deadline: number): void {
    if (this.timer !== 0 && this.timerAt <= deadline) return
    this.env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = this.env.setTimer(BrokerTimer.DelayedFetch, deadline - this.env.monotonic())
  }
}
