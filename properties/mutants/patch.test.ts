import { describe, expect, test } from 'vitest'
import type { Patch } from './mutant.ts'
import { builtFile, patched } from './patch.ts'

const PATCH: Patch = { id: 'sample', file: 'sim/a.ts', anchor: 'a > b', replacement: 'MARK && a >= b' }

describe('a patch', () => {
  test('replaces its anchor, and its mark is true and leaves a trace', () => {
    const source = patched('return a > b;', PATCH)
    expect(source).toBe('return (globalThis.__twiceshyMutantReached = true) && a >= b;')
  })

  test('may mark several places of its replacement', () => {
    const twice = patched('a > b', { ...PATCH, replacement: 'MARK && MARK' })
    expect(twice.match(/= true/g)).toHaveLength(2)
  })

  test('fails where its anchor is not there', () => {
    expect(() => patched('return a < b;', PATCH)).toThrow(
      'mutant sample does not fit sim/a.ts: its anchor is not there',
    )
    expect(() => patched('return a < b;', { ...PATCH, anchor: '' })).toThrow('its anchor is not there')
  })

  test('fails where its anchor is there more than once, overlapping or not', () => {
    expect(() => patched('a > b || a > b', PATCH)).toThrow('its anchor is there more than once')
    expect(() => patched('aaa', { ...PATCH, anchor: 'aa' })).toThrow('its anchor is there more than once')
  })

  test('fails when nothing would prove that it was executed', () => {
    expect(() => patched('a > b', { ...PATCH, replacement: 'MARKED >= b' })).toThrow('its replacement has no MARK')
  })

  test('keeps what would be special in a replacement', () => {
    expect(patched('a > b', { ...PATCH, replacement: '`$& $1` + MARK' })).toContain('`$& $1`')
  })

  test('is applied to what is built of its file', () => {
    expect(builtFile('sim/kafka/log/partition-log.ts')).toBe('dist/sim/kafka/log/partition-log.js')
  })
})
