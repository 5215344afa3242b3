import { expect, test } from 'vitest'
import { healLimitUs } from './heal-limit.ts'
import { TransactionCluster } from './kafka/transaction/transaction-cluster.test.support.ts'
import { MILLISECOND } from './kernel/time.ts'
import { type SettlementWorld, unsettledTransactions } from './transaction-settlement.ts'
import { producer, world } from './world.test.support.ts'

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

test('transactions settle when every one of them has ended, and its end is written', () => {
  const cluster = new TransactionCluster()
  expect(unsettledTransactions(seen(cluster))).toBeNull()
  const who = cluster.init()
  expect(unsettledTransactions(seen(cluster))).toBeNull()
  cluster.add(who, [0, 1])
  expect(unsettledTransactions(seen(cluster))).toBe('the transaction of checkout-tx is open')
  cluster.script.silent = true
  cluster.end(who, true)
  expect(unsettledTransactions(seen(cluster))).toBe('the transaction of checkout-tx waits for 2 markers')
  cluster.script.silent = false
  cluster.runFor(35)
  expect(unsettledTransactions(seen(cluster))).toBeNull()
  cluster.initialising()
  while (cluster.state.pendingState === null) cluster.kernel.step()
  expect(unsettledTransactions(seen(cluster))).toBe('the transaction of checkout-tx is being written')
})

test('a log of transactions that is not at rest is no rest either', () => {
  const cluster = new TransactionCluster()
  cluster.init()
  const restless = { ...seen(cluster), unsettled: () => 'waits for its high watermark' }
  expect(unsettledTransactions(restless)).toMatch(/^__transaction_state-\d+ waits for its high watermark$/)
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
