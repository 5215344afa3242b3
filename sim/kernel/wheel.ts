import { grownFloat64, grownInt32 } from './heap.ts'
import type { EventQueue } from './queue.ts'

const BITS = 10
const SLOTS: number = 1 << BITS
const WORDS: number = SLOTS >> 5
/** Five levels of 2^10 reach 2^50 microseconds, 35 years. */
const LEVELS = 5
const NONE = -1

/**
 * A hierarchical timing wheel: 2^10 buckets a level, a bitmap of the occupied ones, and doubly linked lists through the
 * event slots. A bucket of level 0 is one microsecond, and its list is kept in `order`; an upper bucket is a plain list,
 * taken apart when time reaches it. Constant-time push, pop and cancel; the same sequence as the heap.
 */
export class TimingWheel implements EventQueue {
  size = 0
  time = 0
  private times: Float64Array
  private orders: Float64Array
  private next: Int32Array
  private previous: Int32Array
  /** Bucket (level * SLOTS + index) of a waiting slot. */
  private bucket: Int32Array
  private readonly heads: Int32Array = new Int32Array(LEVELS * SLOTS).fill(NONE)
  private readonly tails: Int32Array = new Int32Array(LEVELS * SLOTS).fill(NONE)
  private readonly occupied: Int32Array = new Int32Array(LEVELS * WORDS)
  /** Where the wheel stands; never past the next event. */
  private current = 0

  constructor(capacity = 64) {
    this.times = new Float64Array(capacity)
    this.orders = new Float64Array(capacity)
    this.next = new Int32Array(capacity)
    this.previous = new Int32Array(capacity)
    this.bucket = new Int32Array(capacity)
  }

  reserve(capacity: number): void {
    if (capacity <= this.times.length) return
    this.times = grownFloat64(this.times, capacity)
    this.orders = grownFloat64(this.orders, capacity)
    this.next = grownInt32(this.next, capacity)
    this.previous = grownInt32(this.previous, capacity)
    this.bucket = grownInt32(this.bucket, capacity)
  }

  clear(): void {
    this.size = 0
    this.time = 0
    this.current = 0
    this.heads.fill(NONE)
    this.tails.fill(NONE)
    this.occupied.fill(0)
  }

  push(slot: number, time: number, order: number): void {
    this.times[slot] = time
    this.orders[slot] = order
    this.size++
    this.place(slot)
  }

  remove(slot: number): void {
    this.unlink(slot)
    this.size--
  }

  pop(): number {
    if (this.size === 0) return -1
    for (;;) {
      const index = this.firstOccupied(0, this.current % SLOTS)
      if (index !== NONE) {
        const slot = this.heads[index] as number
        this.unlink(slot)
        this.size--
        this.time = this.times[slot] as number
        this.current = this.time
        return slot
      }
      this.cascade()
    }
  }

  /** Takes the next occupied upper bucket apart. Level 0 is empty from here to the end of its turn. */
  private cascade(): void {
    let width = SLOTS
    for (let level = 1; level < LEVELS; level++) {
      const turn = Math.floor(this.current / width)
      const index = this.firstOccupied(level, turn % SLOTS)
      if (index !== NONE) {
        this.current = (turn - (turn % SLOTS) + index) * width
        const bucket = level * SLOTS + index
        let slot = this.heads[bucket] as number
        this.heads[bucket] = NONE
        this.tails[bucket] = NONE
        this.vacate(bucket)
        while (slot !== NONE) {
          const next = this.next[slot] as number
          this.place(slot)
          slot = next
        }
        return
      }
      width *= SLOTS
    }
    throw new Error('timing wheel: an event lies further than 2^50 microseconds ahead')
  }

  private place(slot: number): void {
    const time = this.times[slot] as number
    let width = 1
    let level = 0
    while (level < LEVELS - 1 && Math.floor(time / (width * SLOTS)) !== Math.floor(this.current / (width * SLOTS))) {
      level++
      width *= SLOTS
    }
    const bucket = level * SLOTS + (Math.floor(time / width) % SLOTS)
    let after = this.tails[bucket] as number
    if (level === 0) {
      const order = this.orders[slot] as number
      while (after !== NONE && (this.orders[after] as number) > order) after = this.previous[after] as number
    }
    this.link(slot, bucket, after)
  }

  private link(slot: number, bucket: number, after: number): void {
    const before = after === NONE ? (this.heads[bucket] as number) : (this.next[after] as number)
    this.previous[slot] = after
    this.next[slot] = before
    this.bucket[slot] = bucket
    if (after === NONE) this.heads[bucket] = slot
    else this.next[after] = slot
    if (before === NONE) this.tails[bucket] = slot
    else this.previous[before] = slot
    const word = bucket >> 5
    this.occupied[word] = (this.occupied[word] as number) | (1 << (bucket & 31))
  }

  private unlink(slot: number): void {
    const bucket = this.bucket[slot] as number
    const previous = this.previous[slot] as number
    const next = this.next[slot] as number
    if (previous === NONE) this.heads[bucket] = next
    else this.next[previous] = next
    if (next === NONE) this.tails[bucket] = previous
    else this.previous[next] = previous
    if (this.heads[bucket] === NONE) this.vacate(bucket)
  }

  private vacate(bucket: number): void {
    const word = bucket >> 5
    this.occupied[word] = (this.occupied[word] as number) & ~(1 << (bucket & 31))
  }

  /** First occupied bucket of a level at or after `from`, as an index within level 0's numbering of that level. */
  private firstOccupied(level: number, from: number): number {
    const base = level * WORDS
    let word = from >> 5
    let bits = (this.occupied[base + word] as number) & (-1 << (from & 31))
    for (;;) {
      if (bits !== 0) return (word << 5) + (31 - Math.clz32(bits & -bits))
      if (++word === WORDS) return NONE
      bits = this.occupied[base + word] as number
    }
  }
}
