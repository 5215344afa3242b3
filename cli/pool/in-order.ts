/** Gives values that arrive in any order on in the order of their index. */
export class InOrder<T> {
  private readonly waiting = new Map<number, T>()
  private next = 0
  private readonly consume: (index: number, value: T) => void

  constructor(consume: (index: number, value: T) => void) {
    this.consume = consume
  }

  push(index: number, value: T): void {
    this.waiting.set(index, value)
    for (;;) {
      const value = this.waiting.get(this.next)
      if (value === undefined) return
      this.waiting.delete(this.next)
      this.consume(this.next++, value)
    }
  }

  /** Index of the value that everything behind waits for. */
  get expected(): number {
    return this.next
  }

  /** Gives on what has arrived behind gaps that nobody will fill any more. */
  flush(): void {
    const rest = [...this.waiting].sort(([a], [b]) => a - b)
    this.waiting.clear()
    for (const [index, value] of rest) this.consume(index, value)
  }
}
