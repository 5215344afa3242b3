import { expect, test } from 'vitest'
import { judgeRun } from '../../properties/judge.ts'
import { loadScenarioValue } from '../../scenarios/format/load.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Handler } from '../../scenarios/handler.ts'
import type { Drain } from '../../sim/host.ts'
import { checkpointDrain, drains, testedDrain, tickDrain } from '../host/drain.ts'
import { sha256 } from '../host/sha256.ts'
import { keyOf, UserHandlers } from './user-handlers.ts'

const CODE = { module: '/own.mjs', entry: '' }

const SCENARIO = loadScenarioValue(
  'own.mjs',
  {
    scenario: 'own',
    topics: { orders: { partitions: 2 }, sums: {} },
    producers: { checkout: { to: 'orders', send: { records: 40, every: '20ms' }, config: { acks: 'all' } } },
    processors: {
      sum: {
        from: 'orders',
        to: 'sums',
        instances: 2,
        commit: 'after-output',
        handler: `${CODE.module}#${CODE.entry}`,
        config: { 'group.id': 'g', 'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000 },
      },
    },
    faults: [{ every: '1s', crash: 'sum', for: '500ms', times: 3 }],
    expect: { 'at-least-once': 'holds' },
  },
  { moments: [], momentFields: {} },
).scenarios[0] as Scenario

/** Promises within promises, so that a drain that ends too early shows. */
const slow: Handler = async (record, at) => {
  await Promise.all([at.sleep(3), at.step('first')])
  for (let i = 0; i < 5; i++) await Promise.resolve()
  await at.sleep(at.random())
  return { value: `${record.value} at ${at.now()}` }
}

function digest(drain: Drain, run: number): string {
  const watch = { enter: () => {}, leave: () => {} }
  const code = (): UserHandlers => new UserHandlers(new Map([[keyOf(CODE), () => slow]]), drain, watch)
  const result = judgeRun(SCENARIO, run, { hasher: sha256, code })
  expect(result.verdicts[0]?.observed).toBe('holds')
  expect(result.moments['handler.finished']).toBeGreaterThanOrEqual(40)
  return result.digest
}

/** In a callback of the event loop, as a thread of the pool judges. */
function inLoop<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })
}

test.each([0, 1, 2])('the fast drain and its fallback give the same digest: run %d', async (run) => {
  await inLoop(() => {
    const [fast, fallback] = [tickDrain(), checkpointDrain()]
    if (fast === null || fallback === null) throw new Error('this Node lacks one')
    expect(digest(fast, run)).toBe(digest(fallback, run))
  })
})

test('a drain is tested before it is used: within a promise callback none works', async () => {
  await inLoop(() => expect(drains(testedDrain())).toBe(true))
  await Promise.resolve()
  expect(drains(() => {})).toBe(false)
  expect(() => testedDrain()).toThrow('cannot be run')
})
