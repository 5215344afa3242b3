import { EventPool } from './event-pool.ts'
import { IndexedHeap } from './heap.ts'
import { SYSTEM_EVENT } from './event.ts'
import type { EventQueue } from './queue.ts'
import { TimingWheel } from './wheel.ts'

/** A timer that can be cancelled; a handle whose timer fired or died is harmless. 0 is never a timer. */
export type TimerHandle = number

/** No event may lie further ahead: 2^50 microseconds, 35 years. Settings that mean "never" must not become timers. */
export const LAST_TIME = 1_125_899_906_842_624
/** One step of a tie-break outweighs every sequence number. */
const TIE: number = LAST_TIME

/** The events that wait: their columns, and their order by time, tie-break and sequence. */
export class Calendar {
  readonly pool: EventPool = new EventPool()
  readonly queue: EventQueue
  private sequence = 0

  constructor(queue: 'heap' | 'wheel') {
    this.queue = queue === 'wheel' ? new TimingWheel() : new IndexedHeap()
  }

  /** A free slot, for {@link enter} or for {@link park}. */
  take(): number {
    const { pool } = this
    const slot = pool.take()
    if (pool.grew) {
      this.queue.reserve(pool.capacity)
      pool.grew = false
    }
    return slot
  }

  /** Puts a filled slot in order. */
  enter(slot: number, time: number, tie: number): void {
    this.queue.push(slot, time, tie * TIE + this.sequence++)
  }

  /** Takes an event off, whether it waits for its time or for a paused node; false when it is gone already. */
  cancel(handle: TimerHandle): boolean {
    const slot = this.pool.slotOf(handle)
    if (slot < 0) return false
    this.drop(slot)
    return true
  }

  /** Lets an event wait for its node instead of for its time. The returned handle is the one it had. */
  park(slot: number): TimerHandle {
    this.pool.park(slot)
    return this.pool.handle(slot)
  }

  /** What was parked happens at this time, before everything else of this time. Nothing when it was cancelled meanwhile. */
  unpark(handle: TimerHandle, time: number): void {
    const slot = this.pool.slotOf(handle)
    if (slot < 0) return
    this.pool.unpark(slot)
    this.enter(slot, time, -1)
  }

  /** Drops everything that was meant for a node itself; the world's events stay. */
  dropEventsOf(node: number): void {
    const { pool } = this
    for (let slot = 0; slot < pool.slots; slot++) {
      if (pool.isWaiting(slot) && pool.target(slot) === node && pool.what(slot) !== SYSTEM_EVENT) this.drop(slot)
    }
  }

  private drop(slot: number): void {
    if (!this.pool.isParked(slot)) this.queue.remove(slot)
    this.pool.free(slot)
  }
}
