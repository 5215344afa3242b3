import type { TimerHandle } from './calendar.ts'
import type { NodeHandler } from './node.ts'
import type { WallClock } from './wall-clock.ts'

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
  readonly wall: WallClock
}
