import { describe, expect, test } from 'vitest'
import { Api } from '../protocol/api.ts'
import { RACK_AWARE_SELECTOR } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { FetchPartitionResponse, FetchRequest, FetchResponse } from '../protocol/messages.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

const SELECTOR = { 'replica.selector.class': RACK_AWARE_SELECTOR } as const

/** Three committed records in orders-0, led by broker 1. */
function written(
  racks: readonly string[] = ['a', 'b', 'c'],
  broker: ConstructorParameters<typeof MiniCluster>[0] = { broker: SELECTOR },
): MiniCluster {
  const cluster = new MiniCluster({ ...broker, racks })
  const connection = cluster.open(1)
  for (let i = 0; i < 3; i++) cluster.produce(connection, 1, -1)
  cluster.runFor(1)
  return cluster
}

interface Asked {
  readonly broker?: number
  readonly offset?: number
  readonly epoch?: number
  readonly maxWaitMs?: number
  readonly version?: number
}

function fetch(
  cluster: MiniCluster,
  rackId: string,
  { broker = 1, offset = 0, epoch = -1, maxWaitMs = 0, version = 13 }: Asked = {},
): FetchPartitionResponse | null {
  const connection = cluster.open(broker)
  const body: FetchRequest = {
    replicaId: -1,
    replicaEpoch: -1,
    maxWaitMs,
    minBytes: 1,
    maxBytes: 52_428_800,
    isolationLevel: 'read_uncommitted',
    rackId,
    partitions: [
      {
        topicId: 1,
        partition: 0,
        currentLeaderEpoch: epoch,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        logStartOffset: -1,
        partitionMaxBytes: 1_048_576,
      },
    ],
  }
  const correlation = cluster.send(connection, broker, Api.Fetch, body, version)
  cluster.runFor(0.01)
  const reply = cluster.client.replies.find(
    (each) => each.connection === connection && each.correlation === correlation,
  )
  return reply === undefined ? null : ((reply.body as FetchResponse).responses[0] ?? null)
}

const preferred = (cluster: MiniCluster, rack: string, asked: Asked = {}): number | undefined =>
  fetch(cluster, rack, asked)?.preferredReadReplica

describe('the replica a consumer is sent to (KIP-392)', () => {
  test('is the one in its rack; the leader answers at once, without records and without an error', () => {
    const cluster = written()
    const answer = fetch(cluster, 'b', { offset: 3, maxWaitMs: 500 })
    expect(answer).toMatchObject({ errorCode: 0, preferredReadReplica: 2, highWatermark: 3, records: [] })
    expect(preferred(cluster, 'c')).toBe(3)
  })

  test('is the leader for who is in its rack, in no rack or in one without a replica', () => {
    const cluster = written(['a', 'a', 'b'])
    for (const rack of ['a', '', 'elsewhere']) {
      const answer = fetch(cluster, rack)
      expect([answer?.preferredReadReplica, answer?.records.length]).toEqual([undefined, 3])
    }
  })

  test('is the leader without the selector, and for clients from before KIP-392', () => {
    expect(preferred(written(['a', 'b', 'c'], {}), 'b')).toBeUndefined()
    expect(preferred(written(), 'b', { version: 10 })).toBeUndefined()
  })

  test('is the one of most records, then who was caught up last, then the one with the highest id', () => {
    const cluster = written(['a', 'b', 'b'])
    expect(preferred(cluster, 'b')).toBe(3)
    cluster.isolate(3, [1, 2])
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(0.1)
    expect(preferred(cluster, 'b')).toBe(2)
  })

  test('holds the offset, is in sync and alive', () => {
    const cluster = written()
    cluster.isolate(2, [1, 3])
    cluster.produce(cluster.open(1), 1, 1)
    cluster.runFor(0.1)
    expect([preferred(cluster, 'b', { offset: 3 }), preferred(cluster, 'b', { offset: 4 })]).toEqual([2, undefined])
    cluster.runFor(60)
    expect(preferred(cluster, 'b', { offset: 0 })).toBeUndefined()
    const dead = written()
    dead.crash(2)
    dead.runFor(20)
    expect(preferred(dead, 'b')).toBeUndefined()
  })

  test('stands in its rack again after a restart, of which the controller hears with the registration', () => {
    const cluster = written()
    cluster.crash(2)
    cluster.runFor(20)
    cluster.startBroker(2)
    cluster.runFor(20)
    expect(preferred(cluster, 'b')).toBe(2)
  })

  test('is not told to who knows another leader epoch, nor by followers', () => {
    const cluster = written()
    expect(fetch(cluster, 'b', { epoch: 5 })).toMatchObject({ errorCode: Errors.UNKNOWN_LEADER_EPOCH })
    const answer = fetch(cluster, 'b', { broker: 3 })
    expect([answer?.preferredReadReplica, answer?.records.length]).toEqual([undefined, 3])
  })
})
