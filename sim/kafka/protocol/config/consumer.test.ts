import { expect, test } from 'vitest'
import { isoDurationMs } from './consumer.ts'

test.each([
  ['PT1H', 3_600_000],
  ['P7D', 604_800_000],
  ['P1DT2H3M4.5S', 93_784_500],
  ['PT0S', 0],
  ['pt1m', 60_000],
  ['PT0.0001S', 0],
])('%s is %i ms', (text, ms) => expect(isoDurationMs(text)).toBe(ms))

test.each(['1h', 'P', 'PT', 'P1DT', '-PT1H', 'PT-1H', 'P1Y', 'P1W', 'PT1.S1', ''])('%s is none', (text) => {
  expect(isoDurationMs(text)).toBeNull()
})
