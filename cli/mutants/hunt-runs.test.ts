import { describe, expect, test } from 'vitest'
import type { RunResult } from '../../properties/verdict.ts'
import { expectation, runResult, scenario, verdict, violation } from '../../reports/sample.test.support.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { Hunt } from './hunt-runs.ts'

type JudgeOnce = (scenario: Scenario, run: number) => RunResult

const FINE: JudgeOnce = (_, run) => runResult(run)
const VIOLATED = verdict({ violations: [violation()] })

/** Violates its expectation from this run on. */
function violatedFrom(first: number): JudgeOnce {
  return (_, run) => runResult(run, run < first ? {} : { verdicts: [VIOLATED] })
}

async function hunted(
  mutated: JudgeOnce,
  more: {
    baseline?: JudgeOnce
    scenarios?: readonly Scenario[]
    runs?: number
    timeoutMs?: number
    unreachedRuns?: number
    executed?: boolean
  } = {},
): Promise<{ readonly hunt: Hunt; readonly asked: readonly number[] }> {
  const asked: number[] = []
  let clock = 0
  const hunt = new Hunt(
    more.scenarios ?? [scenario()],
    { runs: more.runs ?? 10, timeoutMs: more.timeoutMs ?? 1000, unreachedRuns: more.unreachedRuns ?? Infinity },
    {
      mutated,
      baseline: async () => (judged, run) => {
        asked.push(run)
        return (more.baseline ?? FINE)(judged, run)
      },
      executed: () => more.executed ?? true,
      now: () => clock++,
    },
  )
  await hunt.judge(() => {})
  return { hunt, asked }
}

describe('a hunt', () => {
  test('ends at the first violation of what the product keeps', async () => {
    const { hunt, asked } = await hunted(violatedFrom(3))
    expect(hunt.caught).toMatchObject({ kind: 'violation', what: 'durability: lost-acked-write', run: 3, seed: '1/3' })
    expect(hunt.progress()).toMatchObject({ runs: 4, events: 4000, crashes: 0 })
    expect(asked).toEqual([3])
  })

  test('takes no violation for a catch that the product shows in the same run', async () => {
    const { hunt, asked } = await hunted(violatedFrom(3), {
      baseline: (_, run) => violatedFrom(5)(_, run === 4 ? 0 : 9),
    })
    expect(hunt.caught).toMatchObject({ run: 4 })
    expect(asked).toEqual([3, 4])
  })

  test('ends at a broken invariant, unless the scenario voids it', async () => {
    const breach = { invariant: 'hw-within-log', atUs: 1, message: 'beyond the end' }
    const broken: JudgeOnce = (_, run) => runResult(run, { breaches: [breach] })
    expect((await hunted(broken)).hunt.caught).toMatchObject({ kind: 'invariant', what: 'hw-within-log', run: 0 })
    const voiding = scenario({ voids: { 'hw-within-log': 'a reason' } })
    expect((await hunted(broken, { scenarios: [voiding] })).hunt.caught).toBeNull()
  })

  test('counts crashes and goes on: they are no catch', async () => {
    const dies: JudgeOnce = (_, run) => {
      if (run < 2) throw new Error(`no run ${run}`)
      return runResult(run)
    }
    const { hunt } = await hunted(dies)
    expect(hunt.caught).toBeNull()
    const firstCrash = { message: 'no run 0', scenario: 'sample', run: 0, seed: '1' }
    expect(hunt.progress()).toMatchObject({ runs: 10, crashes: 2, firstCrash })
  })

  test('lets scenarios take turns', async () => {
    const seen: string[] = []
    const scenarios = [scenario({ title: 'a' }), scenario({ title: 'b' })]
    await hunted(
      (judged, run) => {
        seen.push(`${judged.title}${run}`)
        return runResult(run)
      },
      { scenarios, runs: 5 },
    )
    expect(seen).toEqual(['a0', 'b0', 'a1', 'b1', 'a2'])
  })

  test('gives up early when nothing reaches the patched place, if it may', async () => {
    expect((await hunted(FINE, { unreachedRuns: 4, executed: false })).hunt.progress().runs).toBe(4)
    expect((await hunted(FINE, { unreachedRuns: 4 })).hunt.progress().runs).toBe(10)
  })

  test('begins no run when the time is over', async () => {
    const { hunt } = await hunted(FINE, { runs: 1000, timeoutMs: 5 })
    expect(hunt.outOfTime).toBe(true)
    expect(hunt.progress().runs).toBeLessThan(6)
  })
})

describe('a violation that is expected', () => {
  const losing = scenario({ expect: [expectation({ expected: 'violated', kinds: ['lost-acked-write'] })] })

  test('is missed when the product shows it in the same runs', async () => {
    const { hunt } = await hunted(FINE, { scenarios: [losing], baseline: violatedFrom(7) })
    expect(hunt.caught).toMatchObject({ kind: 'no longer shown', what: 'durability', run: 7 })
  })

  test('is not missed when the product does not show it either, or one run of the mutant does', async () => {
    expect((await hunted(FINE, { scenarios: [losing] })).hunt.caught).toBeNull()
    const { hunt, asked } = await hunted(violatedFrom(9), { scenarios: [losing], baseline: violatedFrom(0) })
    expect(hunt.caught).toBeNull()
    expect(asked).toEqual([])
  })

  test('is not missed where runs crashed: they could not show it', async () => {
    const dies: JudgeOnce = () => {
      throw new Error('made to fail')
    }
    const { hunt } = await hunted(dies, { scenarios: [losing], baseline: violatedFrom(0) })
    expect(hunt.caught).toBeNull()
  })

  test('of another kind does not do', async () => {
    const other: JudgeOnce = (_, run) =>
      runResult(run, { verdicts: [verdict({ violations: [violation({ kind: 'ghost-record' })] })] })
    const { hunt } = await hunted(other, { scenarios: [losing], baseline: violatedFrom(0) })
    expect(hunt.caught).toMatchObject({ kind: 'no longer shown' })
  })
})
