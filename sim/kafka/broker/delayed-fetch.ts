import { tpOf } from '../../history/ids.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { FetchRequest } from '../protocol/messages.ts'
import { takeOut } from '../small-list.ts'
import { PartitionTable } from './partition-table.ts'
import { BrokerTimer } from './timers.ts'

/** A fetch that waits for `minBytes` (`DelayedFetch`). */
export class DelayedFetch {
  readonly envelope: Envelope
  readonly request: FetchRequest
  /** When it is answered with whatever there is. */
  readonly deadline: number
  /** Bytes that have become readable since it was parked. */
  bytes: number
  parked = false
  /** From a consumer: it waits for the high watermark, not for the log's end. */
  readonly consumer: boolean
  /** Partitions it waits for besides those it names: they were idle when it was sent. */
  also: number[] | null = null

  constructor(envelope: Envelope, request: FetchRequest, deadline: number, bytes: number) {
    this.envelope = envelope
    this.request = request
    this.deadline = deadline
    this.bytes = bytes
    this.consumer = request.replicaId < 0
  }
}

/** Told when a parked fetch is to be answered. */
export interface FetchCompletion {
  /** Whether a consumer's fetch would find enough by now, or an error. */
  isReady(operation: DelayedFetch): boolean
  onFetchReady(operation: DelayedFetch): void
}

/** The fetch purgatory: followers' long polls wake on bytes, consumers' when the high watermark moves. */
export class FetchPurgatory {
  private readonly operations: Set<DelayedFetch> = new Set()
  /** Consumers' fetches among them. */
  consumers = 0
  private readonly env: Env
  private readonly completion: FetchCompletion
  /** Fetches that name no partition but idle ones. */
  private readonly nameless: DelayedFetch[] = []
  private readonly byPartition: PartitionTable<DelayedFetch[]> = new PartitionTable()
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(env: Env, completion: FetchCompletion) {
    this.env = env
    this.completion = completion
  }

  /** Fetches parked. */
  get size(): number {
    return this.operations.size
  }

  park(operation: DelayedFetch): void {
    operation.parked = true
    this.operations.add(operation)
    if (operation.consumer) this.consumers++
    for (const partition of operation.request.partitions) {
      const tp = tpOf(partition.topicId, partition.partition)
      const waiting = this.byPartition.get(tp)
      if (waiting === undefined) this.byPartition.set(tp, [operation])
      else waiting.push(operation)
    }
    if (operation.request.partitions.length === 0) this.nameless.push(operation)
    this.arm(operation.deadline)
  }

  /** `bytes` were appended to the partition. */
  onAppend(tp: number, bytes: number): void {
    const waiting = this.byPartition.get(tp)
    if (waiting === undefined) return
    for (let count = waiting.length, at = 0; count > 0; count--) {
      const operation = waiting[at] as DelayedFetch
      operation.bytes += bytes
      if (operation.consumer) at++
      else if (operation.bytes >= operation.request.minBytes) this.finish(operation)
      else at++
    }
  }

  /** The high watermark moved: consumers may read more. */
  onHighWatermark(tp: number): void {
    if (this.consumers === 0) return
    for (const operation of [...(this.byPartition.get(tp) ?? [])]) {
      if (operation.parked && operation.consumer && this.completion.isReady(operation)) this.finish(operation)
    }
  }

  /** A replica woke that parked fetches may name as idle: they wait for it, too. */
  onWoken(tp: number): void {
    for (const operation of this.all()) {
      const names = operation.request.idle?.some((item) => tpOf(item.topicId, item.partition) === tp)
      if (operation.parked && names === true) this.alsoAwait(operation, tp)
    }
  }

  /** A parked fetch waits for one more partition. */
  alsoAwait(operation: DelayedFetch, tp: number): void {
    operation.also ??= []
    if (operation.also.includes(tp)) return
    operation.also.push(tp)
    const waiting = this.byPartition.get(tp)
    if (waiting === undefined) this.byPartition.set(tp, [operation])
    else waiting.push(operation)
  }

  /** The partition's role or epoch changed: everything parked on it is answered. */
  flush(tp: number): void {
    const waiting = this.byPartition.get(tp)
    if (waiting === undefined) return
    for (let count = waiting.length; count > 0; count--) this.finish(waiting[0] as DelayedFetch)
  }

  onTimer(): void {
    this.timer = 0
    const now = this.env.monotonic()
    let next = 0
    const expired: DelayedFetch[] = []
    for (const operation of this.operations) {
      if (operation.deadline <= now) expired.push(operation)
      else next = next === 0 ? operation.deadline : Math.min(next, operation.deadline)
    }
    // Several at once are answered in the order of what they wait for.
    for (const operation of expired.length > 1 ? this.all() : expired) {
      if (operation.parked && operation.deadline <= now) this.finish(operation)
    }
    if (next > 0) this.arm(next)
  }

  /** A connection is gone: nobody waits for its answer. */
  drop(connection: number): void {
    for (const operation of [...this.operations]) {
      if (operation.envelope.connection === connection) this.forget(operation)
    }
  }

  private all(): readonly DelayedFetch[] {
    const named = this.byPartition.values().flat()
    return this.nameless.length === 0 ? named : [...named, ...this.nameless]
  }

  private finish(operation: DelayedFetch): void {
    this.forget(operation)
    this.completion.onFetchReady(operation)
  }

  private forget(operation: DelayedFetch): void {
    operation.parked = false
    this.operations.delete(operation)
    if (operation.consumer) this.consumers--
    const { partitions } = operation.request
    for (const partition of partitions) {
      this.forgetAt(tpOf(partition.topicId, partition.partition), operation)
    }
    if (partitions.length === 0) takeOut(this.nameless, operation)
    if (operation.also !== null) for (const tp of operation.also) this.forgetAt(tp, operation)
  }

  private forgetAt(tp: number, operation: DelayedFetch): void {
    const waiting = this.byPartition.get(tp)
    if (waiting !== undefined) takeOut(waiting, operation)
  }

  private arm(deadline: number): void {
    if (this.timer !== 0 && this.timerAt <= deadline) return
    this.env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = this.env.setTimer(BrokerTimer.DelayedFetch, deadline - this.env.monotonic())
  }
}
