import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Patch } from '../../properties/mutants/mutant.ts'
import { packageRoot } from '../package-root.ts'
import { huntMutant, outcomeOf } from './hunt.ts'

const PERFECT = join(packageRoot(), 'scenarios', 'library', 'perfect-broker.yaml')
const LIMITS = { runs: 3, seed: null, timeoutMs: 20_000 } as const

/** Where a leader's high watermark stays as it is. */
const HARMLESS: Patch = {
  id: 'harmless',
  file: 'sim/kafka/broker/partition.ts',
  anchor: 'if (candidate <= this.log.highWatermark)',
  replacement: 'if (MARK && candidate <= this.log.highWatermark)',
}

describe('a hunt in a process of its own', () => {
  test('catches a mutant by what it breaks', async () => {
    const stuck = { ...HARMLESS, id: 'stuck', replacement: 'if (MARK)' }
    const outcome = await huntMutant(stuck, [PERFECT], LIMITS)
    expect(outcome).toMatchObject({ mutant: 'stuck', verdict: 'caught', executed: true, runs: 1, crashes: 0 })
    expect(outcome.caught).toMatchObject({ kind: 'violation', run: 0 })
  })

  test('lets one survive that changes nothing, and tells that it was executed', async () => {
    const outcome = await huntMutant(HARMLESS, [{ file: PERFECT, variant: null }], LIMITS)
    expect(outcome).toMatchObject({ verdict: 'survived', executed: true, runs: 3, caught: null })
  })

  test('tells when the patched place is never reached', async () => {
    const unused = {
      ...HARMLESS,
      anchor: "default:\n                return 'retry';",
      replacement: 'default: return MARK;',
    }
    expect(await huntMutant(unused, [PERFECT], LIMITS)).toMatchObject({ verdict: 'survived', executed: false })
  })

  test('takes a crash of the simulator for no catch', async () => {
    const crashing = { ...HARMLESS, replacement: 'if (MARK) throw new Error("made to fail"); if (false)' }
    const outcome = await huntMutant(crashing, [PERFECT], LIMITS)
    expect(outcome).toMatchObject({ verdict: 'crashed', executed: true, crashes: 3, caught: null })
    expect(outcome.firstCrash).toMatchObject({ message: 'made to fail', run: 0 })
  })

  test('leaves no folder behind, whether the patch fits or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twiceshy-test-'))
    vi.stubEnv('TMPDIR', folder)
    await expect(huntMutant({ ...HARMLESS, anchor: 'nowhere' }, [PERFECT], LIMITS)).rejects.toThrow('does not fit')
    await huntMutant(HARMLESS, [PERFECT], LIMITS)
    expect(readdirSync(folder)).toEqual([])
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })

  test('ends with Ctrl-C, tells what it knows and cleans up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twiceshy-test-'))
    vi.stubEnv('TMPDIR', folder)
    const hunt = huntMutant(HARMLESS, [PERFECT], { runs: 1_000_000, seed: null, timeoutMs: 60_000 })
    const ask = setInterval(() => process.emit('SIGINT'), 500)
    const outcome = await hunt
    clearInterval(ask)
    expect(outcome).toMatchObject({ verdict: 'interrupted', caught: null })
    expect(readdirSync(folder)).toEqual([])
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })

  test('fails when its scenarios cannot be judged', async () => {
    await expect(huntMutant(HARMLESS, ['no-such-file.yaml'], LIMITS)).rejects.toThrow('was not hunted')
  })
})

describe('what a process says when it ends', () => {
  const progress = { executed: true, runs: 7, events: 70, crashes: 0, firstCrash: null } as const

  test('hanging is told with what was known', () => {
    const ended = { last: { kind: 'progress', ...progress }, errors: '', why: 'hung' } as const
    expect(outcomeOf(HARMLESS, ended, 12.4)).toMatchObject({ verdict: 'hung', runs: 7, elapsedMs: 12, outOfTime: true })
  })

  test('death without a last word is a crash', () => {
    const errors = 'x\nFATAL ERROR: heap out of memory\n at y'
    const outcome = outcomeOf(HARMLESS, { last: { kind: 'progress', ...progress }, errors, why: 'end' }, 1)
    expect(outcome).toMatchObject({ verdict: 'crashed', crashes: 1 })
    expect(outcome.firstCrash?.message).toContain('heap out of memory')
  })
})
