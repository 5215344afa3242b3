import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { maskLow, recordOf, tpOf } from '../../sim/history/ids.ts'
import { History } from '../testing/history.test.helper.ts'

/** A batch of a producer appended everywhere and committed, with its place in the producer's sequence. */
function appendedWith(
  h: History,
  batch: number,
  offset: number,
  producer: readonly [id: number, epoch: number, sequence: number],
): void {
  for (const node of h.brokers) {
    h.emit(
      M.logAppended,
      node,
      tpOf(1, 0),
      offset,
      offset,
      0,
      recordOf(h.checkout, batch),
      producer[0],
      producer[1],
      producer[2],
    )
  }
  for (const node of h.brokers.slice(1)) h.fetched(1, node, offset + 1, 0)
  h.high(1, offset + 1, 0)
}

describe('a retry after a lost answer', () => {
  const h = new History({ idempotence: false })
  h.at(10).formed().sent(0)
  appendedWith(h, 0, 0, [-1, -1, -1])
  h.at(30_000).retried(0, 13).at(30_100)
  appendedWith(h, 0, 1, [-1, -1, -1])
  h.acked(0, 1)
  const outcome = h.ended()

  test('is a duplicate record', () => {
    expect(outcome.violated()).toEqual(['at-most-once', 'exactly-once'])
    expect(outcome.of('at-most-once')).toMatchObject({ judged: 1, violationCount: 1 })
    expect(outcome.of('at-most-once').violations).toEqual([
      {
        kind: 'duplicate-record',
        atUs: 30_100_000,
        message:
          'checkout#0/0 is in the log twice: at offset 0 of orders-0 (appended by broker-1 at 0.010s), and again at offset 1 of orders-0 ' +
          '(appended by broker-1 at 30.100s); the client sent the batch again after NETWORK_EXCEPTION at 30.000s, and without idempotence ' +
          'a leader cannot recognise it',
        records: ['checkout#0/0'],
      },
    ])
  })

  test('is no reorder', () => {
    expect(outcome.of('order-per-partition').observed).toBe('holds')
  })
})

test('a raised producer epoch hides a duplicate from the leader', () => {
  const h = new History()
  h.formed().sent(0)
  appendedWith(h, 0, 0, [7, 0, 0])
  appendedWith(h, 0, 1, [7, 1, 0])
  expect(h.acked(0, 1).ended().of('at-most-once').violations[0]?.message).toContain(
    'with the producer epoch raised from 0 to 1',
  )
})

test('a record that the application sends again is a duplicate, whichever partition it lands in', () => {
  const h = new History({ partitions: 2 })
  h.formed().sent(0)
  appendedWith(h, 0, 0, [7, 0, 0])
  h.unknown(0).sent(0, 5, 1)
  const tp = tpOf(1, 1)
  h.emit(M.leaderElected, 0, tp, 2, 0, 0, maskLow([1, 2, 3])).emit(M.leaderBegan, 2, tp, 0, 0, 0)
  h.emit(M.logAppended, 2, tp, 0, 0, 0, recordOf(h.checkout, 5), 8, 0, 0).emit(M.hwAdvanced, 2, tp, 1, 0, 1)
  const { violations } = h.ended().of('at-most-once', 'checkout')
  expect(violations).toHaveLength(1)
  expect(violations[0]?.message).toContain('offset 0 of orders-1')
  expect(violations[0]?.message).toContain('the application called send() for it again')
})

describe('near misses of a duplicate', () => {
  test('a second copy that was never committed', () => {
    const h = new History({ idempotence: false })
    h.formed().published(0).appended(1, 0, 1, 0)
    expect(h.ended().of('at-most-once')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('a copy that replaces one that was truncated away', () => {
    const h = new History({ idempotence: false })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).crashed(1)
    h.elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3])
    h.appended(2, 1, 1, 1).appended(3, 1, 1, 1).fetched(2, 3, 2, 1).high(2, 2, 1).acked(1, 1)
    const outcome = h.ended()
    expect(outcome.violated()).toEqual([])
    expect(outcome.of('exactly-once')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('two records in one batch', () => {
    const h = new History()
    h.formed().sent(0, 0, 0, 0).sent(1, 0, 0, 1)
    for (const node of h.brokers) h.appended(node, 0, 0, 0, 2)
    h.fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0).acked(0, 0).acked(1, 1)
    expect(h.ended().violated()).toEqual([])
  })

  test('a batch that was split: its records move into new batches', () => {
    const h = new History()
    h.formed().sent(0, 0, 0, 0).sent(1, 0, 0, 1)
    for (const [n, batch] of [
      [0, 8],
      [1, 9],
    ] as const) {
      h.emit(M.recordBatched, h.checkout, recordOf(h.checkout, n), 0, recordOf(h.checkout, batch), 0)
    }
    appendedWith(h, 8, 0, [7, 0, 0])
    appendedWith(h, 9, 1, [7, 0, 1])
    h.acked(0, 0).acked(1, 1)
    expect(h.ended().violated()).toEqual([])
  })

  test('while a producer still tries, nothing is decided', () => {
    const h = new History().formed().published(0).sent(1)
    expect(h.ended('heal-limit').of('at-most-once')).toMatchObject({
      observed: 'unknown',
      reason: 'healing reached its limit before everything was finished: 1 send had no outcome yet',
    })
    const crashed = new History().formed().published(0).sent(1)
    expect(crashed.crashed(crashed.checkout).ended('heal-limit').of('at-most-once').observed).toBe('holds')
  })
})
