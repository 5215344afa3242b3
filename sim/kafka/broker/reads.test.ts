import { describe, expect, test } from 'vitest'
import { IoOperation } from '../../storage/io-failures.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListOffsetsResponse,
  type OffsetForLeaderEpochResponse,
} from '../protocol/group-messages.ts'
import type { FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse } from '../protocol/messages.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

class Reader {
  readonly cluster: MiniCluster
  readonly broker: number
  private readonly connection: number

  constructor(cluster: MiniCluster, broker = 1) {
    this.cluster = cluster
    this.broker = broker
    this.connection = cluster.open(broker)
  }

  fetching(
    offset: number,
    wanted: Partial<FetchPartition> = {},
    request: Partial<FetchRequest> = {},
    version = 13,
  ): number {
    const partition: FetchPartition = {
      topicId: 1,
      partition: 0,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1_048_576,
      ...wanted,
    }
    const body: FetchRequest = {
      replicaId: -1,
      replicaEpoch: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 52_428_800,
      isolationLevel: 'read_uncommitted',
      partitions: [partition],
      ...request,
    }
    return this.cluster.send(this.connection, this.broker, Api.Fetch, body, version)
  }

  answer(correlation: number): object | null {
    const { replies } = this.cluster.client
    const reply = replies.find(
      (candidate) => candidate.correlation === correlation && candidate.connection === this.connection,
    )
    return reply === undefined ? null : reply.body
  }

  fetched(correlation: number): FetchPartitionResponse | null {
    return (this.answer(correlation) as FetchResponse | null)?.responses[0] ?? null
  }

  fetch(
    offset: number,
    wanted: Partial<FetchPartition> = {},
    request: Partial<FetchRequest> = {},
    version = 13,
  ): FetchPartitionResponse | null {
    const correlation = this.fetching(offset, wanted, request, version)
    this.cluster.runFor(0.01)
    return this.fetched(correlation)
  }

  list(timestamp: number, currentLeaderEpoch = -1): ListOffsetsResponse['partitions'][number] | undefined {
    const partitions = [{ topicId: 1, partition: 0, currentLeaderEpoch, timestamp }]
    const body = { replicaId: -1, isolationLevel: 'read_uncommitted', partitions }
    const correlation = this.cluster.send(this.connection, this.broker, Api.ListOffsets, body)
    this.cluster.runFor(0.01)
    return (this.answer(correlation) as ListOffsetsResponse | null)?.partitions[0]
  }

  epochEnd(
    leaderEpoch: number,
    currentLeaderEpoch = -1,
  ): OffsetForLeaderEpochResponse['partitions'][number] | undefined {
    const partitions = [{ topicId: 1, partition: 0, currentLeaderEpoch, leaderEpoch }]
    const correlation = this.cluster.send(this.connection, this.broker, Api.OffsetForLeaderEpoch, { partitions })
    this.cluster.runFor(0.01)
    return (this.answer(correlation) as OffsetForLeaderEpochResponse | null)?.partitions[0]
  }
}

/** Three committed records in orders-0, led by broker 1. */
function written(records = 3): MiniCluster {
  const cluster = new MiniCluster()
  const connection = cluster.open(1)
  for (let i = 0; i < records; i++) cluster.produce(connection, 1, -1)
  cluster.runFor(1)
  return cluster
}

/** One more record at the leader, which nobody replicates. */
function withUnreplicated(cluster: MiniCluster): MiniCluster {
  cluster.isolate(1, [2, 3])
  cluster.produce(cluster.open(1), 1, 1)
  cluster.runFor(0.1)
  return cluster
}

describe('a disk that cannot be read', () => {
  test('gives KAFKA_STORAGE_ERROR where something is to be read, and nothing else is an error before', () => {
    const reader = new Reader(written())
    reader.cluster.disks[1]?.directory.failures.begin(IoOperation.read)
    expect(reader.list(LATEST_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: 3 })
    const atEnd = reader.fetching(3, {}, { maxWaitMs: 0 })
    reader.cluster.runFor(0.01)
    expect(reader.fetched(atEnd)?.errorCode).toBe(0)
    expect(reader.fetch(1)).toMatchObject({ errorCode: Errors.KAFKA_STORAGE_ERROR, records: [], highWatermark: -1 })
    expect(reader.list(EARLIEST_TIMESTAMP)?.errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
  })
})

describe('consumer fetches (1.8)', () => {
  test('whole batches from the offset on, up to the high watermark', () => {
    const reader = new Reader(withUnreplicated(written()))
    const answer = reader.fetch(1)
    expect(answer?.records.map((entry) => entry.baseOffset)).toEqual([1, 2])
    expect(answer).toMatchObject({ errorCode: 0, highWatermark: 3, logStartOffset: 0, divergingEpoch: null })
  })

  test('between the high watermark and the end there is nothing, and that is no error; behind the end it is 1', () => {
    const reader = new Reader(withUnreplicated(written()))
    const calls = [3, 4].map((offset) => reader.fetching(offset, {}, { maxWaitMs: 0 }))
    reader.cluster.runFor(0.1)
    expect(calls.map((call) => reader.fetched(call)?.errorCode)).toEqual([0, 0])
    expect(reader.fetch(5)).toMatchObject({
      errorCode: Errors.OFFSET_OUT_OF_RANGE,
      highWatermark: 3,
      logStartOffset: 0,
    })
  })

  test('a long poll ends when the high watermark moves, not when the log grows', () => {
    const cluster = written()
    const reader = new Reader(cluster)
    const call = reader.fetching(3, {}, { maxWaitMs: 10_000 })
    cluster.runFor(1)
    cluster.isolate(1, [2, 3])
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(2)
    expect(cluster.partition(1).log.logEndOffset).toBe(4)
    expect(reader.fetched(call)).toBeNull()
    cluster.heal(1, [2, 3])
    cluster.runFor(3)
    expect(reader.fetched(call)?.records.map((entry) => entry.baseOffset)).toEqual([3])
  })

  test('a long poll ends at fetch.max.wait.ms with what there is', () => {
    const reader = new Reader(written())
    const call = reader.fetching(3)
    reader.cluster.runFor(0.45)
    expect(reader.fetched(call)).toBeNull()
    reader.cluster.runFor(0.1)
    expect(reader.fetched(call)).toMatchObject({ errorCode: 0, records: [] })
  })

  test('fetch.min.bytes counts what is below the high watermark', () => {
    const reader = new Reader(withUnreplicated(written()))
    const call = reader.fetching(0, {}, { minBytes: 301 })
    reader.cluster.runFor(0.2)
    expect(reader.fetched(call)).toBeNull()
    reader.cluster.runFor(0.5)
    expect(reader.fetched(call)?.records).toHaveLength(3)
    expect(reader.fetch(0, {}, { minBytes: 300 })?.records).toHaveLength(3)
  })

  test('max.partition.fetch.bytes and fetch.max.bytes give way for the first batch only', () => {
    const reader = new Reader(written())
    expect(reader.fetch(0, { partitionMaxBytes: 250 })?.records).toHaveLength(2)
    expect(reader.fetch(0, { partitionMaxBytes: 1 })?.records).toHaveLength(1)
    expect(reader.fetch(1, {}, { maxBytes: 1 })?.records).toHaveLength(1)
  })

  test('a leader epoch that differs is fenced or unknown; the fenced one learns the leader (KIP-951)', () => {
    const cluster = written()
    cluster.crash(1)
    cluster.runFor(12)
    const leader = cluster.leader()
    const reader = new Reader(cluster, leader)
    const epoch = cluster.partition(leader).leaderEpoch
    expect(reader.fetch(0, { currentLeaderEpoch: epoch })?.records).toHaveLength(3)
    expect(reader.fetch(0, { currentLeaderEpoch: epoch - 1 })).toMatchObject({
      errorCode: Errors.FENCED_LEADER_EPOCH,
      currentLeader: { leaderId: leader, leaderEpoch: epoch },
    })
    expect(reader.fetch(0, { currentLeaderEpoch: epoch + 1 })?.errorCode).toBe(Errors.UNKNOWN_LEADER_EPOCH)
  })

  test('a long poll ends when the leadership does', () => {
    const cluster = written()
    const reader = new Reader(cluster)
    const call = reader.fetching(3, { currentLeaderEpoch: 0 }, { maxWaitMs: 60_000 })
    cluster.runFor(0.1)
    cluster.isolate(1, [0])
    cluster.tell(1, 2, 1, [1, 2, 3])
    cluster.runFor(0.1)
    expect(reader.fetched(call)).toMatchObject({
      errorCode: Errors.FENCED_LEADER_EPOCH,
      currentLeader: { leaderId: 2, leaderEpoch: 1 },
    })
  })

  test('a follower serves up to its own high watermark, and refuses clients from before KIP-392', () => {
    const cluster = written()
    const reader = new Reader(cluster, 2)
    expect(reader.fetch(0)?.records).toHaveLength(cluster.partition(2).log.highWatermark)
    expect(reader.fetch(0, {}, {}, 10)).toMatchObject({
      errorCode: Errors.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 1, leaderEpoch: 0 },
    })
    const call = reader.fetching(3, {}, { maxWaitMs: 20_000 })
    cluster.produce(cluster.open(1), 1, -1)
    cluster.runFor(1)
    expect(reader.fetched(call)?.records.map((entry) => entry.baseOffset)).toEqual([3])
  })

  test('a partition nobody knows', () => {
    const reader = new Reader(written())
    expect(reader.fetch(0, { topicId: 9 })?.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
    expect(reader.fetch(0, { partition: 7 })?.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
  })

  test('nobody is answered whose connection is gone', () => {
    const cluster = written()
    const reader = new Reader(cluster)
    reader.fetching(3, {}, { maxWaitMs: 3000 })
    cluster.runFor(0.1)
    expect(cluster.broker(1).replicas.fetches.consumers).toBe(1)
    cluster.network.closeAll(cluster.clientNode)
    cluster.runFor(0.1)
    expect(cluster.broker(1).replicas.fetches.consumers).toBe(0)
  })
})

describe('ListOffsets (1.8)', () => {
  test('earliest, latest and by time', () => {
    const reader = new Reader(withUnreplicated(written()))
    expect(reader.list(EARLIEST_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: 0, leaderEpoch: 0 })
    expect(reader.list(LATEST_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: 3, leaderEpoch: 0 })
    expect(reader.list(0)).toMatchObject({ errorCode: 0, offset: 0 })
    expect(reader.list(1)).toMatchObject({ errorCode: 0, offset: -1 })
  })

  test('a new leader does not know the end before its high watermark has reached its first offset', () => {
    const cluster = withUnreplicated(written())
    // Broker 1 keeps its unreplicated record and leads anew: nobody has confirmed it.
    cluster.isolate(1, [0])
    cluster.tell(1, 1, 1, [1, 2, 3])
    const reader = new Reader(cluster)
    expect(reader.list(LATEST_TIMESTAMP)).toMatchObject({ errorCode: Errors.OFFSET_NOT_AVAILABLE, offset: -1 })
    expect(reader.list(EARLIEST_TIMESTAMP)).toMatchObject({ errorCode: 0, offset: 0 })
    expect(reader.list(Number.MAX_SAFE_INTEGER)).toMatchObject({ errorCode: Errors.OFFSET_NOT_AVAILABLE })
  })

  test('only the leader answers, and only in its epoch', () => {
    const cluster = written()
    expect(new Reader(cluster, 2).list(LATEST_TIMESTAMP)?.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
    expect(new Reader(cluster).list(LATEST_TIMESTAMP, 1)?.errorCode).toBe(Errors.UNKNOWN_LEADER_EPOCH)
    cluster.tell(1, 1, 1, [1, 2, 3])
    expect(new Reader(cluster).list(LATEST_TIMESTAMP, 0)?.errorCode).toBe(Errors.FENCED_LEADER_EPOCH)
  })
})

describe('OffsetForLeaderEpoch (KIP-320)', () => {
  test('where an epoch ends at the leader', () => {
    const cluster = withUnreplicated(written())
    const reader = new Reader(cluster)
    expect(reader.epochEnd(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 4 })
    expect(reader.epochEnd(1)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 })
    cluster.tell(1, 1, 1, [1, 2, 3])
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(0.1)
    expect(reader.epochEnd(0)).toMatchObject({ leaderEpoch: 0, endOffset: 4 })
    expect(reader.epochEnd(1)).toMatchObject({ leaderEpoch: 1, endOffset: 5 })
    expect(reader.epochEnd(1, 0)?.errorCode).toBe(Errors.FENCED_LEADER_EPOCH)
  })

  test('a follower does not answer', () => {
    expect(new Reader(written(), 3).epochEnd(0)?.errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })
})
