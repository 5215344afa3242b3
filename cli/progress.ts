import type { TextSink } from './console.ts'
import { grouped, simulated } from '../reports/words.ts'

const LEAST_GAP_MS = 100

/** One line that says how far the work is: on a terminal only, at most ten times a second, gone before anything else is written. */
export class Progress {
  private readonly sink: TextSink
  private readonly total: number | null
  private readonly enabled: boolean
  private readonly now: () => number
  private readonly startedAt: number
  private shownAt = 0
  private shown = false
  private runs = 0
  private virtualMs = 0
  private violations = 0

  /** @param total null when nobody knows how many runs there will be. */
  constructor(sink: TextSink, total: number | null, enabled: boolean, now: () => number = () => performance.now()) {
    this.sink = sink
    this.total = total
    this.enabled = enabled && sink.isTTY
    this.now = now
    this.startedAt = now()
    this.shownAt = this.startedAt
  }

  ran(virtualMs: number): void {
    this.runs++
    this.virtualMs += virtualMs
    if (!this.enabled || this.now() - this.shownAt < LEAST_GAP_MS) return
    this.shownAt = this.now()
    this.shown = true
    this.sink.write(`\r\u001B[2K${this.line().slice(0, Math.max(20, (this.sink.columns ?? 80) - 1))}`)
  }

  violated(): void {
    this.violations++
  }

  private line(): string {
    const seconds = (this.now() - this.startedAt) / 1000
    const rate = seconds > 0 ? Math.round(this.runs / seconds) : 0
    const found = this.violations === 0 ? '' : ` · ${grouped(this.violations)} violated`
    const of = this.total === null ? '' : ` of ${grouped(this.total)}`
    return `  ${grouped(this.runs)}${of} runs · ${grouped(rate)}/s · ${simulated(this.virtualMs)} simulated${found}`
  }

  /** Takes the line away; it comes back with the next run. */
  clear(): void {
    if (!this.shown) return
    this.shown = false
    this.sink.write('\r\u001B[2K')
  }
}
