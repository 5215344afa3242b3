import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { Errors } from '../protocol/errors.ts'
import type { ProduceResponse } from '../protocol/messages.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

/** Error codes of the n-th answer, by partition. */
function errorsOf(cluster: MiniCluster, answer: number): readonly number[] {
  const body = cluster.client.replies[answer]?.body as ProduceResponse
  return body.partitionResponses.map((partition) => partition.errorCode)
}

describe('the produce purgatory (1.4)', () => {
  test('a request is answered once, when each of its partitions is decided', () => {
    // Partition 0 and 3 are led by broker 1; 1 and 2 are not.
    const cluster = new MiniCluster({ partitions: 4, topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.isolate(1, [2, 3])
    cluster.produceTo(connection, 1, -1, [0, 1, 3], 3000)
    cluster.runFor(1)
    expect(cluster.client.replies).toHaveLength(0)
    cluster.heal(1, [2, 3])
    cluster.runFor(1)
    expect(cluster.client.replies).toHaveLength(1)
    expect(errorsOf(cluster, 0)).toEqual([Errors.NONE, Errors.NOT_LEADER_OR_FOLLOWER, Errors.NONE])
  })

  test('what is decided keeps its outcome when the rest times out', () => {
    const cluster = new MiniCluster({ partitions: 4 })
    const connection = cluster.open(1)
    cluster.isolate(1, [2, 3])
    cluster.produceTo(connection, 1, -1, [1, 0], 2000)
    cluster.runFor(3)
    expect(errorsOf(cluster, 0)).toEqual([Errors.NOT_LEADER_OR_FOLLOWER, Errors.REQUEST_TIMED_OUT])
  })

  test('each request has its own deadline', () => {
    const cluster = new MiniCluster()
    const connections = [cluster.open(1), cluster.open(1), cluster.open(1)]
    cluster.isolate(1, [2, 3])
    for (const [index, timeout] of [3000, 1000, 2000].entries()) {
      cluster.produce(connections[index] as number, 1, -1, timeout)
    }
    cluster.runFor(1.1)
    expect(cluster.errors()).toEqual([Errors.REQUEST_TIMED_OUT])
    expect(cluster.client.replies[0]?.connection).toBe(connections[1])
    cluster.runFor(1)
    expect(cluster.client.replies[1]?.connection).toBe(connections[2])
    cluster.runFor(1)
    expect(cluster.client.replies[2]?.connection).toBe(connections[0])
  })

  test('a set that shrinks to the leader sets all that waits free, and what waits behind that', () => {
    const cluster = new MiniCluster()
    const connections = [cluster.open(1), cluster.open(1), cluster.open(1)]
    cluster.crash(2)
    cluster.crash(3)
    for (const connection of connections) {
      for (let i = 0; i < 3; i++) cluster.produce(connection, 1, -1, 60_000)
    }
    cluster.runFor(5)
    expect(cluster.errors()).toEqual([])
    cluster.runFor(10)
    expect(cluster.partition(1).isr).toEqual([1])
    expect(cluster.errors()).toEqual(Array.from({ length: 9 }, () => Errors.NONE))
    expect(cluster.log(1)).toHaveLength(9)
  })

  test('a set that shrinks below min ISR decides nothing: the high watermark stands still until the time is over', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.crash(2)
    cluster.crash(3)
    cluster.produce(connection, 1, -1, 20_000)
    cluster.runFor(15)
    expect(cluster.partition(1).isr).toEqual([1])
    expect(cluster.errors()).toEqual([])
    cluster.runFor(6)
    expect(cluster.errors()).toEqual([Errors.REQUEST_TIMED_OUT])
  })

  test('an answer of 20 when the set is too small though the record is replicated', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.isolate(1, [2, 3])
    cluster.produce(connection, 1, -1)
    cluster.runFor(0.1)
    // No run reaches this state since 3.7: the high watermark does not move below min ISR.
    const partition = cluster.partition(1)
    partition.maximalIsr = [1]
    partition.log.setHighWatermark(1, 0, true)
    cluster.broker(1).replicas.appends.produces.check(partition.tp)
    cluster.runFor(0.1)
    expect(cluster.errors()).toEqual([Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND])
  })
})

describe('the fetch purgatory (1.7)', () => {
  test('an idle follower asks every replica.fetch.wait.max.ms', () => {
    const cluster = new MiniCluster({ brokers: 2, broker: { 'replica.fetch.wait.max.ms': 500 } })
    let fetches = 0
    cluster.observe({
      kinds: [M.requestDelivered],
      onMoment: (_kind, _time, node, from, api) => {
        if (node === 1 && from === 2 && api === 1) fetches++
      },
    })
    cluster.runFor(5)
    expect(fetches).toBe(10)
  })

  test('it wakes by an append, and not by a move of the high watermark alone', () => {
    const cluster = new MiniCluster({ brokers: 2 })
    const connection = cluster.open(1)
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.05)
    expect(cluster.log(2)).toEqual([1])
    expect(cluster.partition(1).log.highWatermark).toBe(1)
    // The next fetch is parked at the leader, with a high watermark that the follower does not know.
    expect(cluster.partition(2).log.highWatermark).toBe(0)
    cluster.runFor(0.5)
    expect(cluster.partition(2).log.highWatermark).toBe(1)
  })

  test('replica.fetch.min.bytes makes it wait for more, up to its time', () => {
    const cluster = new MiniCluster({ brokers: 2, broker: { 'replica.fetch.min.bytes': 250 } })
    cluster.runFor(0.45)
    const connection = cluster.open(1)
    cluster.produce(connection, 1, 1)
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.02)
    expect(cluster.log(2)).toEqual([])
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.02)
    expect(cluster.log(2)).toEqual([1, 2, 3])
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.1)
    expect(cluster.log(2)).toHaveLength(3)
    cluster.runFor(0.6)
    expect(cluster.log(2)).toHaveLength(4)
  })

  test('a leader that is deposed, or elected again, answers what is parked: those who wait learn of it', () => {
    const cluster = new MiniCluster()
    cluster.isolate(0, [1, 2, 3])
    cluster.runFor(1)
    const { fetches } = cluster.broker(1).replicas
    expect(fetches.size).toBe(2)
    cluster.tell(1, 1, 1, [1, 2, 3])
    expect(fetches.size).toBe(0)
    for (const follower of [2, 3]) cluster.tell(follower, 1, 1, [1, 2, 3])
    cluster.runFor(1)
    expect(fetches.size).toBe(2)
    cluster.tell(1, 2, 2, [1, 2, 3])
    expect(fetches.size).toBe(0)
  })

  test('a follower that is gone leaves nothing behind', () => {
    const cluster = new MiniCluster()
    cluster.runFor(2)
    cluster.crash(2)
    cluster.crash(3)
    cluster.runFor(0.1)
    expect(cluster.broker(1).replicas.fetches.size).toBe(0)
  })
})
