import { expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M, momentOfKind } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

const TOPIC = { ...(world().topics[0] as WorldSpec['topics'][number]), partitions: 1 }
const RUN = { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 2_000_000 }

interface Told {
  readonly name: string
  readonly node: number
  readonly fields: readonly number[]
}

function told(spec: WorldSpec, plan: FaultPlan, kinds: readonly number[]): readonly Told[] {
  const all: Told[] = []
  const result = runWorld(spec, plan, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [
      {
        kinds,
        onMoment: (kind, _time, node, a, b, c) =>
          all.push({ name: momentOfKind(kind)?.name ?? '', node, fields: [a, b, c] }),
      },
    ],
  })
  expect(result.waiting).toEqual([])
  return all
}

test('who commits first and is refused leaves the work to the new owner', () => {
  const spec = world({
    topics: [TOPIC],
    producers: [
      producer('checkout', 'orders', {
        workload: { kind: 'send', records: 20, every: constant(MILLISECOND), keys: 0, size: 100, transactions: null },
      }),
    ],
    consumers: [consumer('reader', 'orders', { commit: 'before-processing', instances: 2 })],
    run: RUN,
  })
  // Whoever has the partition stops just before its commit, until the other one has taken over.
  const pauses: FaultPlan = ['reader#0', 'reader#1'].map((name, entry) => ({
    entry,
    forUs: 20 * SECOND,
    trigger: {
      kind: 'when',
      match: { moment: 'step.before-commit', fields: { node: name } },
      nth: 1,
      afterUs: 0,
      everyMatch: false,
      times: null,
    },
    action: { kind: 'pause', target: { kind: 'node', name } },
  }))
  for (const pause of pauses) {
    const moments = told(spec, [{ ...pause, entry: 0 }], [M.effectApplied, M.commitFailed, M.nodePaused])
    const effects = moments.filter(({ name }) => name === 'effect.applied').map(({ fields }) => fields[0] as number)
    expect(new Set(effects).size).toBe(20)
    expect(effects).toHaveLength(20)
    if (moments.some(({ name }) => name === 'node.paused')) {
      expect(moments.some(({ name }) => name === 'commit.failed')).toBe(true)
    }
  }
  const paused = pauses.filter((pause) => told(spec, [{ ...pause, entry: 0 }], [M.nodePaused]).length > 0)
  expect(paused.length).toBeGreaterThan(0)
})

test('before it lets a partition go an application waits for its commit, also one that otherwise commits asynchronously', () => {
  const common = { commitCall: 'async', commitEvery: 1000 } as const
  const spec = world({
    topics: [TOPIC],
    producers: [
      producer('checkout', 'orders', {
        workload: {
          kind: 'send',
          records: 300,
          every: constant(50 * MILLISECOND),
          keys: 0,
          size: 100,
          transactions: null,
        },
      }),
    ],
    consumers: [
      consumer('first', 'orders', common, { 'group.id': 'readers' }),
      consumer('second', 'orders', { ...common, startUs: 9 * SECOND }, { 'group.id': 'readers' }),
    ],
    run: RUN,
  })
  const moments = told(spec, [], [M.effectApplied, M.commitAcked, M.partitionRevoked])
  const revoked = moments.findIndex(({ name }) => name === 'partition.revoked')
  const before = moments.slice(0, revoked)
  const done = before.filter(({ name }) => name === 'effect.applied').length
  expect(done).toBeGreaterThan(50)
  expect(before.filter(({ name }) => name === 'commit.acked').map(({ fields }) => fields[2])).toContain(done)
  expect(moments.filter(({ name }) => name === 'effect.applied')).toHaveLength(300)
})
