import { StopSignal } from '../pool/stop.ts'

/** Shares the time for hunting among scenarios. Shrinking has a budget of its own and is not counted. */
export class HuntClock {
  private leftMs: number | null
  private startedAt = 0
  private timer: ReturnType<typeof setTimeout> | null = null
  private forget: () => void = () => {}

  constructor(budgetMs: number | null) {
    this.leftMs = budgetMs
  }

  /**
   * Begins a hunt.
   *
   * @param among scenarios that share what is left, this one counted
   * @returns a signal that stops it when its share is used up, or with the interrupt
   */
  begin(among: number, interrupt: StopSignal): StopSignal {
    const stop = new StopSignal()
    this.startedAt = performance.now()
    this.forget = interrupt.onStop(() => stop.stop('interrupted'))
    if (this.leftMs !== null) this.timer = setTimeout(() => stop.stop('time-budget'), Math.max(0, this.leftMs / among))
    return stop
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.forget()
    this.timer = null
    if (this.leftMs !== null) this.leftMs = Math.max(0, this.leftMs - (performance.now() - this.startedAt))
  }
}
