import fc from 'fast-check'
import seedrandom from 'seedrandom'
import { describe, expect, it } from 'vitest'
import { Stream } from './stream.ts'

describe('Stream', () => {
  it("is seedrandom's alea, drawn in 53 bits", () => {
    const alea = seedrandom.alea('1:7/4:plan')
    const stream = new Stream('7', 'plan')
    for (let i = 0; i < 1000; i++) {
      const high = alea.int32() >>> 0
      const low = alea.int32() >>> 11
      expect(stream.below(1_000_000_007)).toBe(Math.floor(((high * 2 ** 21 + low) / 2 ** 53) * 1_000_000_007))
    }
  })

  it('names with slashes and empty parts are different streams', () => {
    const names = [
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a', 'b', 'c'],
      ['a/b/c'],
      ['', 'a', 'b/c'],
      ['a', '', 'b/c'],
      ['1:a', 'b/c'],
    ]
    const firsts = names.map((parts) => new Stream('1', ...parts).below(2 ** 50))
    expect(new Set(firsts).size).toBe(names.length)
  })

  it('a stream is not shifted by draws of another', () => {
    const alone = new Stream('1', 'b')
    const expected = Array.from({ length: 20 }, () => alone.below(1000))
    const a = new Stream('1', 'a')
    const b = new Stream('1', 'b')
    expect(Array.from({ length: 20 }, () => (a.below(1000), b.below(1000)))).toEqual(expected)
  })

  it('first draws over numbered names are even and unrelated to their neighbours', () => {
    for (const prefix of ['producer', 'checkout#', 'fault/', '']) {
      const counts = Array.from({ length: 100 }, () => 0)
      let before = 0
      for (let i = 0; i < 20_000; i++) {
        const value = new Stream('1', `${prefix}${i}`).below(10)
        counts[before * 10 + value] = (counts[before * 10 + value] as number) + 1
        before = value
      }
      const chi = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)
      expect(chi, prefix).toBeLessThan(99 + 5 * Math.sqrt(2 * 99))
    }
  })

  it('draws stay in their bounds', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string(),
        fc.integer({ min: 1, max: 2 ** 50 }),
        (seed, name, bound) => {
          const value = new Stream(seed, name).below(bound)
          expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true)
        },
      ),
    )
  })

  it('chance has its odds, and certainty and impossibility are exact', () => {
    const stream = new Stream('1', 'odds')
    const hits = Array.from({ length: 10_000 }, () => stream.chance(1, 4)).filter(Boolean).length
    expect(Math.abs(hits - 2500)).toBeLessThan(220)
    expect(Array.from({ length: 100 }, () => stream.chance(0, 4)).some(Boolean)).toBe(false)
    expect(Array.from({ length: 100 }, () => stream.chance(4, 4)).every(Boolean)).toBe(true)
  })

  it('refuses an empty seed and an empty list', () => {
    expect(() => new Stream('', 'plan')).toThrow('needs a seed')
    expect(() => new Stream('1').pick([])).toThrow('nothing to pick from')
  })
})
