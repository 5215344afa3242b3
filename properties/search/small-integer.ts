import fc, { type Arbitrary, type Random, type Stream, type Value } from 'fast-check'

/** Below this every smaller number is tried, not only those that halve the way. */
const SMALL = 16

/**
 * A whole number that shrinks as fast-check's do, by halving the way to the least, and then by trying every small one that
 * was skipped. Whether the 4th or the 5th record is the lost one depends on timing, so what holds for a number says little
 * about its neighbours.
 */
export function wholeUpTo(least: number, most: number): Arbitrary<number> {
  return new SmallInteger(least, Math.max(least, most))
}

class SmallInteger extends fc.Arbitrary<number> {
  private readonly least: number
  private readonly halving: Arbitrary<number>

  constructor(least: number, most: number) {
    super()
    this.least = least
    this.halving = fc.integer({ min: least, max: most })
  }

  override generate(random: Random, biasFactor: number | undefined): Value<number> {
    return new fc.Value(this.halving.generate(random, biasFactor).value, undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is number {
    return this.halving.canShrinkWithoutContext(value)
  }

  override shrink(value: number): Stream<Value<number>> {
    const halved = [...this.halving.shrink(value, undefined)].map((next) => next.value)
    const skipped: number[] = []
    for (let n = this.least; n < Math.min(value, this.least + SMALL); n++) if (!halved.includes(n)) skipped.push(n)
    return fc.Stream.of(...[...halved, ...skipped].map((next) => new fc.Value(next, undefined)))
  }
}
