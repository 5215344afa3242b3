import { setImmediate } from 'node:timers/promises'
import type { Deliver, Executor, RepeatItem } from './executor.ts'
import type { Judge } from './judge.ts'
import { judged } from './outcome.ts'
import type { Agenda } from './tasks.ts'

/** How long signals and timers may have to wait, beside a single run. */
const BREATH_MS = 20

/** Runs everything on the main thread: `--jobs 1`. */
export class InlineExecutor implements Executor {
  private readonly agenda: Agenda
  private readonly judge: Judge
  private limit: number
  private breathedAt = performance.now()

  constructor(agenda: Agenda, judge: Judge) {
    this.agenda = agenda
    this.judge = judge
    this.limit = agenda.total
  }

  async work(deliver: Deliver): Promise<void> {
    for (let index = 0; index < this.limit; index++) {
      deliver(judged(this.agenda, index, this.judge), 0)
      await this.breathe()
    }
  }

  /** There is no other worker here, so it is another order: backwards. */
  async repeat(items: readonly RepeatItem[], deliver: Deliver): Promise<void> {
    for (const { index } of [...items].sort((a, b) => b.index - a.index)) {
      deliver(judged(this.agenda, index, this.judge), 0)
      await this.breathe()
    }
  }

  endAt(limit: number): void {
    this.limit = Math.min(this.limit, limit)
  }

  told(): void {}

  async close(): Promise<void> {}

  private async breathe(): Promise<void> {
    if (performance.now() - this.breathedAt < BREATH_MS) return
    await setImmediate()
    this.breathedAt = performance.now()
  }
}
