import type { TimerHandle } from '../kernel/kernel.ts'
import type { Action } from './plan.ts'

/** One time that a planned fault struck, and what must be undone when it ends. */
export class Firing {
  readonly id: number
  /** Index in the plan, and of the entry in the scenario. */
  readonly fault: number
  readonly entry: number
  readonly action: Action
  /** When it struck. */
  readonly since: number
  /** Nodes that it hit. */
  nodes: readonly number[] = []
  /** Ordered pairs of nodes that it cut. */
  cuts: ReadonlySet<number> = new Set()
  /** Messages that it took. */
  taken = 0
  touched = false
  over = false
  /** Timer of its end; 0 = it lasts until healing. */
  end: TimerHandle = 0

  constructor(id: number, fault: number, entry: number, action: Action, since: number) {
    this.id = id
    this.fault = fault
    this.entry = entry
    this.action = action
    this.since = since
  }
}
