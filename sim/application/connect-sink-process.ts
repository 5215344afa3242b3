import { ms } from '../kernel/time.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { ConnectSink } from './applications.ts'
import type { ProcessHost } from './process-host.ts'
import { SinkOutput } from './sink-output.ts'
import { SinkProcess, type SinkProcessOptions } from './sink-process.ts'

/**
 * A sink task of Kafka Connect (`WorkerSinkTask`): it puts what poll() returned, and commits what was put every
 * `offset.flush.interval.ms`, without waiting; before partitions go it commits once more and waits. A `put()` of unknown outcome
 * is a `RetriableException`: the partitions are paused and the batch is put again after the next poll(), so the task stays in
 * its group. A task that flushes in `preCommit()` and fails there goes back to what was last committed.
 */
export class ConnectSinkProcess extends SinkProcess {
  private readonly connect: ConnectSink
  private nextCommit: number
  /** What a failed put() leaves to be put again. */
  private batch: readonly ConsumedRecord[] = []

  constructor(env: Env, options: SinkProcessOptions, connect: ConnectSink, host: Pick<ProcessHost, 'exited'>) {
    // No number of records makes a commit due: only time does.
    super(env, { ...options, commitEvery: Number.MAX_SAFE_INTEGER, commitCall: 'async' }, host)
    this.connect = connect
    this.nextCommit = env.monotonic() + ms(connect.flushIntervalMs)
  }

  override isIdle(): boolean {
    return this.batch.length === 0 && super.isIdle()
  }

  /** `WorkerSinkTask.iteration`: no commit begins while one is under way. */
  protected override proceed(): void {
    const now = this.env.monotonic()
    const isDue = now >= this.nextCommit && this.committer?.inFlight === 0
    if (this.ending || !isDue) {
      super.proceed()
      return
    }
    this.nextCommit = now + ms(this.connect.flushIntervalMs)
    if (this.book.isDirty) this.saveProgress('next')
    else super.proceed()
  }

  override onPolled(records: readonly ConsumedRecord[]): void {
    const batch = this.batch.length === 0 ? records : [...this.batch, ...records]
    if (this.batch.length > 0) for (const tp of this.assigned()) this.consumer?.resume(tp)
    this.batch = []
    if (batch.length > 0) super.onPolled(batch)
    else this.handDone()
  }

  override onUnitDone(worker: number): void {
    if (this.connect.flush === 'put') {
      super.onUnitDone(worker)
      return
    }
    this.pool?.release(worker)
    this.unitWritten()
  }

  override onSettled(worker: number, ok: boolean): void {
    // A task that takes its positions from the store asks there (`context.offset()`); a failed flush rewinds.
    if (ok || this.sink.withOutput || this.connect.flush === 'pre-commit') {
      super.onSettled(worker, ok)
      return
    }
    this.batch = this.hand.rest()
    for (const tp of this.assigned()) this.consumer?.pause(tp)
    this.handDone()
  }

  protected override disown(partitions: readonly number[]): void {
    super.disown(partitions)
    this.batch = this.batch.filter(({ tp }) => !partitions.includes(tp))
    if (this.connect.flush === 'pre-commit' && this.output instanceof SinkOutput) this.output.forget(partitions)
  }
}
