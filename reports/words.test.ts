import { describe, expect, test } from 'vitest'
import {
  atSeconds,
  counted,
  grouped,
  listed,
  noneOf,
  roundedUpPercent,
  shellQuoted,
  simulated,
  upperBoundPercent,
} from './words.ts'

describe('numbers', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1204, '1,204'],
    [5_000_000, '5,000,000'],
    [-1204, '-1,204'],
  ])('%d is grouped as %s', (n, text) => {
    expect(grouped(n)).toBe(text)
  })

  test('one is singular', () => {
    expect(counted(1, 'run')).toBe('1 run')
    expect(counted(0, 'run')).toBe('0 runs')
    expect(counted(2, 'entry', 'entries')).toBe('2 entries')
  })
})

describe('the confidence bound of "never seen"', () => {
  test('is the rule of three, exactly', () => {
    expect(upperBoundPercent(200)).toBeCloseTo(1.4867, 4)
    // With n runs that each show it with that probability, seeing none has a chance of 5 %.
    expect((1 - upperBoundPercent(37) / 100) ** 37).toBeCloseTo(0.05, 10)
  })

  test.each([
    [200, '0 of 200 runs (95 % sure: below 1.5 %)'],
    [100, '0 of 100 runs (95 % sure: below 3.0 %)'],
    [10, '0 of 10 runs (95 % sure: below 26 %)'],
    [1000, '0 of 1,000 runs (95 % sure: below 0.30 %)'],
    [10_000, '0 of 10,000 runs (95 % sure: below 0.030 %)'],
  ])('of %d runs', (runs, text) => {
    expect(noneOf(runs)).toBe(text)
  })

  test('one run tells no rate', () => {
    expect(noneOf(1)).toBe('0 of 1 run')
  })

  test('is rounded up, never down', () => {
    for (let runs = 2; runs < 3000; runs++) {
      const told = Number(roundedUpPercent(upperBoundPercent(runs)).replace(' %', ''))
      expect(told).toBeGreaterThanOrEqual(upperBoundPercent(runs) - 1e-6)
    }
  })
})

test.each([
  [12_345, '12.345s'],
  [0, '0.000s'],
  [1234.5, '1.234500s'],
  [59_999.9996, '60.000s'],
])('the moment %d ms is %s', (ms, text) => {
  expect(atSeconds(ms)).toBe(text)
})

test.each([
  [850, '850 ms'],
  [42_000, '42.0 s'],
  [750_000, '12.5 min'],
  [72_360_000, '20.1 h'],
  [276_480_000, '3.2 days'],
])('the length %d ms is %s', (ms, text) => {
  expect(simulated(ms)).toBe(text)
})

test('lists and arguments', () => {
  expect(listed([])).toBe('')
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c')
  expect(shellQuoted('scenarios/a.yaml')).toBe('scenarios/a.yaml')
  expect(shellQuoted("it's")).toBe(String.raw`'it'\''s'`)
})
