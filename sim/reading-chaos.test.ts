import { expect, test } from 'vitest'
import { drawPlan } from './faults/draw.ts'
import type { ChaosSpec } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer, processor, sink, store } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

const CHAOS: ChaosSpec = {
  budget: 'within-promise',
  kinds: ['crash', 'stop', 'pause', 'partition', 'isolate', 'delay', 'drop', 'disconnect'],
  faults: [3, 8],
}
const TOPIC = world().topics[0] as WorldSpec['topics'][number]
const SLOW = constant(60 * MILLISECOND)

/** A pipeline with a backlog: producers, a consumer, a processor and a sink behind it. */
function pipeline(n: number): WorldSpec {
  const commitEvery = (['poll', 'record', 7] as const)[n % 3] ?? 'poll'
  const common = { instances: 2, commitEvery, process: SLOW }
  const config = { 'partition.assignment.strategy': n % 2 === 0 ? 'range,cooperative-sticky' : 'cooperative-sticky' }
  return world({
    producers: [
      producer('checkout', 'orders', {
        workload: {
          kind: 'send',
          records: 120,
          every: constant(20 * MILLISECOND),
          keys: 16,
          size: 100,
          transactions: null,
        },
        onUnknown: 'resend',
      }),
    ],
    topics: [TOPIC, { ...TOPIC, name: 'bills' }],
    consumers: [consumer('billing', 'orders', common, config)],
    processors: [processor('biller', 'orders', 'bills', common, config)],
    stores: [store('ledger')],
    sinks: [sink('writer', 'bills', 'ledger', { ...common, commit: 'with-output', fence: 'offset' }, config)],
    run: { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 5_000_000 },
  })
}

const CHECKOUT = 4

test('whatever happens within the promise, work after commit loses nothing, and positions with the output double nothing', () => {
  let effects = 0
  for (let n = 0; n < 12; n++) {
    const spec = pipeline(n)
    const plan = drawPlan({ entries: [], chaos: CHAOS }, spec, `reading ${n}`)
    const acked = new Set<number>()
    const processed = new Set<number>()
    const derived = new Set<number>()
    const written: number[] = []
    const result = runWorld(spec, plan, String(n), {
      hasher: new TestHasher(),
      freeze: true,
      observers: [
        {
          kinds: [M.produceAcked, M.effectApplied, M.recordDerived],
          onMoment: (kind, _time, _node, a, b, _c, what) => {
            if (kind === M.produceAcked) acked.add(a)
            else if (kind === M.recordDerived) derived.add(b)
            else if (what === 0) processed.add(a)
            else written.push(a)
          },
        },
      ],
    })
    expect(result.waiting, `run ${n}`).toEqual([])
    expect(result.ended, `run ${n}`).toBe('settled')
    const published = [...acked].filter((record) => record >>> 20 === CHECKOUT)
    const made = [...acked].filter((record) => record >>> 20 !== CHECKOUT)
    expect(
      published.filter((record) => !processed.has(record) || !derived.has(record)),
      `run ${n}`,
    ).toEqual([])
    const rows = new Set(written)
    expect(
      made.filter((record) => !rows.has(record)),
      `run ${n}`,
    ).toEqual([])
    expect(written.length, `run ${n}`).toBe(rows.size)
    effects += processed.size
  }
  expect(effects).toBeGreaterThan(1000)
})
