import { describe, expect, test } from 'vitest'
import { History } from '../testing/history.test.helper.ts'

// Partitions on their way to other brokers: the judges go by the replicas that there are at the time.

/** Five brokers; orders-0 is at the first three. */
const five = (minIsr = 2): History => new History({ brokers: 5, replicas: 3, minIsr }).formed()

/** A record on all replicas, and then the way to brokers 4 and 5: everybody is a replica, and has copied everything. */
function moving(): History {
  const h = five().published(0, 0, 1, 0, [2, 3])
  h.reassigned([1, 2, 3, 4, 5]).isr([1, 2, 3], 1, 0).adopted(1, [1, 2, 3], 1, 0)
  for (const node of [4, 5]) h.followed(node, 1, 0, 0).appended(node, 0, 0, 0).fetched(1, node, 1, 0)
  return h
}

/** The end of that way: broker 4 leads, and the old replicas are deleted. */
function moved(): History {
  const h = moving().reassigned([4, 5]).elect(4, 1, 2, [4, 5]).began(4, 1, 1, 0, [4, 5], 2).followed(5, 4, 1, 1)
  for (const node of [1, 2, 3]) h.deleted(node, 1)
  return h.fetched(4, 5, 1, 1).high(4, 1, 1)
}

test('a partition that has moved breaks nothing, and what was acknowledged is where it is now', () => {
  const outcome = moved().ended()
  expect(outcome.breaches).toEqual([])
  expect(outcome.of('durability').observed).toBe('holds')
  expect(outcome.of('replica-agreement').observed).toBe('holds')
})

describe('isr-within-replicas', () => {
  test('a replica that is to come may be in sync, one that has gone may not', () => {
    expect(moving().isr([1, 2, 3, 4], 2, 0).ended().broken()).toEqual([])
    expect(moved().isr([1, 4, 5], 3, 1).ended().breaches[0]?.message).toBe(
      'the in-sync set of orders-0 became {broker-1, broker-4, broker-5}, but its replicas are {broker-4, broker-5}',
    )
  })
})

describe('ack-after-append', () => {
  test('a batch that was replicated before the log was given up may be answered later, one that was not there may not', () => {
    expect(moved().answered(1, 0, 0).ended().broken()).toEqual([])
    expect(moved().answered(1, 1, 1).ended().broken()).toEqual(['ack-after-append'])
  })
})

describe('electable-hold-committed', () => {
  test('a replica in sync that was never copied to', () => {
    const h = five().published(0, 0, 1, 0, [2, 3]).reassigned([1, 2, 3, 4]).isr([1, 2, 3, 4], 1, 0)
    expect(h.ended().broken()).toEqual(['electable-hold-committed'])
  })
  test('a replica in sync that has deleted its log', () => {
    const h = five().published(0, 0, 1, 0, [2, 3]).deleted(3, 1).isr([1, 2, 3], 1, 0)
    expect(h.ended().broken()).toContain('electable-hold-committed')
  })
  test('who is eligible still, though it had been given away: nothing is promised of it, also when it is elected', () => {
    const h = five().published(0, 0, 1, 0, [2, 3]).reassigned([1, 2, 3, 4]).isr([1, 2, 3, 4], 1, 0)
    h.followed(4, 1, 0, 0)
      .appended(4, 0, 0, 0)
      .isr([1, 4], 2, 0)
      .reassigned([1, 2, 3])
      .isr([1], 3, 0, [4])
      .deleted(4, 1)
    h.reassigned([1, 2, 4]).isr([1], 4, 0, [4]).elect(4, 1, 5, [4]).began(4, 1, 0, 0, [4], 5)
    const outcome = h.ended()
    expect(outcome.broken()).not.toContain('leader-completeness')
    expect(outcome.of('durability').observed).toBe('violated')
  })
  test('who is eligible still, and no replica any more, is not elected', () => {
    const h = five().published(0, 0, 1, 0, [2, 3]).isr([1], 1, 0, [2, 3]).adopted(1, [1], 1, 0)
    h.reassigned([1, 2]).elect(1, 1, 2, [1]).began(1, 1, 1, 1, [1], 2).deleted(3, 1)
    expect(h.isr([1], 3, 1, [2, 3]).ended().broken()).toEqual([])
  })
})

describe('durability', () => {
  test('a new leader without what was acknowledged', () => {
    const h = five().published(0, 0, 1, 0, [2, 3]).reassigned([4, 5]).elect(4, 1, 1, [4, 5])
    const outcome = h.deleted(1, 1).deleted(2, 1).deleted(3, 1).began(4, 1, 0, 0, [4, 5], 1).ended()
    expect(outcome.of('durability').violations[0]?.kind).toBe('lost-acked-write')
  })
  test('nobody leads: a broker that is no replica any more neither saves what is lost nor loses what is kept', () => {
    const leaderless = (): History => moved().crashed(4).crashed(5).elect(-1, 2, 3, [])
    expect(leaderless().isr([], 4, 2, [5]).ended().of('durability').observed).toBe('holds')
    const wiped = leaderless().wiped(5).started(5).loaded(5, 0, 0).registered(5).isr([], 4, 2, [5])
    expect(wiped.ended().of('durability').observed).toBe('violated')
  })
})

describe('replica-agreement', () => {
  test('a member of the in-sync set that gave its log up', () => {
    const h = five().published(0, 0, 1, 0, [2, 3]).deleted(3, 1)
    expect(h.published(1, 1, 1, 0, [2]).ended().of('replica-agreement').observed).toBe('violated')
  })
  test('the same log once more, copied anew', () => {
    const h = moved().reassigned([4, 5, 1]).isr([4, 5], 3, 1).followed(1, 4, 1, 0).appended(1, 0, 0, 0)
    const outcome = h.fetched(4, 1, 1, 1).isr([1, 4, 5], 4, 1).adopted(4, [1, 4, 5], 4, 1).ended()
    expect(outcome.breaches).toEqual([])
    expect(outcome.of('replica-agreement').observed).toBe('holds')
  })
})

describe('hw-not-below-min-isr', () => {
  const single = (): History => new History({ brokers: 3, replicas: 1, minIsr: 2 }).formed()
  test('of one replica that one is enough', () => {
    expect(single().sent(0).appended(1, 0, 0, 0).high(1, 1, 0).ended().broken()).toEqual([])
  })
  test('of three it is not, once the leader has heard of them', () => {
    const h = (): History => single().reassigned([1, 2, 3]).isr([1], 1, 0).sent(0).appended(1, 0, 0, 0)
    expect(h().high(1, 1, 0).ended().broken()).toEqual([])
    expect(h().adopted(1, [1], 1, 0).high(1, 1, 0).ended().broken()).toEqual(['hw-not-below-min-isr'])
  })
})
