import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { SECOND } from '../../kernel/time.ts'
import { CLOSED } from '../../network/connection.ts'
import { Errors } from '../protocol/errors.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

describe('a killed broker that is started again at once (2.4)', () => {
  test('may not register before its last session lapses, so its partitions move', () => {
    const cluster = new MiniCluster()
    const times: Record<number, number> = {}
    cluster.observe({
      kinds: [M.brokerRegistered, M.leaderElected],
      onMoment: (kind, time) => {
        times[kind] = time / SECOND
      },
    })
    cluster.runFor(2)
    cluster.crash(1)
    const died = cluster.kernel.now / SECOND
    cluster.startBroker(1)
    cluster.runFor(20)
    expect(times[M.leaderElected]).toBeGreaterThan(died + 6)
    expect(times[M.brokerRegistered]).toBeGreaterThan(died + 6)
    expect(cluster.leader()).not.toBe(1)
    expect(cluster.count('broker.fenced')).toBe(1)
  })

  test('takes no role and no request from metadata of its last life', () => {
    const cluster = new MiniCluster()
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(1)
    cluster.crash(1)
    cluster.startBroker(1)
    cluster.runFor(3)
    // It has read the metadata log, in which it still leads.
    expect(cluster.broker(1).metadata.partitions.size).toBe(1)
    expect(cluster.broker(1).replicas.partitions.size).toBe(0)
    const connection = cluster.open(1)
    cluster.client.signals.length = 0
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.1)
    expect(cluster.client.signals).toEqual([CLOSED])
    expect(cluster.errors()).toEqual([Errors.NONE])
  })

  test('knows the high watermark of its last checkpoint until its leader tells (2.3)', () => {
    const cluster = new MiniCluster()
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(1)
    expect(cluster.partition(2).log.highWatermark).toBe(1)
    cluster.crash(2)
    cluster.startBroker(2)
    expect(cluster.broker(2).logs.logs[0]).toMatchObject({ logEndOffset: 1, highWatermark: 0 })
    cluster.runFor(20)
    expect(cluster.partition(2).log.highWatermark).toBe(1)
  })

  test('leaves every in-sync set first, so that a lost tail is fetched again (KIP-903)', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    for (let i = 0; i < 3; i++) cluster.produce(connection, 1, -1)
    cluster.runFor(2)
    cluster.losePower(2)
    cluster.startBroker(2)
    const sets: number[] = []
    cluster.observe({ kinds: [M.isrChanged], onMoment: (_kind, _time, _node, _tp, mask) => sets.push(mask) })
    cluster.runFor(25)
    expect(cluster.log(2)).toEqual([1, 2, 3])
    // Masks of brokers: out of {1, 2, 3} and back.
    expect(sets).toEqual([0b1010, 0b1110])
  })
})

describe('the last replica standing (KIP-966, R10)', () => {
  /** Record 1 is acknowledged by all; 2 and 3 drop out; 1 loses power and its tail, and comes back first. */
  function lastReplicaStanding(elr: boolean): MiniCluster {
    const cluster = new MiniCluster({ elr, topic: { 'min.insync.replicas': 2 } })
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(2)
    expect(cluster.errors()).toEqual([Errors.NONE])
    cluster.isolate(2, [0, 1, 3])
    cluster.isolate(3, [0, 1])
    cluster.runFor(15)
    expect(cluster.partition(1).isr).toEqual([1])
    cluster.losePower(1)
    cluster.runFor(15)
    cluster.startBroker(1)
    cluster.runFor(15)
    cluster.heal(2, [0, 1, 3])
    cluster.heal(3, [0, 1])
    cluster.runFor(60)
    return cluster
  }

  test("without eligible leader replicas its short log becomes everybody's", () => {
    const cluster = lastReplicaStanding(false)
    expect(cluster.leader()).toBe(1)
    expect([1, 2, 3].map((broker) => cluster.log(broker))).toEqual([[], [], []])
  })

  test('with them it is not trusted, and an eligible replica leads', () => {
    const cluster = lastReplicaStanding(true)
    expect([2, 3]).toContain(cluster.leader())
    expect([1, 2, 3].map((broker) => cluster.log(broker))).toEqual([[1], [1], [1]])
  })
})

describe('what a broker does when it cannot reach the controller (1.9, 3.2)', () => {
  test('it is fenced without knowing it, and serves on: acks=1 is taken, acks=all never commits', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.isolate(1, [0, 2, 3])
    cluster.runFor(12)
    expect(cluster.leader()).not.toBe(1)
    expect(cluster.partition(1).isLeader).toBe(true)
    cluster.produce(connection, 1, 1)
    cluster.produce(connection, 1, -1, 1000)
    cluster.runFor(2)
    expect(cluster.errors()).toEqual([Errors.NONE, Errors.REQUEST_TIMED_OUT])
    expect(cluster.partition(1).log.highWatermark).toBe(0)
  })

  test('when it is back it is unfenced by its next heartbeat, in the same life', () => {
    const cluster = new MiniCluster()
    cluster.isolate(1, [0])
    cluster.runFor(12)
    expect(cluster.count('broker.fenced')).toBe(1)
    cluster.heal(1, [0])
    cluster.runFor(15)
    expect(cluster.count('broker.unfenced')).toBe(1)
    expect(cluster.count('broker.registered')).toBe(0)
    expect([...cluster.partition(cluster.leader()).isr].sort((a, b) => a - b)).toEqual([1, 2, 3])
  })

  test('metadata reaches brokers when each can fetch it', () => {
    const cluster = new MiniCluster()
    cluster.isolate(3, [0])
    cluster.crash(1)
    cluster.runFor(11)
    const leader = cluster.leader()
    expect(leader).toBe(2)
    expect(cluster.partition(3).leaderId).toBe(1)
    cluster.heal(3, [0])
    cluster.runFor(3)
    expect(cluster.partition(3).leaderId).toBe(2)
  })
})
