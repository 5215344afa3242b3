import { expect, test } from 'vitest'
import { simplificationsOf } from './simplified.ts'
import { producer, world } from './world.test.support.ts'

test('a world is told about only what its own settings touch', () => {
  const keyed = producer('checkout', 'orders', {
    workload: { kind: 'send', records: 1, every: { kind: 'constant', us: 1 }, keys: 4, size: 1, transactions: null },
  })
  const plain = world({ producers: [keyed] })
  expect(simplificationsOf(plain)).toEqual([])
  expect(simplificationsOf(world())).toEqual([expect.stringContaining('without a key')])
  const topics = plain.topics.map((topic) => ({ ...topic, config: { ...topic.config, 'flush.ms': 100 } }))
  expect(simplificationsOf({ ...plain, topics })).toEqual([expect.stringContaining('flush.ms')])
})
