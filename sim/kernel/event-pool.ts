import { grownInt32 } from './heap.ts'

const HANDLE_SLOTS = 1_048_576

/** Events as columns of typed arrays, addressed by slot; freed slots are used again. */
export class EventPool {
  capacity = 256
  /** Set when {@link take} enlarged the pool. */
  grew = false
  what: Int32Array = new Int32Array(256)
  target: Int32Array = new Int32Array(256)
  kind: Int32Array = new Int32Array(256)
  a: Int32Array = new Int32Array(256)
  b: Int32Array = new Int32Array(256)
  name1: Int32Array = new Int32Array(256)
  name2: Int32Array = new Int32Array(256)
  cause: Int32Array = new Int32Array(256)
  readonly payload: unknown[] = []
  /** Odd while the slot waits, even while it is free: a stale handle never matches. */
  private generation: Int32Array = new Int32Array(256)
  private freed: Int32Array = new Int32Array(256)
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

  set(slot: number, what: number, target: number, kind: number, a: number, b: number, payload: unknown, name1: number, name2: number, cause: number): void {
    this.what[slot] = what
    this.target[slot] = target
    this.kind[slot] = kind
    this.a[slot] = a
    this.b[slot] = b
    this.name1[slot] = name1
    this.name2[slot] = name2
    this.cause[slot] = cause
    if (payload !== null) this.payload[slot] = payload
  }

  /** Gives a waiting slot back. The payload is let go, or the pool would keep garbage alive. */
  free(slot: number): void {
    this.generation[slot] = (this.generation[slot] as number) + 1
    if (this.payload[slot] !== null) this.payload[slot] = null
    this.freed[this.freeCount++] = slot
  }

  isWaiting(slot: number): boolean {
    return ((this.generation[slot] as number) & 1) === 1
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
    this.what = grownInt32(this.what, capacity)
    this.target = grownInt32(this.target, capacity)
    this.kind = grownInt32(this.kind, capacity)
    this.a = grownInt32(this.a, capacity)
    this.b = grownInt32(this.b, capacity)
    this.name1 = grownInt32(this.name1, capacity)
    this.name2 = grownInt32(this.name2, capacity)
    this.cause = grownInt32(this.cause, capacity)
    this.generation = grownInt32(this.generation, capacity)
    this.freed = grownInt32(this.freed, capacity)
    this.capacity = capacity
    this.grew = true
  }
}
