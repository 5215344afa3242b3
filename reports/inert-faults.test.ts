import { expect, test } from 'vitest'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { ScenarioAggregate } from './aggregate.ts'
import { type JudgedScenario, judgeFaults } from './inert-faults.ts'
import { CRASH_AT_1S, CRASH_SOMETIME, plainHasher, runResult, scenario } from './sample.test.support.ts'

function judged(of: Partial<Scenario>, fired: number, touched: number): JudgedScenario {
  const sample = scenario({ faults: [CRASH_AT_1S], ...of })
  const aggregate = new ScenarioAggregate(sample, plainHasher)
  aggregate.add(runResult(0, { mattered: true, hadFaults: true, faults: [{ entry: 0, fired, touched }] }))
  return { scenario: sample, result: aggregate.finish(1, null) }
}

test('a fault that did something leaves the scenario met', () => {
  expect(judgeFaults([judged({}, 1, 1)], true)[0]?.met).toBe(true)
})

test('a fault that never fired, or never touched anything, makes it not met', () => {
  expect(judgeFaults([judged({}, 0, 0)], true)[0]).toMatchObject({
    met: false,
    inconclusive: false,
    problems: ['faults[0] (crash leader(orders-0)) never fired in 1 run: its trigger never came, so it tested nothing'],
  })
  expect(judgeFaults([judged({}, 3, 0)], true)[0]?.problems).toEqual([
    'faults[0] (crash leader(orders-0)) fired 3 times in 1 run and never touched anything, so it tested nothing',
  ])
})

test('one variant in which it does something is enough for the file', () => {
  const results = judgeFaults([judged({ variant: 'before' }, 1, 1), judged({ variant: 'after' }, 0, 0)], true)
  expect(results.map(({ met }) => met)).toEqual([true, true])
})

test('an entry is known by what it says, not by its place: a variant may replace the list', () => {
  const other = judged({ variant: 'other', faults: [CRASH_SOMETIME] }, 1, 1)
  const results = judgeFaults([judged({}, 0, 0), other], true)
  expect(results.map(({ met }) => met)).toEqual([false, true])
})

test('nothing is concluded from a part of the file', () => {
  expect(judgeFaults([judged({}, 0, 0)], false)[0]).toMatchObject({ met: true, problems: [] })
})
