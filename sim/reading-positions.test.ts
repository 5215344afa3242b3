import { describe, expect, test } from 'vitest'
import type { ConsumerStep } from './application/applications.ts'
import { M } from './history/catalogue.ts'
import type { ConsumerConfig } from './kafka/protocol/config/consumer.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

// Where a consumer reads, by its script and by its reset policy, in a whole world: records at 0, 50, 100 ... ms.

const TOPIC = world().topics[0] as WorldSpec['topics'][number]
const RECORDS = 100
const EVERY = 50 * MILLISECOND

interface Told {
  /** `partition:offset` */
  readonly delivered: readonly string[]
  readonly commits: readonly number[]
  readonly ended: string
}

function run(
  steps: readonly ConsumerStep[] | null,
  startUs: number,
  config: Partial<ConsumerConfig> = {},
  partitions = 1,
): Told {
  const reader = consumer('reader', 'orders', { steps, startUs }, config)
  const workload = {
    kind: 'send',
    records: RECORDS,
    every: constant(EVERY),
    keys: 8,
    size: 100,
    transactions: null,
  } as const
  const spec = world({
    topics: [{ ...TOPIC, partitions }],
    producers: [producer('checkout', 'orders', { workload })],
    consumers: [reader],
  })
  const delivered: string[] = []
  const commits: number[] = []
  const { ended } = runWorld(spec, [], 's', {
    hasher: new TestHasher(),
    observers: [
      {
        kinds: [M.recordDelivered, M.offsetCommitted],
        onMoment: (kind, _time, _node, _a, b, c, d) => {
          if (kind === M.recordDelivered) delivered.push(`${c & 0xffff}:${d}`)
          else if (b >= 0) commits.push(c)
        },
      },
    ],
  })
  return { delivered, commits, ended }
}

describe('by_duration', () => {
  test('begins at the first record that is not older than so long before the look-up', () => {
    // The group's first position is looked up after its initial delay of three seconds, about 6 s after the first record.
    const { delivered, ended } = run(null, 3 * SECOND, { 'auto.offset.reset': 'by_duration:PT1.5S' })
    const first = Number(delivered[0]?.slice(2))
    expect(first).toBeGreaterThan(88)
    expect(delivered).toHaveLength(RECORDS - first)
    expect(ended).toBe('settled')
    const longer = run(null, 3 * SECOND, { 'auto.offset.reset': 'by_duration:PT4S' })
    expect(Number(longer.delivered[0]?.slice(2))).toBeGreaterThan(35)
    expect(Number(longer.delivered[0]?.slice(2))).toBeLessThan(50)
    expect(longer.delivered).toHaveLength(RECORDS - Number(longer.delivered[0]?.slice(2)))
  })

  test('with no record that is so new: nothing is read', () => {
    const { delivered } = run(null, 3 * SECOND, { 'auto.offset.reset': 'by_duration:PT1S' })
    expect(delivered).toEqual([])
  })

  test('of more than there is: begins at the beginning', () => {
    expect(run(null, 3 * SECOND, { 'auto.offset.reset': 'by_duration:P7D' }).delivered).toHaveLength(RECORDS)
  })
})

describe('steps', () => {
  test('a paused partition is passed over until it is resumed', () => {
    const p0 = [{ topic: 'orders', partition: 0 }]
    const steps: readonly ConsumerStep[] = [
      { do: 'pause', partitions: p0 },
      { do: 'poll', records: 10 },
      { do: 'resume', partitions: null },
      { do: 'poll', records: 60 },
      { do: 'close' },
    ]
    const { delivered } = run(steps, 4 * SECOND, { 'max.poll.records': 5 }, 2)
    expect(delivered.slice(0, 10).every((each) => each.startsWith('1:'))).toBe(true)
    expect(delivered).toContain('0:0')
  })

  test('wakeup ends the next poll with what it has got, and the script goes on', () => {
    const steps: readonly ConsumerStep[] = [
      { do: 'wakeup' },
      { do: 'poll', records: 50 },
      { do: 'poll', records: 5 },
      { do: 'commit', offsets: null },
      { do: 'close' },
    ]
    const { delivered, commits } = run(steps, 4 * SECOND, { 'max.poll.records': 5 })
    expect(delivered).toHaveLength(5)
    expect(commits).toEqual([5])
  })

  test('a commit beyond the end of the log is taken, and who reads from there follows the reset policy', () => {
    const steps: readonly ConsumerStep[] = [
      { do: 'poll', records: 5 },
      { do: 'commit', offsets: [{ topic: 'orders', partition: 0, offset: 1000 }] },
      { do: 'seek', topic: 'orders', partition: 0, offset: 1000 },
      { do: 'poll', records: 5 },
      { do: 'close' },
    ]
    const { delivered, commits } = run(steps, 4 * SECOND, { 'max.poll.records': 5 })
    expect(commits).toEqual([1000])
    expect(delivered).toEqual([...count(5), ...count(5)])
  })
})

function count(n: number): readonly string[] {
  return Array.from({ length: n }, (_, offset) => `0:${offset}`)
}

test('a script may wait for a moment', () => {
  const match = { moment: 'produce.acked', fields: { record: 'checkout#0/95' } }
  const steps: readonly ConsumerStep[] = [
    { do: 'poll', records: 5 },
    { do: 'wait-moment', match },
    { do: 'seek', topic: 'orders', partition: 0, offset: 60 },
    { do: 'poll', records: 1 },
  ]
  const config = { 'auto.offset.reset': 'earliest', 'max.poll.records': 5 } as const
  const { delivered, ended } = run(steps, 0, config)
  expect(delivered.slice(0, 6)).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '0:60'])
  expect(ended).toBe('settled')
})
