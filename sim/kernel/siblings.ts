import { grownInt32 } from './heap.ts'

/** Ordinals among equal siblings: how often the current event has made a child of the same target and kind. */
export class Siblings {
  private keys: Int32Array = new Int32Array(16)
  private ordinals: Int32Array = new Int32Array(16)
  private count = 0

  /** Begins a new event. */
  clear(): void {
    this.count = 0
  }

  /** 0 for the first child with this key, 1 for the second, ... */
  next(key: number): number {
    const { keys, ordinals, count } = this
    for (let i = count - 1; i >= 0; i--) {
      if (keys[i] === key) return (ordinals[i] = (ordinals[i] as number) + 1)
    }
    if (count === keys.length) this.grow()
    this.keys[count] = key
    this.ordinals[count] = 0
    this.count = count + 1
    return 0
  }

  private grow(): void {
    const capacity = this.keys.length * 2
    this.keys = grownInt32(this.keys, capacity)
    this.ordinals = grownInt32(this.ordinals, capacity)
  }
}
