import { expect, test } from 'vitest'
import { healLimitUs } from './heal-limit.ts'
import { TransactionCluster } from './kafka/transaction/transaction-cluster.test.support.ts'
import { MILLISECOND } from './kernel/time.ts'
import { type SettlementWorld, unsettledTransactions } from './transaction-settlement.ts'
import { producer, world } from './world.test.support.ts'
import { type Waiting, waitingInWords } from './waiting.ts'

/** The cluster as the settlement sees it, with the coordinator's metadata for the controller's. */
function seen(cluster: TransactionCluster): SettlementWorld {
  const { metadata } = cluster.broker(cluster.coordinator)
  const topicNamed = (name: string): { readonly topicId: number; readonly partitions: number } | null => {
    const topic = metadata.topics.get(metadata.topicIds.get(name) ?? -1)
    return topic === undefined ? null : { topicId: topic.topicId, partitions: topic.partitions.length }
  }
  const leaderOf = (tp: number): number => metadata.partitions.get(tp)?.leader ?? -1
  return {
    view: { topicNamed, leaderOf } as SettlementWorld['view'],
    broker: (node) => cluster.broker(node),
    endOffset: (tp) => cluster.broker(leaderOf(tp)).replicas.logEndOffset(tp),
    unsettled: () => null,
  }
}

function waits(cluster: TransactionCluster): readonly string[] {
  return unsettledTransactions(seen(cluster)).map(waitingInWords)
}

test('transactions settle when every one of them has ended, and its end is written', () => {
  const cluster = new TransactionCluster()
  expect(waits(cluster)).toEqual([])
  const who = cluster.init()
  expect(waits(cluster)).toEqual([])
  cluster.add(who, [0, 1])
  expect(waits(cluster)).toEqual(['the transaction of checkout-tx waits for its end: it is open'])
  cluster.script.silent = true
  cluster.end(who, true)
  expect(waits(cluster)).toEqual(['the transaction of checkout-tx waits for 2 markers'])
  cluster.script.silent = false
  cluster.runFor(35)
  expect(waits(cluster)).toEqual([])
  cluster.initialising()
  while (cluster.state.pendingState === null) cluster.kernel.step()
  expect(waits(cluster)).toEqual(['the transaction of checkout-tx waits for its state to be written'])
})

test('a log of transactions that is not at rest is no rest either', () => {
  const cluster = new TransactionCluster()
  cluster.init()
  const restless = (tp: number): Waiting => {
    return { kind: 'replication', who: 'a log', waitsFor: 'its high watermark', because: null, tp, node: -1 }
  }
  const [wait, ...others] = unsettledTransactions({ ...seen(cluster), unsettled: restless })
  expect(wait).toMatchObject({ kind: 'replication', waitsFor: 'its high watermark' })
  expect(others).toEqual([])
})

test('healing may take the time that runs out for a transaction, and the scan that finds it', () => {
  const transactional = producer(
    'checkout',
    'orders',
    {},
    { 'transactional.id': 't', 'transaction.timeout.ms': 300_000 },
  )
  const plain = healLimitUs(world({ producers: [producer('checkout', 'orders')] }))
  const limit = healLimitUs(world({ producers: [transactional] }))
  expect(limit - plain).toBe((300_000 + 10_000 + 60_000) * MILLISECOND)
})
