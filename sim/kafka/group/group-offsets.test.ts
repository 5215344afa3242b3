import { describe, expect, test } from 'vitest'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { OffsetCommitResponse, OffsetFetchResponse } from '../protocol/group-messages.ts'
import { GROUP, GroupCluster, type Member } from './group-cluster.test.support.ts'

const ADMIN: Member = { memberId: '', generationId: -1 }

function others(cluster: GroupCluster): readonly number[] {
  return [1, 2, 3].filter((id) => id !== cluster.coordinator)
}

describe('commits and replication (6.1)', () => {
  test('a coordinator that leads again without having noticed another tells so, and goes on with what it knows', () => {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 5)
    const before = cluster.story.lines.length
    cluster.broker(cluster.coordinator).groups.onElection(cluster.groupTp, 7)
    expect(cluster.story.lines.slice(before)).toEqual([`loaded 1 at n${cluster.coordinator}`])
    cluster.broker(cluster.coordinator).groups.onElection(cluster.groupTp, 7)
    expect(cluster.story.lines).toHaveLength(before + 1)
    expect(cluster.committed()).toBe(5)
  })

  test('a commit is acknowledged when it is replicated, and then it is there', () => {
    const cluster = new GroupCluster()
    expect(cluster.commit(ADMIN, 5)).toBe(Errors.NONE)
    const tp = cluster.groupTp
    for (const id of [1, 2, 3]) expect(cluster.partition(id, tp).log.logEndOffset).toBe(1)
    expect(cluster.story.lines).toEqual(['committed 5 by n4 in -1'])
    expect(cluster.committed()).toBe(5)
  })

  test('a commit that is not replicated times out with 15 and may still come true', () => {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 5)
    const coordinator = cluster.coordinator
    cluster.isolate(coordinator, others(cluster))
    const call = cluster.committing(ADMIN, 6)
    cluster.runFor(4.5)
    expect(cluster.commitError(call)).toBe(-99)
    // What is replicated is the old offset; the newest one is not told before it is.
    expect(cluster.committed(false)).toBe(5)
    cluster.runFor(1)
    expect(cluster.commitError(call)).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    cluster.heal(coordinator, others(cluster))
    cluster.runFor(3)
    expect(cluster.committed()).toBe(6)
    expect(cluster.story.lines).toContain('committed 6 by n4 in -1')
  })

  test('a stable read waits for what was committed before it', () => {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 5)
    const coordinator = cluster.coordinator
    const rest = others(cluster)
    cluster.isolate(coordinator, rest)
    cluster.committing(ADMIN, 6)
    const body = {
      groupId: GROUP,
      memberId: '',
      memberEpoch: -1,
      partitions: null,
      requireStable: true,
    }
    const call = cluster.start(coordinator, Api.OffsetFetch, body)
    cluster.runFor(2)
    expect(cluster.answer(call)).toBeNull()
    cluster.heal(coordinator, rest)
    cluster.runFor(2)
    expect(cluster.answer<OffsetFetchResponse>(call)?.partitions).toEqual([
      { topicId: 1, partition: 0, committedOffset: 6, committedLeaderEpoch: 0, errorCode: 0 },
    ])
  })

  test('below min ISR nothing is written, the answer is 15 and the state is taken back', () => {
    const cluster = new GroupCluster({ broker: { 'min.insync.replicas': 2 } })
    expect(cluster.commit(ADMIN, 5)).toBe(Errors.NONE)
    for (const id of others(cluster)) cluster.crash(id)
    cluster.runFor(12)
    const end = cluster.partition(cluster.coordinator, cluster.groupTp).log.logEndOffset
    expect(cluster.commit(ADMIN, 6)).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(cluster.partition(cluster.coordinator, cluster.groupTp).log.logEndOffset).toBe(end)
    expect(cluster.committed()).toBe(5)
  })

  test('a group whose first record cannot be written never was', () => {
    const cluster = new GroupCluster({ broker: { 'min.insync.replicas': 2 } })
    for (const id of others(cluster)) cluster.crash(id)
    cluster.runFor(12)
    expect(cluster.commit(ADMIN, 6)).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(cluster.state).toBeUndefined()
  })

  test('an isolated old coordinator acknowledges nothing, and what it wrote is gone', () => {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 5)
    const old = cluster.coordinator
    cluster.isolate(old, [...others(cluster), 0])
    const call = cluster.committing(ADMIN, 6)
    cluster.runFor(12)
    expect(cluster.commitError(call)).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    cluster.heal(old, [0, 1, 2, 3])
    cluster.runFor(5)
    expect(cluster.coordinator).not.toBe(old)
    expect(cluster.committed()).toBe(5)
    expect(cluster.story.lines).not.toContain('committed 6 by n4 in -1')
  })

  test('commits of the same time are written in one batch', () => {
    const cluster = new GroupCluster()
    const calls = [cluster.committing(ADMIN, 1)]
    const connection = cluster.open(cluster.coordinator)
    const body = {
      groupId: GROUP,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      partitions: [{ topicId: 1, partition: 1, committedOffset: 2, committedLeaderEpoch: 0 }],
    }
    cluster.runFor(0.5)
    const second = cluster.send(connection, cluster.coordinator, Api.OffsetCommit, body)
    const third = cluster.send(cluster.open(cluster.coordinator), cluster.coordinator, Api.OffsetCommit, body)
    cluster.runFor(0.5)
    expect(calls.map((call) => cluster.commitError(call))).toEqual([0])
    const answered = cluster.client.replies.filter(({ correlation }) => [second, third].includes(correlation))
    expect(answered.map(({ body: answer }) => (answer as OffsetCommitResponse).partitions[0]?.errorCode)).toEqual([
      0, 0,
    ])
    const { log } = cluster.partition(cluster.coordinator, cluster.groupTp)
    expect(log.logEndOffset).toBe(3)
  })

  test('partitions that do not exist are refused one by one', () => {
    const cluster = new GroupCluster()
    const partitions = [0, 77].map((partition) => ({
      topicId: 1,
      partition,
      committedOffset: 4,
      committedLeaderEpoch: 0,
    }))
    const body = {
      groupId: GROUP,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      partitions,
    }
    const answer = cluster.ask(cluster.coordinator, Api.OffsetCommit, body)
    expect(answer?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, Errors.UNKNOWN_TOPIC_OR_PARTITION])
    expect(cluster.committed()).toBe(4)
  })
})

describe('offsets and disks', () => {
  function committedTwice(): GroupCluster {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 5)
    return cluster
  }

  test('one replica that loses its unflushed data takes nothing', () => {
    const cluster = committedTwice()
    const old = cluster.coordinator
    cluster.losePower(old)
    cluster.runFor(12)
    expect(cluster.committed()).toBe(5)
    cluster.startBroker(old)
    cluster.runFor(10)
    expect(cluster.partition(old, cluster.groupTp).log.logEndOffset).toBe(1)
  })

  test('all replicas that lose it at once take the commit with them', () => {
    const cluster = committedTwice()
    for (const id of [1, 2, 3]) cluster.losePower(id)
    for (const id of [1, 2, 3]) cluster.startBroker(id)
    cluster.runFor(40)
    expect(cluster.coordinator).toBeGreaterThan(0)
    expect(cluster.committed()).toBe(-1)
    expect(cluster.commit(ADMIN, 1)).toBe(Errors.NONE)
  })

  test('processes that die keep it', () => {
    const cluster = committedTwice()
    for (const id of [1, 2, 3]) cluster.crash(id)
    for (const id of [1, 2, 3]) cluster.startBroker(id)
    cluster.runFor(40)
    expect(cluster.committed()).toBe(5)
    expect(cluster.story.lines.filter((line) => line.startsWith('committed'))).toEqual([
      'committed 5 by n4 in -1',
      'committed 5 by n4 in -1',
    ])
  })
})
