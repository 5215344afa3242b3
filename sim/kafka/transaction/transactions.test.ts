import { describe, expect, test } from 'vitest'
import { TransactionCluster } from './transaction-cluster.test.support.ts'

describe('a transaction', () => {
  test('by version 2 goes through its states in the log, and goes on under the next epoch', () => {
    const cluster = new TransactionCluster()
    const first = cluster.init()
    expect(first.producerEpoch).toBe(0)
    expect(cluster.add(first, [0, 1])).toBe(0)
    expect(cluster.state).toMatchObject({ state: 'Ongoing', partitions: [cluster.orders(0), cluster.orders(1)] })
    const ended = cluster.end(first, true)
    expect(ended).toEqual({ errorCode: 0, producerId: first.producerId, producerEpoch: 1 })
    expect(cluster.written()).toEqual(['Empty 0', 'Ongoing 0', 'PrepareCommit 1', 'CompleteCommit 1'])
    expect(cluster.story.lines).toEqual([
      'registered epoch 0',
      'opened epoch 0',
      'added 0',
      'added 1',
      'prepared commit epoch 1',
      'completed commit epoch 1 by 0',
    ])
  })
})
