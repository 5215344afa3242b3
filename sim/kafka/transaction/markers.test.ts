import { describe, expect, test } from 'vitest'
import { StreamRule } from '../../network/stream-rule.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import { type MarkerReaction, reactionTo } from './marker-errors.ts'
import { type Identity, TransactionCluster } from './transaction-cluster.test.support.ts'

/** A cluster with a transaction in the three partitions of orders, ready to end. */
function open(options: ConstructorParameters<typeof TransactionCluster>[0] = {}): [TransactionCluster, Identity] {
  const cluster = new TransactionCluster(options)
  const who = cluster.init()
  cluster.add(who, [0, 1, 2])
  return [cluster, who]
}

test.each<[number, MarkerReaction]>([
  [Errors.NONE, 'written'],
  [Errors.UNSUPPORTED_VERSION, 'written'],
  [Errors.UNKNOWN_TOPIC_OR_PARTITION, 'again'],
  [Errors.NOT_LEADER_OR_FOLLOWER, 'again'],
  [Errors.REQUEST_TIMED_OUT, 'again'],
  [Errors.NOT_ENOUGH_REPLICAS, 'again'],
  [Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND, 'again'],
  [Errors.KAFKA_STORAGE_ERROR, 'again'],
  [Errors.INVALID_PRODUCER_EPOCH, 'given-up'],
  [Errors.TRANSACTION_COORDINATOR_FENCED, 'given-up'],
])('after %i a marker is %s', (error, reaction) => {
  expect(reactionTo(error)).toBe(reaction)
})

test('what no leader says to a marker is a defect of ours', () => {
  expect(() => reactionTo(Errors.ILLEGAL_GENERATION)).toThrow('ILLEGAL_GENERATION')
})

describe('markers', () => {
  test("go once to each leader, with the raised epoch and the coordinator's", () => {
    const [cluster, who] = open()
    cluster.end(who, true)
    expect(cluster.script.seen).toHaveLength(3)
    for (const marker of cluster.script.seen) {
      expect(marker).toMatchObject({ producerId: who.producerId, producerEpoch: 1, transactionResult: true })
      expect(marker.coordinatorEpoch).toBe(0)
      expect(marker.transactionVersion).toBe(0)
    }
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test('say their version when partitions are strict about epochs', () => {
    const [cluster, who] = open({ profile: { 'marker-epoch': 'strict' } })
    cluster.end(who, false)
    expect(cluster.script.seen.map((marker) => marker.transactionVersion)).toEqual([2, 2, 2])
    expect(cluster.script.seen[0]?.transactionResult).toBe(false)
  })

  test('that are refused go again, only they, as often as it takes', () => {
    const [cluster, who] = open()
    cluster.script.errors.push(
      Errors.NOT_ENOUGH_REPLICAS,
      Errors.NONE,
      Errors.NOT_LEADER_OR_FOLLOWER,
      Errors.REQUEST_TIMED_OUT,
    )
    cluster.end(who, true)
    expect(cluster.state.state).toBe('PrepareCommit')
    cluster.runFor(1)
    expect(cluster.state.state).toBe('CompleteCommit')
    expect(cluster.script.seen).toHaveLength(6)
    expect(cluster.written().filter((each) => each.startsWith('Complete'))).toHaveLength(1)
  })

  test.each([Errors.INVALID_PRODUCER_EPOCH, Errors.TRANSACTION_COORDINATOR_FENCED])(
    'that meet error %i are given up: the transaction is for somebody else to complete',
    (error) => {
      const [cluster, who] = open()
      cluster.script.errors.push(error)
      cluster.end(who, true)
      cluster.runFor(5)
      expect(cluster.script.seen).toHaveLength(3)
      expect(cluster.state).toMatchObject({ state: 'PrepareCommit', pendingState: 'CompleteCommit' })
      expect(cluster.broker(cluster.coordinator).transactions.markers.size).toBe(0)
    },
  )

  test('whose answer is lost go again on the next connection', () => {
    const [cluster, who] = open()
    const { coordinator } = cluster
    const to = coordinator === 1 ? 2 : 1
    cluster.rule(
      new StreamRule({
        id: 1,
        from: [to],
        to: [coordinator],
        api: Api.WriteTxnMarkers,
        reply: true,
        delay: null,
        nth: 1,
        count: 1,
        sameConnection: false,
      }),
    )
    cluster.end(who, true)
    cluster.runFor(1)
    expect(cluster.script.seen).toHaveLength(4)
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test('whose leader is dead go to the next one', () => {
    const [cluster, who] = open()
    const dead = cluster.coordinator === 3 ? 2 : 3
    cluster.crash(dead)
    cluster.end(who, true)
    cluster.runFor(15)
    expect(cluster.state.state).toBe('CompleteCommit')
    const partitions = cluster.script.seen.flatMap((marker) => marker.partitions.map((each) => each.partition))
    expect(partitions.sort((a, b) => a - b)).toEqual([0, 1, 2])
  })

  test('whose leader keeps silent go again when the request has timed out', () => {
    const [cluster, who] = open()
    cluster.script.silent = true
    cluster.end(who, true)
    cluster.runFor(29)
    expect(cluster.script.seen).toHaveLength(3)
    cluster.script.silent = false
    cluster.runFor(3)
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test('of a partition that nobody leads wait for a leader', () => {
    const [cluster, who] = open({ topic: { 'min.insync.replicas': 1 } })
    const { coordinator } = cluster
    const orders = cluster.broker(coordinator).metadata
    const lonely = [1, 2, 3].find((id) => id !== coordinator && orders.partitions.get(cluster.orders(0))?.leader === id)
    const partition = lonely === undefined ? 1 : 0
    const tp = cluster.orders(partition)
    const known = orders.partitions.get(tp)
    if (known === undefined) throw new Error('orders has no such partition')
    orders.partitions.set(tp, { ...known, leader: -1 })
    cluster.end(who, true)
    cluster.runFor(1)
    expect(cluster.state).toMatchObject({ state: 'PrepareCommit', partitions: [tp] })
    orders.partitions.set(tp, known)
    // The next news of any kind makes it look again.
    cluster.crash([1, 2, 3].find((id) => id !== coordinator && id !== known.leader) ?? 1)
    cluster.runFor(12)
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test('of a partition that the metadata does not know are left out: it was deleted', () => {
    const [cluster, who] = open()
    cluster.broker(cluster.coordinator).metadata.partitions.delete(cluster.orders(2))
    cluster.end(who, true)
    expect(cluster.script.seen.flatMap(({ partitions }) => partitions)).toHaveLength(2)
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test('are written before the end is, which is tried until it is written', () => {
    const [cluster, who] = open({ broker: { 'transaction.state.log.min.isr': 3 } })
    cluster.script.silent = true
    cluster.end(who, true)
    const down = cluster.coordinator === 3 ? 2 : 3
    cluster.crash(down)
    cluster.runFor(12)
    cluster.script.silent = false
    cluster.runFor(35)
    expect(cluster.state).toMatchObject({ state: 'PrepareCommit', pendingState: 'CompleteCommit', partitions: [] })
    cluster.startBroker(down)
    cluster.runFor(15)
    expect(cluster.state.state).toBe('CompleteCommit')
  })
})
