import seedrandom from 'seedrandom'

/**
 * A named sequential stream for what is drawn before or beside the run: the fault plan and the workload. Streams of
 * different names are independent, so a draw in one never shifts another.
 */
export class Stream {
  /** The state of Alea (Johannes Baagøe), as numbers instead of seedrandom's closure: state must be plain data. */
  private c: number
  private s0: number
  private s1: number
  private s2: number

  /** `seed` must not be empty: an empty seed would silently be a constant stream. */
  constructor(seed: string, ...names: readonly string[]) {
    if (seed === '') throw new RangeError('a stream needs a seed')
    // Every part carries its length, so that ('a', 'b/c') and ('a/b', 'c') differ.
    const name = [seed, ...names].map((part) => `${part.length}:${part}`).join('/')
    const { c, s0, s1, s2 } = seedrandom.alea(name, { state: true }).state() as AleaState
    this.c = c
    this.s0 = s0
    this.s1 = s1
    this.s2 = s2
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

  /** Alea's recurrence: 32 bits, signed. */
  private draw(): number {
    const t = 2_091_639 * this.s0 + this.c * 2.328_306_436_538_696_3e-10
    this.s0 = this.s1
    this.s1 = this.s2
    this.c = t | 0
    this.s2 = t - this.c
    return (this.s2 * 0x1_0000_0000) | 0
  }
}

interface AleaState {
  readonly c: number
  readonly s0: number
  readonly s1: number
  readonly s2: number
}
