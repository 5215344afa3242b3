import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import { NO_LEADER_HINT } from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { MiniCluster, ORDERS_0 } from './mini-cluster.test.support.ts'

/** Broker 2, once a leader of five records, is told in epoch 2 that only two of them are its leader's, of which seven are committed. */
function told(profile: Partial<ClusterProfile>, toldEpoch = 2): MiniCluster {
  const cluster = new MiniCluster({ brokers: 2, profile })
  const partition = cluster.partition(2)
  cluster.isolate(2, [0, 1])
  cluster.runFor(0.01)
  for (const epoch of [0, 0, 1, 1, 1]) partition.log.appendAsLeader(cluster.batch(), epoch)
  const { partitionEpoch } = partition
  const role = {
    tp: ORDERS_0,
    replicas: [1, 2],
    isr: [1, 2],
    leader: 1,
    leaderEpoch: 2,
    leaderRecoveryState: 0 as const,
  }
  partition.makeFollower({ ...role, partitionEpoch: partitionEpoch + 1 })
  const { replicas } = cluster.broker(2)
  replicas.fetchers.add(partition)
  const wanted = { topicId: 1, partition: 0, currentLeaderEpoch: toldEpoch, fetchOffset: 5, lastFetchedEpoch: 1 }
  const request = { replicaId: 2, replicaEpoch: 1, maxWaitMs: 500, minBytes: 1, maxBytes: 1_000_000 }
  const data = { topicId: 1, partitionIndex: 0, errorCode: Errors.NONE, highWatermark: 7, lastStableOffset: -1 }
  const nothing = { logStartOffset: 0, abortedTransactions: null, currentLeader: NO_LEADER_HINT, records: [] }
  replicas.applyFetched({
    leader: 1,
    request: { ...request, partitions: [{ ...wanted, logStartOffset: 0, partitionMaxBytes: 1_000_000 }] },
    response: { responses: [{ ...data, ...nothing, divergingEpoch: { epoch: 0, endOffset: 2 } }] },
  })
  return cluster
}

describe('a follower that is told where its log parts from the leader (KAFKA-14704, R16)', () => {
  test('cuts it, and takes nothing else of the answer', () => {
    expect(told({}).partition(2).log).toMatchObject({ logEndOffset: 2, highWatermark: 0 })
  })

  test('before 3.5 it took over the high watermark first, and its own tail was there to be read', () => {
    const cluster = told({ 'fetch.diverging.high.watermark': 'taken-over' })
    expect(cluster.partition(2).log).toMatchObject({ logEndOffset: 5, highWatermark: 5 })
    cluster.runFor(0.006)
    expect(cluster.partition(2).log).toMatchObject({ logEndOffset: 2, highWatermark: 2 })
  })

  test('what was asked under another leader epoch says nothing of this one', () => {
    const cluster = told({ 'fetch.diverging.high.watermark': 'taken-over' }, 1)
    expect(cluster.partition(2).log).toMatchObject({ logEndOffset: 5, highWatermark: 0 })
  })
})
