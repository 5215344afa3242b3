import { describe, expect, test } from 'vitest'
import type { ConsumerGroupHeartbeatResponse } from '../../../protocol/group-messages.ts'
import { ConsumerTopics } from '../consumer-topics.ts'
import { SubscriptionState } from '../subscription-state.ts'
import { ConsumerMembership } from './consumer-membership.ts'
import { canHandleAssignment, isNotInGroup, type MemberState, VALID_PREVIOUS_STATES } from './member-state.ts'

const STATES = Object.keys(VALID_PREVIOUS_STATES) as MemberState[]

/** `MemberState`: from the row's state to these and to no other. */
const MAY_BECOME: Readonly<Record<MemberState, string>> = {
  UNSUBSCRIBED: 'JOINING PREPARE_LEAVING FATAL',
  JOINING: 'RECONCILING STABLE FENCED PREPARE_LEAVING FATAL',
  RECONCILING: 'RECONCILING ACKNOWLEDGING STABLE FENCED PREPARE_LEAVING FATAL',
  ACKNOWLEDGING: 'RECONCILING STABLE FENCED PREPARE_LEAVING FATAL',
  STABLE: 'RECONCILING FENCED PREPARE_LEAVING FATAL',
  FENCED: 'UNSUBSCRIBED JOINING',
  PREPARE_LEAVING: 'UNSUBSCRIBED FENCED LEAVING FATAL',
  LEAVING: 'UNSUBSCRIBED FENCED FATAL STALE',
  FATAL: '',
  STALE: 'JOINING',
}

function member(state: MemberState, partitions: readonly number[] = []): ConsumerMembership {
  const subscriptions = new SubscriptionState(new ConsumerTopics([{ name: 'orders', topicId: 1 }]))
  subscriptions.assign(partitions.map((partition) => (1 << 16) | partition))
  const membership = new ConsumerMembership('m', false, subscriptions)
  membership.state = state
  membership.memberEpoch = isNotInGroup(state) || state === 'JOINING' ? 0 : 5
  return membership
}

function answer(memberEpoch: number, partitions: readonly number[] | null): ConsumerGroupHeartbeatResponse {
  const assignment = partitions?.map((partition) => ({ topicId: 1, partition })) ?? null
  return { errorCode: 0, memberId: 'm', memberEpoch, heartbeatIntervalMs: 5000, assignment }
}

describe('a member may go', () => {
  test.each(STATES)('from %s to its states, and to no other', (from) => {
    const reached = STATES.filter((to) => {
      const membership = member(from)
      try {
        membership.transitionTo(to)
        return true
      } catch {
        return false
      }
    })
    expect(new Set(reached)).toEqual(new Set(MAY_BECOME[from].split(' ').filter(Boolean)))
  })
})

/** What becomes of a member in each state: on an answer with an assignment, without, and on FENCED_MEMBER_EPOCH. */
const ANSWERS: Readonly<Record<MemberState, readonly [assignment: string, none: string, fenced: string]>> = {
  UNSUBSCRIBED: ['UNSUBSCRIBED 0', 'UNSUBSCRIBED 0', 'UNSUBSCRIBED 0'],
  JOINING: ['RECONCILING 6', 'JOINING 6', 'JOINING 0'],
  RECONCILING: ['RECONCILING 6', 'RECONCILING 6', 'JOINING 0'],
  ACKNOWLEDGING: ['RECONCILING 6', 'ACKNOWLEDGING 6', 'JOINING 0'],
  STABLE: ['RECONCILING 6', 'STABLE 6', 'JOINING 0'],
  FENCED: ['FENCED 0', 'FENCED 0', 'FENCED 0'],
  PREPARE_LEAVING: ['PREPARE_LEAVING 6', 'PREPARE_LEAVING 6', 'PREPARE_LEAVING 5'],
  LEAVING: ['LEAVING 5', 'LEAVING 5', 'UNSUBSCRIBED 5'],
  FATAL: ['FATAL 0', 'FATAL 0', 'FATAL 0'],
  STALE: ['STALE 0', 'STALE 0', 'STALE 0'],
}

describe('an answer', () => {
  test.each(STATES)('in %s', (state) => {
    const outcomes = [
      (it: ConsumerMembership) => it.onHeartbeat(answer(6, [0])),
      (it: ConsumerMembership) => it.onHeartbeat(answer(6, null)),
      (it: ConsumerMembership) => it.onFenced(),
    ].map((happens) => {
      const membership = member(state)
      happens(membership)
      return `${membership.state} ${membership.memberEpoch}`
    })
    expect(outcomes).toEqual(ANSWERS[state])
  })

  test('is taken over by those who are in the group and mean to stay', () => {
    expect(STATES.filter(canHandleAssignment)).toEqual(['JOINING', 'RECONCILING', 'ACKNOWLEDGING', 'STABLE'])
  })
})

describe('whoever loses what it had', () => {
  test('joins again when the application has been told, and not before', () => {
    const membership = member('STABLE', [0])
    membership.onFenced()
    expect([membership.state, membership.isLosing, membership.memberEpoch]).toEqual(['FENCED', true, 0])
    membership.onLost()
    expect([membership.state, membership.isLosing]).toEqual(['JOINING', false])
  })

  test('after it left because nobody polled, joins when somebody does', () => {
    const membership = member('STABLE', [0])
    membership.expirePoll()
    expect([membership.state, membership.memberEpoch]).toEqual(['LEAVING', -1])
    membership.onHeartbeatSent()
    expect([membership.state, membership.isLosing]).toEqual(['STALE', true])
    membership.onLost()
    expect(membership.state).toBe('STALE')
    membership.onPoll()
    expect([membership.state, membership.memberEpoch]).toEqual(['JOINING', 0])
  })

  test('is out for good when it is refused for good', () => {
    const membership = member('RECONCILING', [0])
    membership.onFatal()
    membership.onLost()
    membership.onPoll()
    membership.onFenced()
    expect(membership.state).toBe('FATAL')
  })
})

test('a static member that leaves means to come back', () => {
  const subscriptions = new SubscriptionState(new ConsumerTopics([]))
  const membership = new ConsumerMembership('m', true, subscriptions)
  membership.state = 'STABLE'
  membership.leave()
  expect([membership.state, membership.memberEpoch]).toEqual(['LEAVING', -2])
})
