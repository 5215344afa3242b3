import { describe, expect, test } from 'vitest'
import { Api } from '../protocol/api.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { InitProducerIdResponse, PartitionProduceResponse, ProduceResponse } from '../protocol/messages.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

function sequenced(cluster: MiniCluster, baseSequence: number, producerEpoch = 0): RecordBatch {
  return { ...cluster.batch(), producerId: 7, producerEpoch, baseSequence }
}

function send(cluster: MiniCluster, broker: number, records: RecordBatch, acks: -1 | 1 = -1): void {
  const partitionData = [{ topicId: 1, index: 0, records }]
  cluster.send(cluster.open(broker), broker, Api.Produce, { acks, timeoutMs: 30_000, partitionData })
}

function answers(cluster: MiniCluster): readonly PartitionProduceResponse[] {
  return cluster.client.replies.map(
    (reply) => (reply.body as ProduceResponse).partitionResponses[0] as PartitionProduceResponse,
  )
}

describe('a batch that is sent twice (4.3)', () => {
  test('is written once; the second answer has the first offset and waits for the same replication', () => {
    const cluster = new MiniCluster()
    const batch = sequenced(cluster, 0)
    cluster.isolate(1, [2, 3])
    send(cluster, 1, batch)
    send(cluster, 1, batch)
    cluster.runFor(1)
    expect(answers(cluster)).toEqual([])
    cluster.heal(1, [2, 3])
    cluster.runFor(1)
    expect(answers(cluster).map((answer) => [answer.errorCode, answer.baseOffset])).toEqual([
      [Errors.NONE, 0],
      [Errors.NONE, 0],
    ])
    expect(cluster.log(1)).toEqual([batch.id])
  })

  test('is recognised by the next leader, which knows it from replication (4.2)', () => {
    const cluster = new MiniCluster()
    const first = sequenced(cluster, 0)
    send(cluster, 1, first)
    send(cluster, 1, sequenced(cluster, 1))
    cluster.runFor(1)
    cluster.crash(1)
    cluster.runFor(12)
    const leader = cluster.leader()
    send(cluster, leader, first)
    cluster.runFor(1)
    expect(answers(cluster).at(-1)).toMatchObject({ errorCode: Errors.NONE, baseOffset: 0 })
    expect(cluster.log(leader)).toHaveLength(2)
  })
})

describe('sequences (4.3)', () => {
  test('a gap is 45, an older epoch 47, and neither leaves anything behind', () => {
    const cluster = new MiniCluster()
    send(cluster, 1, sequenced(cluster, 0, 1), 1)
    send(cluster, 1, sequenced(cluster, 2, 1), 1)
    send(cluster, 1, sequenced(cluster, 1, 0), 1)
    send(cluster, 1, sequenced(cluster, 1, 1), 1)
    cluster.runFor(0.1)
    expect(answers(cluster).map((answer) => answer.errorCode)).toEqual([
      Errors.NONE,
      Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
      Errors.INVALID_PRODUCER_EPOCH,
      Errors.NONE,
    ])
    expect(cluster.log(1)).toHaveLength(2)
  })

  test('what is cut from the log is forgotten: the sequence may come again (1.7)', () => {
    const cluster = new MiniCluster({ topic: { 'min.insync.replicas': 2 } })
    const first = sequenced(cluster, 0)
    const second = sequenced(cluster, 1)
    send(cluster, 1, first)
    cluster.runFor(1)
    cluster.isolate(1, [0, 2, 3])
    send(cluster, 1, second, 1)
    cluster.runFor(15)
    const leader = cluster.leader()
    send(cluster, leader, second)
    cluster.runFor(1)
    cluster.heal(1, [0, 2, 3])
    cluster.runFor(20)
    expect(cluster.log(1)).toEqual([first.id, second.id])
    expect(cluster.log(leader)).toEqual([first.id, second.id])
    expect(cluster.count('batch.deduplicated')).toBe(0)
  })
})

describe('InitProducerId (4.1)', () => {
  test('any broker answers once the controller gave it a block; ids are never given twice', () => {
    const cluster = new MiniCluster()
    const body = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1, producerEpoch: -1 }
    for (const broker of [1, 2, 1, 2, 1]) {
      cluster.send(cluster.open(broker), broker, Api.InitProducerId, body)
      cluster.runFor(0.5)
    }
    const replies = cluster.client.replies.map((reply) => reply.body as InitProducerIdResponse)
    expect(replies.map((reply) => reply.errorCode)).toEqual([
      Errors.COORDINATOR_LOAD_IN_PROGRESS,
      Errors.COORDINATOR_LOAD_IN_PROGRESS,
      Errors.NONE,
      Errors.NONE,
      Errors.NONE,
    ])
    expect(replies.slice(2).map((reply) => [reply.producerId, reply.producerEpoch])).toEqual([
      [0, 0],
      [1000, 0],
      [1, 0],
    ])
  })
})

describe('who leads (3.6)', () => {
  test('a broker that does not lead names the leader it knows (KIP-951)', () => {
    const cluster = new MiniCluster()
    cluster.produce(cluster.open(2), 2, 1)
    cluster.runFor(0.1)
    expect(answers(cluster)[0]).toMatchObject({
      errorCode: Errors.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 1, leaderEpoch: 0 },
    })
  })

  test('a partition that no broker knows is told apart: 3', () => {
    const cluster = new MiniCluster()
    cluster.produceTo(cluster.open(1), 1, 1, [9])
    cluster.runFor(0.1)
    expect(answers(cluster)[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  })

  test('acks other than -1, 0 and 1 are refused before the append', () => {
    const cluster = new MiniCluster()
    cluster.produce(cluster.open(1), 1, 2 as 1)
    cluster.runFor(0.1)
    expect(answers(cluster)[0]?.errorCode).toBe(Errors.INVALID_REQUIRED_ACKS)
    expect(cluster.log(1)).toEqual([])
  })

  test('metadata is what the asked broker knows; a partition without a leader is 5', () => {
    const cluster = new MiniCluster()
    cluster.isolate(3, [0])
    cluster.crash(1)
    cluster.crash(2)
    cluster.runFor(15)
    cluster.send(cluster.open(3), 3, Api.Metadata, { topics: ['orders'] })
    cluster.runFor(0.1)
    expect(cluster.client.replies[0]?.body).toMatchObject({ topics: [{ partitions: [{ leaderId: 1, errorCode: 0 }] }] })
    cluster.tell(3, -1, 1, [])
    cluster.send(cluster.open(3), 3, Api.Metadata, { topics: null })
    cluster.runFor(0.1)
    expect(cluster.client.replies[1]?.body).toMatchObject({
      topics: [{ partitions: [{ leaderId: -1, errorCode: Errors.LEADER_NOT_AVAILABLE }] }],
    })
  })
})
