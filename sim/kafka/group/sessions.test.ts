import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupResponse } from '../protocol/group-messages.ts'
import { GroupCluster } from './group-cluster.test.support.ts'
import { coordinatorError } from './group-errors.ts'

describe('from when a session counts (6.2)', () => {
  test('a new member that waits for its first generation expires after five minutes, whatever its session', () => {
    const cluster = new GroupCluster()
    const [leader] = cluster.stable({ rebalanceTimeoutMs: 900_000 })
    const { memberId } = cluster.joiningNew({ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 900_000 })
    for (let i = 0; i < 29; i++) {
      cluster.runFor(10)
      cluster.heartbeat(leader)
    }
    expect(cluster.state?.members.has(memberId)).toBe(true)
    for (let i = 0; i < 2; i++) {
      cluster.runFor(10)
      cluster.heartbeat(leader)
    }
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    expect(cluster.state?.members.has(memberId)).toBe(false)
  })

  test('after that, from the answer to its JoinGroup', () => {
    const cluster = new GroupCluster()
    const { memberId, call } = cluster.joiningNew({ sessionTimeoutMs: 10_000 })
    cluster.runFor(5)
    expect(cluster.answer<JoinGroupResponse>(call)?.generationId).toBe(1)
    // It asked five seconds ago and was told two seconds ago.
    cluster.runFor(7)
    expect(cluster.state?.members.has(memberId)).toBe(true)
    cluster.runFor(4)
    expect(cluster.state?.members.size).toBe(0)
  })

  test('not from a heartbeat of a generation that is over', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.stable({ sessionTimeoutMs: 10_000 })
    const old = { memberId: follower.memberId, generationId: follower.generationId - 1 }
    for (let i = 0; i < 3; i++) {
      cluster.runFor(4)
      cluster.heartbeat(leader)
      if (i < 2) expect(cluster.heartbeat(old)).toBe(Errors.ILLEGAL_GENERATION)
    }
    expect(cluster.state?.members.has(follower.memberId)).toBe(false)
    expect(cluster.state?.members.has(leader.memberId)).toBe(true)
  })
})

test.each([
  [Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.COORDINATOR_NOT_AVAILABLE],
  [Errors.NOT_ENOUGH_REPLICAS, Errors.COORDINATOR_NOT_AVAILABLE],
  [Errors.REQUEST_TIMED_OUT, Errors.COORDINATOR_NOT_AVAILABLE],
  [Errors.NOT_LEADER_OR_FOLLOWER, Errors.NOT_COORDINATOR],
  [Errors.KAFKA_STORAGE_ERROR, Errors.NOT_COORDINATOR],
  [Errors.INVALID_GROUP_ID, Errors.INVALID_GROUP_ID],
])('error %i of the log is %i for who asked (6.1)', (error, told) => {
  expect(coordinatorError(error)).toBe(told)
})
