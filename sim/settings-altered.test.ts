import { describe, expect, test } from 'vitest'
import type { FaultPlan, PlannedFault } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { Errors } from './kafka/protocol/errors.ts'
import type { TopicConfigChange } from './kafka/protocol/config/topic.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

// `admin: { alter-config: ... }`: a topic gets other settings while it is written.

const TOPIC = { ...(world().topics[0] as WorldSpec['topics'][number]), partitions: 1 }

interface Seen {
  readonly kind: number
  readonly time: number
  readonly node: number
  readonly fields: readonly number[]
}

const KINDS = [M.configCommitted, M.configApplied, M.produceAnswered, M.logRolled, M.logFlushed, M.logStartMoved]

function altered(atUs: number, changes: TopicConfigChange): PlannedFault {
  return {
    entry: 0,
    trigger: { kind: 'at', atUs },
    action: { kind: 'alter-config', topics: [{ topic: 'orders', changes }] },
    forUs: null,
  }
}

function seen(plan: FaultPlan, overrides: Partial<WorldSpec> = {}): readonly Seen[] {
  const workload = {
    kind: 'send',
    records: 800,
    every: constant(20 * MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const spec = world({ topics: [TOPIC], producers: [producer('checkout', 'orders', { workload })], ...overrides })
  const all: Seen[] = []
  runWorld(spec, plan, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [
      { kinds: KINDS, onMoment: (kind, time, node, ...fields) => void all.push({ kind, time, node, fields }) },
    ],
  })
  return all
}

function errorsFrom(all: readonly Seen[], atUs: number): ReadonlySet<number> {
  return new Set(
    all.flatMap(({ kind, time, fields }) => (kind === M.produceAnswered && time >= atUs ? [fields[2] as number] : [])),
  )
}

const CRASH_2 = {
  entry: 1,
  trigger: { kind: 'at', atUs: 3 * SECOND },
  action: { kind: 'crash', target: { kind: 'node', name: 'broker-2' } },
  forUs: 12 * SECOND,
} as const

describe('settings that are altered', () => {
  test('are committed by the controller, and every broker goes by them a little later', () => {
    const all = seen([altered(2 * SECOND, { 'min.insync.replicas': 1 })])
    const committed = all.filter(({ kind }) => kind === M.configCommitted)
    expect(committed.map(({ time, fields }) => [time, ...fields.slice(1, 4)])).toEqual([[2 * SECOND, 1, 1, 0]])
    const applied = all.filter(({ kind }) => kind === M.configApplied)
    expect(applied.map(({ node, fields }) => [node, ...fields.slice(1, 4)]).sort(([a = 0], [b = 0]) => a - b)).toEqual([
      [1, 1, 1, 0],
      [2, 1, 1, 0],
      [3, 1, 1, 0],
    ])
    expect(applied.every(({ time }) => time > 2 * SECOND && time < 2.1 * SECOND)).toBe(true)
  })

  test('a higher min ISR has acks=all refused when a replica is missing', () => {
    const long = { ...CRASH_2, forUs: 45 * SECOND }
    const all = seen([altered(2 * SECOND, { 'min.insync.replicas': 3 }), long])
    expect(errorsFrom(all, 0)).toContain(Errors.NOT_ENOUGH_REPLICAS)
    expect(errorsFrom(seen([long]), 0)).not.toContain(Errors.NOT_ENOUGH_REPLICAS)
  })

  test('max.message.bytes refuses what is larger, from where the leader knows', () => {
    const all = seen([altered(2 * SECOND, { 'max.message.bytes': 100 })])
    const refused = all.filter(
      ({ kind, fields }) => kind === M.produceAnswered && fields[2] === Errors.MESSAGE_TOO_LARGE,
    )
    expect(refused[0]?.time).toBeGreaterThan(2 * SECOND)
    expect(errorsFrom(all, 2.1 * SECOND)).toEqual(new Set([Errors.MESSAGE_TOO_LARGE]))
  })

  test('segment.ms and flush.messages hold for logs that are there', () => {
    const all = seen([altered(2 * SECOND, { 'segment.ms': 500, 'flush.messages': 1 })])
    const early = all.filter(({ kind, time }) => kind !== M.produceAnswered && time < 2 * SECOND)
    expect(early).toEqual([])
    expect(all.filter(({ kind }) => kind === M.logRolled).length).toBeGreaterThan(10)
    expect(all.filter(({ kind }) => kind === M.logFlushed).length).toBeGreaterThan(400)
  })

  test('a broker that was down goes by them when it is back', () => {
    const down = { ...CRASH_2, trigger: { kind: 'at', atUs: SECOND } } as const
    const all = seen([down, altered(2 * SECOND, { 'min.insync.replicas': 1 })])
    const applied = all.find(({ kind, node }) => kind === M.configApplied && node === 2)
    expect(applied?.time).toBeGreaterThan(13 * SECOND)
    expect(applied?.fields.slice(1, 3)).toEqual([1, 1])
  })
})
