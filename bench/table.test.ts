import { describe, expect, it } from 'vitest'
import { type Bar, BARS, type Check, CHECKS, type Round } from './bars.ts'
import { measure, reasonOf } from './measure.ts'
import { median, spreadOf } from './statistics.ts'
import { barLine, checkLine, table } from './table.ts'
import { VARIANTS } from './variants.ts'

const bar: Bar = {
  name: 'a / b',
  needs: ['kernel', 'c-loop'],
  value: (round) => (round['kernel']?.count ?? 0) / (round['c-loop']?.count ?? 0),
  must: { atLeast: 0.4 },
  digits: 2,
  unit: 'x',
}
const round = (kernel: number, loop: number): Round => ({
  kernel: { count: kernel, ns: 1, check: 'a' },
  'c-loop': { count: loop, ns: 1, check: kernel > 4 ? 'b' : 'a' },
})

describe('statistics', () => {
  it('medians of odd and even counts', () => {
    expect([median([5]), median([3, 1, 2]), median([4, 1, 3, 2]), median([10, 9])]).toEqual([5, 2, 2.5, 9.5])
    expect(() => median([])).toThrow('nothing')
    expect(spreadOf([2, 9, 4])).toEqual({ median: 4, min: 2, max: 9 })
  })
})

describe('the table', () => {
  it('says the median of the ratios of each round', () => {
    expect(barLine(bar, [round(4, 10), round(1, 10), round(5, 10)], {})).toEqual({
      name: 'a / b',
      measured: '0.40x (0.10-0.50)',
      must: '>= 0.4',
      verdict: 'pass',
    })
    expect(barLine(bar, [round(3, 10)], {}).verdict).toBe('FAIL')
    expect(barLine({ ...bar, must: { atMost: 0.4 } }, [round(5, 10)], {}).verdict).toBe('FAIL')
    expect(barLine({ ...bar, must: null }, [round(5, 10)], {}).verdict).toBe('')
  })

  it('skips a bar that lacks a variant, and says why', () => {
    const { kernel } = round(1, 1)
    const missing = { verdict: 'skipped', why: 'no C compiler' } as const
    expect(barLine(bar, [kernel === undefined ? {} : { kernel }], { 'c-loop': missing })).toMatchObject({
      measured: 'no C compiler',
      verdict: 'skipped',
    })
  })

  it('tells a failure apart from what the machine lacks, and goes by the rounds without it', () => {
    const misses = { 'c-loop': { verdict: 'failed', why: 'Error: no' } } as const
    expect(barLine(bar, [{}], misses)).toMatchObject({ measured: 'Error: no', must: '>= 0.4', verdict: 'failed' })
    expect(barLine(bar, [{}, round(4, 10)], misses)).toMatchObject({ measured: '0.40x (0.40-0.40)', verdict: 'pass' })
  })

  it('a check must hold in every round', () => {
    const check = CHECKS.find(({ needs }) => needs.includes('c-loop')) as Check
    expect(checkLine(check, [round(4, 1), round(3, 1)], {})).toMatchObject({
      measured: '2 of 2 rounds',
      verdict: 'pass',
    })
    expect(checkLine(check, [round(4, 1), round(5, 1)], {})).toMatchObject({
      measured: '1 of 2 rounds',
      verdict: 'FAIL',
    })
    const missing = { verdict: 'skipped', why: 'no C' } as const
    expect(checkLine(check, [{}], { 'c-loop': missing }).verdict).toBe('skipped')
  })

  it('aligns its columns', () => {
    const lines = table([barLine(bar, [round(4, 10)], {})]).split('\n')
    expect(lines[0]?.indexOf('must')).toBe(lines[1]?.indexOf('>= 0.4'))
  })

  it('every bar and check needs variants that exist', () => {
    for (const { needs } of [...BARS, ...CHECKS]) for (const name of needs) expect(VARIANTS[name]).toBeDefined()
  })
})

describe('measuring', () => {
  it('tells what went wrong instead of throwing it', async () => {
    const tools = { compiled: { programs: null, about: 'no C' }, simpy: { program: '/nowhere.py', about: '' } }
    expect(await measure(VARIANTS['c-loop'], 1, tools)).toEqual({ verdict: 'skipped', why: 'no C' })
    expect(await measure({ kind: 'node', workload: 'none', count: 1, options: [] }, 1, tools)).toMatchObject({
      verdict: 'failed',
    })
  })

  it('finds the line with the error', () => {
    const node = 'file:///x.js:3\n  throw\n  ^\n\nRangeError: too far\n    at x\n\nNode.js v20\n'
    expect(reasonOf({ message: 'Command failed', stderr: node })).toBe('RangeError: too far')
    expect(reasonOf({ stderr: 'Traceback:\n  File\nModuleNotFoundError: no simpy\n' })).toContain('no simpy')
    expect(reasonOf({ stderr: 'segmentation fault\n' })).toBe('segmentation fault')
    expect(reasonOf({ killed: true, stderr: 'x' })).toBe('took more than 5 minutes')
    expect(reasonOf(new SyntaxError('half a sample'))).toBe('half a sample')
  })
})
