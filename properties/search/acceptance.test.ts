import { describe, expect, test } from 'vitest'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { isRound } from './arbitrary-values.ts'
import { frameOfRun } from './case.ts'
import { explicitCase, sizeOf } from './counterexample.ts'
import { driveAtOnce } from './driving.ts'
import { huntedScenario } from './hunt.ts'
import { shrink, type Shrunk } from './shrink.ts'
import { firstShown, guaranteeText } from './signature.ts'
import { judge, rawScenario, scenario, traceOf } from './testing/scenarios.test.helper.ts'

/** Neutral: every guarantee of publishing is listed as `holds`, and nothing says which of them the settings break. */
const RAW = rawScenario({
  producers: {
    checkout: {
      to: 'orders',
      send: { records: 500, every: '1ms' },
      config: { acks: 1, 'enable.idempotence': false },
    },
  },
  chaos: { kinds: ['crash'] },
  expect: { 'publish/at-least-once': 'holds' },
})

const SEEDS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']

const SHRINK_MS = 20_000

interface Fuzzed {
  /** Runs until it was found, that one counted. */
  readonly runs: number
  readonly shrunk: Shrunk
}

async function fuzzed(seed: string): Promise<Fuzzed> {
  const raw = { ...RAW, seed }
  const hunted: Scenario = huntedScenario(scenario(raw))
  for (let run = 0; run < 500; run++) {
    const result = judge(hunted, run)
    const shown = firstShown(result, hunted.expect)
    if (shown === null) continue
    const frame = frameOfRun(hunted, raw, result, shown)
    const explicit = driveAtOnce(explicitCase(frame, hunted, traceOf(hunted, run)), judge)
    if (explicit === null) throw new Error(`seed ${seed}, run ${run}: no written plan shows it`)
    const ports = { judge: (smaller: Scenario) => judge(smaller, 0), goOn: () => true }
    const shrunk = await shrink(explicit.frame, explicit.proved, ports)
    return { runs: run + 1, shrunk }
  }
  throw new Error(`seed ${seed}: nothing found in 500 runs`)
}

describe('a neutral acks=1 scenario', () => {
  const runs: number[] = []

  // The time-out holds for shrinking, with the hunt before it.
  test.each(SEEDS)(
    'seed %s: found, and shrunk to a crash at a round time and three records',
    async (seed) => {
      const fuzz = await fuzzed(seed)
      runs.push(fuzz.runs)
      const { best, minimal } = fuzz.shrunk
      const { faults, records } = sizeOf(best.found)
      expect(guaranteeText(best.shown.signature)).toBe('publish/at-least-once')
      expect(minimal).toBe(true)
      expect(faults).toBeLessThanOrEqual(2)
      expect(records).toBeLessThanOrEqual(3)
      for (const { trigger, forUs } of best.found.plan) {
        expect(isRound(trigger.kind === 'at' ? trigger.atUs : trigger.afterUs)).toBe(true)
        expect(isRound(forUs ?? 0)).toBe(true)
      }
    },
    SHRINK_MS,
  )

  test('it takes 50 runs or fewer in half of the hunts', () => {
    const sorted = [...runs].sort((a, b) => a - b)
    expect(sorted).toHaveLength(SEEDS.length)
    expect(((sorted[4] ?? 0) + (sorted[5] ?? 0)) / 2).toBeLessThanOrEqual(50)
  })
})
