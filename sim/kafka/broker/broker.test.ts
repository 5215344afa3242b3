import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { RESET } from '../../network/connection.ts'
import { Errors } from '../protocol/errors.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

describe('produce', () => {
  test('acks=1 is answered after the local append, acks=all after replication', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.isolate(1, [2, 3])
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.01)
    expect(cluster.errors()).toEqual([Errors.NONE])
    cluster.produce(connection, 1, -1)
    cluster.runFor(0.01)
    expect(cluster.errors()).toHaveLength(1)
    expect(cluster.partition(1).log.highWatermark).toBe(0)
    cluster.heal(1, [2, 3])
    cluster.runFor(1)
    expect(cluster.errors()).toEqual([Errors.NONE, Errors.NONE])
    expect(cluster.partition(1).log.highWatermark).toBe(2)
  })

  test('acks=0 is not answered; an error closes its connection', () => {
    const cluster = new MiniCluster()
    const leader = cluster.open(1)
    cluster.produce(leader, 1, 0)
    cluster.runFor(0.01)
    expect(cluster.errors()).toEqual([])
    expect(cluster.log(1)).toHaveLength(1)
    const follower = cluster.open(2)
    const before = cluster.client.signals.length
    cluster.produce(follower, 2, 0)
    cluster.runFor(0.01)
    expect(cluster.errors()).toEqual([])
    expect(cluster.client.signals.length).toBe(before + 1)
  })

  test('requests of one connection are worked one at a time, in order (muted channel)', () => {
    const cluster = new MiniCluster()
    const connection = cluster.open(1)
    cluster.isolate(1, [2, 3])
    cluster.produce(connection, 1, -1)
    cluster.produce(connection, 1, -1)
    cluster.runFor(0.1)
    expect(cluster.log(1)).toHaveLength(1)
    cluster.heal(1, [2, 3])
    cluster.runFor(1)
    expect(cluster.log(1)).toEqual([1, 2])
    expect(cluster.errors()).toEqual([Errors.NONE, Errors.NONE])
  })

  test('a follower and a stranger are told apart: 6 and 3', () => {
    const cluster = new MiniCluster()
    cluster.produce(cluster.open(2), 2, 1)
    cluster.runFor(0.01)
    expect(cluster.errors()).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
  })

  test('below min ISR acks=all is refused before the append, acks=1 is not', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.crash(2)
    cluster.crash(3)
    cluster.runFor(12)
    expect(cluster.partition(1).isr).toEqual([1])
    cluster.produce(connection, 1, -1)
    cluster.runFor(0.01)
    expect(cluster.errors()).toEqual([Errors.NOT_ENOUGH_REPLICAS])
    expect(cluster.log(1)).toHaveLength(0)
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.01)
    expect(cluster.errors()).toEqual([Errors.NOT_ENOUGH_REPLICAS, Errors.NONE])
    // KIP-966's strict rule: what acks=1 appended below min ISR does not commit.
    expect(cluster.partition(1).log.highWatermark).toBe(0)
  })

  test('an undecided acks=all request times out with 7, and its append stays', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.isolate(1, [2, 3])
    cluster.produce(connection, 1, -1, 2000)
    cluster.runFor(1.9)
    expect(cluster.errors()).toEqual([])
    cluster.runFor(0.2)
    expect(cluster.errors()).toEqual([Errors.REQUEST_TIMED_OUT])
    expect(cluster.log(1)).toHaveLength(1)
    cluster.heal(1, [2, 3])
    cluster.runFor(2)
    expect(cluster.log(2)).toEqual(cluster.log(1))
  })
})

describe('replication', () => {
  test('a queued produce that a fetch sets free reaches that follower at once, not after its long poll', () => {
    const cluster = new MiniCluster()
    const connection = cluster.open(1)
    for (let i = 0; i < 20; i++) cluster.produce(connection, 1, -1)
    cluster.runFor(0.4)
    expect(cluster.errors()).toEqual(Array.from({ length: 20 }, () => Errors.NONE))
  })

  test('followers copy the log and learn the high watermark one round trip later', () => {
    const cluster = new MiniCluster()
    const advances: number[] = []
    cluster.observe({ kinds: [M.hwAdvanced], onMoment: (_kind, _time, node) => advances.push(node) })
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(2)
    expect(cluster.log(2)).toEqual([1])
    expect(cluster.log(3)).toEqual([1])
    expect(advances[0]).toBe(1)
    expect([...advances].sort((a, b) => a - b)).toEqual([1, 2, 3])
  })

  test('a follower that lags longer than replica.lag.time.max.ms leaves the in-sync set, and comes back', () => {
    const cluster = new MiniCluster({ broker: { 'replica.lag.time.max.ms': 4000 } })
    const connection = cluster.open(1)
    cluster.isolate(3, [1])
    cluster.produce(connection, 1, 1)
    cluster.runFor(3.5)
    expect(cluster.partition(1).isr).toEqual([1, 2, 3])
    cluster.runFor(3)
    expect(cluster.partition(1).isr).toEqual([1, 2])
    cluster.heal(3, [1])
    cluster.runFor(40)
    expect(cluster.partition(1).isr).toEqual([1, 2, 3])
  })

  test('an idle follower never leaves by lag', () => {
    const cluster = new MiniCluster({ broker: { 'replica.lag.time.max.ms': 2000 } })
    cluster.isolate(3, [1])
    cluster.runFor(8)
    expect(cluster.partition(1).isr).toEqual([1, 2, 3])
  })

  test('the high watermark waits for every member of the set, and for no more when one has left', () => {
    const cluster = new MiniCluster({ broker: { 'replica.lag.time.max.ms': 4000 } })
    const connection = cluster.open(1)
    cluster.isolate(3, [1])
    cluster.produce(connection, 1, 1)
    cluster.runFor(1)
    expect(cluster.partition(1).log.highWatermark).toBe(0)
    cluster.runFor(7)
    expect(cluster.partition(1).log.highWatermark).toBe(1)
  })
})

describe('failover', () => {
  test('pending acks=all requests end with 6 when leadership moves, and the old leader cuts what the new one lacks', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.isolate(1, [0, 2, 3])
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.01)
    cluster.produce(connection, 1, -1, 60_000)
    cluster.runFor(14)
    expect(cluster.partition(2).isLeader || cluster.partition(3).isLeader).toBe(true)
    // The isolated leader does not know and has both.
    expect(cluster.partition(1).isLeader).toBe(true)
    expect(cluster.log(1)).toEqual([1, 2])
    cluster.heal(1, [0, 2, 3])
    cluster.runFor(10)
    expect(cluster.errors()).toEqual([Errors.NONE, Errors.NOT_LEADER_OR_FOLLOWER])
    expect(cluster.partition(1).isLeader).toBe(false)
    expect(cluster.log(1)).toEqual([])
    expect(cluster.count('log.truncated')).toBe(1)
    expect(cluster.partition(2).isr.length + cluster.partition(3).isr.length).toBe(3)
  })

  test('a crashed leader comes back, registers again and follows', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.produce(connection, 1, -1)
    cluster.runFor(1)
    cluster.crash(1)
    cluster.runFor(1)
    expect(cluster.client.signals).toContain(RESET)
    cluster.startBroker(1)
    cluster.runFor(30)
    expect(cluster.count('broker.registered')).toBe(1)
    expect(cluster.count('broker.unfenced')).toBe(1)
    expect(cluster.partition(1).isLeader).toBe(false)
    expect(cluster.log(1)).toEqual([1])
    const leader = cluster.partition(2).isLeader ? 2 : 3
    expect([...cluster.partition(leader).isr].sort((a, b) => a - b)).toEqual([1, 2, 3])
  })

  test('without flushing, a power loss of the leader takes its tail, and the followers keep theirs', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(1)
    cluster.network.nodeDied(1, true)
    cluster.kernel.kill(1)
    cluster.disks[1]?.losePower({ decide: () => 0 })
    cluster.runFor(15)
    cluster.startBroker(1)
    cluster.runFor(5)
    expect(cluster.log(2)).toEqual([1])
    expect(cluster.log(1)).toEqual([1])
  })
})
