import { describe, expect, test } from 'vitest'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupResponse, SyncGroupResponse } from '../protocol/group-messages.ts'
import { assignments, GROUP, GroupCluster, joinRequest, syncAnswer } from './group-cluster.test.support.ts'

function protocols(...names: readonly string[]): ReturnType<typeof joinRequest>['protocols'] {
  return names.map((name) => ({ name, metadata: { topics: [1], ownedPartitions: [], generationId: -1 } }))
}

describe('joining', () => {
  test.each([
    ['a session shorter than group.min.session.timeout.ms', { sessionTimeoutMs: 5999 }, Errors.INVALID_SESSION_TIMEOUT],
    ['one longer than the maximum', { sessionTimeoutMs: 1_800_001 }, Errors.INVALID_SESSION_TIMEOUT],
    ['no group id', { groupId: '' }, Errors.INVALID_GROUP_ID],
    ['an id in a group that does not exist', { memberId: 'm' }, Errors.UNKNOWN_MEMBER_ID],
    ['no protocol', { protocols: [] }, Errors.INCONSISTENT_GROUP_PROTOCOL],
  ] as const)('%s is refused', (_, request, error) => {
    const cluster = new GroupCluster()
    const body = joinRequest(request)
    const broker = cluster.coordinator
    expect(cluster.ask(broker, Api.JoinGroup, body)?.errorCode).toBe(error)
  })

  test('a member of another protocol is refused while the group has members', () => {
    const cluster = new GroupCluster()
    cluster.stable()
    const call = cluster.joining({ protocols: protocols('sticky') })
    cluster.runFor(0.1)
    expect(cluster.answer<JoinGroupResponse>(call)?.errorCode).toBe(Errors.INCONSISTENT_GROUP_PROTOCOL)
  })

  test('the group takes the protocol that most prefer of those all know', () => {
    const cluster = new GroupCluster()
    const wanted = [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
      ['c', 'a'],
    ]
    const calls = wanted.map((names) => cluster.joiningNew({ protocols: protocols(...names) }).call)
    cluster.runFor(10)
    expect(calls.map((call) => cluster.answer<JoinGroupResponse>(call)?.protocolName)).toEqual(['c', 'c', 'c'])
  })

  test('a full group takes nobody', () => {
    const cluster = new GroupCluster({ groups: { 'group.max.size': 2 } })
    cluster.stable()
    const call = cluster.joining()
    cluster.runFor(0.1)
    expect(cluster.answer<JoinGroupResponse>(call)?.errorCode).toBe(Errors.GROUP_MAX_SIZE_REACHED)
  })

  test('the first rebalance waits group.initial.rebalance.delay.ms, and longer while members come', () => {
    const alone = new GroupCluster()
    const only = alone.joiningNew().call
    alone.runFor(2.8)
    expect(alone.answer(only)).toBeNull()
    alone.runFor(0.4)
    expect(alone.answer<JoinGroupResponse>(only)?.generationId).toBe(1)

    const cluster = new GroupCluster()
    const first = cluster.joiningNew().call
    cluster.runFor(2)
    cluster.joiningNew()
    cluster.runFor(2)
    cluster.joiningNew()
    cluster.runFor(3)
    // The second look finds a newcomer; so does the third.
    expect(cluster.answer(first)).toBeNull()
    cluster.runFor(3)
    expect(cluster.answer<JoinGroupResponse>(first)?.members).toHaveLength(3)
    expect(cluster.story.lines).toContain('generation 1 of 3')
  })

  test('the delay never passes the rebalance timeout', () => {
    const cluster = new GroupCluster()
    const first = cluster.joiningNew({ rebalanceTimeoutMs: 4000 }).call
    cluster.runFor(2)
    cluster.joiningNew({ rebalanceTimeoutMs: 4000 })
    cluster.runFor(2.2)
    expect(cluster.answer<JoinGroupResponse>(first)?.members).toHaveLength(2)
  })
})

describe('members that go away', () => {
  test('a silent member expires after its session, and the others are told to rejoin', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.stable({ sessionTimeoutMs: 10_000 })
    for (let i = 0; i < 4; i++) {
      cluster.runFor(2.9)
      if (i < 2) expect(cluster.heartbeat(leader)).toBe(Errors.NONE)
    }
    expect(cluster.state?.members.has(follower.memberId)).toBe(false)
    expect(cluster.heartbeat(leader)).toBe(Errors.REBALANCE_IN_PROGRESS)
    expect(cluster.story.lines.at(-1)).toBe('removed n4 in 1 expired')
  })

  test('a commit is as good as a heartbeat', () => {
    const cluster = new GroupCluster()
    const [, follower] = cluster.stable({ sessionTimeoutMs: 10_000 })
    for (let i = 0; i < 6; i++) {
      cluster.runFor(4)
      cluster.commit(follower, i)
    }
    expect(cluster.state?.members.has(follower.memberId)).toBe(true)
    expect(cluster.state?.members.size).toBe(1)
  })

  test('who is parked in a join does not expire', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.preparing({ sessionTimeoutMs: 10_000 })
    cluster.joining({ memberId: leader.memberId, sessionTimeoutMs: 10_000 })
    for (let i = 0; i < 8; i++) {
      cluster.runFor(4)
      cluster.heartbeat(follower)
    }
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    expect(cluster.state?.members.size).toBe(3)
  })

  test('who does not rejoin within the rebalance timeout is left behind', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.preparing({ rebalanceTimeoutMs: 20_000 })
    const call = cluster.joining({ memberId: leader.memberId, rebalanceTimeoutMs: 20_000 })
    cluster.runFor(15)
    expect(cluster.answer(call)).toBeNull()
    cluster.runFor(6)
    expect(cluster.answer<JoinGroupResponse>(call)).toMatchObject({ generationId: 2, leader: leader.memberId })
    expect(cluster.state?.members.has(follower.memberId)).toBe(false)
    expect(cluster.commit(follower, 1)).toBe(Errors.UNKNOWN_MEMBER_ID)
  })

  test('a leader that does not rejoin gives way', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.preparing({ rebalanceTimeoutMs: 20_000 })
    const call = cluster.joining({ memberId: follower.memberId, rebalanceTimeoutMs: 20_000 })
    cluster.runFor(21)
    const answer = cluster.answer<JoinGroupResponse>(call)
    expect(answer?.leader).not.toBe(leader.memberId)
    expect(answer?.generationId).toBe(2)
  })

  test('who does not sync within the rebalance timeout is removed, and the rest begins anew', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.completing({ rebalanceTimeoutMs: 20_000 })
    const call = cluster.sync(follower)
    cluster.runFor(17)
    expect(cluster.answer(call)).toBeNull()
    cluster.runFor(4)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(call))).toBe('error 27')
    expect(cluster.state?.members.has(leader.memberId)).toBe(false)
  })

  test('the last one to leave leaves an empty group, whose end is written', () => {
    const cluster = new GroupCluster()
    const members = cluster.stable()
    for (const { memberId } of members) expect(cluster.leave(memberId)).toBe(Errors.NONE)
    expect(cluster.state).toMatchObject({ state: 'EMPTY', generationId: 2, protocolName: null })
    expect(cluster.story.lines.slice(-2)).toEqual(['removed n4 in 1', 'generation 2 of 0'])
  })

  test('somebody who is not there cannot leave', () => {
    const cluster = new GroupCluster()
    expect(cluster.leave('nobody')).toBe(Errors.UNKNOWN_MEMBER_ID)
    cluster.stable()
    expect(cluster.leave('nobody')).toBe(Errors.UNKNOWN_MEMBER_ID)
    expect(cluster.state?.state).toBe('STABLE')
  })
})

describe('static members (KIP-345)', () => {
  function staticGroup(): { readonly cluster: GroupCluster; readonly memberId: string; readonly other: string } {
    const cluster = new GroupCluster()
    const one = cluster.joining({ groupInstanceId: 'one' })
    const two = cluster.joining({ groupInstanceId: 'two' })
    cluster.runFor(7)
    const memberId = cluster.answer<JoinGroupResponse>(one)?.memberId ?? ''
    const other = cluster.answer<JoinGroupResponse>(two)?.memberId ?? ''
    const assigned = assignments(memberId, other)
    cluster.sync({ memberId, generationId: 1 }, { groupInstanceId: 'one', assignments: assigned })
    cluster.sync({ memberId: other, generationId: 1 }, { groupInstanceId: 'two' })
    cluster.runFor(0.2)
    expect(cluster.state?.state).toBe('STABLE')
    return { cluster, memberId, other }
  }

  test('an instance that comes back gets a new id and its old assignment without a rebalance', () => {
    const { cluster, other } = staticGroup()
    const call = cluster.joining({ groupInstanceId: 'two' })
    cluster.runFor(0.2)
    const answer = cluster.answer<JoinGroupResponse>(call)
    expect(answer).toMatchObject({ errorCode: 0, generationId: 1 })
    const memberId = answer?.memberId ?? ''
    expect(memberId).not.toBe(other)
    const sync = cluster.sync({ memberId, generationId: 1 }, { groupInstanceId: 'two' })
    cluster.runFor(0.1)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(sync))).toBe('1-1')
    expect(cluster.state?.state).toBe('STABLE')
  })

  test('a leader that comes back need not assign again (KIP-814)', () => {
    const { cluster } = staticGroup()
    const call = cluster.joining({ groupInstanceId: 'one' })
    cluster.runFor(0.2)
    const answer = cluster.answer<JoinGroupResponse>(call)
    expect(answer).toMatchObject({ skipAssignment: true, generationId: 1 })
    expect(answer?.leader).toBe(answer?.memberId)
    expect(answer?.members).toHaveLength(2)
  })

  test('the older holder of the instance is fenced in everything', () => {
    const { cluster, other } = staticGroup()
    cluster.joining({ groupInstanceId: 'two' })
    cluster.runFor(0.2)
    const zombie = { memberId: other, generationId: 1 }
    expect(cluster.heartbeat(zombie, 'two')).toBe(Errors.FENCED_INSTANCE_ID)
    const sync = cluster.sync(zombie, { groupInstanceId: 'two' })
    const join = cluster.joining({ memberId: other, groupInstanceId: 'two' })
    cluster.runFor(0.1)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(sync))).toBe('error 82')
    expect(cluster.answer<JoinGroupResponse>(join)?.errorCode).toBe(Errors.FENCED_INSTANCE_ID)
    expect(cluster.leave(other, 'two')).toBe(Errors.FENCED_INSTANCE_ID)
  })

  test('its new id is known to the next coordinator', () => {
    const { cluster } = staticGroup()
    const call = cluster.joining({ groupInstanceId: 'two' })
    cluster.runFor(0.2)
    const memberId = cluster.answer<JoinGroupResponse>(call)?.memberId ?? ''
    cluster.crash(cluster.coordinator)
    cluster.runFor(12)
    expect(cluster.heartbeat({ memberId, generationId: 1 }, 'two')).toBe(Errors.NONE)
  })

  test('when its new id cannot be written, the old one is back', () => {
    const { cluster, other } = staticGroup()
    const brokers = [1, 2, 3].filter((id) => id !== cluster.coordinator)
    cluster.isolate(cluster.coordinator, [...brokers, 0])
    const call = cluster.joining({ groupInstanceId: 'two' })
    cluster.runFor(6)
    expect(cluster.answer<JoinGroupResponse>(call)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(cluster.state?.staticMemberId('two')).toBe(other)
    expect(cluster.state?.member(other).assignment).toEqual([{ topicId: 1, partition: 1 }])
  })

  test('an absent static member keeps its place in a rebalance', () => {
    const { cluster, memberId, other } = staticGroup()
    const call = cluster.joining({ memberId, groupInstanceId: 'one', rebalanceTimeoutMs: 20_000 })
    cluster.runFor(0.1)
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    // The group waits for the longest rebalance timeout of all.
    for (let waited = 0; waited < 310 && cluster.answer(call) === null; waited += 10) {
      cluster.runFor(10)
      cluster.heartbeat({ memberId: other, generationId: 1 }, 'two')
    }
    expect(cluster.answer<JoinGroupResponse>(call)?.members).toHaveLength(2)
  })
})

test('member ids are made of the client, the epoch of the coordinator and a count', () => {
  const cluster = new GroupCluster()
  const call = cluster.joining()
  cluster.runFor(0.1)
  expect(cluster.answer<JoinGroupResponse>(call)?.memberId).toBe('node-4-0-1')
  expect(cluster.state?.groupId).toBe(GROUP)
})
