/** The delays of the queue's benches, cheap and the same everywhere. `heap-hold.c` draws the same. */
export class Delays {
  private state = 1

  /** Four of five 0.2 to 2 ms, one of five 30 to 500 ms. */
  next(): number {
    const draw = this.draw()
    return draw % 5 === 0 ? 30_000 + (this.draw() % 470_000) : 200 + (draw % 1800)
  }

  /** 0.2 to 2 ms. */
  short(): number {
    return 200 + (this.draw() % 1800)
  }

  private draw(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) | 0
    return this.state >>> 8
  }
}
