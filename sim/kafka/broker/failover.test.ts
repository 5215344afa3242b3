import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

/** A cluster whose brokers hear of leaders from the test only. */
function withoutController(brokers: number): MiniCluster {
  const cluster = new MiniCluster({ brokers })
  cluster.isolate(
    0,
    Array.from({ length: brokers }, (_, index) => index + 1),
  )
  return cluster
}

/** Appends records at a broker that believes to lead. */
function append(cluster: MiniCluster, broker: number, count: number): void {
  const connection = cluster.open(broker)
  for (let i = 0; i < count; i++) cluster.produce(connection, broker, 1)
  cluster.runFor(0.1)
}

/** The whole content of a replica: batch ids and the epochs they were written in. */
function content(cluster: MiniCluster, broker: number): readonly string[] {
  const { log } = cluster.partition(broker)
  return log
    .read(0, Number.MAX_SAFE_INTEGER, log.logEndOffset)
    .map((entry) => `${entry.batch.id} in ${entry.leaderEpoch}`)
}

describe('logs agree after', () => {
  test.each([1, 3, 5])(
    'two elections in a row, epochs missed on both sides, %i records in between (KIP-279, R04)',
    (count) => {
      const cluster = withoutController(2)
      append(cluster, 1, 2)
      cluster.isolate(1, [2])
      append(cluster, 1, 3)
      cluster.tell(2, 2, 1, [2])
      append(cluster, 2, count)
      // Broker 1 never hears of epoch 1.
      cluster.tell(1, 1, 2, [1])
      append(cluster, 1, 2)
      cluster.tell(2, 1, 2, [1])
      cluster.heal(1, [2])
      cluster.runFor(5)
      expect(content(cluster, 1)).toHaveLength(7)
      expect(content(cluster, 2)).toEqual(content(cluster, 1))
      expect(cluster.partition(2).log.highWatermark).toBe(7)
    },
  )

  test('several elections between two brokers that never hear of each other', () => {
    const cluster = withoutController(2)
    append(cluster, 1, 2)
    cluster.isolate(1, [2])
    append(cluster, 1, 4)
    for (const [epoch, leader] of [
      [1, 2],
      [2, 1],
      [3, 2],
      [4, 1],
      [5, 2],
      [6, 1],
    ] as const) {
      cluster.tell(leader, leader, epoch, [leader])
      append(cluster, leader, 3)
    }
    cluster.tell(2, 1, 6, [1])
    cluster.heal(1, [2])
    cluster.runFor(10)
    expect(content(cluster, 1)).toHaveLength(15)
    expect(content(cluster, 2)).toEqual(content(cluster, 1))
  })

  test('a follower hears of the new leader before that leader does (KIP-320, R05)', () => {
    const cluster = withoutController(3)
    append(cluster, 1, 1)
    cluster.isolate(1, [2])
    append(cluster, 1, 1)
    expect(content(cluster, 3)).toEqual(['1 in 0', '2 in 0'])
    cluster.tell(2, 2, 1, [2])
    append(cluster, 2, 1)
    cluster.tell(3, 1, 2, [1, 2])
    cluster.runFor(1.5)
    // Broker 1, still in epoch 0, must not be taken at its word.
    expect(cluster.partition(1).remote(3)?.logEndOffset).toBe(2)
    cluster.heal(1, [2])
    cluster.tell(1, 2, 1, [2])
    cluster.runFor(1)
    cluster.tell(1, 1, 2, [1, 2])
    cluster.tell(2, 1, 2, [1, 2])
    cluster.runFor(5)
    expect(content(cluster, 1)).toEqual(['1 in 0', '3 in 1'])
    expect(content(cluster, 2)).toEqual(content(cluster, 1))
    expect(content(cluster, 3)).toEqual(content(cluster, 1))
  })

  test('a follower misses an epoch and sees the same leader again (KAFKA-7164, R18)', () => {
    const cluster = withoutController(3)
    cluster.isolate(2, [1, 3])
    append(cluster, 1, 1)
    cluster.isolate(3, [1])
    cluster.tell(2, 2, 1, [2])
    cluster.heal(2, [1])
    cluster.tell(1, 2, 1, [2])
    cluster.runFor(3)
    expect(content(cluster, 1)).toEqual([])
    cluster.tell(1, 1, 2, [1])
    append(cluster, 1, 1)
    cluster.tell(3, 1, 2, [1])
    cluster.heal(3, [1])
    cluster.runFor(5)
    expect(content(cluster, 3)).toEqual(['2 in 2'])
    expect(content(cluster, 1)).toEqual(['2 in 2'])
  })

  test('a leader that wrote nothing in its epoch (KAFKA-7415, R18)', () => {
    const cluster = withoutController(2)
    cluster.isolate(1, [2])
    append(cluster, 1, 2)
    cluster.tell(2, 2, 1, [2])
    cluster.tell(1, 2, 1, [2])
    cluster.heal(1, [2])
    cluster.runFor(3)
    expect(content(cluster, 1)).toEqual([])
  })
})

describe('a new leader', () => {
  test('keeps what was acknowledged to acks=all though it knows a lower high watermark (1.2)', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(0.02)
    expect(cluster.errors()).toEqual([Errors.NONE])
    expect(cluster.partition(2).log.highWatermark).toBe(0)
    cluster.crash(1)
    cluster.runFor(15)
    const leader = cluster.leader()
    expect(cluster.log(leader)).toEqual([1])
    expect(cluster.partition(leader).log.highWatermark).toBe(1)
  })

  test('after an unclean election lets the others in again', () => {
    const cluster = new MiniCluster({
      brokers: 2,
      topic: { 'unclean.leader.election.enable': true },
      broker: { 'replica.lag.time.max.ms': 2000 },
    })
    const connection = cluster.open(1)
    cluster.isolate(2, [1])
    cluster.produce(connection, 1, 1)
    cluster.runFor(5)
    expect(cluster.partition(1).isr).toEqual([1])
    cluster.crash(1)
    cluster.runFor(15)
    expect(cluster.leader()).toBe(2)
    expect(cluster.log(2)).toEqual([])
    cluster.heal(2, [1])
    cluster.startBroker(1)
    cluster.runFor(20)
    expect(cluster.partition(2).isr).toEqual([2, 1])
    expect(cluster.log(1)).toEqual([])
  })
})

describe('a paused leader', () => {
  test('goes on unaware, commits nothing, and gives way', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connection = cluster.open(1)
    cluster.produce(connection, 1, -1)
    cluster.runFor(1)
    cluster.kernel.pause(1)
    cluster.produce(connection, 1, -1, 60_000)
    cluster.runFor(15)
    const leader = cluster.leader()
    expect(leader).not.toBe(1)
    cluster.produce(cluster.open(leader), leader, -1)
    cluster.runFor(1)
    cluster.kernel.resume(1)
    cluster.runFor(5)
    expect(cluster.errors()).toEqual([Errors.NONE, Errors.NONE, Errors.NOT_LEADER_OR_FOLLOWER])
    expect(cluster.log(leader)).toEqual([1, 3])
    expect(cluster.log(1)).toEqual([1, 3])
  })
})

describe('a controlled shutdown (3.2)', () => {
  test('moves leadership at once and keeps every record acknowledged to acks=all', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const connections = [cluster.open(1), cluster.open(1), cluster.open(1), cluster.open(1)]
    for (const connection of connections) for (let i = 0; i < 5; i++) cluster.produce(connection, 1, -1)
    cluster.runFor(0.004)
    expect(cluster.stop(1, 10)).toBeLessThan(6)
    cluster.runFor(1)
    const leader = cluster.leader()
    expect([2, 3]).toContain(leader)
    const acked = cluster.errors().filter((error) => error === Errors.NONE).length
    expect(acked).toBeGreaterThan(0)
    expect(cluster.log(leader).length).toBeGreaterThanOrEqual(acked)
    expect(cluster.partition(leader).log.highWatermark).toBe(cluster.log(leader).length)
    expect(cluster.partition(leader).isr).toHaveLength(2)
  })

  test('the next start is a clean one, needs no session to lapse and joins the set again', () => {
    const cluster = new MiniCluster()
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(1)
    cluster.stop(1, 10)
    cluster.startBroker(1)
    cluster.runFor(4)
    expect(cluster.count('broker.registered')).toBe(1)
    const leader = cluster.leader()
    expect([...cluster.partition(leader).isr].sort((a, b) => a - b)).toEqual([1, 2, 3])
    expect(cluster.log(1)).toEqual([1])
  })

  test('without controlled.shutdown.enable nobody is asked, and the others wait for the session', () => {
    const cluster = new MiniCluster({ broker: { 'controlled.shutdown.enable': false } })
    expect(cluster.stop(1, 10)).toBeLessThan(0.1)
    cluster.runFor(5)
    expect(cluster.leader()).toBe(-1)
    cluster.runFor(10)
    expect([2, 3]).toContain(cluster.leader())
  })
})
