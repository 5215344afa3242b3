/** Numbers, counted from 0, for pairs of integers as they appear. */
export class Pairs {
  private readonly numbers: Map<number, Map<number, number>> = new Map()
  private count = 0

  of(a: number, b: number): number {
    let inner = this.numbers.get(a)
    if (inner === undefined) {
      inner = new Map()
      this.numbers.set(a, inner)
    }
    const known = inner.get(b)
    if (known !== undefined) return known
    inner.set(b, this.count)
    return this.count++
  }
}
