import { describe, expect, it, test } from 'vitest'
import { cloneGraph } from '../../../kernel/clone.ts'
import type { Kernel } from '../../../kernel/kernel.ts'
import { TestHasher } from '../../../kernel/world.test.support.ts'
import { MiniCluster } from '../../broker/mini-cluster.test.support.ts'
import { Env } from '../../env.ts'
import type { ProducerConfig } from '../../protocol/config/producer.ts'
import { type AppWorld, TestApp } from '../test-app.test.support.ts'
import { ID } from './fake-coordinator.test.support.ts'

/** Real brokers, as an application sees them. */
class RealBrokers implements AppWorld {
  readonly kernel: Kernel
  readonly topics = [{ name: 'orders', topicId: 1, partitions: 1 }]
  readonly brokers: readonly number[]
  readonly client: number
  private readonly cluster: MiniCluster

  constructor(cluster: MiniCluster) {
    this.cluster = cluster
    this.kernel = cluster.kernel
    this.client = cluster.clientNode
    this.brokers = Array.from({ length: cluster.clientNode - 1 }, (_, n) => n + 1)
  }

  env(node: number): Env {
    const { kernel, network, recorder } = this.cluster
    return new Env(node, kernel, network, recorder)
  }
}

/** Starts the application's process, anew if it runs already. */
function start(c: MiniCluster, config: Partial<ProducerConfig> = {}): TestApp {
  c.kernel.kill(c.clientNode)
  c.network.nodeDied(c.clientNode, false)
  c.network.hostUp(c.clientNode)
  const app = new TestApp(new RealBrokers(c), { 'transactional.id': ID, ...config })
  c.kernel.start(c.clientNode, app)
  return app
}

function ready(c: MiniCluster, config: Partial<ProducerConfig> = {}): TestApp {
  const app = start(c, config)
  app.producer.transactions.initTransactions()
  c.runFor(20)
  expect(app.calls).toEqual(['initTransactions ok'])
  app.calls.length = 0
  return app
}

/** Sends a record; the first has to wait for metadata. */
function send(c: MiniCluster, app: TestApp): void {
  if (app.send()) return
  const before = app.events.length
  while (app.events.length === before) c.kernel.step()
}

/** Sends some records in a transaction of their own, and ends it. */
function transaction(c: MiniCluster, app: TestApp, records: number, end: 'commit' | 'abort'): void {
  app.producer.transactions.beginTransaction(1)
  for (let i = 0; i < records; i++) send(c, app)
  c.runFor(0.1)
  if (end === 'commit') app.producer.transactions.commitTransaction()
  else app.producer.transactions.abortTransaction()
  c.runFor(5)
}

/** The leader's log: `epoch:records` of batches, `epoch:COMMIT` of markers. */
function log(c: MiniCluster): readonly string[] {
  const { log: l } = c.partition(c.leader())
  return l
    .read(0, Number.MAX_SAFE_INTEGER, l.logEndOffset)
    .map(({ batch }) => `${batch.producerEpoch}:${batch.marker === null ? batch.records.length : batch.marker.type}`)
}

describe('a transactional producer of real brokers', () => {
  it('commits and aborts, each transaction in an epoch of its own (version 2)', () => {
    const c = new MiniCluster()
    const app = ready(c)
    transaction(c, app, 3, 'commit')
    transaction(c, app, 2, 'abort')
    transaction(c, app, 1, 'commit')
    expect(app.calls).toEqual(['commitTransaction ok', 'abortTransaction ok', 'commitTransaction ok'])
    expect(log(c)).toEqual(['0:3', '1:COMMIT', '1:2', '2:ABORT', '2:1', '3:COMMIT'])
  })

  it('commits and aborts in one epoch (version 1)', () => {
    const c = new MiniCluster({ profile: { 'transaction.version': 1 } })
    const app = ready(c)
    transaction(c, app, 3, 'commit')
    transaction(c, app, 2, 'abort')
    expect(app.calls).toEqual(['commitTransaction ok', 'abortTransaction ok'])
    expect(log(c)).toEqual(['0:3', '0:COMMIT', '0:2', '0:ABORT'])
  })

  it('begins the next transaction while the markers of the last are still to be written', () => {
    for (const version of [1, 2] as const) {
      const c = new MiniCluster({ profile: { 'transaction.version': version } })
      const app = ready(c)
      const { transactions } = app.producer
      transaction(c, app, 1, 'commit')
      for (let n = 0; n < 3; n++) {
        transactions.beginTransaction(n)
        send(c, app)
        transactions.commitTransaction()
        while (app.calls.length < n + 2) c.kernel.step()
      }
      c.runFor(5)
      expect(app.calls).toEqual(Array.from({ length: 4 }, () => 'commitTransaction ok'))
      expect(log(c).filter((entry) => entry.endsWith('COMMIT'))).toHaveLength(4)
    }
  })

  it('fences its predecessor, whose open transaction is aborted', () => {
    const c = new MiniCluster()
    const first = ready(c)
    first.producer.transactions.beginTransaction(1)
    send(c, first)
    c.runFor(1)
    const second = ready(c)
    transaction(c, second, 1, 'commit')
    expect(second.calls).toEqual(['commitTransaction ok'])
    expect(log(c).map((entry) => entry.split(':')[1])).toEqual(['1', 'ABORT', '1', 'COMMIT'])
  })

  test.each([1, 2, 3])('commits through the crash of broker %i while the commit is under way', (victim) => {
    const c = new MiniCluster()
    const app = ready(c, { 'request.timeout.ms': 3000, 'delivery.timeout.ms': 20_000 })
    transaction(c, app, 1, 'commit')
    app.producer.transactions.beginTransaction(2)
    send(c, app)
    c.runFor(0.1)
    app.producer.transactions.commitTransaction()
    c.runFor(0.001)
    c.crash(victim)
    c.runFor(40)
    expect(app.calls).toEqual(['commitTransaction ok', 'commitTransaction ok'])
    expect(log(c).slice(0, 4)).toEqual(['0:1', '1:COMMIT', '1:1', '2:COMMIT'])
  })

  it('learns at the commit that its transaction timed out; an abort goes on (version 2)', () => {
    for (const end of ['commit', 'abort'] as const) {
      const c = new MiniCluster()
      const app = ready(c, { 'transaction.timeout.ms': 5000 })
      const { transactions } = app.producer
      transaction(c, app, 1, 'commit')
      transactions.beginTransaction(2)
      send(c, app)
      c.runFor(30)
      if (end === 'commit') transactions.commitTransaction()
      else transactions.abortTransaction()
      c.runFor(5)
      const told = end === 'commit' ? 'commitTransaction fatal InvalidTxnStateException' : 'abortTransaction ok'
      expect(app.calls).toEqual(['commitTransaction ok', told])
      if (end === 'abort') transaction(c, app, 1, 'commit')
      expect(
        log(c)
          .slice(2, 4)
          .map((entry) => entry.split(':')[1]),
      ).toEqual(['1', 'ABORT'])
    }
  })

  test.each([1, 2] as const)(
    'commits offsets of a group with its transaction, or drops them, version %i',
    (version) => {
      const c = new MiniCluster({ profile: { 'transaction.version': version } })
      const app = ready(c)
      const { transactions } = app.producer
      const group = { groupId: 'payments', generationId: -1, memberId: '', groupInstanceId: null }
      for (const [n, end] of (['commitTransaction', 'abortTransaction'] as const).entries()) {
        transactions.beginTransaction(n)
        send(c, app)
        const offset = { topicId: 1, partition: 0, committedOffset: n + 1, committedLeaderEpoch: -1 }
        transactions.sendOffsetsToTransaction([offset], group)
        c.runFor(20)
        transactions[end]()
        c.runFor(5)
      }
      const sent = 'sendOffsetsToTransaction ok'
      expect(app.calls).toEqual([sent, 'commitTransaction ok', sent, 'abortTransaction ok'])
      expect([c.count('offset.pending'), c.count('offset.committed'), c.count('offset.dropped')]).toEqual([2, 1, 1])
    },
  )

  test.each([3, 40, 90, 150])('is plain data: %i events into a transaction a copy goes on as it does', (events) => {
    const c = new MiniCluster({ hasher: new TestHasher() })
    const app = ready(c)
    app.producer.transactions.beginTransaction(1)
    send(c, app)
    app.producer.transactions.commitTransaction()
    for (let at = 0; at < events; at++) c.kernel.step()
    const copy = cloneGraph({ c, app })
    const goOn = (world: { c: MiniCluster; app: TestApp }): readonly unknown[] => {
      world.c.runFor(5)
      transaction(world.c, world.app, 2, 'abort')
      return [log(world.c), world.app.calls, world.c.kernel.digest()]
    }
    expect(goOn(copy)).toEqual(goOn({ c, app }))
    expect(app.calls).toEqual(['commitTransaction ok', 'abortTransaction ok'])
  })

  it('costs at most 60 events more than the same records without it, in a cluster that has a transaction log', () => {
    const TRANSACTIONS = 20
    const events = (records: number, seconds: number, transactional: boolean): number => {
      const c = new MiniCluster()
      const first = ready(c)
      const app = transactional ? first : start(c, { 'transactional.id': '' })
      const round = (): void => {
        if (transactional) app.producer.transactions.beginTransaction(1)
        for (let i = 0; i < records; i++) send(c, app)
        if (transactional) app.producer.transactions.commitTransaction()
        else app.producer.flush()
        c.runFor(seconds)
      }
      round()
      const before = c.kernel.events
      for (let n = 0; n < TRANSACTIONS; n++) round()
      expect(app.calls).toHaveLength(transactional ? TRANSACTIONS + 1 : 0)
      return c.kernel.events - before
    }
    for (const [records, seconds] of [
      [1, 0.2],
      [10, 0.2],
      [10, 2],
    ] as const) {
      const more = (events(records, seconds, true) - events(records, seconds, false)) / TRANSACTIONS
      expect(more).toBeGreaterThan(10)
      expect(more).toBeLessThanOrEqual(60)
    }
  })
})
