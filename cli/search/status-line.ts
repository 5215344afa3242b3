import type { TextSink } from '../console.ts'

const LEAST_GAP_MS = 100

/** One line on a terminal that says what is going on; at most ten times a second, gone before anything else is written. */
export class StatusLine {
  private readonly sink: TextSink
  private readonly enabled: boolean
  private shownAt = 0
  private shown = false

  constructor(sink: TextSink, enabled: boolean) {
    this.sink = sink
    this.enabled = enabled && sink.isTTY
  }

  show(line: () => string): void {
    if (!this.enabled || performance.now() - this.shownAt < LEAST_GAP_MS) return
    this.shownAt = performance.now()
    this.shown = true
    this.sink.write(`\r\u001B[2K  ${line().slice(0, Math.max(20, (this.sink.columns ?? 80) - 3))}`)
  }

  clear(): void {
    if (!this.shown) return
    this.shown = false
    this.sink.write('\r\u001B[2K')
  }
}
