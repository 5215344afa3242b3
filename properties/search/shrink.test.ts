import { describe, expect, test } from 'vitest'
import type { RawFault } from '../../scenarios/format/raw.ts'
import { drawPlan } from '../../sim/faults/draw.ts'
import type { FaultPlan } from '../../sim/faults/plan.ts'
import { isRound } from './arbitrary-values.ts'
import { amountsOf, type CaseFrame, scenarioOf } from './case.ts'
import { type Proved, prove, shrink, type ShrinkPorts } from './shrink.ts'
import { frameOf, judge, rawScenario } from './testing/scenarios.test.helper.ts'

/** The crash loses records: `acks: 1` answers before any follower has them. The other five only make noise. */
const FAULTS: readonly RawFault[] = [
  { at: '103ms', 'slow-disk': 'broker-3', for: '1700ms' },
  { at: '151ms', pause: 'followers(orders-0)', for: '350ms' },
  { when: { moment: 'produce.acked', topic: 'orders', nth: 140 }, crash: 'leader(orders-0)', for: '20s' },
  { at: '211ms', delay: { from: 'controller-1', to: 'brokers', by: '12ms', reply: true, count: 3 }, for: '7s' },
  {
    when: { moment: 'leader.elected', topic: 'orders' },
    after: '3ms',
    disconnect: { between: ['clients', 'brokers'] },
  },
  { at: '9s', partition: [['broker-1'], ['rest']], for: '2500ms' },
]
const RAW = rawScenario({
  producers: {
    checkout: {
      to: 'orders',
      instances: 2,
      send: { records: 150, every: '2ms' },
      config: { acks: 1, 'enable.idempotence': false, 'linger.ms': '0ms' },
    },
  },
  faults: [...FAULTS],
  expect: { 'publish/at-least-once': 'holds' },
})

const free = (most: number): ShrinkPorts => ({ judge: (scenario) => judge(scenario, 0), goOn: (runs) => runs < most })

function planOf(raw: typeof RAW, frame: CaseFrame): FaultPlan {
  const scenario = scenarioOf(raw, frame)
  if (scenario === null) throw new Error('the scenario of the test does not load')
  return drawPlan({ entries: scenario.faults, chaos: null }, scenario.spec, frame.replay.runSeed)
}

async function started(frame: CaseFrame, raw: typeof RAW = RAW): Promise<Proved> {
  const scenario = scenarioOf(raw, frame)
  const found = { plan: planOf(raw, frame), amounts: scenario === null ? [] : amountsOf(scenario) }
  const start = await prove(frame, found, free(1))
  if (start === null) throw new Error('the plan of the test does not show the violation')
  return start
}

describe('a loss planted among six faults shrinks to one or two faults and a handful of records', () => {
  // Seeds 2 and 6 are left out: there the six faults happen to lose nothing.
  test.each(['0', '1', '3', '4', '5', '7', '8', '9', '10', '11'])('seed %s', async (seed) => {
    const frame = frameOf(RAW, `seed ${seed}`)
    const seen: Proved[] = []
    const start = await started(frame)
    const { best, runs, steps, minimal } = await shrink(frame, start, { ...free(200), onBetter: (b) => seen.push(b) })
    const records = best.found.amounts.reduce((sum, amount) => sum + amount.instances * (amount.records ?? 0), 0)
    expect(start.found.plan).toHaveLength(6)
    expect(best.found.plan.length).toBeLessThanOrEqual(2)
    expect(records).toBeLessThanOrEqual(10)
    expect(best.shown.signature).toEqual(frame.signature)
    expect({ minimal, better: seen.length, last: seen.at(-1) }).toEqual({ minimal: true, better: steps, last: best })
    expect(runs).toBeLessThan(200)
  })
})

test('what is left cannot do without any of its faults, and is the same every time', async () => {
  const frame = frameOf(RAW, 'seed 7')
  const { best, runs } = await shrink(frame, await started(frame), free(200))
  for (const fault of best.found.plan) {
    const without = { ...best.found, plan: best.found.plan.filter((other) => other !== fault) }
    expect(await prove(best.frame, without, free(1))).toBeNull()
  }
  const again = await shrink(frame, await started(frame), free(200))
  expect({ found: again.best.found, runs: again.runs }).toEqual({ found: best.found, runs })
})

test('a budget that runs out leaves the best so far, and says that nothing is proved about it', async () => {
  const frame = frameOf(RAW, 'seed 7')
  const start = await started(frame)
  const cut = await shrink(frame, start, free(3))
  expect(cut).toMatchObject({ runs: 3, minimal: false })
  expect(await prove(cut.best.frame, cut.best.found, free(1))).not.toBeNull()
  expect(await shrink(frame, start, free(0))).toEqual({ best: start, runs: 0, steps: 0, minimal: false })
})

test('times of faults that need each other move together, and end round or at early moments', async () => {
  const raw = rawScenario({
    producers: RAW.producers,
    faults: [
      { at: '207123us', 'power-loss': 'followers(orders-0)', for: '3s' },
      { at: '207456us', 'power-loss': 'leader(orders-0)', for: '3s' },
    ],
    expect: { 'publish/at-least-once': 'holds' },
  })
  const frame = frameOf(raw, 'seed 1')
  const { best } = await shrink(frame, await started(frame, raw), free(300))
  const late = best.found.plan.filter(({ trigger }) => {
    return trigger.kind === 'at' ? trigger.atUs >= 100_000 || !isRound(trigger.atUs) : trigger.nth > 12
  })
  expect(late).toEqual([])
  expect(best.found.amounts.reduce((sum, { instances, records }) => sum + instances * (records ?? 0), 0)).toBeLessThan(
    20,
  )
})
