import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupResponse, SyncGroupResponse } from '../protocol/group-messages.ts'
import { GroupCluster, type Member, syncAnswer } from './group-cluster.test.support.ts'
import type { GroupState } from './group-state.ts'

function clusterIn(state: GroupState): { readonly cluster: GroupCluster; readonly members: readonly [Member, Member] } {
  const cluster = new GroupCluster()
  const reach = {
    EMPTY: () => cluster.empty(),
    PREPARING_REBALANCE: () => cluster.preparing(),
    COMPLETING_REBALANCE: () => cluster.completing(),
    STABLE: () => cluster.stable(),
    DEAD: () => cluster.stable(),
  }
  const members = reach[state]()
  expect(cluster.state?.state).toBe(state)
  return { cluster, members }
}

const NOBODY: Member = { memberId: '', generationId: -1 }

describe('requests of a known member, by state (6.2)', () => {
  test.each([
    ['EMPTY', Errors.UNKNOWN_MEMBER_ID],
    ['PREPARING_REBALANCE', Errors.REBALANCE_IN_PROGRESS],
    ['COMPLETING_REBALANCE', Errors.NONE],
    ['STABLE', Errors.NONE],
  ] as const)('Heartbeat in %s: %i', (state, error) => {
    const { cluster, members } = clusterIn(state)
    expect(cluster.heartbeat(members[1])).toBe(error)
  })

  test.each([
    ['EMPTY', 'error 25'],
    ['PREPARING_REBALANCE', 'error 27'],
    ['COMPLETING_REBALANCE', 'parked'],
    ['STABLE', '1-1'],
  ] as const)('SyncGroup of a follower in %s: %s', (state, expected) => {
    const { cluster, members } = clusterIn(state)
    const call = cluster.sync(members[1])
    cluster.runFor(0.2)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(call))).toBe(expected)
  })

  test.each([
    ['EMPTY', Errors.UNKNOWN_MEMBER_ID],
    ['PREPARING_REBALANCE', Errors.NONE],
    ['COMPLETING_REBALANCE', Errors.REBALANCE_IN_PROGRESS],
    ['STABLE', Errors.NONE],
  ] as const)('OffsetCommit with member and generation in %s: %i', (state, error) => {
    const { cluster, members } = clusterIn(state)
    expect(cluster.commit(members[1], 7)).toBe(error)
    expect(cluster.committed()).toBe(error === Errors.NONE ? 7 : -1)
  })

  test.each([
    ['EMPTY', Errors.NONE],
    ['PREPARING_REBALANCE', Errors.UNKNOWN_MEMBER_ID],
    ['COMPLETING_REBALANCE', Errors.UNKNOWN_MEMBER_ID],
    ['STABLE', Errors.UNKNOWN_MEMBER_ID],
  ] as const)('OffsetCommit of nobody, generation -1, in %s: %i', (state, error) => {
    const { cluster } = clusterIn(state)
    expect(cluster.commit(NOBODY, 7)).toBe(error)
    expect(cluster.committed()).toBe(error === Errors.NONE ? 7 : -1)
  })

  test.each([
    ['EMPTY', Errors.UNKNOWN_MEMBER_ID],
    ['PREPARING_REBALANCE', Errors.ILLEGAL_GENERATION],
    ['COMPLETING_REBALANCE', Errors.ILLEGAL_GENERATION],
    ['STABLE', Errors.ILLEGAL_GENERATION],
  ] as const)('anything with another generation in %s: %i', (state, error) => {
    const { cluster, members } = clusterIn(state)
    const zombie = { memberId: members[1].memberId, generationId: members[1].generationId - 1 }
    expect(cluster.heartbeat(zombie)).toBe(error)
    expect(cluster.commit(zombie, 7)).toBe(error)
    const call = cluster.sync(zombie)
    cluster.runFor(0.1)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(call))).toBe(`error ${error}`)
    expect(cluster.committed()).toBe(-1)
    expect(cluster.story.lines).toContain(`refused 7 error ${error} by n4 in ${zombie.generationId}`)
  })

  test.each([
    ['EMPTY', Errors.UNKNOWN_MEMBER_ID, 'EMPTY'],
    ['PREPARING_REBALANCE', Errors.NONE, 'PREPARING_REBALANCE'],
    ['COMPLETING_REBALANCE', Errors.NONE, 'PREPARING_REBALANCE'],
    ['STABLE', Errors.NONE, 'PREPARING_REBALANCE'],
  ] as const)('LeaveGroup in %s: %i, then %s', (state, error, then) => {
    const { cluster, members } = clusterIn(state)
    expect(cluster.leave(members[1].memberId)).toBe(error)
    expect(cluster.state?.state).toBe(then)
    expect(cluster.state?.members.has(members[1].memberId)).toBe(false)
  })
})

describe('JoinGroup, by state (6.2)', () => {
  const resubscribed = [{ name: 'range', metadata: { topics: [1, 2], ownedPartitions: [], generationId: -1 } }] as const

  function rejoin(cluster: GroupCluster, member: Member, changed = false): JoinGroupResponse | null {
    const { memberId } = member
    const call = cluster.joining(changed ? { memberId, protocols: resubscribed } : { memberId })
    cluster.runFor(0.2)
    return cluster.answer<JoinGroupResponse>(call)
  }

  test('EMPTY: a known id is unknown', () => {
    const { cluster, members } = clusterIn('EMPTY')
    expect(rejoin(cluster, members[0])?.errorCode).toBe(Errors.UNKNOWN_MEMBER_ID)
  })

  test('PREPARING_REBALANCE: parked until everybody is there', () => {
    const { cluster, members } = clusterIn('PREPARING_REBALANCE')
    const call = cluster.joining({ memberId: members[0].memberId })
    cluster.runFor(1)
    expect(cluster.answer(call)).toBeNull()
    const last = rejoin(cluster, members[1])
    expect(last).toMatchObject({ errorCode: 0, generationId: 2, members: [] })
    const first = cluster.answer<JoinGroupResponse>(call)
    expect(first?.members).toHaveLength(3)
    expect(first?.leader).toBe(members[0].memberId)
  })

  test('COMPLETING_REBALANCE: who lost the answer gets it again, the leader with all members', () => {
    const { cluster, members } = clusterIn('COMPLETING_REBALANCE')
    expect(rejoin(cluster, members[0])?.members).toHaveLength(2)
    expect(rejoin(cluster, members[1])).toMatchObject({ generationId: 1, members: [] })
    expect(cluster.state?.state).toBe('COMPLETING_REBALANCE')
  })

  test('COMPLETING_REBALANCE: a changed subscription begins anew, and parked syncs are told', () => {
    const { cluster, members } = clusterIn('COMPLETING_REBALANCE')
    const parked = cluster.sync(members[1])
    expect(rejoin(cluster, members[0], true)).toBeNull()
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(parked))).toBe('error 27')
  })

  test('STABLE: the leader, or a changed subscription, begins a rebalance; an unchanged follower does not', () => {
    const { cluster, members } = clusterIn('STABLE')
    expect(rejoin(cluster, members[1])).toMatchObject({ errorCode: 0, generationId: 1, members: [] })
    expect(cluster.state?.state).toBe('STABLE')
    expect(rejoin(cluster, members[1], true)).toBeNull()
    expect(cluster.state?.state).toBe('PREPARING_REBALANCE')
    const other = clusterIn('STABLE')
    expect(rejoin(other.cluster, other.members[0])).toBeNull()
    expect(other.cluster.state?.state).toBe('PREPARING_REBALANCE')
  })
})
