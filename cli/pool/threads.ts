import { Worker } from 'node:worker_threads'
import { Board } from './board.ts'
import type { Deliver, Executor, RepeatItem } from './executor.ts'
import { RunFailure } from './failures.ts'
import type { FromWorker, ToWorker, WorkerData } from './messages.ts'
import type { Agenda } from './tasks.ts'

export interface ThreadOptions {
  readonly jobs: number
  readonly judgeModule: string
  /** The worker's script; compiled, because older Node versions run no TypeScript. */
  readonly workerScript: URL
}

/** Long-lived worker threads that take runs from a shared board. */
export class ThreadExecutor implements Executor {
  private readonly agenda: Agenda
  private readonly board: Board
  private readonly workers: readonly Worker[]
  private order = 0
  private busy = 0
  private deliver: Deliver = () => {}
  private done: () => void = () => {}
  private fail: (failure: Error) => void = () => {}
  /** Runs out when a stopped pool has waited long enough. */
  private patience: ReturnType<typeof setTimeout> | null = null
  /** What happened to a worker before anybody waited for it. */
  private failure: Error | null = null
  private closing = false

  constructor(agenda: Agenda, options: ThreadOptions) {
    this.agenda = agenda
    this.board = Board.create(options.jobs, agenda.total)
    this.workers = Array.from({ length: options.jobs }, (_, place) => this.start(place, options))
  }

  private start(place: number, options: ThreadOptions): Worker {
    const workerData: WorkerData = {
      judgeModule: options.judgeModule,
      tasks: this.agenda.tasks,
      order: this.agenda.order,
      board: this.board.buffer,
      worker: place,
    }
    const worker = new Worker(options.workerScript, { workerData })
    worker.on('message', (message: FromWorker) => this.receive(message, place))
    worker.on('error', (error) => this.died(place, error))
    worker.on('exit', (code) => this.died(place, new Error(`a worker ended with code ${code}`)))
    return worker
  }

  private receive(message: FromWorker, place: number): void {
    if (message.order !== this.order) return
    switch (message.kind) {
      case 'outcomes':
        try {
          for (const outcome of message.outcomes) this.deliver(outcome, place)
        } catch (error) {
          this.failWith(error instanceof Error ? error : new Error(String(error)))
        }
        break
      case 'idle':
        this.busy--
        if (this.busy === 0) this.done()
        break
    }
  }

  private died(place: number, error: Error): void {
    if (this.closing) return
    const current = this.board.currentOf(place)
    if (current < 0) return this.failWith(error)
    const item = this.agenda.at(current)
    const task = this.agenda.tasks[item.task]
    this.failWith(
      task === undefined
        ? error
        : new RunFailure(task, item.run, `a worker died: ${error.message}`, error.stack ?? null),
    )
  }

  private failWith(failure: Error): void {
    this.failure ??= failure
    this.fail(this.failure)
  }

  async work(deliver: Deliver): Promise<void> {
    await this.give(deliver, (order) => ({ kind: 'work', order }))
  }

  /** Each item goes to the worker after the one that ran it, the last ones first. */
  async repeat(items: readonly RepeatItem[], deliver: Deliver): Promise<void> {
    const shares = this.workers.map((): number[] => [])
    for (const { index, by } of items) shares[(by + 1) % shares.length]?.unshift(index)
    await this.give(deliver, (order, place) => ({ kind: 'repeat', order, items: shares[place] ?? [] }))
  }

  private async give(deliver: Deliver, orderFor: (order: number, place: number) => ToWorker): Promise<void> {
    if (this.failure !== null) throw this.failure
    this.deliver = deliver
    this.order++
    this.busy = this.workers.length
    await new Promise<void>((resolve, reject) => {
      this.done = resolve
      this.fail = reject
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.workers.forEach((worker, place) => worker.postMessage(orderFor(this.order, place)))
    })
    if (this.patience !== null) clearTimeout(this.patience)
  }

  endAt(limit: number, graceMs: number): void {
    this.board.endAt(limit)
    this.patience ??= setTimeout(() => this.done(), graceMs)
  }

  told(next: number): void {
    this.board.told(next)
  }

  async close(): Promise<void> {
    this.closing = true
    if (this.patience !== null) clearTimeout(this.patience)
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }
}
