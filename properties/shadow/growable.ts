/** A list that is longer than this grows by half of what a shorter one does: it is dear to have too much. */
const LONG = 4096

/** Memory of a typed array is dear to come by, and a run fills a hundred of these lists: they grow seldom and by much. */
export function roomFor(least: number, room: number): number {
  return Math.max(least, room < LONG ? Math.max(128, room * 8) : room * 2)
}

const NO_INTS = new Int32Array(0)
const NO_TIMES = new Float64Array(0)

/** A list of 32-bit integers that grows: what checkers keep per record must not be objects. */
export class Ints {
  data: Int32Array<ArrayBuffer> = NO_INTS
  length = 0

  push(value: number): number {
    const at = this.length
    if (at === this.data.length) this.reserve(at + 1)
    this.data[at] = value
    this.length = at + 1
    return at
  }

  /** The value at a place, 0 where nothing was written. */
  at(index: number): number {
    return index < this.length ? (this.data[index] as number) : 0
  }

  /** Writes at any place; places between are 0. */
  put(index: number, value: number): void {
    if (index >= this.data.length) this.reserve(index + 1)
    this.data[index] = value
    if (index >= this.length) this.length = index + 1
  }

  /** Forgets everything from a place on. */
  cut(length: number): void {
    this.data.fill(0, length, this.length)
    this.length = length
  }

  clear(): void {
    this.length = 0
  }

  private reserve(least: number): void {
    const grown = new Int32Array(roomFor(least, this.data.length))
    grown.set(this.data)
    this.data = grown
  }
}

/**
 * A list of integers of which there are many, most of them short: one for each replica or partition. Without memory of its own
 * outside the heap it costs next to nothing before it is used.
 */
export class List {
  readonly data: number[] = []

  get length(): number {
    return this.data.length
  }

  push(value: number): void {
    this.data.push(value)
  }

  /** The value at a place, 0 where nothing was written. */
  at(index: number): number {
    return index < this.data.length ? (this.data[index] as number) : 0
  }

  /** Writes at any place; places between are 0. */
  put(index: number, value: number): void {
    const { data } = this
    while (data.length < index) data.push(0)
    if (index === data.length) data.push(value)
    else data[index] = value
  }

  /** Forgets everything from a place on. */
  cut(length: number): void {
    this.data.length = length
  }
}

/** A list of points in time, in microseconds, that grows. */
export class Times {
  private data = NO_TIMES
  length = 0

  push(value: number): void {
    this.put(this.length, value)
  }

  at(index: number): number {
    return index < this.length ? (this.data[index] as number) : 0
  }

  put(index: number, value: number): void {
    if (index >= this.data.length) {
      const grown = new Float64Array(roomFor(index + 1, this.data.length))
      grown.set(this.data)
      this.data = grown
    }
    this.data[index] = value
    if (index >= this.length) this.length = index + 1
  }
}
