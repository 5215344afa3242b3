import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decisions } from './decisions.ts'
import { childLane1, childLane2 } from './mix.ts'
import { CHOICE, DISK_TIME, JITTER, LATENCY, SITES } from './site.ts'

const lane = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const bound = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 65_500, max: 70_000 }),
  fc.integer({ min: 1, max: 2 ** 50 }),
)

/** Pearson's statistic of counts that should be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('Decisions', () => {
  const decisions = new Decisions('1', {}, [])

  it('are integers in [0, bound), and equal for equal names', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SITES), lane, lane, bound, (site, lane1, lane2, below) => {
        const value = decisions.value(site, lane1, lane2, below)
        expect(Number.isInteger(value) && value >= 0 && value < below).toBe(true)
        expect(new Decisions('1', {}, []).value(site, lane1, lane2, below)).toBe(value)
      }),
    )
  })

  it('a bound of 1 or less leaves no choice', () => {
    for (const below of [1, 0, -5]) expect(decisions.value(LATENCY, 1, 2, below)).toBe(0)
  })

  it('are even over names, also over neighbouring ones', () => {
    for (const below of [2, 3, 10, 16, 100]) {
      const counts = Array.from({ length: below }, () => 0)
      for (let i = 0; i < 1000 * below; i++) {
        const value = decisions.value(LATENCY, i, 0, below)
        counts[value] = (counts[value] as number) + 1
      }
      // Mean below - 1, deviation sqrt(2 (below - 1)): five deviations are far out.
      expect(chiSquare(counts)).toBeLessThan(below - 1 + 5 * Math.sqrt(2 * below))
    }
  })

  it('are even and uncorrelated along a chain of causal names', () => {
    const counts = Array.from({ length: 64 }, () => 0)
    let lane1 = 1
    let lane2 = 2
    let before = 0
    for (let i = 0; i < 64_000; i++) {
      const next = childLane1(lane1, lane2, 0x2_4000, 0)
      lane2 = childLane2(lane2, next, 0x2_4000)
      lane1 = next
      const value = decisions.value(LATENCY, lane1, lane2, 8)
      const cell = before * 8 + value
      counts[cell] = (counts[cell] as number) + 1
      before = value
    }
    expect(chiSquare(counts)).toBeLessThan(63 + 5 * Math.sqrt(2 * 63))
  })

  it('at different sites, seeds and lanes are independent', () => {
    const others: readonly (readonly [string, (i: number) => number])[] = [
      ['site', (i) => decisions.value(JITTER, i, 9, 8)],
      ['seed', (i) => new Decisions(`2/${i >>> 9}`, {}, []).value(LATENCY, i, 9, 8)],
      ['lane 2', (i) => decisions.value(LATENCY, i, 10, 8)],
      ['lane 1', (i) => decisions.value(LATENCY, i + 1, 9, 8)],
      ['lanes swapped', (i) => decisions.value(LATENCY, 9, i, 8)],
    ]
    for (const [name, other] of others) {
      const counts = Array.from({ length: 64 }, () => 0)
      for (let i = 0; i < 64_000; i++) {
        const cell = decisions.value(LATENCY, i, 9, 8) * 8 + other(i)
        counts[cell] = (counts[cell] as number) + 1
      }
      expect(chiSquare(counts), name).toBeLessThan(63 + 5 * Math.sqrt(2 * 63))
    }
  })

  it('large bounds reach all over', () => {
    const values = Array.from({ length: 1000 }, (_, i) => decisions.value(LATENCY, i, 0, 2 ** 50))
    expect(new Set(values).size).toBe(1000)
    const mean = values.reduce((sum, value) => sum + value, 0) / 1000 / 2 ** 50
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05)
  })

  it('a boring class decides 0, and only that class', () => {
    const boring = new Decisions('1', { latency: 'boring', disk: 'seeded' }, [])
    for (let i = 0; i < 100; i++) {
      expect(boring.value(LATENCY, i, 0, 1000)).toBe(0)
      expect(boring.value(DISK_TIME, i, 0, 1000)).toBe(decisions.value(DISK_TIME, i, 0, 1000))
    }
  })

  it('an override holds for one site and one name, also where the base is boring, and never leaves the bound', () => {
    const overridden = new Decisions('1', { choice: 'boring' }, [
      ['choice', 5, -6, 3],
      ['choice', 5, 7, 900],
      ['latency', 5, -6, 0],
    ])
    expect(overridden.value(CHOICE, 5, -6, 10)).toBe(3)
    expect(overridden.value(CHOICE, 5, 7, 10)).toBe(9)
    expect(overridden.value(LATENCY, 5, -6, 1000)).toBe(0)
    expect(overridden.value(CHOICE, 5, -5, 10)).toBe(0)
    expect(overridden.value(JITTER, 5, -6, 1000)).toBe(decisions.value(JITTER, 5, -6, 1000))
  })

  it('an override that cannot be one is refused by name', () => {
    expect(() => new Decisions('1', {}, [['latencies', 1, 2, 3]])).toThrow(/unknown site 'latencies'.*latency, jitter/)
    expect(() => new Decisions('1', {}, [['latency', 1, 2, -1]])).toThrow(/-1 is no decision/)
    expect(() => new Decisions('1', {}, [['latency', 1, 2, 0.5]])).toThrow(/0.5 is no decision/)
  })

  it('are the same numbers as ever: saved counterexamples hang on them', () => {
    const values = [10, 1801, 65_536, 65_537, 1_048_576, 1_048_577, 2 ** 50].map((below) =>
      decisions.value(LATENCY, 123, -456, below),
    )
    expect(values).toEqual([7, 1324, 48_184, 48_185, 770_957, 770_958, 827_809_761_803_346])
  })
})
