import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { SECOND } from '../../../kernel/time.ts'
import { Api } from '../../protocol/api.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import { FakeBrokers, type Trouble } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

const PARTITIONS = 3
const TPS = [0, 1, 2].map((partition) => tpOf(1, partition))
const END = 200

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Trouble>('ok') },
  fc.constantFrom<Trouble>('silent', 'reset', 'act-reset'),
  fc.constantFrom(3, 5, 6, 9, 56, 74, 75, 78, -1).map((error): Trouble => ({ error })),
)

const groupTrouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Trouble>('ok') },
  fc.constantFrom<Trouble>('silent', 'reset', 'act-reset'),
  fc.constantFrom(14, 15, 16).map((error): Trouble => ({ error })),
)

const event = fc.record({
  at: fc.nat({ max: 8 * SECOND }),
  what: fc.constantFrom('crash', 'start', 'elect', 'append'),
  broker: fc.integer({ min: 1, max: 2 }),
  partition: fc.nat({ max: PARTITIONS - 1 }),
})

const settings: fc.Arbitrary<Partial<ConsumerConfig>> = fc.record({
  'max.poll.records': fc.constantFrom(1, 7, 500),
  'max.partition.fetch.bytes': fc.constantFrom(0, 3000, 1_048_576),
  'fetch.max.wait.ms': fc.constantFrom(50, 500),
  'request.timeout.ms': fc.constantFrom(700, 2000),
  'reconnect.backoff.ms': fc.constantFrom(0, 50),
  'retry.backoff.ms': fc.constantFrom(10, 100),
  'default.api.timeout.ms': fc.constantFrom(500, 5000),
})

type Case = {
  readonly seed: number
  readonly config: Partial<ConsumerConfig>
  readonly troubles: readonly Trouble[]
  readonly events: readonly {
    readonly at: number
    readonly what: string
    readonly broker: number
    readonly partition: number
  }[]
}

function world({ seed, troubles, events }: Case, consumers: number, touched: ReadonlySet<number>): FakeBrokers {
  const c = new FakeBrokers({
    brokers: 2,
    consumers,
    topics: [{ name: 'orders', topicId: 1, partitions: PARTITIONS }],
    seed: String(seed),
    latency: { kind: 'uniform', minUs: 200, maxUs: 3000 },
  })
  for (const tp of TPS) for (let i = 0; i < 20; i++) c.append(tp, 1 + ((seed + i) % 9))
  let n = 0
  c.trouble = (api) => (touched.has(api) ? (troubles[n++] ?? 'ok') : 'ok')
  events.forEach((each, at) => c.at(each.at, at))
  c.alarm = (at) => {
    const each = events[at]
    if (each === undefined) return
    const isUp = c.kernel.nodes[each.broker]?.state === 1
    if (each.what === 'crash' && isUp) c.crash(each.broker)
    else if (each.what === 'start' && !isUp) c.startBroker(each.broker)
    else if (each.what === 'elect') c.elect(TPS[each.partition] as number, each.broker)
    else if (each.what === 'append') c.append(TPS[each.partition] as number, 5)
  }
  return c
}

/** Ends all trouble: everything is up, and there is something left to read. */
function heal(c: FakeBrokers): void {
  c.trouble = () => 'ok'
  for (const broker of c.brokers) if (c.kernel.nodes[broker]?.state !== 1) c.startBroker(broker)
  for (const tp of TPS) while (c.log(tp).end < END) c.append(tp, 10)
}

describe('a consumer among misbehaving brokers', () => {
  const data = new Set<number>([Api.Fetch, Api.ListOffsets, Api.OffsetForLeaderEpoch, Api.Metadata])

  test.prop(
    {
      seed: fc.nat(),
      config: settings,
      troubles: fc.array(trouble, { maxLength: 40 }),
      events: fc.array(event, { maxLength: 8 }),
    },
    { numRuns: 50 },
  )('is given every record of the log once and in order', (drawn) => {
    const c = world(drawn, 1, data)
    const reader = new TestReader(c, { assign: TPS, config: { ...drawn.config, 'group.id': '' } })
    c.runUntil(9000)
    heal(c)
    c.runUntil(25_000)
    for (const tp of TPS) {
      const offsets = reader.records.filter((record) => record.tp === tp).map((record) => record.offset)
      expect(offsets).toEqual(Array.from({ length: c.log(tp).end }, (_, offset) => offset))
      expect(reader.consumer.position(tp)).toBe(c.log(tp).end)
    }
    expect(reader.events).toEqual([])
    reader.stall()
    reader.consumer.closeNow()
    c.runUntil(60_000)
    expect(c.kernel.pending).toBe(0)
  })

  const group = new Set<number>([
    Api.FindCoordinator,
    Api.JoinGroup,
    Api.SyncGroup,
    Api.Heartbeat,
    Api.OffsetCommit,
    Api.OffsetFetch,
    Api.Fetch,
  ])

  test.prop(
    {
      seed: fc.nat(),
      config: settings,
      sticky: fc.boolean(),
      autoCommit: fc.boolean(),
      troubles: fc.array(groupTrouble, { maxLength: 30 }),
      events: fc.array(event, { maxLength: 6 }),
      moves: fc.array(fc.record({ at: fc.nat({ max: 8000 }), coordinator: fc.integer({ min: 1, max: 2 }) }), {
        maxLength: 3,
      }),
    },
    { numRuns: 30 },
  )('never reads without owning, and together with others misses nothing', (drawn) => {
    const c = world(drawn, 2, group)
    c.expiryUs = 2 * SECOND
    const config: Partial<ConsumerConfig> = {
      ...drawn.config,
      'heartbeat.interval.ms': 200,
      'max.poll.interval.ms': 3000,
      'auto.commit.interval.ms': 500,
      'enable.auto.commit': drawn.autoCommit,
      'partition.assignment.strategy': drawn.sticky ? 'cooperative-sticky' : 'range',
    }
    const readers = c.consumers.map((node) => new TestReader(c, { node, config }))
    for (const reader of readers) {
      reader.onRecords = () => {
        if (!drawn.autoCommit && reader.polls % 3 === 0) reader.consumer.commitAsync(null)
      }
      if (drawn.autoCommit) continue
      reader.onRevoke = () => {
        reader.consumer.commitSync(null)
        reader.onOutcome = () => reader.consumer.revoked()
        return false
      }
    }
    const sorted = drawn.moves.toSorted((a, b) => a.at - b.at)
    for (const { at, coordinator } of sorted) {
      c.runUntil(at)
      c.coordinator = coordinator
    }
    c.runUntil(9000)
    heal(c)
    c.runUntil(28_000)
    const owned = new Map<number, Set<number>>(c.consumers.map((node) => [node, new Set()]))
    const positions = new Map<string, number>()
    const read = new Map<number, Set<number>>(TPS.map((tp) => [tp, new Set()]))
    for (const { name, node, fields } of c.seen) {
      const [first = 0, second = 0, third = 0, fourth = 0] = fields
      const mine = owned.get(node)
      const key = `${node}/${name === 'record.delivered' ? third : second}`
      if (name === 'partition.assigned') mine?.add(second)
      if (name === 'partition.revoked' || name === 'partition.lost') {
        expect(mine?.delete(second)).toBe(true)
        positions.delete(key)
      }
      if (name === 'offset.fetched' && third >= 0) positions.set(key, third)
      if (name === 'position.reset') positions.delete(`${node}/${first}`)
      if (name === 'record.delivered') {
        expect(mine?.has(third)).toBe(true)
        // In order, without a gap, from where the group stood.
        expect(fourth).toBe(positions.get(key) ?? fourth)
        positions.set(key, fourth + 1)
        read.get(third)?.add(fourth)
      }
    }
    for (const tp of TPS) expect(read.get(tp)?.size).toBe(c.log(tp).end)
    for (const reader of readers) {
      reader.stall()
      reader.consumer.close()
    }
    c.runUntil(70_000)
    for (const reader of readers) expect(reader.events.at(-1)).toBe('closed')
    expect(c.kernel.pending).toBe(0)
  })
})
