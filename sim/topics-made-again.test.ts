import { expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { tpOf } from './history/ids.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

// `admin: { delete-topic: ... }`, and then `create-topic` of the same name.

const TOPIC = { ...(world().topics[0] as WorldSpec['topics'][number]), partitions: 1 }
const PLAN: FaultPlan = [
  {
    entry: 0,
    trigger: { kind: 'at', atUs: 2 * SECOND },
    action: { kind: 'delete-topic', topics: ['orders'] },
    forUs: null,
  },
  {
    entry: 1,
    trigger: { kind: 'at', atUs: 3 * SECOND },
    action: { kind: 'create-topic', topics: ['orders'] },
    forUs: null,
  },
  {
    entry: 2,
    trigger: { kind: 'at', atUs: 5 * SECOND },
    action: { kind: 'crash', target: { kind: 'leader', topic: 'orders', partition: 0 } },
    forUs: SECOND,
  },
  {
    entry: 3,
    trigger: { kind: 'at', atUs: 7 * SECOND },
    action: { kind: 'create-topic', topics: ['orders'] },
    forUs: null,
  },
]

test('a topic that is made again has another id: what is acknowledged is in the one that was there then', () => {
  const workload = {
    kind: 'send',
    records: 400,
    every: constant(20 * MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const spec = world({
    topics: [
      { ...TOPIC, mayGo: true },
      { ...TOPIC, madeLater: true },
    ],
    producers: [producer('checkout', 'orders', { workload })],
  })
  const acked: (readonly [time: number, tp: number])[] = []
  const kinds = [M.produceAcked]
  const result = runWorld(spec, PLAN, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [{ kinds, onMoment: (_kind, time, _node, _record, _attempt, tp) => void acked.push([time, tp]) }],
  })
  expect(result.ended).toBe('settled')
  expect(acked.length).toBe(400)
  for (const [time, tp] of acked) expect(tp).toBe(time < 2.1 * SECOND ? tpOf(1, 0) : tpOf(2, 0))
  // `leader(orders-0)` is that of the new topic, and there is nothing more to be made.
  expect(result.faults.map(({ touched }) => touched)).toEqual([1, 1, 1, 0])
  expect(result.final.partitions.map(({ tp }) => tp)).toEqual([tpOf(2, 0)])
})
