import { grownInt32 } from './heap.ts'

const HANDLE_SLOTS = 1_048_576
const FIRST_CAPACITY = 64

/** Columns of an event in {@link EventPool.fields}: eight integers, so that one event is half a cache line. */
export const WHAT = 0
export const TARGET = 1
export const KIND = 2
export const A = 3
export const B = 4
export const NAME1 = 5
export const NAME2 = 6
export const CAUSE = 7
/** Slot to index of its first column. */
export const STRIDE_SHIFT = 3

/** Set in {@link WHAT} while an event waits for a paused node instead of for its time. */
const PARKED = 0x100

/** Events as rows of one typed array, addressed by slot; freed slots are used again. */
export class EventPool {
  capacity: number = FIRST_CAPACITY
  /** Set when {@link take} enlarged the pool. */
  grew = false
  fields: Int32Array = new Int32Array(FIRST_CAPACITY << STRIDE_SHIFT)
  readonly payload: unknown[] = []
  /** Odd while the slot waits, even while it is free: a stale handle never matches. */
  private generation: Int32Array = new Int32Array(FIRST_CAPACITY)
  private freed: Int32Array = new Int32Array(FIRST_CAPACITY)
  private freeCount = 0
  private used = 0

  /** A free slot, now waiting. */
  take(): number {
    let slot: number
    if (this.freeCount > 0) {
      slot = this.freed[--this.freeCount] as number
    } else {
      if (this.used === this.capacity) this.grow()
      slot = this.used++
      this.payload.push(null)
    }
    this.generation[slot] = (this.generation[slot] as number) + 1
    return slot
  }

  set(
    slot: number,
    what: number,
    target: number,
    kind: number,
    a: number,
    b: number,
    payload: unknown,
    name1: number,
    name2: number,
    cause: number,
  ): void {
    const fields = this.fields
    const at = slot << STRIDE_SHIFT
    fields[at + WHAT] = what
    fields[at + TARGET] = target
    fields[at + KIND] = kind
    fields[at + A] = a
    fields[at + B] = b
    fields[at + NAME1] = name1
    fields[at + NAME2] = name2
    fields[at + CAUSE] = cause
    if (payload !== null) this.payload[slot] = payload
  }

  /** Gives a waiting slot back. The payload is let go, or the pool would keep garbage alive. */
  free(slot: number): void {
    this.generation[slot] = (this.generation[slot] as number) + 1
    if (this.payload[slot] !== null) this.payload[slot] = null
    this.freed[this.freeCount++] = slot
  }

  /** Slots in use: those ever taken are below this. */
  get slots(): number {
    return this.used
  }

  isWaiting(slot: number): boolean {
    return ((this.generation[slot] as number) & 1) === 1
  }

  /** From now on the slot waits for its node, not for its time; its handle stays good. */
  park(slot: number): void {
    this.fields[slot << STRIDE_SHIFT] = this.what(slot) | PARKED
  }

  unpark(slot: number): void {
    this.fields[slot << STRIDE_SHIFT] = this.what(slot)
  }

  isParked(slot: number): boolean {
    return ((this.fields[slot << STRIDE_SHIFT] as number) & PARKED) !== 0
  }

  what(slot: number): number {
    return (this.fields[slot << STRIDE_SHIFT] as number) & ~PARKED
  }

  target(slot: number): number {
    return this.fields[(slot << STRIDE_SHIFT) + TARGET] as number
  }

  /** A number that names this use of the slot. Slot and generation fit a safe integer. */
  handle(slot: number): number {
    return slot + (this.generation[slot] as number) * HANDLE_SLOTS
  }

  /** The slot of a handle that still waits, else -1. */
  slotOf(handle: number): number {
    const slot = handle % HANDLE_SLOTS
    return handle !== 0 && slot < this.used && this.generation[slot] === Math.floor(handle / HANDLE_SLOTS) ? slot : -1
  }

  private grow(): void {
    const capacity = this.capacity * 2
    if (capacity > HANDLE_SLOTS) throw new RangeError(`more than ${HANDLE_SLOTS} events waiting`)
    this.fields = grownInt32(this.fields, capacity << STRIDE_SHIFT)
    this.generation = grownInt32(this.generation, capacity)
    this.freed = grownInt32(this.freed, capacity)
    this.capacity = capacity
    this.grew = true
  }
}
