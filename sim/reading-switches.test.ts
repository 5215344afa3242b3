import { expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND } from './kernel/time.ts'
import type { ClientSwitches } from './kafka/protocol/client-switches.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

// Switches of clients whose rule lies in the application's own loop.

const RECORDS = 20
const TOPIC = world().topics[0] as WorldSpec['topics'][number]

/** A clean stop while the fifth record of a batch is worked on. */
const STOP: FaultPlan = [
  {
    entry: 0,
    forUs: 2_000_000,
    trigger: {
      kind: 'when',
      match: { moment: 'work.started', fields: {} },
      nth: 5,
      everyMatch: false,
      times: null,
      afterUs: 0,
    },
    action: { kind: 'stop', target: { kind: 'node', name: 'reader#0' } },
  },
]

function processed(switches: Partial<ClientSwitches>): number {
  let effects = 0
  const reader = consumer('reader', 'orders', {
    commit: 'after-processing',
    commitEvery: 2,
    process: constant(20 * MILLISECOND),
    startUs: 2_000_000,
    profile: { base: 'kafka-4.1', switches },
  })
  const checkout = producer('checkout', 'orders', {
    workload: { kind: 'send', records: RECORDS, every: constant(MILLISECOND), keys: 0, size: 100, transactions: null },
  })
  const spec = world({ topics: [{ ...TOPIC, partitions: 1 }], producers: [checkout], consumers: [reader] })
  runWorld(spec, STOP, 's', {
    hasher: new TestHasher(),
    observers: [{ kinds: [M.effectApplied], onMoment: () => void effects++ }],
  })
  return effects
}

test('batch.stopped: a batch is finished before the stop, or what is left of it counts as done (kafkajs, N07)', () => {
  expect(processed({})).toBe(RECORDS)
  const resolved = processed({ 'batch.stopped': 'resolved' })
  expect(resolved).toBeGreaterThanOrEqual(5)
  expect(resolved).toBeLessThan(RECORDS)
})
