import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { ConsumerConfig } from './kafka/protocol/config/consumer.ts'
import type { ConsumerSpec, WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

// Offsets live for a minute here, and are looked at every ten seconds. The only commit is made at about five seconds.

const BASE = world()
const TOPIC = BASE.topics[0] as WorldSpec['topics'][number]
const RETENTION = { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 10_000 }
const MINUTE = 60 * SECOND

/** The reader is away from 20 s for so long. */
function away(forUs: number): FaultPlan {
  return [
    {
      entry: 0,
      trigger: { kind: 'at', atUs: 20 * SECOND },
      action: { kind: 'stop', target: { kind: 'node', name: 'reader#0' } },
      forUs,
    },
  ]
}

interface Told {
  /** When an offset expired, in seconds. */
  readonly expired: readonly number[]
  /** What the group was answered when it asked where it stood. */
  readonly fetched: readonly number[]
}

function run(
  plan: FaultPlan,
  expiration: 'since-empty' | 'since-commit' = 'since-empty',
  crashed = false,
  assigned = false,
  config: Partial<ConsumerConfig> = {},
  more: readonly ConsumerSpec[] = [],
): Told {
  const expired: number[] = []
  const fetched: number[] = []
  const brokers = BASE.cluster.brokers.map((config) => ({ ...config, ...RETENTION }))
  const workload = {
    kind: 'send',
    records: 20,
    every: constant(MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const late = { ...workload, records: 1 }
  const spec = world({
    profile: { ...BASE.profile, 'offsets.expiration': expiration },
    cluster: { ...BASE.cluster, brokers },
    topics: ['orders', 'others'].map((name) => ({ ...TOPIC, name, partitions: 1 })),
    producers: [
      producer('checkout', 'orders', { workload }),
      // Keeps the run going.
      producer('late', 'orders', { workload: late, startUs: 4 * MINUTE }),
    ],
    consumers: [
      consumer('reader', 'orders', { assign: assigned ? [{ topic: 'orders', partition: 0 }] : null }, config),
      ...more,
    ],
    run: { forUs: 5 * MINUTE, thenHealUs: null, maxEvents: 5_000_000 },
  })
  const coordinatorFails: FaultPlan = crashed
    ? [
        {
          entry: 1,
          trigger: { kind: 'at', atUs: 30 * SECOND },
          action: { kind: 'crash', target: { kind: 'group-coordinator', group: 'reader' } },
          forUs: 5 * SECOND,
        },
      ]
    : []
  runWorld(spec, [...plan, ...coordinatorFails], 's', {
    hasher: new TestHasher(),
    observers: [
      {
        kinds: [M.offsetExpired, M.offsetFetched],
        onMoment: (kind, time, _node, _group, _tp, offset) => {
          if (kind === M.offsetExpired) expired.push(Math.floor(time / SECOND))
          else fetched.push(offset)
        },
      },
    ],
  })
  return { expired, fetched }
}

describe('offsets.retention.minutes', () => {
  test('an active group keeps its offsets, however long it commits nothing', () => {
    expect(run([])).toEqual({ expired: [], fetched: [-1] })
  })

  test('a group that has had no members for so long loses them, at the next look', () => {
    const { expired, fetched } = run(away(2 * MINUTE))
    expect(expired).toHaveLength(1)
    expect(expired[0]).toBeGreaterThanOrEqual(80)
    expect(expired[0]).toBeLessThanOrEqual(91)
    expect(fetched).toEqual([-1, -1])
  })

  test('one that is back in time keeps them', () => {
    expect(run(away(50 * SECOND))).toEqual({ expired: [], fetched: [-1, 20] })
  })

  test('a new coordinator counts from the same time: it is in the log', () => {
    const { expired, fetched } = run(away(2 * MINUTE), 'since-empty', true)
    expect(expired).toHaveLength(1)
    expect(expired[0]).toBeLessThanOrEqual(101)
    expect(fetched).toEqual([-1, -1])
  })

  test('a group that nobody ever joined loses them so long after the commit', () => {
    const { expired } = run([], 'since-empty', false, true)
    expect(expired).toHaveLength(1)
    expect(expired[0]).toBeGreaterThanOrEqual(60)
    expect(expired[0]).toBeLessThanOrEqual(76)
  })

  test('a coordinator whose clock is set forward finds those of a group that is away too old at the next look, one set back never', () => {
    const jump = (byUs: number): FaultPlan => [
      ...away(2 * MINUTE),
      {
        entry: 2,
        trigger: { kind: 'at', atUs: 25 * SECOND },
        action: { kind: 'clock-jump', target: { kind: 'group-coordinator', group: 'reader' }, byUs },
        forUs: 3 * MINUTE,
      },
    ]
    const { expired, fetched } = run(jump(60 * MINUTE))
    expect(expired).toHaveLength(1)
    expect(expired[0]).toBeLessThanOrEqual(37)
    expect(fetched).toEqual([-1, -1])
    expect(run(jump(-60 * MINUTE))).toEqual({ expired: [], fetched: [-1, 20] })
  })

  test('before KIP-211 they grew old since they were committed, with members or without', () => {
    const { expired } = run([], 'since-commit')
    expect(expired).toHaveLength(1)
    expect(expired[0]).toBeGreaterThanOrEqual(60)
    expect(expired[0]).toBeLessThanOrEqual(76)
  })
})

describe.each(['classic', 'consumer'] as const)('with group.protocol=%s', (protocol) => {
  const config = { 'group.id': 'reader', 'group.protocol': protocol, 'group.remote.assignor': '' } as const
  const kept = (forUs: number, more: readonly ConsumerSpec[]): Told =>
    run(away(forUs), 'since-empty', false, false, config, more)

  test('a group without members loses its offsets', () => {
    expect(kept(2 * MINUTE, []).fetched).toEqual([-1, -1])
    expect(kept(30 * SECOND, []).fetched).toEqual([-1, 20])
  })

  test('a group whose members have turned to another topic keeps what is younger and loses what is older', () => {
    const other = consumer('other', 'others', {}, config)
    const { expired } = kept(200 * SECOND, [other])
    expect(expired).toHaveLength(1)
    expect(expired[0]).toBeGreaterThanOrEqual(65)
    expect(expired[0]).toBeLessThanOrEqual(91)
  })

  test('while one of them still subscribes to the topic nothing expires', () => {
    expect(kept(2 * MINUTE, [consumer('other', 'orders', {}, config)]).expired).toEqual([])
  })
})
