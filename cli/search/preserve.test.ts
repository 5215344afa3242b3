import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { frameOfRun } from '../../properties/search/case.ts'
import { huntedScenario } from '../../properties/search/hunt.ts'
import { firstShown, shownAgain } from '../../properties/search/signature.ts'
import { rawScenario, scenario } from '../../properties/search/testing/scenarios.test.helper.ts'
import { JUDGE } from '../built.test.support.ts'
import { realEngine } from '../real-engine.ts'
import { SearchBench } from './bench.ts'
import { Corpus } from './corpus.ts'
import { type Found, preserve, type Preserved } from './preserve.ts'

const RAW = rawScenario({
  producers: {
    checkout: {
      to: 'orders',
      send: { records: 60, every: '2ms' },
      config: { acks: 1, 'enable.idempotence': false },
    },
  },
  chaos: { kinds: ['crash', 'pause'], faults: [2, 4] },
  run: { for: '20s' },
  expect: { 'publish/at-least-once': 'holds' },
})

let bench: SearchBench
let found: Found

beforeAll(async () => {
  // The judge that `tsc -b` made of the sources.
  bench = await SearchBench.with({ judgeModule: JUDGE })
  const hunted = huntedScenario(scenario(RAW))
  for (let run = 0; found === undefined; run++) {
    const result = await bench.judge(hunted, run)
    const shown = firstShown(result)
    if (shown !== null)
      found = { frame: frameOfRun(hunted, RAW, result, shown), scenario: hunted, run, foundBy: 'a test' }
  }
})

interface Kept {
  readonly preserved: Preserved
  /** What the only file said, whenever the search looked whether it may go on. */
  readonly texts: readonly string[]
}

/** Interrupts when the search has asked so many times. */
async function interruptedAfter(asked: number): Promise<Kept> {
  const folder = mkdtempSync(join(tmpdir(), 'twiceshy-preserve-'))
  const texts: string[] = []
  const interrupted = (): boolean => {
    const files = readdirSync(join(folder, 'corpus', 'a-test'))
    expect(files).toHaveLength(1)
    texts.push(readFileSync(join(folder, 'corpus', 'a-test', files[0] ?? ''), 'utf8'))
    return texts.length > asked
  }
  const slot = new Corpus('corpus', folder).slot(found.scenario)
  const options = { bench, slot, version: '0.0.0', shrinkBudgetMs: 60_000, interrupted, onProgress: () => {} }
  const preserved = await preserve(found, options)
  interrupted()
  return { preserved, texts }
}

test.each([0, 1, 5, 30, 10_000])(
  'interrupted after %d looks, one whole file that shows the violation is left',
  async (n) => {
    const { preserved, texts } = await interruptedAfter(n)
    const engine = await realEngine()
    const shows = async (text: string): Promise<boolean> => {
      const options = { set: [], profile: null, readConfig: () => ({ error: 'none' }) }
      const [saved] = engine.load('saved.yaml', text, options).scenarios
      if (saved === undefined) return false
      const result = await bench.judge(saved, 0)
      return result.digest === saved.replay?.digest && shownAgain(result, found.frame.signature) !== null
    }
    for (const text of new Set(texts)) expect(await shows(text)).toBe(true)
    expect(preserved.minimal).toBe(n === 10_000)
    // Saved before anything else was tried, and better and better after that.
    expect(texts[0]).toContain('Its faults are drawn under run-seed')
    expect(texts.at(-1)?.includes('drawn under run-seed')).toBe(n === 0)
  },
)
