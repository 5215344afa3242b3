import { describe, expect, test } from 'vitest'
import { Api } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../protocol/group-messages.ts'
import { GROUP, GroupCluster, type Member } from '../group-cluster.test.support.ts'
import type { ConsumerGroup } from './consumer-group.ts'

const JOIN = { rebalanceTimeoutMs: 60_000, subscribedTopics: [1], topicPartitions: [] }

/** Members of the consumer protocol that say what a test wants; the topic has three partitions. */
class Epochs extends GroupCluster {
  /** `epoch: partitions`, `epoch` without an assignment, or the error. */
  beat(memberId: string, memberEpoch: number, more: Partial<ConsumerGroupHeartbeatRequest> = {}): string {
    const body: ConsumerGroupHeartbeatRequest = {
      groupId: GROUP,
      memberId,
      memberEpoch,
      groupInstanceId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopics: null,
      serverAssignor: null,
      topicPartitions: null,
      ...more,
    }
    const answer = this.ask(this.coordinator, Api.ConsumerGroupHeartbeat, body)
    if (answer === null) return 'no answer'
    if (answer.errorCode !== Errors.NONE) return `error ${answer.errorCode}`
    const partitions = answer.assignment?.map(({ partition }) => partition).join()
    return partitions === undefined ? `${answer.memberEpoch}` : `${answer.memberEpoch}: ${partitions}`
  }

  join(memberId: string, more: Partial<ConsumerGroupHeartbeatRequest> = {}): string {
    return this.beat(memberId, 0, { ...JOIN, ...more })
  }

  owns(memberId: string, memberEpoch: number, ...partitions: readonly number[]): string {
    const topicPartitions = partitions.map((partition) => ({ topicId: 1, partition }))
    return this.beat(memberId, memberEpoch, { topicPartitions })
  }

  get group(): ConsumerGroup | undefined {
    return this.broker(this.coordinator)?.groups.partition(this.groupTp)?.shard.consumer.groups.get(GROUP)
  }

  /** a has 0 and 1, b has 2; both in epoch 2. */
  two(): void {
    this.join('a')
    this.join('b')
    this.beat('a', 1)
    this.owns('a', 1, 0, 1)
    this.beat('b', 2)
    this.owns('b', 2, 2)
  }
}

function as(memberId: string, generationId: number): Member {
  return { memberId, generationId }
}

describe('members', () => {
  test('get what is free, and the rest when its owner has let it go', () => {
    const c = new Epochs()
    expect(c.join('a')).toBe('1: 0,1,2')
    expect(c.group?.state).toBe('STABLE')
    expect(c.join('b')).toBe('2: ')
    expect(c.group?.state).toBe('RECONCILING')
    expect(c.beat('a', 1)).toBe('1: 0,1')
    // It says nothing of letting go, or still owns it.
    expect(c.beat('b', 2)).toBe('2')
    expect(c.owns('a', 1, 0, 1, 2)).toBe('1')
    expect(c.owns('a', 1, 0, 1)).toBe('2')
    expect(c.beat('b', 2)).toBe('2: 2')
    expect(c.group?.state).toBe('STABLE')
  })

  test('that leave make way for others', () => {
    const c = new Epochs()
    c.two()
    expect(c.beat('a', -1)).toBe('-1')
    expect(c.group?.state).toBe('ASSIGNING')
    expect(c.beat('b', 2)).toBe('3: 0,1,2')
    expect(c.beat('b', -1)).toBe('-1')
    expect(c.group?.state).toBe('EMPTY')
  })

  test('that fall silent are removed after group.consumer.session.timeout.ms', () => {
    const c = new Epochs()
    c.two()
    for (let i = 0; i < 4; i++) {
      c.runFor(10)
      expect(c.beat('b', 2)).toBe('2')
    }
    c.runFor(6)
    expect(c.group?.members.has('a')).toBe(false)
    expect(c.beat('a', 2)).toBe(`error ${Errors.UNKNOWN_MEMBER_ID}`)
    expect(c.beat('b', 2)).toBe('3: 0,1,2')
  })

  test('that do not let go within their rebalance timeout are removed', () => {
    const c = new Epochs()
    c.join('a', { rebalanceTimeoutMs: 5000 })
    c.join('b')
    expect(c.beat('a', 1)).toBe('1: 0,1')
    for (let i = 0; i < 6; i++) {
      c.runFor(1)
      c.beat('a', 1)
    }
    expect(c.group?.members.has('a')).toBe(false)
    expect(c.beat('b', 2)).toBe('3: 0,1,2')
  })
})

describe('epochs', () => {
  test('whoever missed an answer may come with its last epoch, if it owns nothing that is not its own', () => {
    const c = new Epochs()
    expect(c.join('a')).toBe('1: 0,1,2')
    expect(c.join('a')).toBe('1: 0,1,2')
    c.join('b')
    c.beat('a', 1)
    c.owns('a', 1, 0, 1)
    expect(c.owns('a', 1, 0, 1, 2)).toBe(`error ${Errors.FENCED_MEMBER_EPOCH}`)
    expect(c.beat('a', 1)).toBe(`error ${Errors.FENCED_MEMBER_EPOCH}`)
    expect(c.owns('a', 1, 0, 1)).toBe('2')
  })

  test('an epoch that the coordinator does not know is fenced', () => {
    const c = new Epochs()
    c.two()
    expect(c.beat('a', 3)).toBe(`error ${Errors.FENCED_MEMBER_EPOCH}`)
    expect(c.join('a')).toBe(`error ${Errors.FENCED_MEMBER_EPOCH}`)
    expect(c.beat('x', 2)).toBe(`error ${Errors.UNKNOWN_MEMBER_ID}`)
  })

  test('commits and fetches carry exactly the present one', () => {
    const c = new Epochs()
    c.two()
    expect(c.commit(as('a', 2), 5)).toBe(Errors.NONE)
    expect(c.commit(as('a', 1), 4)).toBe(Errors.STALE_MEMBER_EPOCH)
    expect(c.commit(as('a', 3), 4)).toBe(Errors.STALE_MEMBER_EPOCH)
    expect(c.commit(as('x', 2), 4)).toBe(Errors.UNKNOWN_MEMBER_ID)
    expect(c.commit(as('', -1), 4)).toBe(Errors.UNKNOWN_MEMBER_ID)
    const fetch = (memberId: string, memberEpoch: number): number | undefined => {
      const body = { groupId: GROUP, memberId, memberEpoch, partitions: null, requireStable: true }
      return c.ask(c.coordinator, Api.OffsetFetch, body)?.errorCode
    }
    expect([fetch('a', 2), fetch('a', 1), fetch('x', 2), fetch('', -1)]).toEqual([
      Errors.NONE,
      Errors.STALE_MEMBER_EPOCH,
      Errors.UNKNOWN_MEMBER_ID,
      Errors.NONE,
    ])
    c.beat('a', -1)
    c.beat('b', -1)
    // Nobody is there: a commit of whoever is in no group is taken.
    expect(c.commit(as('', -1), 6)).toBe(Errors.NONE)
  })
})

describe('requests that are refused', () => {
  test.each([
    ['an assignor that brokers do not have', 0, { ...JOIN, serverAssignor: 'sticky' }, Errors.UNSUPPORTED_ASSIGNOR],
    ['a join without topics', 0, { ...JOIN, subscribedTopics: null }, Errors.INVALID_REQUEST],
    ['a join with partitions', 0, { ...JOIN, topicPartitions: [{ topicId: 1, partition: 0 }] }, Errors.INVALID_REQUEST],
    ['an epoch that is none', -3, {}, Errors.INVALID_REQUEST],
    ['a dynamic member that means to come back', -2, {}, Errors.INVALID_REQUEST],
    ['a heartbeat for no group', 1, {}, Errors.GROUP_ID_NOT_FOUND],
    ['a goodbye to no group', -1, {}, Errors.GROUP_ID_NOT_FOUND],
  ])('%s', (_what, epoch, more, error) => {
    expect(new Epochs().beat('a', epoch, more)).toBe(`error ${error}`)
  })

  test('a member too many', () => {
    const c = new Epochs({ groups: { 'group.consumer.max.size': 1 } })
    expect(c.join('a')).toBe('1: 0,1,2')
    expect(c.join('b')).toBe(`error ${Errors.GROUP_MAX_SIZE_REACHED}`)
  })
})

describe('static members', () => {
  const I = { groupInstanceId: 'i' }

  test('keep their partitions while they are away, and nobody else takes their place before they said so', () => {
    const c = new Epochs()
    expect(c.join('a', I)).toBe('1: 0,1,2')
    expect(c.join('b', I)).toBe(`error ${Errors.UNRELEASED_INSTANCE_ID}`)
    expect(c.beat('a', -2, I)).toBe('-2')
    expect(c.join('b', I)).toBe('1: 0,1,2')
    expect(c.beat('a', 1, I)).toBe(`error ${Errors.FENCED_INSTANCE_ID}`)
    expect(c.beat('b', 1, I)).toBe('1')
  })

  test('that do not come back within their session are removed', () => {
    const c = new Epochs()
    c.join('a', I)
    c.beat('a', -2, I)
    c.runFor(46)
    expect(c.group?.state).toBe('EMPTY')
    expect(c.join('b', I)).toBe('3: 0,1,2')
  })
})

describe('assignors', () => {
  test('most members decide, else the first of the broker', () => {
    const c = new Epochs({ groups: { 'group.consumer.assignors': 'range, uniform' } })
    c.join('b')
    expect(c.join('a')).toBe('2: ')
    // range knows nothing of what members have: a comes first.
    expect(c.beat('b', 1)).toBe('1: 2')
  })
})

describe('the log', () => {
  test('a new coordinator knows members, epochs and assignments; sessions begin anew', () => {
    const c = new Epochs()
    c.two()
    c.runFor(40)
    c.crash(c.coordinator)
    c.runFor(14)
    expect(c.beat('a', 2)).toBe('2')
    expect(c.owns('b', 2, 2)).toBe('2')
    expect(c.group?.state).toBe('STABLE')
    expect(c.commit(as('b', 2), 7)).toBe(Errors.NONE)
  })

  test('what cannot be written is taken back, and nobody is told', () => {
    const c = new Epochs({ broker: { 'min.insync.replicas': 2 } })
    c.join('a')
    const others = [1, 2, 3].filter((id) => id !== c.coordinator)
    for (const id of others) c.stop(id, 10)
    c.runFor(1)
    expect(c.join('b')).toBe(`error ${Errors.COORDINATOR_NOT_AVAILABLE}`)
    expect([...(c.group?.members.keys() ?? [])]).toEqual(['a'])
    expect(c.group).toMatchObject({ groupEpoch: 1, assignmentEpoch: 1, state: 'STABLE' })
    expect(c.beat('a', 1)).toBe('1')
    // Its session ends in vain until it can be written.
    c.runFor(50)
    expect(c.group?.members.has('a')).toBe(true)
    for (const id of others) c.startBroker(id)
    c.runFor(15)
    expect(c.group?.state).toBe('EMPTY')
  })
})

describe('a group that changes its protocol', () => {
  test('keeps members, assignments and positions; those of the classic protocol go on with their epoch as generation', () => {
    const c = new Epochs()
    const [one, two] = c.stable()
    expect(c.commit(one, 3)).toBe(Errors.NONE)
    expect(c.join('new')).toMatch(/^2: /)
    expect([c.state, c.group?.members.size]).toEqual([undefined, 3])
    expect(c.committed()).toBe(3)
    // Known, and asked to join again.
    expect(c.heartbeat(one)).toBe(Errors.REBALANCE_IN_PROGRESS)
    expect(c.commit(one, 4)).toBe(Errors.NONE)
    expect(c.commit({ ...two, generationId: 9 }, 4)).toBe(Errors.ILLEGAL_GENERATION)
    const joined = c.joining({ memberId: one.memberId })
    c.runFor(0.2)
    expect(c.answer(joined)).toMatchObject({ errorCode: Errors.NONE, generationId: 2, leader: '' })
    const synced = c.sync({ ...one, generationId: 2 })
    c.runFor(0.2)
    expect(c.answer(synced)).toMatchObject({ errorCode: Errors.NONE, assignment: [{ topicId: 1, partition: 0 }] })
    expect(c.heartbeat({ ...one, generationId: 2 })).toBe(Errors.NONE)
  })

  test('turns back when only members of the classic protocol are left, and they rebalance', () => {
    const c = new Epochs()
    const [one, two] = c.stable()
    c.join('new')
    expect(c.beat('new', -1)).toBe('-1')
    expect(c.group).toBeUndefined()
    expect(c.state).toMatchObject({ state: 'PREPARING_REBALANCE', generationId: 2 })
    const joins = [one, two].map(({ memberId }) => c.joining({ memberId }))
    c.runFor(0.2)
    expect(joins.map((call) => c.answer(call)?.generationId)).toEqual([3, 3])
  })

  test('is found as it is by the next coordinator', () => {
    const c = new Epochs()
    const [one] = c.stable()
    c.join('new')
    c.crash(c.coordinator)
    c.runFor(14)
    expect(c.group?.members.size).toBe(3)
    expect(c.commit(one, 4)).toBe(Errors.NONE)
    expect(c.beat('new', -1)).toBe('-1')
    c.crash(c.coordinator)
    c.runFor(14)
    expect([c.group, c.state?.members.size]).toEqual([undefined, 2])
  })

  test('stays what it is where brokers do not convert groups', () => {
    const c = new Epochs({ groups: { 'group.consumer.migration.policy': 'downgrade' } })
    const [one] = c.stable()
    expect(c.join('new')).toBe(`error ${Errors.GROUP_ID_NOT_FOUND}`)
    expect(c.heartbeat(one)).toBe(Errors.NONE)
  })

  test('is anybody’s when it is empty', () => {
    const c = new Epochs()
    c.empty()
    expect(c.join('new')).toBe('1: 0,1,2')
    c.beat('new', -1)
    const { call } = c.joiningNew()
    c.runFor(7)
    expect(c.answer(call)).toMatchObject({ errorCode: Errors.NONE, generationId: 1 })
  })
})
