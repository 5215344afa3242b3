import { describe, expect, it } from 'vitest'
import { QUANTILES, type Sampler, samplerOf } from './sampler.ts'
import { constant, type Spread, varies } from './spread.ts'

const lengths = (sampler: Sampler): readonly number[] =>
  Array.from({ length: sampler.bound }, (_, draw) => sampler.length(draw))
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const SPREADS: readonly Spread[] = [
  constant(250),
  { kind: 'uniform', minUs: 200, maxUs: 2000 },
  { kind: 'uniform', minUs: 7, maxUs: 7 },
  { kind: 'exponential', meanUs: 4_000_000 },
  { kind: 'exponential', meanUs: 0 },
  { kind: 'normal', meanUs: 2000, stddevUs: 1000 },
  { kind: 'normal', meanUs: 500, stddevUs: 1000 },
]

describe('samplers', () => {
  it.each(SPREADS)('%j: whole microseconds, none below 0, growing with the draw, least at 0', (spread) => {
    const all = lengths(samplerOf(spread))
    expect(all.every((length) => Number.isInteger(length) && length >= 0)).toBe(true)
    expect(all.every((length, draw) => draw === 0 || length >= (all[draw - 1] as number))).toBe(true)
  })

  it('uniform reaches both ends and every value between', () => {
    const all = lengths(samplerOf({ kind: 'uniform', minUs: 200, maxUs: 2000 }))
    expect([all.length, all[0], all.at(-1)]).toEqual([1801, 200, 2000])
  })

  it('exponential has mean, median and tail of the distribution', () => {
    const all = lengths(samplerOf({ kind: 'exponential', meanUs: 1_000_000 }))
    expect(Math.abs(mean(all) - 1_000_000)).toBeLessThan(1000)
    expect(Math.abs((all[QUANTILES / 2] as number) - 693_147)).toBeLessThan(500)
    expect(all.at(-1)).toBeGreaterThan(8_000_000)
    expect(all[0]).toBeLessThan(200)
  })

  it('normal has mean, deviation and tails of the distribution', () => {
    const all = lengths(samplerOf({ kind: 'normal', meanUs: 10_000_000, stddevUs: 1_000_000 }))
    const middle = mean(all)
    expect(Math.abs(middle - 10_000_000)).toBeLessThan(20_000)
    expect(Math.abs(Math.sqrt(mean(all.map((length) => (length - middle) ** 2))) - 1_000_000)).toBeLessThan(20_000)
    const within = all.filter((length) => Math.abs(length - middle) <= 1_000_000).length / all.length
    expect(Math.abs(within - 0.6827)).toBeLessThan(0.02)
    expect(all[0]).toBeGreaterThan(6_000_000)
    expect(all.at(-1)).toBeLessThan(14_000_000)
  })

  it('gives the same lengths as ever: digests hang on them', () => {
    const draws = [0, 1, 7, 100, 1000, 2048, 4000, 4090, 4095]
    const of = (spread: Spread): readonly number[] => draws.map((draw) => samplerOf(spread).length(draw))
    expect(of({ kind: 'exponential', meanUs: 1_000_000 })).toEqual([
      122, 366, 1831, 24_841, 280_059, 693_389, 3_758_636, 6_613_021, 9_023_742,
    ])
    expect(of({ kind: 'normal', meanUs: 1_000_000, stddevUs: 100_000 })).toEqual([
      650_198, 674_804, 716_333, 803_959, 929_998, 1_000_030, 1_198_129, 1_292_265, 1_349_801,
    ])
  })

  it('knows which spreads vary', () => {
    expect(SPREADS.map(varies)).toEqual([false, true, false, true, false, true, true])
    expect(SPREADS.map((spread) => new Set(lengths(samplerOf(spread))).size > 1)).toEqual(SPREADS.map(varies))
  })
})
