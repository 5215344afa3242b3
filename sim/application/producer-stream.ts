import type { TimerHandle } from '../kernel/kernel.ts'
import type { Env } from '../kafka/env.ts'
import type { ProducerJournal } from './producer-journal.ts'
import type { DrawnWorkload } from './workload.ts'

/** When the records of a stream are due: one after the other, each so long after the one before it. Of a script, never. */
export class ProducerStream {
  private readonly env: Env
  private readonly journal: ProducerJournal
  private readonly gaps: Float64Array
  private readonly timerKind: number
  private nextDue: number
  private timer: TimerHandle = 0

  constructor(env: Env, journal: ProducerJournal, workload: DrawnWorkload, startUs: number, timerKind: number) {
    this.env = env
    this.journal = journal
    this.gaps = workload.kind === 'send' ? workload.gaps : new Float64Array(0)
    this.timerKind = timerKind
    this.nextDue = startUs
  }

  get isOver(): boolean {
    return this.journal.started >= this.gaps.length
  }

  /** A new process goes on where the journal says. */
  recover(): void {
    for (let n = 0; n <= this.journal.started && n < this.gaps.length; n++) this.nextDue += this.gaps[n] as number
  }

  /** What was due meanwhile is not sent all at once: the stream goes on from here. */
  goOnFromNow(): void {
    this.nextDue = Math.max(this.nextDue, this.env.monotonic())
  }

  /** Whether the next record is due; else a timer is set for it. */
  isDue(): boolean {
    if (this.isOver) return false
    const left = this.nextDue - this.env.monotonic()
    if (left <= 0) return true
    if (this.timer === 0) this.timer = this.env.setTimer(this.timerKind, left)
    return false
  }

  /** The next record is about to be sent. */
  advance(): void {
    this.nextDue += this.gaps[this.journal.started + 1] ?? 0
  }

  /** Its timer fired. */
  onTimer(): void {
    this.timer = 0
  }

  stop(): void {
    this.env.cancel(this.timer)
    this.timer = 0
  }
}
