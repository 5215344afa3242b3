import type { TimerHandle } from './calendar.ts'
import type { NodeHandler } from './node.ts'

/** State of a node's process. */
export const DOWN = 0
export const RUNNING = 1
export const PAUSED = 2

/** The kernel's book on one node. */
export interface NodeSlot {
  readonly name: string
  state: number
  incarnation: number
  handler: NodeHandler | null
  /** Events that came while it was paused, in order; those cancelled since are gone. */
  parked: TimerHandle[]
  /** What clock faults did to its wall clock, in microseconds. */
  wallOffset: number
}
