import seedrandom from 'seedrandom'

/**
 * A named sequential stream for what is drawn before or beside the run: the fault plan and the workload. Streams of
 * different names are independent, so a draw in one never shifts another.
 */
export class Stream {
  private readonly draw: () => number

  /** `seed` must not be empty: an empty seed would silently be a constant stream. */
  constructor(seed: string, ...names: readonly string[]) {
    if (seed === '') throw new RangeError('a stream needs a seed')
    // Every part carries its length, so that ('a', 'b/c') and ('a/b', 'c') differ.
    const generator = seedrandom.alea([seed, ...names].map((part) => `${part.length}:${part}`).join('/'))
    this.draw = () => generator.int32()
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    if (bound <= 1) return 0
    return Math.floor((((this.draw() >>> 0) * 2_097_152 + (this.draw() >>> 11)) / 9_007_199_254_740_992) * bound)
  }

  /** True in `numerator` of `denominator` cases. */
  chance(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator
  }

  /** One of the values; the list must not be empty. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('nothing to pick from')
    return value
  }
}
