import { expect, test } from 'vitest'
import { load, only } from './fixture.test.helper.ts'
import type { RawScenario } from './raw.ts'
import { saveScenario } from './save.ts'
import type { ReplayRecord } from './scenario.ts'

const SCENARIO: RawScenario = {
  expect: { 'publish/at-least-once': 'holds' },
  scenario: 'acks=1 loses: an acknowledged record # not a comment',
  seed: '00123',
  cluster: { brokers: 3, each: { 'broker-2': { config: { 'replica.lag.time.max.ms': '10s' } } } },
  topics: { orders: { partitions: 1, 'replication.factor': 3, 'min.insync.replicas': 1 } },
  producers: {
    checkout: { to: 'orders', send: { records: 1 }, config: { acks: 1, 'enable.idempotence': false } },
    scripted: { to: 'orders', steps: [{ send: { id: '007', key: 'true', value: null } }, 'flush', { wait: '1m30s' }] },
  },
  faults: [
    { at: '7s', crash: 'broker-1', for: '1500ms' },
    { at: '7500ms', partition: [['broker-2'], ['broker-1', 'broker-3']], for: '500ms' },
    {
      when: { moment: 'produce.acked', record: 'checkout#0/0', nth: 1 },
      after: '3ms',
      'power-loss': 'leader(orders-0)',
    },
  ],
  run: { for: '60s' },
}

const REPLAY: ReplayRecord = {
  version: '0.1.0',
  runSeed: '1/731',
  digest: '0123456789012345',
  signature: 'publish/at-least-once: lost-record',
  bases: { latency: 'seeded', disk: 'boring' },
  overrides: [['latency', -5, 4_000_000_000, 7]],
}

test('what is saved loads to the same scenario', () => {
  const text = saveScenario(SCENARIO, {
    replay: REPLAY,
    head: ['Found by: twiceshy fuzz', 'Shrunk from 8 faults to 2.'],
  })
  const scenario = only(text)
  expect(scenario.replay).toEqual(REPLAY)
  expect(scenario.seed).toBe('00123')
  expect(scenario.title).toBe(SCENARIO.scenario)
  expect(scenario.faults).toHaveLength(3)
  const workload = scenario.spec.producers[1]?.workload
  expect(workload?.kind === 'steps' && workload.steps[0]).toMatchObject({ id: '007', key: 'true', value: null })
  expect(saveScenario(SCENARIO, { replay: REPLAY })).toBe(text.slice(text.indexOf('scenario:')))
  expect(only(JSON.stringify({ ...SCENARIO, replay: undefined })).spec).toEqual(scenario.spec)
})

test('it reads like a file that a person wrote', () => {
  expect(saveScenario(SCENARIO, { head: ['Found by: twiceshy fuzz', 'line\nbreak'] })).toBe(`# Found by: twiceshy fuzz
# line break

scenario: "acks=1 loses: an acknowledged record # not a comment"
seed: "00123"

cluster:
  brokers: 3
  each:
    broker-2:
      config: { replica.lag.time.max.ms: 10s }

topics:
  orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 1 }

producers:
  checkout:
    to: orders
    send: { records: 1 }
    config: { acks: 1, enable.idempotence: false }
  scripted:
    to: orders
    steps:
      - { send: { id: "007", key: "true", value: null } }
      - flush
      - { wait: 1m30s }

faults:
  - { at: 7s, crash: broker-1, for: 1500ms }
  - { at: 7500ms, partition: [ [ broker-2 ], [ broker-1, broker-3 ] ], for: 500ms }
  - when: { moment: produce.acked, record: checkout#0/0, nth: 1 }
    after: 3ms
    power-loss: leader(orders-0)

run:
  for: 60s

expect:
  publish/at-least-once: holds
`)
})

test('an empty list stays a list', () => {
  expect(load(saveScenario({ ...SCENARIO, faults: [] })).scenarios[0]?.faults).toEqual([])
})
