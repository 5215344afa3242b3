import type { TimerHandle } from '../../kernel/kernel.ts'
import { ms } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { WriteEvent } from './write-event.ts'

/** The undecided operations of a coordinator partition: all have the same time, so the oldest is the next to time out. */
export class WriteTimeouts {
  private readonly env: Env
  /** Which of the broker's timers it is. */
  private readonly kind: number
  private readonly tp: number
  private readonly life: number
  /** `offsets.commit.timeout.ms` in microseconds. */
  private readonly timeout: number
  private readonly undecided: WriteEvent[] = []
  private timer: TimerHandle = 0

  constructor(env: Env, kind: number, tp: number, life: number, timeoutMs: number) {
    this.env = env
    this.kind = kind
    this.tp = tp
    this.life = life
    this.timeout = ms(timeoutMs)
  }

  /** Deadline of an operation that begins now. */
  deadline(): number {
    return this.env.monotonic() + this.timeout
  }

  watch(event: WriteEvent): void {
    this.undecided.push(event)
    this.arm()
  }

  /** The timer fired: the operations whose time is over. */
  expired(): readonly WriteEvent[] {
    this.timer = 0
    const now = this.env.monotonic()
    const expired: WriteEvent[] = []
    for (let oldest = this.undecided[0]; oldest !== undefined; oldest = this.undecided[0]) {
      if (!oldest.done && oldest.deadline > now) break
      this.undecided.shift()
      if (!oldest.done) expired.push(oldest)
    }
    this.arm()
    return expired
  }

  cancel(): void {
    this.env.cancel(this.timer)
    this.timer = 0
  }

  private arm(): void {
    const oldest = this.undecided[0]
    if (this.timer !== 0 || oldest === undefined) return
    const delay = Math.max(oldest.deadline - this.env.monotonic(), 0)
    this.timer = this.env.setTimer(this.kind, delay, this.tp, this.life)
  }
}
