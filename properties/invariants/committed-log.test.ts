import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { maskLow, recordOf, tpOf } from '../../sim/history/ids.ts'
import { History, type HistoryOptions } from '../testing/history.test.helper.ts'

/** Two committed records, and broker 1 is gone. */
function leaderGone(options: HistoryOptions = {}): History {
  return new History({ minIsr: 2, ...options }).formed().published(0).published(1).crashed(1)
}

/** Broker 2 lost the second record and takes over nevertheless. */
function without(h: History, unclean = false): History {
  const isr = unclean ? [2] : [2, 3]
  return h.truncated(2, 1, 2).elect(2, 1, 1, isr, unclean).began(2, 1, 1, 1, isr)
}

describe('leader-completeness', () => {
  test('a clean leader lacks what was below a high watermark', () => {
    const { breaches } = without(leaderGone()).ended()
    expect(breaches[0]).toEqual({
      invariant: 'leader-completeness',
      atUs: 0,
      message:
        'broker-2 began to lead orders-0 without offset 1 of epoch 0, which was below a high watermark, although its election was clean and no replica had lost data',
    })
  })
  test('a clean leader may lack what was never below one', () => {
    const h = new History({ minIsr: 2 }).formed().published(0).sent(1).appended(1, 1, 1, 0).appended(3, 1, 1, 0)
    expect(h.crashed(1).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3]).ended().broken()).toEqual([])
  })
  test('an entry of another epoch in its place is not it', () => {
    const h = leaderGone().truncated(2, 1, 2).elect(3, 1, 1, [2, 3]).followed(2, 3, 1, 1)
    h.crashed(3).elect(2, 2, 2, [2]).sent(2).appended(2, 2, 1, 2).began(2, 2, 2, 1, [2])
    expect(h.ended().broken()).toContain('leader-completeness')
  })
  test.each([
    ['an unclean election', (h: History) => without(h, true)],
    ['a replica that lost its power', (h: History) => without(h.powerLost(2).started(2).loaded(2, 1, 1))],
    ['a replica that lost its disk', (h: History) => without(h.wiped(3).started(3).loaded(3, 0, 0))],
    ['a controller that lost the metadata', (h: History) => without(h.wiped(0))],
  ])('nothing is promised after %s', (_, then) => {
    expect(then(leaderGone()).ended().broken()).not.toContain('leader-completeness')
  })
  test('what is committed after the broker was registered anew is promised again', () => {
    const h = new History({ minIsr: 2 }).formed().published(0).powerLost(3)
    h.isr([1, 2], 1, 0).adopted(1, [1, 2], 1, 0).started(3).loaded(3, 0, 0).registered(3).unfenced(3)
    h.published(1, 1, 1, 0, [2]).crashed(1).truncated(2, 1, 2).elect(2, 1, 2, [2]).began(2, 1, 1, 1, [2], 2)
    expect(h.ended().broken()).toEqual(['leader-completeness'])
  })
})

describe('electable-hold-committed', () => {
  /** Broker 3 has the first record only, and its leader asks for it to be taken in again. */
  function asked(): History {
    const h = new History({ minIsr: 2 }).formed().published(0).isr([1, 2], 1, 0, [3]).adopted(1, [1, 2], 1, 0)
    return h.emit(M.isrProposed, 1, tpOf(1, 0), maskLow([1, 2, 3]), 0, 0, 1)
  }
  /** The high watermark passes broker 3, and the controller takes it in. */
  function passed(h: History): History {
    h.sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0).fetched(1, 2, 2, 0)
    return h.high(1, 2, 0).isr([1, 2, 3], 2, 0)
  }
  test('a leader that applied its partition epoch once more does not count whom it had asked for', () => {
    expect(
      passed(asked().adopted(1, [1, 2], 1, 0))
        .ended()
        .broken(),
    ).toEqual([])
  })
  test('a leader that did not has to count it', () => {
    expect(passed(asked()).ended().broken()).toEqual(['electable-hold-committed'])
  })
  test('whoever came to hold everything is counted again', () => {
    const h = passed(asked().adopted(1, [1, 2], 1, 0))
      .appended(3, 1, 1, 0)
      .fetched(1, 3, 2, 0)
      .adopted(1, [1, 2, 3], 2, 0)
    h.isr([1, 2, 3], 3, 0).sent(2).appended(1, 2, 2, 0).appended(2, 2, 2, 0).fetched(1, 2, 3, 0)
    expect(h.high(1, 3, 0).ended().broken()).toContain('electable-hold-committed')
  })

  test('a member of the in-sync set that lacks what is committed', () => {
    const h = new History({ minIsr: 2 }).formed().sent(0).appended(1, 0, 0, 0).appended(2, 0, 0, 0)
    const { breaches } = h.fetched(1, 2, 1, 0).fetched(1, 3, 1, 0).high(1, 1, 0).ended()
    expect(breaches).toEqual([
      {
        invariant: 'electable-hold-committed',
        atUs: 0,
        message:
          'broker-3 may be elected for orders-0 (broker-1, broker-2, broker-3) and does not hold what lies below the high watermark 1 of broker-1',
      },
    ])
  })
  test('one that comes back too early', () => {
    const shrunk = (): History =>
      new History({ minIsr: 2 })
        .formed()
        .published(0)
        .isr([1, 2], 1, 0)
        .adopted(1, [1, 2], 1, 0)
        .published(1, 1, 1, 0, [2])
    expect(shrunk().isr([1, 2, 3], 2, 0).ended().broken()).toEqual(['electable-hold-committed'])
    expect(shrunk().appended(3, 1, 1, 0).fetched(1, 3, 2, 0).isr([1, 2, 3], 2, 0).ended().broken()).toEqual([])
  })
  test('an eligible leader replica is electable too', () => {
    const h = (): History => new History({ minIsr: 2 }).formed().published(0).sent(1).appended(1, 1, 1, 0)
    expect(h().isr([1], 1, 0, [2, 3]).ended().broken()).toEqual([])
    const moved = h().appended(2, 1, 1, 0).fetched(1, 2, 2, 0).isr([1, 2], 1, 0, [3]).adopted(1, [1, 2], 1, 0)
    expect(moved.high(1, 2, 0).ended().broken()).toEqual(['electable-hold-committed'])
  })
  test('a broker that lost data and is not registered anew goes by its former life', () => {
    const h = new History({ minIsr: 1 }).formed().published(0).wiped(3).started(3).loaded(3, 0, 0)
    h.sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0).fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0)
    expect(h.ended('max-events').broken()).toEqual([])
  })
})

describe('follower-hw-from-leader', () => {
  test('a follower that goes ahead of every leader', () => {
    const h = (): History => new History().formed().published(0).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0)
    expect(h().high(2, 2, 0, false).ended('max-events').breaches).toEqual([
      {
        invariant: 'follower-hw-from-leader',
        atUs: 0,
        message: "broker-2 moved its high watermark of orders-0 to 2, but no leader's was ever above 1",
      },
    ])
    const all = h().appended(3, 1, 1, 0).fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0)
    expect(all.high(2, 2, 0, false).ended().broken()).toEqual([])
  })
})

describe('replicas-equal-below-hw', () => {
  const diverged = (): History => {
    const h = new History({ minIsr: 2 }).formed().published(0)
    // Broker 1 appends what nobody copies; broker 2 takes over and appends something else there.
    h.sent(1).appended(1, 1, 1, 0).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3])
    return h.published(2, 1, 2, 1, [3])
  }
  test('a follower keeps what the leader does not have', () => {
    const { breaches } = diverged().followed(1, 2, 1, 2).high(1, 2, 1, false).ended('max-events')
    expect(breaches).toEqual([
      {
        invariant: 'replicas-equal-below-hw',
        atUs: 0,
        message:
          'broker-1 and the leader broker-2 hold different things at offset 1 of orders-0, which is below the high watermark of both',
      },
    ])
  })
  test('a follower that truncates first', () => {
    const h = diverged().followed(1, 2, 1, 2).truncated(1, 1, 2).appended(1, 2, 1, 1).high(1, 2, 1, false)
    expect(h.ended('max-events').broken()).toEqual([])
  })
  test('a follower may hold something else above its high watermark', () => {
    expect(diverged().followed(1, 2, 1, 2).ended('max-events').broken()).toEqual([])
  })
  test('after an unclean election nothing is promised', () => {
    const h = new History({ unclean: true }).formed().published(0).published(1).crashed(1)
    h.truncated(3, 0, 2).elect(3, 1, 1, [3], true).began(3, 1, 0, 0, [3]).sent(2).appended(3, 2, 0, 1, 2)
    h.high(3, 2, 1).high(2, 2, 0, false)
    expect(h.ended('max-events').broken()).not.toContain('replicas-equal-below-hw')
  })
})

describe('eligibility', () => {
  const two = (): History => new History().formed().published(0).isr([1, 2], 1, 0).adopted(1, [1, 2], 1, 0)
  test('isr-member-eligible', () => {
    expect(two().fenced(3).isr([1, 2, 3], 2, 0).ended().breaches).toEqual([
      {
        invariant: 'isr-member-eligible',
        atUs: 0,
        message: 'broker-3 came into the in-sync set of orders-0 while it was fenced',
      },
    ])
    expect(two().fenced(3).unfenced(3).isr([1, 2, 3], 2, 0).ended().broken()).toEqual([])
    expect(two().registered(3).isr([1, 2, 3], 2, 0).ended().broken()).toEqual(['isr-member-eligible'])
    const leaving = two().emit(M.brokerShutdown, 0, 3, 9).isr([1, 2, 3], 2, 0)
    expect(leaving.ended().breaches[0]?.message).toContain('while it was shutting down')
  })
  test('who is fenced may stay where it is until it is taken out', () => {
    expect(two().fenced(2).elect(1, 1, 2, [1, 2]).ended().broken()).toEqual([])
  })
  test('leader-eligible', () => {
    expect(two().fenced(2).elect(2, 1, 2, [1, 2]).ended().broken()).toEqual(['leader-eligible'])
    expect(two().fenced(2).unfenced(2).elect(2, 1, 2, [1, 2]).ended().broken()).toEqual([])
    expect(two().fenced(2).elect(-1, 1, 2, []).ended().broken()).toEqual([])
  })
})

test('moments of partitions that the world does not have are nothing to these', () => {
  const h = new History().formed().emit(M.leaderElected, 0, tpOf(7, 0), 1, 0, 0, 0b10).emit(M.isrChanged, 0, tpOf(7, 0))
  expect(
    h
      .emit(M.hwAdvanced, 1, tpOf(7, 0), 9, 0, 1)
      .emit(M.recordDelivered, 5, recordOf(4, 0), 0, tpOf(7, 0), 3)
      .ended()
      .broken(),
  ).toEqual([])
})
