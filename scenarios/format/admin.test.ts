import { describe, expect, test } from 'vitest'
import { BASE, load, marks } from './fixture.test.helper.ts'

const admin = (text: string, more = ''): string => `${BASE}faults: [ { at: 1s, admin: ${text}${more} } ]\n`

describe('admin', () => {
  test('add-partitions says how many a topic is to have, and the world knows how many that is', () => {
    const [scenario] = load(admin('{ add-partitions: { orders: 6 } }')).scenarios
    expect(scenario?.faults[0]?.action).toEqual({
      kind: 'add-partitions',
      topics: [{ topic: 'orders', partitions: 6 }],
    })
    expect(scenario?.spec.topics[0]).toMatchObject({ partitions: 2, mostPartitions: 6 })
    expect(load(BASE).scenarios[0]?.spec.topics[0]).not.toHaveProperty('mostPartitions')
  })

  test('elect-leader takes a partition, or several with the election they are to have', () => {
    const preferred = { topic: 'orders', partition: 0, election: 'preferred' }
    expect(load(admin('{ elect-leader: orders-0 }')).scenarios[0]?.faults[0]?.action).toEqual({
      kind: 'elect-leader',
      partitions: [preferred],
    })
    const [scenario] = load(admin('{ elect-leader: { orders-0: preferred, orders-1: unclean } }')).scenarios
    expect(scenario?.faults[0]?.action).toEqual({
      kind: 'elect-leader',
      partitions: [preferred, { topic: 'orders', partition: 1, election: 'unclean' }],
    })
  })

  test('move-leader takes one of the replicas', () => {
    const [scenario] = load(admin('{ move-leader: { orders-1: broker-3 } }')).scenarios
    expect(scenario?.faults[0]?.action).toEqual({
      kind: 'move-leader',
      partitions: [{ topic: 'orders', partition: 1, to: 'broker-3' }],
    })
    const five = admin('{ move-leader: { orders-1: broker-1 } }').replace(
      'producers:',
      'cluster: { brokers: 5 }\nproducers:',
    )
    expect(marks(load(five))).toEqual(['IMPOSSIBLE 7:55'])
    expect(load(five).diagnostics[0]?.help).toBe('its replicas are at `broker-2`, `broker-3` and `broker-4`')
  })

  test("alter-config takes a topic's settings, in Kafka's words or as durations", () => {
    const [scenario] = load(
      admin('{ alter-config: { orders: { min.insync.replicas: 1, retention.ms: 2s } } }'),
    ).scenarios
    expect(scenario?.faults[0]?.action).toEqual({
      kind: 'alter-config',
      topics: [{ topic: 'orders', changes: { 'min.insync.replicas': 1, 'retention.ms': 2000 } }],
    })
    expect(scenario?.spec.topics[0]).not.toHaveProperty('everCompacted')
    const [compacting] = load(admin('{ alter-config: { orders: { cleanup.policy: compact } } }')).scenarios
    expect(compacting?.spec.topics[0]).toHaveProperty('everCompacted', true)
  })

  test("alter-config with null takes a setting back to the brokers' own", () => {
    const text = admin('{ alter-config: { orders: { retention.ms: null, segment.ms: 1s } } }')
    const changes = { 'retention.ms': 604_800_000, 'segment.ms': 1000 }
    const of = (file: string): unknown => load(file).scenarios[0]?.faults[0]?.action
    expect(of(text)).toEqual({ kind: 'alter-config', topics: [{ topic: 'orders', changes }] })
    const own = text.replace('producers:', 'cluster: { config: { log.retention.ms: 60000 } }\nproducers:')
    expect(of(own)).toMatchObject({ topics: [{ changes: { 'retention.ms': 60_000 } }] })
    expect(marks(load(admin('{ alter-config: { orders: { retention.m: null } } }')))).toEqual(['UNKNOWN_CONFIG 6:56'])
  })

  test('create-topic takes topics that are declared, and they are not there at first', () => {
    const [scenario] = load(admin('{ create-topic: orders }')).scenarios
    expect(scenario?.faults[0]?.action).toEqual({ kind: 'create-topic', topics: ['orders'] })
    expect(scenario?.spec.topics[0]).toMatchObject({ name: 'orders', madeLater: true })
    const [list] = load(admin('{ create-topic: [orders] }')).scenarios
    expect(list?.faults[0]?.action).toEqual({ kind: 'create-topic', topics: ['orders'] })
  })

  test('reassign takes the brokers that are to be, or cancels', () => {
    const [scenario] = load(admin('{ reassign: { orders-0: [broker-3, broker-1], orders-1: cancel } }')).scenarios
    expect(scenario?.faults[0]?.action).toEqual({
      kind: 'reassign',
      partitions: [
        { topic: 'orders', partition: 0, to: ['broker-3', 'broker-1'] },
        { topic: 'orders', partition: 1, to: null },
      ],
    })
  })

  test('reassign takes partitions of coordinators, as many as brokers make', () => {
    const moved = (partition: number): readonly string[] =>
      marks(load(admin(`{ reassign: { __consumer_offsets-${partition}: [broker-3, broker-1] } }`)))
    expect(moved(49)).toEqual([])
    expect(moved(50)).toEqual(['UNKNOWN_TOPIC 6:42'])
  })

  test('a leader may be moved to where a reassignment gives a replica', () => {
    const moved = (to: string): readonly string[] => {
      const faults = `faults:
  - { at: 1s, admin: { reassign: { orders-0: [broker-5, broker-1] } } }
  - { at: 2s, admin: { move-leader: { orders-0: ${to} } } }
`
      return marks(load(`${BASE}${faults}`.replace('producers:', 'cluster: { brokers: 5 }\nproducers:')))
    }
    expect(moved('broker-5')).toEqual([])
    expect(moved('broker-4')).toEqual(['IMPOSSIBLE 9:49'])
  })

  test('delete-topic takes topics; one that is made before is not there at first', () => {
    const [scenario] = load(admin('{ delete-topic: orders }')).scenarios
    expect(scenario?.faults[0]?.action).toEqual({ kind: 'delete-topic', topics: ['orders'] })
    expect(scenario?.spec.topics[0]).toMatchObject({ mayGo: true })
    expect(scenario?.spec.topics[0]).not.toHaveProperty('madeLater')
    const both = `${BASE}faults: [ { at: 1s, admin: { create-topic: orders } }, { at: 2s, admin: { delete-topic: orders } } ]\n`
    expect(load(both).scenarios[0]?.spec.topics[0]).toMatchObject({ madeLater: true, mayGo: true })
  })

  test('a topic that is made again under its name is another topic, behind all others', () => {
    const again = `${BASE}faults: [ { at: 1s, admin: { delete-topic: orders } }, { at: 2s, admin: { create-topic: orders } } ]\n`
    const topics = load(again).scenarios[0]?.spec.topics ?? []
    expect(topics.map(({ name, madeLater, mayGo }) => [name, madeLater, mayGo])).toEqual([
      ['orders', undefined, true],
      ['orders', true, undefined],
    ])
  })

  test.each([
    ['as many as there are', admin('{ add-partitions: { orders: 2 } }'), ['IMPOSSIBLE 6:56 2:33']],
    ['fewer', admin('{ add-partitions: { orders: 1 } }'), ['IMPOSSIBLE 6:56 2:33']],
    ['none', admin('{ add-partitions: { orders: 0 } }'), ['RANGE 6:56']],
    ['an unknown topic', admin('{ add-partitions: { order: 6 } }'), ['UNKNOWN_TOPIC 6:48']],
    ['no topic', admin('{ add-partitions: {} }'), ['TYPE 6:30']],
    ['a topic without a number', admin('{ add-partitions: { orders: many } }'), ['TYPE 6:56']],
    ['a topic instead of a map', admin('{ add-partitions: orders }'), ['TYPE 6:46']],
    ['nothing to do', admin('{}'), ['TYPE 6:21']],
    ['two operations', admin('{ add-partitions: { orders: 6 }, delete-topic: orders }'), ['FAULT 6:61']],
    ['an operation that is none', admin('{ add-partition: { orders: 6 } }'), ['UNKNOWN_KEY 6:30']],
    ['an operation that is none of an operator', admin('{ reboot: orders }'), ['UNKNOWN_KEY 6:30']],
    [
      'an election of a partition that is not there',
      admin('{ elect-leader: orders-2 }'),
      ['UNKNOWN_PARTITION 6:44 2:33'],
    ],
    ['an election of a topic', admin('{ elect-leader: orders }'), ['UNKNOWN_TOPIC 6:44']],
    ['an election of nothing', admin('{ elect-leader: [] }'), ['TYPE 6:30']],
    ['an election that is none', admin('{ elect-leader: { orders-0: clean } }'), ['VALUE 6:56']],
    ['a move without a broker', admin('{ move-leader: orders-0 }'), ['TYPE 6:43']],
    [
      'a move of a partition that is not there',
      admin('{ move-leader: { orders-9: broker-1 } }'),
      ['UNKNOWN_PARTITION 6:45 2:33'],
    ],
    ['a move to what is no broker', admin('{ move-leader: { orders-0: broker-4 } }'), ['TARGET 6:55']],
    ['settings of an unknown topic', admin('{ alter-config: { order: { segment.ms: 1s } } }'), ['UNKNOWN_TOPIC 6:46']],
    ['no settings', admin('{ alter-config: { orders: {} } }'), ['TYPE 6:46']],
    ['settings of no topic', admin('{ alter-config: orders }'), ['TYPE 6:44']],
    ['an unknown setting', admin('{ alter-config: { orders: { min.insync.replica: 1 } } }'), ['UNKNOWN_CONFIG 6:56']],
    ['a setting of later', admin('{ alter-config: { orders: { compression.type: lz4 } } }'), ['NOT_SIMULATED 6:56']],
    ['a value out of range', admin('{ alter-config: { orders: { min.insync.replicas: 0 } } }'), ['RANGE 6:77']],
    ['a value of another type', admin('{ alter-config: { orders: { segment.ms: soon } } }'), ['TYPE 6:68']],
    ['partitions as a setting', admin('{ alter-config: { orders: { partitions: 3 } } }'), ['UNKNOWN_CONFIG 6:56']],
    [
      'more in sync than there are replicas',
      admin('{ alter-config: { orders: { min.insync.replicas: 4 } } }'),
      ['IMPOSSIBLE 6:77 2:11'],
    ],
    ['settings for a while', admin('{ alter-config: { orders: { segment.ms: 1s } } }', ', for: 5s'), ['FAULT 6:78']],
    ['a topic that is not declared', admin('{ create-topic: order }'), ['UNKNOWN_TOPIC 6:44']],
    ['no topic to create', admin('{ create-topic: [] }'), ['TYPE 6:30']],
    ['a topic with its settings', admin('{ create-topic: { orders: { partitions: 2 } } }'), ['TYPE 6:30']],
    ['a topic for a while', admin('{ create-topic: orders }', ', for: 5s'), ['FAULT 6:54']],
    [
      'a topic that is deleted twice',
      `${BASE}faults: [ { at: 1s, admin: { delete-topic: orders } }, { at: 2s, admin: { delete-topic: orders } } ]\n`,
      ['IMPOSSIBLE 6:89 6:44'],
    ],
    [
      'a topic that is made twice',
      `${BASE}faults: [ { at: 1s, admin: { create-topic: orders } }, { at: 2s, admin: { create-topic: [orders] } } ]\n`,
      ['IMPOSSIBLE 6:90 6:44'],
    ],
    ['a topic to delete that is not declared', admin('{ delete-topic: order }'), ['UNKNOWN_TOPIC 6:44']],
    ['a move for a while', admin('{ move-leader: { orders-0: broker-2 } }', ', for: 5s'), ['FAULT 6:69']],
    ['a reassignment of nothing', admin('{ reassign: {} }'), ['TYPE 6:30']],
    ['a reassignment without brokers', admin('{ reassign: orders-0 }'), ['TYPE 6:40']],
    ['a reassignment to nobody', admin('{ reassign: { orders-0: [] } }'), ['IMPOSSIBLE 6:42']],
    ['a reassignment to one broker without brackets', admin('{ reassign: { orders-0: broker-1 } }'), ['TYPE 6:52']],
    ['a reassignment to what is no broker', admin('{ reassign: { orders-0: [broker-1, broker-4] } }'), ['TARGET 6:63']],
    ['a reassignment to a number', admin('{ reassign: { orders-0: [1, 2] } }'), ['TARGET 6:53']],
    [
      'a reassignment that names a broker twice',
      admin('{ reassign: { orders-0: [broker-1, broker-2, broker-1] } }'),
      ['IMPOSSIBLE 6:73'],
    ],
    [
      'a reassignment of a partition that is not there',
      admin('{ reassign: { orders-7: [broker-1] } }'),
      ['UNKNOWN_PARTITION 6:42 2:33'],
    ],
    ['a reassignment of a topic', admin('{ reassign: { orders: [broker-1] } }'), ['UNKNOWN_TOPIC 6:42']],
    ['a reassignment of a topic that is not there', admin('{ reassign: { x-0: cancel } }'), ['UNKNOWN_TOPIC 6:42']],
    ['a reassignment for a while', admin('{ reassign: { orders-0: [broker-1] } }', ', for: 5s'), ['FAULT 6:68']],
    ['for a while', admin('{ add-partitions: { orders: 6 } }', ', for: 5s'), ['FAULT 6:63']],
  ])('%s', (_, text, expected) => {
    expect(marks(load(text))).toEqual(expected)
  })
})
