import type { Firing } from './firing.ts'
import type { FaultPlan } from './plan.ts'

/** How often the faults of one entry fired, and how many of these firings touched anything. */
export interface FaultOutcome {
  /** Index in the scenario's list; -1 = the chaos generator. */
  readonly entry: number
  readonly fired: number
  readonly touched: number
}

/** Counts what faults did, so that one that tested nothing can be found. */
export class FaultTally {
  /** Whether any fault hit something with work in flight. */
  mattered = false
  /** Entries of the plan, in its order. */
  private readonly entries: readonly number[]
  private readonly fired: number[]
  private readonly touched: number[]

  constructor(plan: FaultPlan) {
    this.entries = [...new Set(plan.map((fault) => fault.entry))]
    this.fired = this.entries.map(() => 0)
    this.touched = this.entries.map(() => 0)
  }

  fire(firing: Firing): void {
    const at = this.entries.indexOf(firing.entry)
    this.fired[at] = (this.fired[at] as number) + 1
  }

  /** The firing did something, `matters` when there was work for it to hurt. Counts once per firing. */
  touch(firing: Firing, matters: boolean): void {
    if (matters) this.mattered = true
    if (firing.touched) return
    firing.touched = true
    const at = this.entries.indexOf(firing.entry)
    this.touched[at] = (this.touched[at] as number) + 1
  }

  outcomes(): readonly FaultOutcome[] {
    return this.entries.map((entry, at) => ({
      entry,
      fired: this.fired[at] as number,
      touched: this.touched[at] as number,
    }))
  }
}
