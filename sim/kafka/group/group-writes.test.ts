import { describe, expect, test } from 'vitest'
import { samplerOf } from '../../kernel/sampler.ts'
import { Errors } from '../protocol/errors.ts'
import { assignments, GroupCluster, type Member, syncAnswer } from './group-cluster.test.support.ts'

const ADMIN: Member = { memberId: '', generationId: -1 }

function others(cluster: GroupCluster): readonly number[] {
  return [1, 2, 3].filter((id) => id !== cluster.coordinator)
}

/** The other two brokers die and leave the in-sync set; nothing can be written with min ISR 2. */
function belowMinIsr(cluster: GroupCluster): void {
  for (const id of others(cluster)) cluster.crash(id)
  cluster.runFor(12)
}

describe('the records of a rebalance', () => {
  test('an assignment that cannot be written goes to nobody, and everybody joins again', () => {
    const cluster = new GroupCluster({ broker: { 'min.insync.replicas': 2 } })
    const [leader, follower] = cluster.completing()
    belowMinIsr(cluster)
    const waiting = cluster.sync(follower)
    const call = cluster.sync(leader, { assignments: assignments(leader.memberId, follower.memberId) })
    cluster.runFor(0.2)
    expect(syncAnswer(cluster.answer(call))).toBe('error 15')
    expect(syncAnswer(cluster.answer(waiting))).toBe('error 15')
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    expect(cluster.state?.member(follower.memberId).assignment).toEqual([])
  })

  test('an assignment that is not replicated in time is void, though the next coordinator may find it', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.completing()
    const rest = others(cluster)
    cluster.isolate(cluster.coordinator, rest)
    const call = cluster.sync(leader, { assignments: assignments(leader.memberId, follower.memberId) })
    cluster.runFor(4.8)
    expect(syncAnswer(cluster.answer(call))).toBe('parked')
    cluster.runFor(0.4)
    expect(syncAnswer(cluster.answer(call))).toBe('error 15')
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    cluster.heal(cluster.coordinator, rest)
    cluster.runFor(2)
    cluster.crash(cluster.coordinator)
    cluster.runFor(12)
    expect(cluster.state).toMatchObject({ state: 'STABLE', generationId: 1 })
    expect(cluster.state?.member(follower.memberId).assignment).toEqual([{ topicId: 1, partition: 1 }])
  })

  test('nothing of a generation is told before it is replicated', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.completing()
    const rest = others(cluster)
    cluster.isolate(cluster.coordinator, rest)
    const calls = [
      cluster.sync(leader, { assignments: assignments(leader.memberId, follower.memberId) }),
      cluster.sync(follower),
    ]
    cluster.runFor(2)
    expect(calls.map((call) => syncAnswer(cluster.answer(call)))).toEqual(['parked', 'parked'])
    // A heartbeat that comes later waits, too.
    expect(cluster.heartbeat(leader)).toBe(-99)
    cluster.heal(cluster.coordinator, rest)
    cluster.runFor(2)
    expect(calls.map((call) => syncAnswer(cluster.answer(call)))).toEqual(['1-0', '1-1'])
  })

  test('a join that finds the log stalled is sent away after offsets.commit.timeout.ms', () => {
    const cluster = new GroupCluster({ groups: { 'group.initial.rebalance.delay.ms': 8000 } })
    cluster.commit(ADMIN, 1)
    const rest = others(cluster)
    cluster.isolate(cluster.coordinator, rest)
    cluster.committing(ADMIN, 2)
    const { memberId, call } = cluster.joiningNew()
    cluster.runFor(4.5)
    expect(cluster.answer(call)).toBeNull()
    cluster.runFor(1)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    // It is a member nevertheless, and finds its generation when it asks again.
    cluster.heal(cluster.coordinator, rest)
    cluster.runFor(5)
    const again = cluster.joining({ memberId })
    cluster.runFor(0.2)
    expect(cluster.answer(again)).toMatchObject({ errorCode: 0, generationId: 1, leader: memberId })
  })
})

describe('slow disks', () => {
  test('writes queue up, stay in order, and are answered when they are replicated', () => {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 1)
    cluster.disks[cluster.coordinator]?.beginSlow(samplerOf({ kind: 'constant', us: 500_000 }))
    const calls = [2, 3, 4].map((offset) => {
      const call = cluster.committing(ADMIN, offset)
      cluster.runFor(0.1)
      return call
    })
    expect(calls.map((call) => cluster.commitError(call))).toEqual([-99, -99, -99])
    cluster.runFor(3)
    expect(calls.map((call) => cluster.commitError(call))).toEqual([0, 0, 0])
    expect(cluster.story.lines).toEqual([1, 2, 3, 4].map((offset) => `committed ${offset} by n4 in -1`))
    expect(cluster.committed()).toBe(4)
  })

  test('when the first of them fails, so do those that were built upon it', () => {
    const cluster = new GroupCluster({ broker: { 'min.insync.replicas': 2 } })
    cluster.commit(ADMIN, 1)
    belowMinIsr(cluster)
    cluster.disks[cluster.coordinator]?.beginSlow(samplerOf({ kind: 'constant', us: 500_000 }))
    const calls = [2, 3].map((offset) => {
      const call = cluster.committing(ADMIN, offset)
      cluster.runFor(0.1)
      return call
    })
    cluster.runFor(0.5)
    expect(calls.map((call) => cluster.commitError(call))).toEqual([15, 15])
    cluster.runFor(2)
    expect(cluster.committed()).toBe(1)
    // It goes on as if nothing had been.
    for (const id of [1, 2, 3].filter((broker) => broker !== cluster.coordinator)) cluster.startBroker(id)
    cluster.runFor(15)
    expect(cluster.commit(ADMIN, 4, 3)).toBe(Errors.NONE)
    expect(cluster.committed(true, 3)).toBe(4)
  })

  test('a coordinator that resigns while its disk is busy leaves nothing behind', () => {
    const cluster = new GroupCluster()
    cluster.commit(ADMIN, 1)
    const old = cluster.coordinator
    cluster.disks[old]?.beginSlow(samplerOf({ kind: 'constant', us: 900_000 }))
    const call = cluster.committing(ADMIN, 2)
    cluster.runFor(0.05)
    expect(cluster.stop(old, 20)).toBeGreaterThan(0)
    expect(cluster.commitError(call)).toBe(Errors.NOT_COORDINATOR)
    cluster.runFor(1)
    expect(cluster.committed()).toBe(1)
  })
})

test('without group.coordinator.append.linger.ms every operation is a batch', () => {
  const cluster = new GroupCluster({ groups: { 'group.coordinator.append.linger.ms': 0 } })
  cluster.commit(ADMIN, 1)
  cluster.commit(ADMIN, 2)
  const { log } = cluster.partition(cluster.coordinator, cluster.groupTp)
  expect(log.read(0, Number.MAX_SAFE_INTEGER, 2)).toHaveLength(2)
})
