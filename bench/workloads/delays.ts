/** The delays of the hold model: four of five short (0.2-2 ms), one of five long (30-500 ms). `heap-hold.c` draws the same. */
export class Delays {
  private state = 1

  next(): number {
    const draw = this.draw()
    return draw % 5 === 0 ? 30_000 + (this.draw() % 470_000) : 200 + (draw % 1800)
  }

  private draw(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) | 0
    return this.state >>> 8
  }
}
