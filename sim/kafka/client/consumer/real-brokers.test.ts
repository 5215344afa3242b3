import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { MiniCluster } from '../../broker/mini-cluster.test.support.ts'
import { Env } from '../../env.ts'
import { type ReaderOptions, type ReaderWorld, TestReader } from './test-reader.test.support.ts'

const P0 = tpOf(1, 0)
const GROUP_SETTINGS = { 'auto.commit.interval.ms': 500, 'max.poll.interval.ms': 10_000, 'session.timeout.ms': 6000 }

/** Real brokers with some records; the node of their scripted client becomes the consumer's. */
function cluster(records: number, brokers = 3): MiniCluster {
  const c = new MiniCluster({ brokers })
  const leader = c.leader()
  const connection = c.open(leader)
  for (let n = 0; n < records; n++) c.produce(connection, leader, -1)
  c.runFor(1)
  return c
}

function reader(c: MiniCluster, options: ReaderOptions): TestReader {
  const world: ReaderWorld = {
    kernel: c.kernel,
    topics: [{ name: 'orders', topicId: 1 }],
    brokers: Array.from({ length: c.clientNode - 1 }, (_, n) => n + 1),
    consumers: [c.clientNode],
    env: (node) => new Env(node, c.kernel, c.network, c.recorder),
  }
  c.kernel.kill(c.clientNode)
  c.network.nodeDied(c.clientNode, false)
  c.network.hostUp(c.clientNode)
  return new TestReader(world, options)
}

function count(n: number, from = 0): number[] {
  return Array.from({ length: n }, (_, i) => from + i)
}

describe('a consumer of real brokers', () => {
  it('reads an assigned partition from the beginning, and from its end', () => {
    const c = cluster(20)
    const all = reader(c, { assign: [P0], config: { 'group.id': '' } })
    c.runFor(2)
    expect(all.offsets()).toEqual(count(20))
    const latest = reader(c, { assign: [P0], config: { 'group.id': '', 'auto.offset.reset': 'latest' } })
    c.runFor(2)
    expect(latest.offsets()).toEqual([])
    expect(latest.consumer.position(P0)).toBe(20)
  })

  it('joins a group, commits, leaves; its successor goes on where it stood', () => {
    const c = cluster(20)
    const first = reader(c, { config: { ...GROUP_SETTINGS, 'max.poll.records': 5 }, workMs: -1 })
    first.poll()
    while (first.records.length === 0) {
      c.runFor(1)
      if (first.records.length === 0) first.poll()
    }
    expect(first.events).toEqual(['assigned [0]'])
    expect(first.offsets()).toEqual(count(5))
    first.consumer.close()
    c.runFor(2)
    expect(first.events).toEqual(['assigned [0]', 'revoked [0]', 'closed'])
    const second = reader(c, { config: GROUP_SETTINGS })
    c.runFor(10)
    expect(second.offsets()).toEqual(count(15, 5))
  })

  it('goes on when the leader of its partition, or its coordinator, dies', () => {
    const c = cluster(20)
    const one = reader(c, { config: { ...GROUP_SETTINGS, 'request.timeout.ms': 2000 } })
    c.runFor(10)
    expect(one.offsets()).toEqual(count(20))
    for (const victim of [1, 2]) {
      c.crash(victim)
      c.runFor(20)
      c.startBroker(victim)
      c.runFor(10)
    }
    expect(one.offsets()).toEqual(count(20))
    one.stall()
    expect(one.consumer.position(P0)).toBe(20)
    expect(one.consumer.generation).toBeGreaterThan(0)
    one.consumer.close()
    c.runFor(30)
    expect(one.events.at(-1)).toBe('closed')
  })
})
