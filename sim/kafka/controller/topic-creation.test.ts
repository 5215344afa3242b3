import { describe, expect, test } from 'vitest'
import { SIGNAL_EVENT } from '../../kernel/kernel.ts'
import { tpOf } from '../../history/ids.ts'
import { Api } from '../protocol/api.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/group-messages.ts'
import { CREATE_TOPIC } from './operator-requests.ts'
import { Bench } from './harness.test.support.ts'
import type { TopicToCreate } from './topic-creation.ts'

// What an operator makes with `kafka-topics --create`.

const WANTED: TopicToCreate = {
  name: 'u',
  topicId: 2,
  numPartitions: 3,
  replicationFactor: 2,
  minInsyncReplicas: 2,
  uncleanLeaderElectionEnable: false,
}

function create(bench: Bench, wanted: Partial<TopicToCreate> = {}): void {
  bench.kernel.deliver(0, SIGNAL_EVENT, CREATE_TOPIC, 0, 0, { ...WANTED, ...wanted })
}

describe('create-topic', () => {
  test('makes the topic with its id, led at once; a replica on who cannot be in sync now is not', () => {
    const bench = new Bench()
    bench.heartbeat(2, { wantFence: true })
    bench.told()
    create(bench)
    expect(bench.view.topicNamed('u')).toEqual({ topicId: 2, partitions: 3 })
    expect(bench.told()).toEqual([
      'leader p0 1 [1,3] le 0 pe 0',
      'leader p1 3 [1,3] le 0 pe 0',
      'leader p2 1 [1,3] le 0 pe 0',
    ])
    create(bench, { name: 'v', topicId: 3, numPartitions: 1, replicationFactor: 3 })
    expect(bench.view.partition(tpOf(3, 0))).toMatchObject({ replicas: [1, 3, 2], isr: [1, 3] })
  })

  test('a name that is taken is refused (TOPIC_ALREADY_EXISTS), and more replicas than there are brokers', () => {
    const bench = new Bench()
    const { endOffset } = bench.disk
    create(bench, { name: 't' })
    create(bench, { replicationFactor: 4 })
    expect(bench.disk.endOffset).toBe(endOffset)
  })

  test("brokers' own topics take ids behind those that operators may need", () => {
    const bench = new Bench({ reservedTopicIds: 5 })
    const request: CreateTopicsRequest = {
      topics: [{ name: 'w', numPartitions: 1, replicationFactor: 1, minInsyncReplicas: 1 }],
    }
    const { topics } = bench.ask(1, Api.CreateTopics, request) as CreateTopicsResponse
    expect(topics[0]?.topicId).toBe(6)
  })
})
