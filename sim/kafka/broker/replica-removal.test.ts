import { expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { PartitionMetadata } from './metadata-cache.ts'
import { MiniCluster, ORDERS_0 } from './mini-cluster.test.support.ts'

/** Plays the controller: a broker hears that others have the replicas of orders-0 now. */
function assign(cluster: MiniCluster, broker: number, replicas: readonly number[], leader: number): void {
  const { metadata, replicas: manager } = cluster.broker(broker)
  const known = metadata.partitions.get(ORDERS_0) as PartitionMetadata
  const leaderEpoch = known.leader === leader ? known.leaderEpoch : known.leaderEpoch + 1
  const partitionEpoch = known.partitionEpoch + 1
  metadata.partitions.set(ORDERS_0, { ...known, replicas, isr: replicas, leader, leaderEpoch, partitionEpoch })
  manager.applyDelta([ORDERS_0])
}

/** Three brokers that hear of assignments from the test only, with some records of orders-0. */
function withRecords(count: number): { readonly cluster: MiniCluster; readonly connection: number } {
  const cluster = new MiniCluster()
  const connection = cluster.open(1)
  for (let n = 0; n < count; n++) cluster.produce(connection, 1, -1)
  cluster.runFor(1)
  cluster.isolate(0, [1, 2, 3])
  return { cluster, connection }
}

test('a follower that is a replica no more fetches nothing and has no log, also after a restart', () => {
  const { cluster, connection } = withRecords(3)
  assign(cluster, 3, [1, 2], 1)
  expect(cluster.partition(3)).toBeUndefined()
  expect(cluster.broker(3).logs.logs).toEqual([])
  expect(cluster.count('log.deleted')).toBe(1)
  cluster.produce(connection, 1, 1)
  cluster.runFor(1)
  expect(cluster.count('log.deleted')).toBe(1)
  cluster.crash(3)
  cluster.startBroker(3)
  cluster.runFor(0.1)
  expect(cluster.broker(3).logs.logs).toEqual([])
})

test('a leader that is a replica no more answers who waits and refuses who comes', () => {
  const { cluster, connection } = withRecords(1)
  cluster.isolate(1, [2, 3])
  cluster.produce(connection, 1, -1)
  cluster.runFor(0.1)
  assign(cluster, 1, [2, 3], 2)
  cluster.produce(connection, 1, 1)
  cluster.runFor(0.1)
  const refused = Errors.NOT_LEADER_OR_FOLLOWER
  expect(cluster.errors()).toEqual([Errors.NONE, refused, refused])
})

test('a replica that comes back begins with nothing and copies everything', () => {
  const { cluster } = withRecords(4)
  assign(cluster, 3, [1, 2], 1)
  assign(cluster, 3, [1, 2, 3], 1)
  expect(cluster.partition(3).log.logEndOffset).toBe(0)
  cluster.runFor(2)
  expect(cluster.log(3)).toEqual(cluster.log(1))
})

test('a broker that was down while its replica was given away finds a stray and leaves it', () => {
  const { cluster } = withRecords(2)
  cluster.crash(3)
  cluster.runFor(0.1)
  const formed = cluster.formedWith((record) =>
    record.type === 'PartitionRecord' ? { ...record, replicas: [1, 2], isr: [1, 2] } : record,
  )
  cluster.startBroker(3, formed)
  cluster.runFor(0.1)
  expect([cluster.count('log.loaded'), cluster.count('log.deleted')]).toEqual([1, 1])
  expect(cluster.broker(3).logs.logs).toEqual([])
})
