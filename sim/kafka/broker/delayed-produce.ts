import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { Partition } from './partition.ts'
import { PartitionTable } from './partition-table.ts'
import { BrokerTimer } from './timers.ts'

/** What became of one partition's part of a produce request. */
export class ProduceStatus {
  readonly tp: number
  readonly partition: Partition | null
  readonly batch: RecordBatch
  /** Where the batch lies; -1 when it was refused. */
  baseOffset = -1
  /** The high watermark that makes it replicated. */
  requiredOffset = -1
  error: number = Errors.NONE
  /** Replicated, refused or given up. */
  decided = true

  constructor(tp: number, partition: Partition | null, batch: RecordBatch) {
    this.tp = tp
    this.partition = partition
    this.batch = batch
  }
}

/** A produce request with acks=all that waits for replication (`DelayedProduce`). */
export class DelayedProduce {
  readonly request: Envelope
  readonly statuses: readonly ProduceStatus[]
  /** When what is undecided times out. */
  readonly deadline: number
  undecided: number
  parked = false

  constructor(request: Envelope, statuses: readonly ProduceStatus[], deadline: number, undecided: number) {
    this.request = request
    this.statuses = statuses
    this.deadline = deadline
    this.undecided = undecided
  }
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
  /** Requests parked. */
  size = 0
  private readonly env: Env
  private readonly completion: ProduceCompletion
  /** Waiting requests per partition, in the order they were parked. */
  private readonly byPartition: PartitionTable<DelayedProduce[]> = new PartitionTable()
  /** One timer for the earliest deadline; it looks again when it fires, so a busy broker hardly sets any. */
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(env: Env, completion: ProduceCompletion) {
    this.env = env
    this.completion = completion
  }

  /** `tryCompleteElseWatch` */
  parkUnlessDecided(operation: DelayedProduce): void {
    for (const status of operation.statuses) if (!status.decided) this.decide(status, operation)
    if (operation.undecided === 0) {
      this.completion.onProduceDecided(operation)
      return
    }
    operation.parked = true
    this.size++
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
    if (waiting === undefined) return
    // Answering a request takes up the next one of its connection, which may be parked here in turn: at the end, and looked at
    // already when it was.
    for (let count = waiting.length, at = 0; count > 0; count--) {
      const operation = waiting[at]
      // A request taken up meanwhile may have moved the high watermark and so have settled the rest.
      if (operation === undefined) return
      if (this.decideAll(operation, tp)) {
        removeAt(waiting, at)
        if (operation.undecided === 0) this.finish(operation)
      } else {
        at++
      }
    }
  }

  /** `DelayedProduce.onExpiration`: what is undecided by now times out; the append stays. */
  onTimer(): void {
    this.timer = 0
    const now = this.env.monotonic()
    let next = 0
    for (const waiting of [...this.byPartition.values()]) {
      for (const operation of [...waiting]) {
        if (!operation.parked) continue
        if (operation.deadline <= now) this.expire(operation)
        else next = next === 0 ? operation.deadline : Math.min(next, operation.deadline)
      }
    }
    if (next > 0) this.arm(next)
  }

  private expire(operation: DelayedProduce): void {
    for (const status of operation.statuses) {
      if (status.decided) continue
      this.settle(status, operation, Errors.REQUEST_TIMED_OUT)
      const waiting = this.byPartition.get(status.tp)
      const at = waiting?.indexOf(operation) ?? -1
      if (waiting !== undefined && at >= 0) waiting.splice(at, 1)
    }
    this.finish(operation)
  }

  /** Whether the operation waits for this partition no longer. */
  private decideAll(operation: DelayedProduce, tp: number): boolean {
    let decided = true
    for (const status of operation.statuses) {
      if (status.tp !== tp || status.decided) continue
      this.decide(status, operation)
      decided &&= status.decided
    }
    return decided
  }

  private decide(status: ProduceStatus, operation: DelayedProduce): void {
    const { partition } = status
    if (partition !== null && partition.isOffline) {
      this.settle(status, operation, Errors.KAFKA_STORAGE_ERROR)
    } else if (partition === null || !partition.isLeader) {
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
    if (!operation.parked) return
    operation.parked = false
    this.size--
    this.completion.onProduceDecided(operation)
  }

  private arm(deadline: number): void {
    if (this.timer !== 0 && this.timerAt <= deadline) return
    this.env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = this.env.setTimer(BrokerTimer.DelayedProduce, deadline - this.env.monotonic())
  }
}

/** What waits longest is decided first, and taking the first is cheap. */
function removeAt(waiting: DelayedProduce[], at: number): void {
  if (at === 0) waiting.shift()
  else waiting.splice(at, 1)
}
