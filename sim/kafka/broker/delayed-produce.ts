import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { Partition } from './partition.ts'
import { BrokerTimer } from './timers.ts'

/** What became of one partition's part of a produce request. */
export interface ProduceStatus {
  readonly tp: number
  readonly partition: Partition | null
  readonly batch: RecordBatch
  /** Where the batch lies; -1 when it was refused. */
  readonly baseOffset: number
  /** The high watermark that makes it replicated. */
  readonly requiredOffset: number
  error: number
  /** Replicated, refused or given up. */
  decided: boolean
}

/** A produce request with acks=all that waits for replication (`DelayedProduce`). */
export interface DelayedProduce {
  readonly request: Envelope
  readonly statuses: readonly ProduceStatus[]
  readonly deadline: number
  undecided: number
}

/** Told when a parked request is decided. */
export interface ProduceCompletion {
  onProduceDecided(operation: DelayedProduce): void
}

/**
 * The produce purgatory. The decision compares offsets, not epochs; that is safe because every role change looks at all that
 * is parked on the partition.
 */
export class ProducePurgatory {
  private readonly env: Env
  private readonly completion: ProduceCompletion
  private readonly byPartition: Map<number, DelayedProduce[]> = new Map()
  /** In the order they were parked. */
  private readonly parked: Set<DelayedProduce> = new Set()
  /** One timer for the earliest deadline; it looks again when it fires, so a busy broker hardly sets any. */
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(env: Env, completion: ProduceCompletion) {
    this.env = env
    this.completion = completion
  }

  get size(): number {
    return this.parked.size
  }

  /** `tryCompleteElseWatch` */
  parkUnlessDecided(operation: DelayedProduce): void {
    for (const status of operation.statuses) if (!status.decided) this.decide(status, operation)
    if (operation.undecided === 0) {
      this.completion.onProduceDecided(operation)
      return
    }
    this.parked.add(operation)
    for (const status of operation.statuses) {
      if (status.decided) continue
      const waiting = this.byPartition.get(status.tp)
      if (waiting === undefined) this.byPartition.set(status.tp, [operation])
      else waiting.push(operation)
    }
    this.arm(operation.deadline)
  }

  /** The partition's high watermark, in-sync set or role changed: look at what waits for it. */
  check(tp: number): void {
    const waiting = this.byPartition.get(tp)
    if (waiting === undefined || waiting.length === 0) return
    let kept = 0
    const finished: DelayedProduce[] = []
    for (const operation of waiting) {
      let undecided = false
      for (const status of operation.statuses) {
        if (status.tp !== tp || status.decided) continue
        this.decide(status, operation)
        undecided = !status.decided
      }
      if (undecided && this.parked.has(operation)) waiting[kept++] = operation
      else if (operation.undecided === 0) finished.push(operation)
    }
    waiting.length = kept
    for (const operation of finished) this.finish(operation)
  }

  /** `DelayedProduce.onExpiration`: what is undecided by now times out; the append stays. */
  onTimer(): void {
    this.timer = 0
    const now = this.env.monotonic()
    let next = 0
    for (const operation of [...this.parked]) {
      if (operation.deadline > now) {
        next = next === 0 ? operation.deadline : Math.min(next, operation.deadline)
        continue
      }
      for (const status of operation.statuses) {
        if (status.decided) continue
        this.settle(status, operation, Errors.REQUEST_TIMED_OUT)
        this.forget(status.tp, operation)
      }
      this.finish(operation)
    }
    if (next > 0) this.arm(next)
  }

  private decide(status: ProduceStatus, operation: DelayedProduce): void {
    const { partition } = status
    if (partition === null || !partition.isLeader) {
      this.settle(status, operation, Errors.NOT_LEADER_OR_FOLLOWER)
    } else if (partition.log.highWatermark >= status.requiredOffset) {
      const enough = partition.maximalIsr.length >= partition.effectiveMinIsr
      this.settle(status, operation, enough ? Errors.NONE : Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND)
    }
  }

  private settle(status: ProduceStatus, operation: DelayedProduce, error: number): void {
    status.error = error
    status.decided = true
    operation.undecided--
  }

  private finish(operation: DelayedProduce): void {
    if (this.parked.delete(operation)) this.completion.onProduceDecided(operation)
  }

  private forget(tp: number, operation: DelayedProduce): void {
    const waiting = this.byPartition.get(tp)
    const at = waiting?.indexOf(operation) ?? -1
    if (waiting !== undefined && at >= 0) waiting.splice(at, 1)
  }

  private arm(deadline: number): void {
    if (this.timer !== 0 && this.timerAt <= deadline) return
    this.env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = this.env.setTimer(BrokerTimer.DelayedProduce, deadline - this.env.monotonic())
  }
}
