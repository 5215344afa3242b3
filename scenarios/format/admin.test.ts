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
    ['an operation of later', admin('{ elect-leader: orders-0 }'), ['NOT_SIMULATED 6:30']],
    ['for a while', admin('{ add-partitions: { orders: 6 } }', ', for: 5s'), ['FAULT 6:63']],
  ])('%s', (_, text, expected) => {
    expect(marks(load(text))).toEqual(expected)
  })
})
