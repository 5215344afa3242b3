import { describe, expect, test } from 'vitest'
import type { RunResult } from '../properties/verdict.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { ScenarioAggregate } from './aggregate.ts'
import type { ScenarioResult } from './result.ts'
import {
  CRASH_AT_1S,
  CRASH_SOMETIME,
  expectation,
  plainHasher,
  runResult,
  scenario,
  verdict,
  violation,
} from './sample.test.support.ts'

function judge(
  of: Partial<Scenario>,
  runs: readonly Partial<RunResult>[],
  partial: ScenarioResult['partial'] = null,
  planned: number = runs.length,
): ScenarioResult {
  const aggregate = new ScenarioAggregate(scenario(of), plainHasher)
  runs.forEach((change, run) => aggregate.add(runResult(run, change)))
  return aggregate.finish(planned, partial)
}

const LOST = { verdicts: [verdict({ violations: [violation()] })] }
const UNKNOWN = { verdicts: [verdict({ observed: 'unknown', reason: 'why' })] }

test('a scenario whose expectations are met is met', () => {
  expect(judge({}, [{}, {}])).toMatchObject({ met: true, inconclusive: false, problems: [], runs: 2, runsPlanned: 2 })
})

test('adds up runs; the run digest is over the digests in run order', () => {
  const result = judge({ runs: 2 }, [{}, { ended: 'deadlock' }])
  expect(result).toMatchObject({ events: 2000, virtualMs: 120_000, digest: 'digest-0', runDigest: 'digest-0digest-1' })
  expect(result.ended).toEqual({ settled: 1, 'heal-limit': 0, 'max-events': 0, deadlock: 1 })
})

test('a violation makes it not met, something unknown inconclusive, both not met', () => {
  expect(judge({}, [{}, LOST])).toMatchObject({ met: false, inconclusive: false })
  expect(judge({}, [{}, UNKNOWN])).toMatchObject({ met: false, inconclusive: true })
  const both = [expectation(), expectation({ guarantee: 'progress' })]
  const verdicts = [...LOST.verdicts, verdict({ guarantee: 'progress', observed: 'unknown' })]
  expect(judge({ expect: both }, [{ verdicts }])).toMatchObject({ met: false, inconclusive: false })
})

test('an expected violation that never came is not met', () => {
  expect(judge({ expect: [expectation({ expected: 'violated' })] }, [{}])).toMatchObject({
    met: false,
    inconclusive: false,
  })
})

test('tells at once when it can no longer be met', () => {
  const aggregate = new ScenarioAggregate(scenario(), plainHasher)
  expect(aggregate.add(runResult(0))).toMatchObject({ failed: false, violations: [] })
  expect(aggregate.add(runResult(1, LOST))).toMatchObject({ failed: true, violations: [{ violation: { run: 1 } }] })
})

test('refuses a run that was judged by something else', () => {
  expect(() => judge({}, [{ verdicts: [] }])).toThrow('no verdict for durability')
})

describe('invariants', () => {
  const breach = { breaches: [{ invariant: 'hw-monotonic', atUs: 1_500_000, message: 'went from 7 to 5' }] }

  test('a broken one makes the scenario not met and says that the model broke its own rule', () => {
    const result = judge({}, [{}, breach])
    expect(result).toMatchObject({ met: false, inconclusive: false })
    expect(result.problems).toEqual([
      'the model broke its own rule hw-monotonic (run 1, seed 1/1, at 1.500s): went from 7 to 5',
    ])
  })

  test('one that is voided by name is not judged', () => {
    expect(judge({ voids: { 'hw-monotonic': 'the scenario turns it off' } }, [breach]).met).toBe(true)
    expect(judge({ voids: { another: 'reason' } }, [breach]).met).toBe(false)
  })

  test('many are counted rather than told', () => {
    const { problems } = judge(
      {},
      Array.from({ length: 9 }, () => breach),
    )
    expect(problems).toHaveLength(6)
    expect(problems[5]).toBe('and 4 more broken rules of the model')
  })
})

describe('random faults', () => {
  const hit = { hadFaults: true, mattered: true }
  const miss = { hadFaults: true }

  test('mattered is the share of runs with faults in which one hit work in flight', () => {
    expect(judge({ faults: [CRASH_SOMETIME] }, [hit, miss, {}])).toMatchObject({ mattered: 0.5, met: true })
    expect(judge({}, [{}]).mattered).toBeNull()
  })

  test('that never mattered make it not met, and so do those that were never drawn', () => {
    const missed = judge({ faults: [CRASH_SOMETIME] }, [miss, miss])
    expect(missed).toMatchObject({ mattered: 0, met: false, inconclusive: false })
    expect(missed.problems[0]).toMatch(/^no fault mattered in 2 runs/)
    const chaos = { budget: 'within-promise', kinds: ['crash'], faults: [0, 6] } as const
    expect(judge({ chaos }, [{}]).problems).toEqual(['no fault was drawn in 1 run, so nothing was put to the test'])
  })

  test('faults with nothing to draw need not matter', () => {
    expect(judge({ faults: [CRASH_AT_1S] }, [miss]).met).toBe(true)
  })
})

describe('cover', () => {
  test('a goal counts the runs that reached it', () => {
    const result = judge({ cover: ['leader.elected'] }, [{ moments: { 'leader.elected': 3 } }, {}])
    expect(result.cover).toEqual([{ moment: 'leader.elected', runs: 1 }])
    expect(result.met).toBe(true)
  })

  test('a goal never reached makes it not met', () => {
    const result = judge({ cover: ['leader.elected'] }, [{ moments: { 'leader.elected': 0 } }, {}])
    expect(result).toMatchObject({
      met: false,
      inconclusive: false,
      problems: ['cover: leader.elected was never reached in 2 runs'],
    })
  })
})

describe('a part of the runs', () => {
  const wanted = { expect: [expectation({ expected: 'violated' })], cover: ['leader.elected'] } as const

  test('what a shard did not see is inconclusive, what it saw is not', () => {
    expect(judge(wanted, [{}], 'shard')).toMatchObject({ met: false, inconclusive: true, problems: [] })
    expect(judge({}, [{}], 'shard').met).toBe(true)
    expect(judge({}, [LOST], 'shard')).toMatchObject({ met: false, inconclusive: false })
  })

  test('a scenario cut short is inconclusive even when all has held so far, and not met when something failed', () => {
    expect(judge({}, [{}], 'time-budget', 5)).toMatchObject({ met: false, inconclusive: true, runs: 1, runsPlanned: 5 })
    expect(judge({}, [LOST], 'interrupted', 5)).toMatchObject({ met: false, inconclusive: false })
  })
})

test('counts what each fault did', () => {
  const faults = [{ entry: 0, fired: 2, touched: 1 }]
  expect(judge({ faults: [CRASH_AT_1S] }, [{ faults }, { faults }]).faults).toEqual([
    { entry: 0, fired: 4, touched: 2 },
  ])
})
