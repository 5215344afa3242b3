import { expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import type { Disk } from '../../storage/disk.ts'
import { corrupt } from '../log/corruption.ts'
import { MiniCluster, ORDERS_0 } from './mini-cluster.test.support.ts'

test('a follower does not get past a corrupt batch of its leader: it asks again and again, is not in sync, and copies other partitions', () => {
  const cluster = new MiniCluster({ brokers: 2, partitions: 3 })
  cluster.runFor(1)
  const connection = cluster.open(1)
  cluster.crash(2)
  cluster.runFor(15)
  cluster.produceTo(connection, 1, 1, [0, 2])
  cluster.runFor(0.1)
  expect(corrupt(cluster.disks[1] as Disk, ORDERS_0, 'last', { decide: () => 0 })).not.toBeNull()
  cluster.startBroker(2)
  cluster.runFor(5)
  cluster.produceTo(connection, 1, 1, [0, 2])
  cluster.runFor(60)
  expect([1, 2].map((broker) => cluster.partition(broker).log.logEndOffset)).toEqual([2, 0])
  expect(cluster.partition(2, tpOf(1, 2)).log.logEndOffset).toBe(2)
  expect(cluster.partition(1).maximalIsr).toEqual([1])
  const asked = cluster.count('corruption.found')
  cluster.runFor(10)
  // Once in every replica.fetch.backoff.ms.
  expect(cluster.count('corruption.found') - asked).toBeGreaterThanOrEqual(8)
  expect(cluster.count('corruption.found') - asked).toBeLessThanOrEqual(11)
})
