import type { EventQueue } from './queue.ts'

/**
 * A binary heap on typed arrays with the keys in the heap and a position per slot, so that cancelling really removes.
 * Binary beats 4-ary below some thousand waiting events: mispredicted compares cost more than cache misses there. For the
 * same reason the smaller child is chosen without a branch, and a popped root stays a hole until the next call: the event
 * that a handler nearly always schedules goes in there, and is sifted once instead of twice.
 */
export class IndexedHeap implements EventQueue {
  size = 0
  time = 0
  /** The root was popped and nothing took its place yet: entries are 1 .. {@link size}, else 0 .. size - 1. */
  private hole = false
  private times: Float64Array
  private orders: Float64Array
  private slots: Int32Array
  private positions: Int32Array

  constructor(capacity = 64) {
    this.times = new Float64Array(capacity)
    this.orders = new Float64Array(capacity)
    this.slots = new Int32Array(capacity)
    this.positions = new Int32Array(capacity)
  }

  reserve(capacity: number): void {
    if (capacity <= this.times.length) return
    this.times = grownFloat64(this.times, capacity)
    this.orders = grownFloat64(this.orders, capacity)
    this.slots = grownInt32(this.slots, capacity)
    this.positions = grownInt32(this.positions, capacity)
  }

  clear(): void {
    this.size = 0
    this.time = 0
    this.hole = false
  }

  push(slot: number, time: number, order: number): void {
    if (this.hole) {
      this.hole = false
      this.size++
      this.siftDown(0, slot, time, order)
    } else {
      this.siftUp(this.size++, slot, time, order)
    }
  }

  pop(): number {
    if (this.hole) this.fillHole()
    if (this.size === 0) return -1
    this.time = this.times[0] as number
    this.size--
    this.hole = true
    return this.slots[0] as number
  }

  remove(slot: number): void {
    if (this.hole) this.fillHole()
    const gap = this.positions[slot] as number
    const last = --this.size
    if (gap === last) return
    const moved = this.slots[last] as number
    const time = this.times[last] as number
    const order = this.orders[last] as number
    const parent = (gap - 1) >> 1
    if (gap > 0 && before(time, order, this.times[parent] as number, this.orders[parent] as number)) {
      this.siftUp(gap, moved, time, order)
    } else {
      this.siftDown(gap, moved, time, order)
    }
  }

  private fillHole(): void {
    this.hole = false
    const last = this.size
    if (last > 0) this.siftDown(0, this.slots[last] as number, this.times[last] as number, this.orders[last] as number)
  }

  private siftUp(from: number, slot: number, time: number, order: number): void {
    const { times, orders, slots, positions } = this
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      const parentTime = times[parent] as number
      if (parentTime < time || (parentTime === time && (orders[parent] as number) < order)) break
      const moved = slots[parent] as number
      times[at] = parentTime
      orders[at] = orders[parent] as number
      slots[at] = moved
      positions[moved] = at
      at = parent
    }
    times[at] = time
    orders[at] = order
    slots[at] = slot
    positions[slot] = at
  }

  private siftDown(from: number, slot: number, time: number, order: number): void {
    const { times, orders, slots, positions, size } = this
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      const right = child + 1
      if (right < size) {
        const leftTime = times[child] as number
        const rightTime = times[right] as number
        // The truth value as an integer: which child is smaller is a coin toss that no branch predictor wins.
        if (leftTime === rightTime) child += asInteger((orders[right] as number) < (orders[child] as number))
        else child += asInteger(rightTime < leftTime)
      }
      const childTime = times[child] as number
      if (time < childTime || (time === childTime && order < (orders[child] as number))) break
      const moved = slots[child] as number
      times[at] = childTime
      orders[at] = orders[child] as number
      slots[at] = moved
      positions[moved] = at
      at = child
    }
    times[at] = time
    orders[at] = order
    slots[at] = slot
    positions[slot] = at
  }
}

/** 1 or 0; the engine compiles this to a flag, not to a jump. */
function asInteger(truth: boolean): number {
  return (truth as unknown as number) | 0
}

function before(time: number, order: number, otherTime: number, otherOrder: number): boolean {
  return time < otherTime || (time === otherTime && order < otherOrder)
}

export function grownFloat64(old: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(capacity)
  grown.set(old)
  return grown
}

export function grownInt32(old: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(capacity)
  grown.set(old)
  return grown
}
