import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { parseBail, parseBudget, parseJobs, parseReporter, parseRuns, parseSet, parseShard } from './flags.ts'
import { UsageError } from './usage-error.ts'

test('good values', () => {
  expect(parseRuns('1000')).toBe(1000)
  expect(parseJobs('3')).toBe(3)
  expect(parseJobs('auto')).toBe(availableParallelism())
  expect(parseBail('2')).toBe(2)
  expect(parseShard('2/4')).toEqual({ index: 2, of: 4 })
  expect(parseBudget('60s')).toBe(60_000)
  expect(parseBudget('1h30m')).toBe(5_400_000)
  expect(parseBudget('250ms')).toBe(250)
  expect(parseSet('a.b=c=d')).toBe('a.b=c=d')
  expect(parseReporter('json=out.json')).toEqual({ name: 'json', file: 'out.json' })
  expect(parseReporter('pretty')).toEqual({ name: 'pretty', file: null })
})

test.each<[string, () => unknown, RegExp]>([
  ['no number', () => parseRuns('abc'), /--runs takes a whole number, not "abc"/],
  ['a fraction', () => parseRuns('1.5'), /whole number/],
  ['nothing', () => parseRuns(''), /whole number/],
  ['no runs', () => parseRuns('0'), /--runs 0: it must be at least 1/],
  ['too many runs', () => parseRuns('99999999999'), /not possible/],
  ['no jobs', () => parseJobs('0'), /--jobs 0: it must be at least 1/],
  ['negative jobs', () => parseJobs('-1'), /--jobs takes a whole number or auto/],
  ['many jobs', () => parseJobs('100000'), /not possible/],
  ['words for jobs', () => parseJobs('many'), /or auto/],
  ['a file for a bail', () => parseBail('a.yaml'), /--bail takes a whole number, not "a.yaml"/],
  ['a bail of none', () => parseBail('0'), /at least 1/],
  ['a shard past the end', () => parseShard('3/2'), /there is no shard 3 of 2/],
  ['shard 0', () => parseShard('0/2'), /no shard 0/],
  ['half a shard', () => parseShard('1'), /i\/n/],
  ['a bare number of time', () => parseBudget('60'), /--time-budget takes a length of time/],
  ['no time', () => parseBudget('0s'), /length of time/],
  ['time with a rest', () => parseBudget('60s!'), /length of time/],
  ['centuries', () => parseBudget('99999d'), /at most/],
  ['--set without a value', () => parseSet('path'), /path=value/],
  ['--set without a path', () => parseSet('=1'), /path=value/],
  ['an unknown reporter', () => parseReporter('xml'), /there is no reporter "xml"/],
  ['a planned reporter', () => parseReporter('html=a.html'), /html is not built yet/],
  ['a reporter without its file', () => parseReporter('json='), /file's name is missing/],
])('%s', (_, parse, message) => {
  expect(parse).toThrow(UsageError)
  expect(parse).toThrow(message)
})
