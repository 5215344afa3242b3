import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { partitionOf, tpOf } from './history/ids.ts'
import type { ConsumerConfig } from './kafka/protocol/config/consumer.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

// `admin: { add-partitions: ... }`: a topic with two partitions gets five while it is written and read.

const TOPIC = world().topics[0] as WorldSpec['topics'][number]
const AT_US = 8 * SECOND
const RECORDS = 1000

interface Seen {
  readonly kind: number
  readonly time: number
  readonly node: number
  readonly fields: readonly number[]
}

function grown(
  reading: Partial<ConsumerConfig> = {},
  writing: Partial<ProducerConfig> = {},
): { readonly seen: readonly Seen[]; readonly result: WorldResult } {
  const plan: FaultPlan = [
    {
      entry: 0,
      trigger: { kind: 'at', atUs: AT_US },
      action: { kind: 'add-partitions', topics: [{ topic: 'orders', partitions: 5 }] },
      forUs: null,
    },
  ]
  const workload = {
    kind: 'send',
    records: RECORDS,
    every: constant(20 * MILLISECOND),
    keys: 50,
    size: 100,
    transactions: null,
  } as const
  const spec = world({
    topics: [{ ...TOPIC, partitions: 2, mostPartitions: 5 }],
    producers: [producer('checkout', 'orders', { workload }, { 'metadata.max.age.ms': 1000, ...writing })],
    consumers: [consumer('reader', 'orders', { instances: 2 }, { 'metadata.max.age.ms': 4000, ...reading })],
  })
  const seen: Seen[] = []
  const kinds = [
    M.leaderElected,
    M.logAppended,
    M.partitionAssigned,
    M.recordDelivered,
    M.positionReset,
    M.groupRebalanced,
    M.recordSent,
  ]
  const result = runWorld(spec, plan, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [{ kinds, onMoment: (kind, time, node, ...fields) => void seen.push({ kind, time, node, fields }) }],
  })
  return { seen, result }
}

describe('partitions that are added', () => {
  const { seen, result } = grown()
  const later = (kind: number): readonly Seen[] => seen.filter((each) => each.kind === kind && each.time >= AT_US)

  test('are placed as the first ones were, and led at once', () => {
    const leaders = later(M.leaderElected).filter(({ fields }) => (fields[0] as number) >>> 16 === 1)
    expect(leaders.map(({ fields }) => [partitionOf(fields[0] as number), fields[1], fields[2]])).toEqual([
      [2, 3, 0],
      [3, 1, 0],
      [4, 2, 0],
    ])
    expect(result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
  })

  test('are written when the producer refreshes its metadata', () => {
    const first = later(M.recordSent).find(({ fields }) => partitionOf(fields[2] as number) >= 2)
    expect(first?.time).toBeGreaterThan(AT_US)
    expect(first?.time).toBeLessThan(AT_US + 1.1 * SECOND)
    const written = new Set(later(M.recordSent).map(({ fields }) => partitionOf(fields[2] as number)))
    expect(written).toEqual(new Set([0, 1, 2, 3, 4]))
  })

  test('begin a rebalance when the leader of the group refreshes its own, and are read from the beginning', () => {
    const rebalances = later(M.groupRebalanced)
    expect(rebalances).toHaveLength(1)
    expect(rebalances[0]?.time).toBeLessThan(AT_US + 8 * SECOND)
    const owned = later(M.partitionAssigned).map(({ fields }) => fields[1] as number)
    expect([...owned].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4].map((partition) => tpOf(1, partition)))
    expect(seen.filter(({ kind }) => kind === M.recordDelivered).length).toBe(RECORDS)
    expect(result.ended).toBe('settled')
  })

  test('with latest: what was written before the group knew of them is skipped (C09)', () => {
    const latest = grown({ 'auto.offset.reset': 'latest' })
    const resets = latest.seen.filter(
      ({ kind, fields }) => kind === M.positionReset && partitionOf(fields[0] as number) >= 2,
    )
    expect(resets.length).toBe(3)
    expect(resets.some(({ fields }) => (fields[1] as number) > 0)).toBe(true)
  })
})
