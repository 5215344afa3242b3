import { describe, expect, it } from 'vitest'
import { constant } from '../kernel/spread.ts'
import { SECOND } from '../kernel/time.ts'
import { drawPlan, MOST_REPEATS } from './draw.ts'
import type { FaultEntry, FaultPlan } from './plan.ts'
import { worldSpec } from './testing/worlds.ts'

const CRASH = { kind: 'crash', target: { kind: 'leader', topic: 'orders', partition: 0 } } as const
const spec = worldSpec()

const AT: FaultEntry = {
  trigger: { kind: 'at', at: { kind: 'uniform', minUs: 0, maxUs: 9_000_000 } },
  action: CRASH,
  for: { kind: 'exponential', meanUs: SECOND },
}
const BETWEEN: FaultEntry = { trigger: { kind: 'between', fromUs: 100, toUs: 103 }, action: CRASH, for: null }
const EVERY: FaultEntry = {
  trigger: { kind: 'every', every: { kind: 'exponential', meanUs: 4 * SECOND }, times: 5 },
  action: CRASH,
  for: { kind: 'uniform', minUs: 1, maxUs: 1_000_000 },
}

function plan(entries: readonly FaultEntry[], seed = '1'): FaultPlan {
  return drawPlan({ entries, chaos: null }, spec, seed)
}

function withoutEntry(planned: FaultPlan): readonly unknown[] {
  return planned.map(({ trigger, forUs }) => [trigger, forUs])
}

describe('drawPlan', () => {
  it('draws each entry from a stream of its own', () => {
    const all = plan([AT, EVERY, BETWEEN])
    expect(withoutEntry(plan([EVERY]))).toEqual(withoutEntry(all.filter((fault) => fault.entry === 1)))
    expect(withoutEntry(plan([AT, BETWEEN]))).toEqual(withoutEntry(all.filter((fault) => fault.entry !== 1)))
  })

  it('draws equal entries apart, and seeds apart', () => {
    const [one, two] = plan([AT, AT])
    expect(one?.trigger).not.toEqual(two?.trigger)
    expect(plan([AT], '1')).not.toEqual(plan([AT], '2'))
    expect(plan([AT], '1')).toEqual(plan([AT], '1'))
  })

  it('keeps the order and number of the entries, and the chaos after them', () => {
    const planned = drawPlan(
      { entries: [BETWEEN, AT], chaos: { budget: 'within-promise', kinds: ['crash'], faults: [2, 2] } },
      spec,
      '1',
    )
    expect(planned.map((fault) => fault.entry)).toEqual([0, 1, -1, -1])
  })

  it('draws times inside their bounds, both ends included', () => {
    const times = new Set<number>()
    for (let seed = 1; seed < 60; seed++) {
      const [fault] = plan([BETWEEN], String(seed))
      if (fault?.trigger.kind === 'at') times.add(fault.trigger.atUs)
    }
    expect([...times].sort((a, b) => a - b)).toEqual([100, 101, 102, 103])
  })

  it('lets `every` begin after its first gap and repeat up to `times`', () => {
    const planned = plan([{ ...EVERY, trigger: { kind: 'every', every: constant(4 * SECOND), times: 3 } }])
    expect(planned.map((fault) => fault.trigger)).toEqual([4, 8, 12].map((s) => ({ kind: 'at', atUs: s * SECOND })))
    expect(new Set(planned.map((fault) => fault.forUs)).size).toBe(3)
  })

  it('lets `every` without `times` fill the run, only while there is work', () => {
    const planned = plan([{ ...EVERY, trigger: { kind: 'every', every: constant(25 * SECOND), times: null } }])
    expect(planned.map((fault) => fault.trigger)).toEqual(
      [25, 50].map((s) => ({ kind: 'at', atUs: s * SECOND, whileWork: true })),
    )
  })

  it('does not hang on a spread of nothing', () => {
    expect(plan([{ ...EVERY, trigger: { kind: 'every', every: constant(0), times: null } }])).toHaveLength(MOST_REPEATS)
  })

  it('keeps moments and symbolic targets, and is plain JSON', () => {
    const when: FaultEntry = {
      trigger: {
        kind: 'when',
        match: { moment: 'produce.acked', fields: { topic: 'orders' } },
        nth: 5,
        everyMatch: true,
        times: 2,
        after: { kind: 'uniform', minUs: 7, maxUs: 9 },
      },
      action: CRASH,
      for: null,
    }
    const planned = plan([when, EVERY])
    expect(planned[0]).toMatchObject({
      action: CRASH,
      trigger: { kind: 'when', nth: 5, everyMatch: true, times: 2 },
      forUs: null,
    })
    expect(planned[0]?.trigger).toHaveProperty('afterUs', expect.closeTo(8, -0.5))
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned)
  })
})
