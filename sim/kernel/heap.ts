import type { EventQueue } from './queue.ts'

/**
 * A binary heap on typed arrays with the keys in the heap and a position per slot, so that cancelling really removes.
 * Binary beats 4-ary below some thousand waiting events: mispredicted compares cost more than cache misses there.
 */
export class IndexedHeap implements EventQueue {
  size = 0
  time = 0
  private times: Float64Array
  private orders: Float64Array
  private slots: Int32Array
  private positions: Int32Array

  constructor(capacity = 256) {
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
  }

  push(slot: number, time: number, order: number): void {
    this.siftUp(this.size++, slot, time, order)
  }

  pop(): number {
    if (this.size === 0) return -1
    const slot = this.slots[0] as number
    this.time = this.times[0] as number
    const last = --this.size
    if (last > 0) this.siftDown(0, this.slots[last] as number, this.times[last] as number, this.orders[last] as number)
    return slot
  }

  remove(slot: number): void {
    const hole = this.positions[slot] as number
    const last = --this.size
    if (hole === last) return
    const moved = this.slots[last] as number
    const time = this.times[last] as number
    const order = this.orders[last] as number
    const parent = (hole - 1) >> 1
    if (hole > 0 && before(time, order, this.times[parent] as number, this.orders[parent] as number)) {
      this.siftUp(hole, moved, time, order)
    } else {
      this.siftDown(hole, moved, time, order)
    }
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
      let childTime = times[child] as number
      const right = child + 1
      if (right < size) {
        const rightTime = times[right] as number
        if (rightTime < childTime || (rightTime === childTime && (orders[right] as number) < (orders[child] as number))) {
          child = right
          childTime = rightTime
        }
      }
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
