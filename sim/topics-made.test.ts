import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import { Errors } from './kafka/protocol/errors.ts'
import { SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

// `admin: { create-topic: ... }`: a topic that its producer and its group wait for.

const TOPIC = world().topics[0] as WorldSpec['topics'][number]
const AT_US = 4 * SECOND
const MADE: FaultPlan = [
  { entry: 0, trigger: { kind: 'at', atUs: AT_US }, action: { kind: 'create-topic', topics: ['orders'] }, forUs: null },
]

interface Seen {
  readonly kind: number
  readonly time: number
  readonly fields: readonly number[]
}

const KINDS = [M.topicCreated, M.leaderElected, M.logAppended, M.produceFailed, M.partitionAssigned, M.recordDelivered]

function run(
  plan: FaultPlan,
  writing: Partial<ProducerConfig> = {},
): { readonly seen: readonly Seen[]; readonly result: WorldResult } {
  const seen: Seen[] = []
  const spec = world({
    topics: [{ ...TOPIC, madeLater: true }],
    producers: [producer('checkout', 'orders', {}, writing)],
    consumers: [consumer('reader', 'orders')],
  })
  const result = runWorld(spec, plan, 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [{ kinds: KINDS, onMoment: (kind, time, _node, ...fields) => void seen.push({ kind, time, fields }) }],
  })
  return { seen, result }
}

describe('a topic that is made later', () => {
  const { seen, result } = run(MADE)
  const of = (kind: number): readonly Seen[] => seen.filter((each) => each.kind === kind)

  test('is not there before, and led as soon as it is made', () => {
    expect(of(M.topicCreated).map(({ time }) => time)).toContain(AT_US)
    expect(
      of(M.leaderElected)
        .filter(({ fields }) => (fields[0] as number) >>> 16 === 1)
        .map(({ time }) => time),
    ).toEqual([AT_US, AT_US])
    expect(result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
  })

  test('takes what was to be sent before, and is read from its beginning', () => {
    const written = of(M.logAppended).filter(({ fields }) => (fields[0] as number) >>> 16 === 1)
    expect(written.every(({ time }) => time > AT_US)).toBe(true)
    expect(of(M.produceFailed)).toEqual([])
    expect(of(M.recordDelivered).length).toBe(100)
    expect(of(M.partitionAssigned).map(({ fields }) => fields[1])).toHaveLength(2)
    expect(result.ended).toBe('settled')
  })
})

test('who waits for less than that fails the send(), which has left no trace', () => {
  const { seen, result } = run(MADE, { 'max.block.ms': 1000 })
  const failed = seen.filter(({ kind }) => kind === M.produceFailed)
  expect(failed.length).toBeGreaterThan(2)
  expect(failed.every(({ time, fields }) => time < AT_US + SECOND && fields[3] === Errors.REQUEST_TIMED_OUT)).toBe(true)
  expect(result.ended).toBe('settled')
})

test('who waits for a topic that is never made fails every send(), and the run comes to its end', () => {
  const { seen, result } = run([], { 'max.block.ms': 100 })
  expect(seen.filter(({ kind }) => kind === M.produceFailed).length).toBe(100)
  expect(result.ended).toBe('settled')
})

test('what is there already is not made again', () => {
  const again = { ...(MADE[0] as FaultPlan[number]), entry: 1, trigger: { kind: 'at', atUs: 2 * AT_US } } as const
  const { result } = run([...MADE, again])
  expect(result.faults[1]).toEqual({ entry: 1, fired: 1, touched: 0 })
})
