import { expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { Api } from '../protocol/api.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

const ORDERS_3: number = (1 << 16) | 3

test('changes that pile up while the controller cannot be reached go out in one request (1.6)', () => {
  // Broker 1 leads partitions 0 and 3.
  const cluster = new MiniCluster({ partitions: 4, broker: { 'replica.lag.time.max.ms': 2000 } })
  const connection = cluster.open(1)
  cluster.isolate(3, [1])
  cluster.isolate(1, [0])
  cluster.produceTo(connection, 1, 1, [0, 3])
  cluster.runFor(4)
  expect(cluster.partition(1).isr).toEqual([1, 2, 3])
  expect(cluster.count('isr.proposed')).toBe(2)
  let requests = 0
  cluster.observe({
    kinds: [M.requestDelivered],
    onMoment: (_kind, _time, node, from, api) => {
      if (node === 0 && from === 1 && api === Api.AlterPartition) requests++
    },
  })
  cluster.heal(1, [0])
  cluster.runFor(1)
  expect(requests).toBe(1)
  expect(cluster.partition(1).isr).toEqual([1, 2])
  expect(cluster.partition(1, ORDERS_3).isr).toEqual([1, 2])
})
