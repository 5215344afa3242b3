import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { samplerOf } from '../../kernel/sampler.ts'
import type { ClientRequest } from '../client/network-client.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import { type FetchPartition, type FetchPartitionResponse, NO_LEADER_HINT } from '../protocol/messages.ts'
import type { LogTruncation } from '../protocol/profile.ts'
import { MiniCluster, ORDERS_0 } from './mini-cluster.test.support.ts'
import type { Partition } from './partition.ts'

/** Broker 2 as a follower that hears of nobody but the test. Its leader is broker 1, in epoch 0 to begin with. */
class Follower {
  readonly cluster: MiniCluster
  readonly partition: Partition

  constructor(truncation: LogTruncation = 'on-fetch') {
    this.cluster = new MiniCluster({ brokers: 2, profile: { 'log.truncation': truncation } })
    this.partition = this.cluster.partition(2)
    this.cluster.isolate(2, [0, 1])
    this.cluster.runFor(0.01)
  }

  /** Follows in another epoch; `epochs` are (epoch, batches of one record) that the log is to hold before. */
  follow(leaderEpoch: number, epochs: readonly (readonly [number, number])[] = []): void {
    const { partition, cluster } = this
    for (const [epoch, count] of epochs) {
      for (let i = 0; i < count; i++) partition.log.appendAsLeader(cluster.batch(), epoch)
    }
    partition.makeFollower({
      tp: ORDERS_0,
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      leaderEpoch,
      partitionEpoch: partition.partitionEpoch + 1,
      leaderRecoveryState: 0,
    })
    cluster.broker(2).replicas.fetchers.add(partition)
  }

  /** The leader's answer to a fetch of now, or to one that differs by `asked`. */
  answer(data: Partial<FetchPartitionResponse>, asked: Partial<FetchPartition> = {}): void {
    const { log, leaderEpoch } = this.partition
    const wanted: FetchPartition = {
      topicId: 1,
      partition: 0,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: log.logEndOffset,
      lastFetchedEpoch: log.latestEpoch,
      logStartOffset: 0,
      partitionMaxBytes: 1_000_000,
      ...asked,
    }
    const response: FetchPartitionResponse = {
      topicId: 1,
      partitionIndex: 0,
      errorCode: Errors.NONE,
      highWatermark: 0,
      lastStableOffset: -1,
      logStartOffset: 0,
      abortedTransactions: null,
      divergingEpoch: null,
      currentLeader: NO_LEADER_HINT,
      records: [],
      ...data,
    }
    const request = {
      replicaId: 2,
      replicaEpoch: 1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1_000_000,
      partitions: [wanted],
    }
    this.cluster.broker(2).replicas.fetchers.apply({ leader: 1, request, response: { responses: [response] } })
  }

  /** The leader says where its log begins and ends. */
  bounds(start: number, end: number): void {
    const { fetchers } = this.cluster.broker(2).replicas
    const answer = { topicId: 1, partition: 0, errorCode: Errors.NONE, leaderEpoch: -1 }
    const partitions = [end, start].map((offset) => ({ ...answer, offset }))
    fetchers.onCompletion(this.request(Api.ListOffsets), { partitions }, 'response')
  }

  /** The leader says where an epoch ends. */
  epochEnd(leaderEpoch: number, endOffset: number): void {
    const { fetchers } = this.cluster.broker(2).replicas
    const answer = { topicId: 1, partition: 0, errorCode: Errors.NONE, leaderEpoch, endOffset }
    fetchers.onCompletion(this.request(Api.OffsetForLeaderEpoch), { partitions: [answer] }, 'response')
  }

  private request(api: ApiKey): ClientRequest {
    return { api, destination: 1, body: {} } as unknown as ClientRequest
  }

  entry(baseOffset: number, leaderEpoch: number): FetchPartitionResponse['records'][number] {
    return { baseOffset, lastOffset: baseOffset, leaderEpoch, batch: this.cluster.batch() }
  }

  get end(): number {
    return this.partition.log.logEndOffset
  }
}

describe('appending what was fetched (1.7)', () => {
  test('verbatim, with offsets and epochs, and the high watermark within the own log', () => {
    const follower = new Follower()
    follower.follow(3)
    follower.answer({ records: [follower.entry(0, 1), follower.entry(1, 3)], highWatermark: 9 })
    expect(follower.end).toBe(2)
    expect(follower.partition.log.highWatermark).toBe(2)
    expect(follower.partition.log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 1 })
    follower.answer({ records: [follower.entry(2, 3)], highWatermark: 1 })
    // A new leader may know less for a while: the high watermark goes back.
    expect(follower.partition.log.highWatermark).toBe(1)
  })

  test('batches of a later epoch than the fetch was made under are dropped (KAFKA-18723)', () => {
    const follower = new Follower()
    follower.follow(3)
    follower.answer({ records: [follower.entry(0, 3), follower.entry(1, 4)] })
    expect(follower.end).toBe(1)
  })

  test('nor is one without an epoch, as before KIP-320, while the leader is to be asked where to cut', () => {
    const follower = new Follower('leader-epoch-iterated')
    follower.follow(3, [[1, 4]])
    follower.answer({ records: [follower.entry(4, 1)] }, { currentLeaderEpoch: -1 })
    expect(follower.end).toBe(4)
    follower.epochEnd(1, 4)
    follower.answer({ records: [follower.entry(4, 3)] }, { currentLeaderEpoch: -1 })
    expect(follower.end).toBe(5)
  })

  test('an answer to a fetch of an earlier leader epoch is not applied, whatever it says', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    const asked = { currentLeaderEpoch: 2 }
    follower.answer({ records: [follower.entry(4, 2)], highWatermark: 4 }, asked)
    follower.answer({ divergingEpoch: { epoch: 1, endOffset: 2 } }, asked)
    follower.answer({ errorCode: Errors.OFFSET_OUT_OF_RANGE, logStartOffset: 100, highWatermark: 100 }, asked)
    expect(follower.end).toBe(4)
    expect(follower.partition.log.highWatermark).toBe(0)
  })

  test('nor one to a fetch at another offset', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.answer({ highWatermark: 4 }, { fetchOffset: 3 })
    follower.answer({ divergingEpoch: { epoch: 1, endOffset: 2 } }, { fetchOffset: 5 })
    expect(follower.end).toBe(4)
    expect(follower.partition.log.highWatermark).toBe(0)
  })
})

describe('truncation (1.7)', () => {
  test.each([
    ['the same epoch, which ends earlier at the leader', { epoch: 1, endOffset: 2 }, 2],
    ['the same epoch, which ends earlier here', { epoch: 1, endOffset: 9 }, 4],
    ['the last epoch, which ends within the log', { epoch: 4, endOffset: 5 }, 5],
    ['an epoch unknown here: to the end of the one before it', { epoch: 3, endOffset: 9 }, 4],
    ['an epoch before all: to its beginning', { epoch: 0, endOffset: 9 }, 0],
  ])('%s', (_title, divergingEpoch, expected) => {
    const follower = new Follower()
    // Epoch 1 at [0, 4), epoch 4 at [4, 7).
    follower.follow(6, [
      [1, 4],
      [4, 3],
    ])
    follower.answer({ divergingEpoch })
    expect(follower.end).toBe(expected)
  })

  test('an epoch that the own log cannot place: to the end that the leader says', () => {
    const follower = new Follower()
    follower.follow(6, [[1, 4]])
    follower.answer({ divergingEpoch: { epoch: 5, endOffset: 3 } })
    expect(follower.end).toBe(3)
  })

  test('records, epochs and the high watermark behind the cut are gone, and nothing else of the answer is taken', () => {
    const follower = new Follower()
    follower.follow(6, [
      [1, 4],
      [4, 3],
    ])
    follower.partition.log.setHighWatermark(5, 4, false)
    follower.answer({ divergingEpoch: { epoch: 1, endOffset: 4 }, highWatermark: 7 })
    expect(follower.partition.log).toMatchObject({ logEndOffset: 4, highWatermark: 4, latestEpoch: 1 })
  })

  test('an epoch that began here without a record is dropped, or the logs would never agree', () => {
    const follower = new Follower()
    follower.partition.log.appendAsLeader(follower.cluster.batch(), 1)
    follower.partition.log.assignEpochStartOffset(2, 1)
    follower.follow(6)
    follower.answer({ divergingEpoch: { epoch: 1, endOffset: 1 } })
    expect(follower.partition.log).toMatchObject({ logEndOffset: 1, latestEpoch: 1 })
  })
})

describe('errors (1.7)', () => {
  test('out of range below the leader: the log begins anew where the leader begins', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.answer({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
    follower.bounds(20, 30)
    expect(follower.partition.log).toMatchObject({ logStartOffset: 20, logEndOffset: 20 })
  })

  test('out of range otherwise: the log stays as it is', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.answer({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
    follower.bounds(0, 4)
    expect(follower.end).toBe(4)
  })

  test('out of range beyond the leader: the log is cut to its end', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.answer({ errorCode: Errors.OFFSET_OUT_OF_RANGE })
    follower.bounds(0, 3)
    expect(follower.end).toBe(3)
  })

  test('bounds that nobody asked for are not applied', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.bounds(20, 30)
    follower.bounds(0, 1)
    expect(follower.partition.log).toMatchObject({ logStartOffset: 0, logEndOffset: 4 })
  })

  test("the leader's log start is the follower's too, within the high watermark", () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.answer({ highWatermark: 3, logStartOffset: 2 })
    expect(follower.partition.log.logStartOffset).toBe(2)
    follower.answer({ highWatermark: 3, logStartOffset: 1 })
    expect(follower.partition.log.logStartOffset).toBe(2)
  })

  test('what does not begin at the log end is not appended, and the partition waits', () => {
    const follower = new Follower()
    follower.follow(3, [[1, 4]])
    follower.answer({ records: [follower.entry(3, 1)], highWatermark: 4 })
    expect(follower.partition.log).toMatchObject({ logEndOffset: 4, highWatermark: 0 })
  })
})

describe('older schemes of truncation (1.7)', () => {
  test('before KIP-101 a follower cuts its log to its own high watermark, replicated or not', () => {
    const follower = new Follower('high-watermark')
    follower.partition.log.appendAsLeader(follower.cluster.batch(), 1)
    follower.partition.log.setHighWatermark(1, 1, false)
    follower.follow(3, [[1, 2]])
    expect(follower.end).toBe(1)
  })

  test('KIP-101: cut to the end of the last epoch, or of an older one without noticing (KAFKA-6361)', () => {
    const follower = new Follower('leader-epoch')
    follower.follow(5, [
      [1, 2],
      [3, 2],
    ])
    expect(follower.end).toBe(4)
    follower.epochEnd(1, 3)
    expect(follower.end).toBe(3)
    follower.epochEnd(1, 1)
    expect(follower.end).toBe(3)
  })

  test('KIP-279: asks again until an epoch is common', () => {
    const follower = new Follower('leader-epoch-iterated')
    follower.follow(5, [
      [1, 2],
      [3, 2],
    ])
    // The leader knows no epoch 3, and its epoch 2 is none of ours: what we have before it ends at 2, and is asked about next.
    follower.epochEnd(2, 3)
    expect(follower.end).toBe(2)
    follower.epochEnd(1, 1)
    expect(follower.end).toBe(1)
    follower.epochEnd(1, 0)
    expect(follower.end).toBe(1)
  })

  test('an epoch that the leader does not know: back to the high watermark', () => {
    const follower = new Follower('leader-epoch-iterated')
    follower.follow(5, [[1, 3]])
    follower.epochEnd(-1, -1)
    expect(follower.end).toBe(0)
  })

  test('nobody is fenced, and batches of a later leadership are taken', () => {
    const follower = new Follower('leader-epoch')
    follower.follow(3)
    follower.answer({ records: [follower.entry(0, 3), follower.entry(1, 4)] }, { currentLeaderEpoch: -1 })
    expect(follower.end).toBe(2)
  })
})

describe('who fetches when (1.3, 1.7)', () => {
  test('a fenced fetcher stays away until it hears of a new epoch', () => {
    const cluster = new MiniCluster({ brokers: 2 })
    cluster.isolate(2, [0])
    // The leader is elected again in place; the follower does not hear of it.
    const leader = cluster.partition(1)
    leader.makeLeader({
      tp: ORDERS_0,
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      leaderEpoch: 5,
      partitionEpoch: 5,
      leaderRecoveryState: 0,
    })
    cluster.broker(1).replicas.fetches.flush(ORDERS_0)
    cluster.runFor(0.1)
    let fetches = 0
    cluster.observe({
      kinds: [M.requestDelivered],
      onMoment: (_kind, _time, node, from, api) => {
        if (node === 1 && from === 2 && api === Api.Fetch) fetches++
      },
    })
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(5)
    expect(fetches).toBe(0)
    cluster.partition(2).makeFollower({
      tp: ORDERS_0,
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      leaderEpoch: 5,
      partitionEpoch: 5,
      leaderRecoveryState: 0,
    })
    cluster.broker(2).replicas.fetchers.add(cluster.partition(2))
    cluster.runFor(0.1)
    expect(cluster.log(2)).toEqual([1])
  })

  test('a follower that is ahead of its leader in metadata asks again every replica.fetch.backoff.ms', () => {
    const cluster = new MiniCluster({ brokers: 2, broker: { 'replica.fetch.backoff.ms': 1000 } })
    const follower = cluster.partition(2)
    cluster.isolate(1, [0])
    follower.makeFollower({
      tp: ORDERS_0,
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      leaderEpoch: 5,
      partitionEpoch: 5,
      leaderRecoveryState: 0,
    })
    cluster.broker(2).replicas.fetchers.add(follower)
    cluster.runFor(0.6)
    cluster.partition(1).makeLeader({
      tp: ORDERS_0,
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      leaderEpoch: 5,
      partitionEpoch: 5,
      leaderRecoveryState: 0,
    })
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(0.2)
    expect(cluster.log(2)).toEqual([])
    cluster.runFor(1)
    expect(cluster.log(2)).toEqual([1])
  })

  test('nothing is fetched while a slow disk still takes the last answer', () => {
    const cluster = new MiniCluster({ brokers: 2 })
    cluster.isolate(0, [1, 2])
    cluster.disks[2]?.beginSlow(samplerOf({ kind: 'constant', us: 3_000_000 }))
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(0.1)
    let fetches = 0
    cluster.observe({
      kinds: [M.requestSent],
      onMoment: (_kind, _time, node, to, api) => {
        if (node === 2 && to === 1 && api === Api.Fetch) fetches++
      },
    })
    // The fetcher begins anew, as with any new leader epoch.
    cluster.broker(2).replicas.fetchers.add(cluster.partition(2))
    cluster.runFor(2)
    expect([fetches, cluster.log(2)]).toEqual([0, []])
    cluster.runFor(1)
    expect(cluster.log(2)).toEqual([1])
  })

  test('nobody fetches a partition without a leader', () => {
    const follower = new Follower()
    follower.partition.makeFollower({
      tp: ORDERS_0,
      replicas: [1, 2],
      isr: [],
      leader: -1,
      leaderEpoch: 4,
      partitionEpoch: 9,
      leaderRecoveryState: 0,
    })
    follower.cluster.broker(2).replicas.fetchers.add(follower.partition)
    follower.cluster.heal(2, [0, 1])
    follower.cluster.isolate(2, [0])
    follower.cluster.produce(follower.cluster.open(1), 1, 1)
    follower.cluster.runFor(3)
    expect(follower.end).toBe(0)
  })
})
