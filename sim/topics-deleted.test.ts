import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import { Errors } from './kafka/protocol/errors.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

// `admin: { delete-topic: ... }`: a topic with two partitions goes while it is written and read.

const TOPIC = world().topics[0] as WorldSpec['topics'][number]
const AT_US = 8 * SECOND
const DELETED: FaultPlan = [
  { entry: 0, trigger: { kind: 'at', atUs: AT_US }, action: { kind: 'delete-topic', topics: ['orders'] }, forUs: null },
]
const DOWN = {
  entry: 1,
  trigger: { kind: 'at', atUs: 7 * SECOND },
  action: { kind: 'crash', target: { kind: 'node', name: 'broker-2' } },
  forUs: 3 * SECOND,
} as const

interface Seen {
  readonly kind: number
  readonly time: number
  readonly node: number
  readonly fields: readonly number[]
}

const KINDS = [
  M.topicDeleted,
  M.logDeleted,
  M.produceAnswered,
  M.produceAcked,
  M.produceFailed,
  M.produceUnknown,
  M.partitionRevoked,
  M.offsetExpired,
  M.recordDelivered,
]

function run(
  plan: FaultPlan,
  writing: Partial<ProducerConfig> = {},
): { readonly seen: readonly Seen[]; readonly result: WorldResult } {
  const workload = {
    kind: 'send',
    records: 600,
    every: constant(20 * MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const timeouts = { 'max.block.ms': 500, 'delivery.timeout.ms': 4000, 'request.timeout.ms': 2000, ...writing }
  const spec = world({
    topics: [{ ...TOPIC, mayGo: true }],
    producers: [producer('checkout', 'orders', { workload }, timeouts)],
    consumers: [consumer('reader', 'orders', {}, { 'default.api.timeout.ms': 5000, 'max.poll.records': 10 })],
  })
  const seen: Seen[] = []
  const result = runWorld(spec, plan, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [
      { kinds: KINDS, onMoment: (kind, time, node, ...fields) => void seen.push({ kind, time, node, fields }) },
    ],
  })
  return { seen, result }
}

describe('a topic that is deleted', () => {
  const { seen, result } = run(DELETED)
  const of = (kind: number): readonly Seen[] => seen.filter((each) => each.kind === kind)

  test('leaves every broker, when it hears of it', () => {
    expect(of(M.topicDeleted).map(({ time }) => time)).toEqual([AT_US])
    const left = of(M.logDeleted)
    expect(left.map(({ node }) => node).sort((a, b) => a - b)).toEqual([1, 1, 2, 2, 3, 3])
    expect(left.every(({ time, fields }) => time > AT_US && time < AT_US + SECOND && fields[2] === 0)).toBe(true)
    expect(result.final.logs.filter(({ tp }) => tp >>> 16 === 1)).toEqual([])
  })

  test('is written no more: UNKNOWN_TOPIC_ID, and what is not sent any more has certainly failed', () => {
    const late = of(M.produceAnswered).filter(({ time }) => time > AT_US + SECOND)
    expect(late).toEqual([])
    const errors = new Set(of(M.produceAnswered).map(({ fields }) => fields[2]))
    expect(errors).toContain(Errors.UNKNOWN_TOPIC_ID)
    expect(of(M.produceUnknown).length).toBeLessThan(60)
    expect(of(M.produceFailed).length).toBeGreaterThan(2)
    expect(result.ended).toBe('settled')
  })

  test('is read no more, and the coordinator forgets where the group stood', () => {
    const last = Math.max(...of(M.recordDelivered).map(({ time }) => time))
    expect(last).toBeLessThan(AT_US + SECOND)
    expect(of(M.partitionRevoked).length).toBe(2)
    expect(of(M.offsetExpired).map(({ fields }) => fields[1])).toEqual([65_536, 65_537])
    expect(result.final.offsets.every(({ offset }) => offset === -1)).toBe(true)
  })
})

test('who asks by name is told UNKNOWN_TOPIC_OR_PARTITION: acks=0 needs no answer, and an older version has no ids', () => {
  const { result } = run(DELETED, { acks: '0', 'enable.idempotence': false })
  expect(result.ended).toBe('settled')
})

test('a broker that was down finds strays, and leaves them', () => {
  const { seen, result } = run([...DELETED, DOWN])
  const strays = seen.filter(({ kind, fields }) => kind === M.logDeleted && fields[2] === 1)
  expect(strays.map(({ node }) => node)).toEqual([2, 2])
  expect(strays.every(({ time }) => time > 10 * SECOND)).toBe(true)
  expect(result.ended).toBe('settled')
})

test('what is gone is not deleted again', () => {
  const again = {
    ...(DELETED[0] as FaultPlan[number]),
    entry: 1,
    trigger: { kind: 'at', atUs: AT_US + SECOND },
  } as const
  expect(run([...DELETED, again]).result.faults[1]).toEqual({ entry: 1, fired: 1, touched: 0 })
})
