import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { GROUP, GroupCluster } from '../group/group-cluster.test.support.ts'
import { Api } from '../protocol/api.ts'
import { partitionFor } from '../group/partition-for.ts'
import { Errors } from '../protocol/errors.ts'

const KEY = { keyType: 'group', key: GROUP } as const

describe('FindCoordinator', () => {
  test('who asks first has the topic made, and is told to ask again', () => {
    const cluster = new GroupCluster({ asked: false })
    expect(cluster.broker(2).metadata.offsetsTopicId).toBe(-1)
    expect(cluster.ask(2, Api.FindCoordinator, KEY, 0.02)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    cluster.runFor(0.5)
    const leader = cluster.broker(2).metadata.partitions.get(cluster.groupTp)?.leader
    for (const id of [1, 2, 3]) {
      expect(cluster.ask(id, Api.FindCoordinator, KEY)).toEqual({ errorCode: 0, nodeId: leader })
    }
    expect(cluster.coordinator).toBe(leader)
  })

  test('brokers that are asked at once make one topic', () => {
    const cluster = new GroupCluster({ asked: false })
    for (const id of [1, 2, 3]) cluster.start(id, Api.FindCoordinator, KEY)
    cluster.runFor(1)
    expect(cluster.count('topic.created')).toBe(1)
    expect([...cluster.broker(1).metadata.topics.values()].map(({ name }) => name)).toEqual([
      'orders',
      '__consumer_offsets',
    ])
    // One topic with the scenario's three partitions, and one with fifty.
    expect(cluster.broker(3).metadata.partitions.size).toBe(53)
  })

  test('while the controller cannot be reached it is wanted, and made when it can', () => {
    const cluster = new GroupCluster({ asked: false })
    cluster.isolate(2, [0])
    cluster.runFor(3)
    expect(cluster.ask(2, Api.FindCoordinator, KEY)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    cluster.runFor(3)
    expect(cluster.count('topic.created')).toBe(0)
    cluster.heal(2, [0])
    cluster.runFor(40)
    expect(cluster.findCoordinator()).toBeGreaterThan(0)
    expect(cluster.count('topic.created')).toBe(1)
  })

  test('a coordinator that is not alive is none', () => {
    const cluster = new GroupCluster()
    const old = cluster.coordinator
    const other = old === 1 ? 2 : 1
    cluster.crash(old)
    cluster.runFor(1)
    // Nobody has noticed yet.
    expect(cluster.ask(other, Api.FindCoordinator, KEY)).toEqual({ errorCode: 0, nodeId: old })
    cluster.runFor(12)
    expect(cluster.ask(other, Api.FindCoordinator, KEY)?.nodeId).not.toBe(old)
  })

  test('a fenced broker gets replicas and is in no set; with too few brokers there is no topic', () => {
    const cluster = new GroupCluster({ asked: false })
    cluster.crash(3)
    cluster.runFor(12)
    expect(cluster.findCoordinator()).toBeGreaterThan(0)
    const states = [...cluster.broker(1).metadata.partitions.values()].filter(({ tp }) => tp >>> 16 === 2)
    expect(states).toHaveLength(50)
    for (const { replicas, isr, leader } of states) {
      expect([...replicas].sort((a, b) => a - b)).toEqual([1, 2, 3])
      expect([...isr].sort((a, b) => a - b)).toEqual([1, 2])
      expect(leader).toBe(replicas[0])
    }
    const small = new GroupCluster({ brokers: 2, asked: false })
    expect(small.findCoordinator(2)).toBe(-1)
    expect(small.count('topic.created')).toBe(0)
  })

  test('coordinators of transactions have a topic of their own, with its own settings', () => {
    const cluster = new GroupCluster({ asked: false, broker: { 'unclean.leader.election.enable': true } })
    const body = { keyType: 'transaction', key: 'tx' }
    expect(cluster.ask(2, Api.FindCoordinator, body, 0.02)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    cluster.runFor(0.5)
    const { topics, transactionsTopicId, minInsyncReplicas } = cluster.broker(2).metadata
    expect(topics.get(transactionsTopicId)).toMatchObject({ name: '__transaction_state' })
    expect(topics.get(transactionsTopicId)?.partitions).toHaveLength(50)
    expect(minInsyncReplicas.get('__transaction_state')).toBe(2)
    expect(cluster.broker(2).topicConfig(transactionsTopicId)).toMatchObject({
      'min.insync.replicas': 2,
      'unclean.leader.election.enable': false,
    })
    const found = cluster.ask(2, Api.FindCoordinator, body)
    const tp = tpOf(transactionsTopicId, partitionFor('tx', 50))
    expect(found).toEqual({ errorCode: 0, nodeId: cluster.broker(2).metadata.partitions.get(tp)?.leader })
  })

  test('both topics may be asked for at once', () => {
    const cluster = new GroupCluster({ asked: false })
    cluster.start(1, Api.FindCoordinator, KEY)
    cluster.start(1, Api.FindCoordinator, { keyType: 'transaction', key: 'tx' })
    cluster.runFor(1)
    expect(cluster.count('topic.created')).toBe(2)
  })
})
