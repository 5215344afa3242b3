import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Env } from '../env.ts'
import type { BatchCompletion } from './batch-completion.ts'
import type { PartitionState } from './partition-state.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { NEVER_US } from './producer-settings.ts'

/**
 * `delivery.timeout.ms`: counts from a batch's creation and covers waiting, retries and the time in flight. One timer stands
 * for the oldest batch; as in `RecordAccumulator.expiredBatches` only the head of each queue is looked at.
 */
export class BatchExpiry {
  private readonly env: Env
  private readonly timeoutUs: number
  private readonly partitions: readonly PartitionState[]
  private readonly completion: BatchCompletion
  private readonly timerKind: number
  private timer: TimerHandle = 0
  /** When the next batch may expire. */
  private dueAt: number = NEVER_US

  constructor(
    env: Env,
    timeoutUs: number,
    partitions: readonly PartitionState[],
    completion: BatchCompletion,
    timerKind: number,
  ) {
    this.env = env
    this.timeoutUs = timeoutUs
    this.partitions = partitions
    this.completion = completion
    this.timerKind = timerKind
  }

  /** A batch was created now: its time runs. */
  batchCreated(): void {
    if (this.dueAt >= NEVER_US) this.arm(this.env.monotonic() + this.timeoutUs)
  }

  /** Fails every batch that is overdue, waiting or in flight, and looks for the next that will be. */
  expireIfDue(now: number): void {
    if (now < this.dueAt) return
    const oldest = now - this.timeoutUs
    for (const { queue } of this.partitions) {
      while (queue.first !== undefined && queue.first.createdAt <= oldest) {
        this.completion.expire(queue.shift() as ProducerBatch, false)
      }
    }
    let next = NEVER_US
    for (const { inFlight, queue } of this.partitions) {
      while (inFlight[0] !== undefined && inFlight[0].createdAt <= oldest) this.completion.expire(inFlight[0], true)
      for (const batch of inFlight) next = Math.min(next, batch.createdAt)
      for (const batch of queue.all()) next = Math.min(next, batch.createdAt)
    }
    this.dueAt = NEVER_US
    if (next < NEVER_US) this.arm(next + this.timeoutUs)
  }

  onTimer(): void {
    this.timer = 0
  }

  close(): void {
    this.env.cancel(this.timer)
  }

  /** A batch behind a younger one may be overdue already: then the next run looks again, as every poll of Kafka's does. */
  private arm(at: number): void {
    if (at >= NEVER_US) return
    this.env.cancel(this.timer)
    this.timer = 0
    this.dueAt = at
    const delay = at - this.env.monotonic()
    if (delay > 0) this.timer = this.env.setTimer(this.timerKind, delay)
  }
}
