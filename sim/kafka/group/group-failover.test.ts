import { describe, expect, test } from 'vitest'
import { samplerOf } from '../../kernel/sampler.ts'
import { StreamRule } from '../../network/stream-rule.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { JoinGroupResponse, SyncGroupResponse } from '../protocol/group-messages.ts'
import { assignments, GROUP, GroupCluster, type Member, syncAnswer } from './group-cluster.test.support.ts'

/** The coordinator's process dies; returns the next one once it serves. */
function failOver(cluster: GroupCluster): number {
  const before = cluster.coordinator
  cluster.crash(before)
  cluster.runFor(12)
  expect(cluster.coordinator).not.toBe(before)
  expect(cluster.coordinator).toBeGreaterThan(0)
  return cluster.coordinator
}

describe('failover of the coordinator', () => {
  test('STABLE: the next one knows members, assignments and offsets, and nobody has to rejoin', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.stable()
    expect(cluster.commit(follower, 42)).toBe(Errors.NONE)
    failOver(cluster)
    expect(cluster.heartbeat(leader)).toBe(Errors.NONE)
    const call = cluster.sync(follower)
    cluster.runFor(0.2)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(call))).toBe('1-1')
    expect(cluster.committed()).toBe(42)
    expect(cluster.commit(follower, 43)).toBe(Errors.NONE)
    expect(cluster.story.lines.at(-1)).toBe('committed 43 by n4 in 1')
  })

  test('STABLE: sessions begin anew with the full timeout, however long ago the last heartbeat was', () => {
    const cluster = new GroupCluster()
    cluster.stable({ sessionTimeoutMs: 20_000 })
    cluster.runFor(10)
    failOver(cluster)
    const loaded = cluster.kernel.now
    cluster.runFor(7)
    expect(cluster.state?.members.size).toBe(2)
    while (cluster.state?.members.size === 2) cluster.runFor(0.5)
    expect((cluster.kernel.now - loaded) / 1e6).toBeGreaterThan(8)
    expect((cluster.kernel.now - loaded) / 1e6).toBeLessThan(21)
  })

  test('COMPLETING_REBALANCE: the generation that was never written is unknown', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.completing()
    failOver(cluster)
    const call = cluster.sync(leader, { assignments: assignments(leader.memberId, follower.memberId) })
    cluster.runFor(0.2)
    expect(syncAnswer(cluster.answer<SyncGroupResponse>(call))).toBe('error 25')
    expect(cluster.heartbeat(follower)).toBe(Errors.UNKNOWN_MEMBER_ID)
  })

  test('COMPLETING_REBALANCE after an older generation: that one is back, and the new one is illegal', () => {
    const cluster = new GroupCluster()
    const members = cluster.preparing()
    const calls = members.map(({ memberId }) => cluster.joining({ memberId }))
    cluster.runFor(0.2)
    expect(calls.map((call) => cluster.answer<JoinGroupResponse>(call)?.generationId)).toEqual([2, 2])
    failOver(cluster)
    expect(cluster.heartbeat({ memberId: members[0].memberId, generationId: 2 })).toBe(Errors.ILLEGAL_GENERATION)
    // A zombie of the old generation is a member in good standing again.
    expect(cluster.commit(members[1], 5)).toBe(Errors.NONE)
  })

  test('PREPARING_REBALANCE: an orderly resignation sends parked joins away', () => {
    const cluster = new GroupCluster()
    const [member] = cluster.preparing()
    const call = cluster.joining({ memberId: member.memberId })
    cluster.runFor(0.2)
    expect(cluster.answer(call)).toBeNull()
    expect(cluster.stop(cluster.coordinator, 10)).toBeGreaterThan(0)
    expect(cluster.answer<JoinGroupResponse>(call)?.errorCode).toBe(Errors.NOT_COORDINATOR)
    cluster.runFor(0.5)
    // What was being prepared is forgotten; the generation in the log is not.
    expect(cluster.state?.state).toBe('STABLE')
    expect(cluster.story.lines.some((line) => line.startsWith('unloaded'))).toBe(true)
  })

  test('COMPLETING_REBALANCE: an orderly resignation sends parked syncs away', () => {
    const cluster = new GroupCluster()
    const [, follower] = cluster.completing()
    const call = cluster.sync(follower)
    cluster.runFor(0.2)
    cluster.stop(cluster.coordinator, 10)
    expect(cluster.answer<SyncGroupResponse>(call)?.errorCode).toBe(Errors.NOT_COORDINATOR)
  })

  test('EMPTY: offsets stay, and the next generation goes on counting', () => {
    const cluster = new GroupCluster()
    cluster.empty()
    expect(cluster.commit({ memberId: '', generationId: -1 }, 9)).toBe(Errors.NONE)
    failOver(cluster)
    expect(cluster.committed()).toBe(9)
    expect(cluster.state).toMatchObject({ state: 'EMPTY', generationId: 2 })
  })

  test('a coordinator that loads refuses with 14, but takes heartbeats; a slow disk makes it last', () => {
    const cluster = new GroupCluster()
    const [, follower] = cluster.stable()
    expect(cluster.commit(follower, 42)).toBe(Errors.NONE)
    for (const disk of cluster.disks) disk.beginSlow(samplerOf({ kind: 'constant', us: 2_000_000 }))
    const next = cluster.partition(cluster.coordinator, cluster.groupTp).replicas[1] as number
    cluster.crash(cluster.coordinator)
    let loading = 0
    for (let i = 0; i < 120 && loading === 0; i++) {
      cluster.runFor(0.2)
      const partition = cluster.broker(next).groups.partition(cluster.groupTp)
      if (partition?.state === 'LOADING') loading = cluster.kernel.now
    }
    expect(loading).toBeGreaterThan(0)
    const body = { groupId: GROUP, ...follower, groupInstanceId: null }
    const beat = cluster.ask(next, Api.Heartbeat, body)
    expect(beat?.errorCode).toBe(Errors.NONE)
    const join = cluster.ask(next, Api.JoinGroup, {
      ...body,
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [],
      reason: '',
    })
    expect(join?.errorCode).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS)
    cluster.runFor(5)
    expect(cluster.coordinator).toBe(next)
    expect(cluster.committed(false)).toBe(42)
  })

  test('a broker that does not coordinate the group says so', () => {
    const cluster = new GroupCluster()
    const [, follower] = cluster.stable()
    const other = cluster.coordinator === 1 ? 2 : 1
    const body = { groupId: GROUP, ...follower, groupInstanceId: null }
    expect(cluster.ask(other, Api.Heartbeat, body)?.errorCode).toBe(Errors.NOT_COORDINATOR)
  })
})

describe('lost replies', () => {
  test('a commit whose answer is lost is there, and may be repeated', () => {
    const cluster = new GroupCluster()
    const [, follower] = cluster.stable()
    cluster.rule(
      new StreamRule({
        id: 1,
        from: null,
        to: null,
        api: Api.OffsetCommit,
        reply: true,
        delay: null,
        nth: 1,
        count: 1,
        sameConnection: false,
      }),
    )
    expect(cluster.commit(follower, 11)).toBe(-99)
    expect(cluster.committed()).toBe(11)
    expect(cluster.commit(follower, 11)).toBe(Errors.NONE)
  })

  test('a member that lost the answer to its first join takes the id up again or lets it expire', () => {
    const cluster = new GroupCluster()
    const lost = cluster.joining({ sessionTimeoutMs: 10_000 })
    cluster.runFor(0.1)
    expect(cluster.answer<JoinGroupResponse>(lost)?.errorCode).toBe(Errors.MEMBER_ID_REQUIRED)
    const other = cluster.joiningNew({ sessionTimeoutMs: 10_000 })
    // The initial delay is over, but the pending member is waited for only until a generation can begin.
    cluster.runFor(4)
    expect(cluster.answer<JoinGroupResponse>(other.call)?.generationId).toBe(1)
    expect(cluster.state?.pendingJoinMembers.size).toBe(1)
    cluster.runFor(8)
    expect(cluster.state?.pendingJoinMembers.size).toBe(0)
  })
})

describe('zombies (6.6)', () => {
  test('(a) in PREPARING the old generation may commit; once the new one has begun it may not', () => {
    const cluster = new GroupCluster()
    const [leader, zombie] = cluster.preparing()
    expect(cluster.commit(zombie, 20)).toBe(Errors.NONE)
    cluster.joining({ memberId: leader.memberId })
    cluster.joining({ memberId: zombie.memberId })
    cluster.runFor(0.3)
    expect(cluster.state?.generationId).toBe(2)
    expect(cluster.commit(zombie, 30)).toBe(Errors.ILLEGAL_GENERATION)
    expect(cluster.committed()).toBe(20)
  })

  test('(c) who is in no group commits when nobody is', () => {
    const cluster = new GroupCluster()
    const admin: Member = { memberId: '', generationId: -1 }
    expect(cluster.commit(admin, 3)).toBe(Errors.NONE)
    cluster.stable()
    expect(cluster.commit(admin, 1)).toBe(Errors.UNKNOWN_MEMBER_ID)
    expect(cluster.committed()).toBe(3)
  })

  test('there is no monotonicity and no ownership: the last write wins', () => {
    const cluster = new GroupCluster()
    const [leader, follower] = cluster.stable()
    expect([cluster.commit(leader, 100), cluster.commit(follower, 50)]).toEqual([0, 0])
    expect(cluster.committed()).toBe(50)
  })

  test('a commit to a group nobody knows', () => {
    const cluster = new GroupCluster()
    expect(cluster.commit({ memberId: 'm', generationId: 3 }, 1)).toBe(Errors.GROUP_ID_NOT_FOUND)
    const call = cluster.start(
      cluster.coordinator,
      Api.OffsetCommit,
      {
        groupId: GROUP,
        generationIdOrMemberEpoch: 3,
        memberId: 'm',
        groupInstanceId: null,
        partitions: [{ topicId: 1, partition: 0, committedOffset: 1, committedLeaderEpoch: 0 }],
      },
      8,
    )
    cluster.runFor(0.1)
    expect(cluster.commitError(call)).toBe(Errors.ILLEGAL_GENERATION)
  })
})
