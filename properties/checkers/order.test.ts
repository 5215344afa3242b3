import { describe, expect, test } from 'vitest'
import { History } from '../testing/history.test.helper.ts'

/** Commits batches in the order given, at offsets from 0. */
function committed(h: History, batches: readonly number[]): History {
  batches.forEach((batch, offset) => {
    for (const node of h.brokers) h.appended(node, batch, offset, 0)
    for (const node of h.brokers.slice(1)) h.fetched(1, node, offset + 1, 0)
    h.high(1, offset + 1, 0)
  })
  return h
}

test('a record that follows one sent after it is reordered', () => {
  const h = new History({ idempotence: false }).at(10).formed().sent(0).sent(1).sent(2)
  h.at(20).retried(0, 13).at(30)
  const outcome = committed(h, [1, 2, 0]).acked(0, 2).acked(1, 0).acked(2, 1).ended()
  expect(outcome.violated()).toEqual(['order-per-partition'])
  expect(outcome.of('order-per-partition')).toMatchObject({ judged: 3, violationCount: 1 })
  expect(outcome.of('order-per-partition').violations).toEqual([
    {
      kind: 'reordered-records',
      atUs: 30_000,
      message:
        'checkout#0/0 was sent before checkout#0/2, but follows it in orders-0: offset 2 after offset 1; its batch was sent again after ' +
        'NETWORK_EXCEPTION at 0.020s, while later batches went ahead (5 requests in flight, no idempotence)',
      records: ['checkout#0/0', 'checkout#0/2'],
    },
  ])
  expect(outcome.of('order-per-partition', 'audit').reason).toBe('nothing to judge')
})

describe('near misses of a reorder', () => {
  test('a record that is missing', () => {
    const h = new History({ acks: '0', idempotence: false }).formed().sent(0).sent(1).sent(2)
    expect(committed(h, [0, 2]).ended().of('order-per-partition')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('a record that comes again', () => {
    const h = new History({ idempotence: false }).formed().sent(0).sent(1)
    expect(committed(h, [0, 1, 0]).ended().of('order-per-partition')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('a record that the application sent again later', () => {
    const h = new History().formed().sent(0).failed(0, 19).sent(1).sent(0, 5, 1)
    expect(committed(h, [1, 5]).ended().of('order-per-partition').observed).toBe('holds')
  })

  test('records of two incarnations', () => {
    const h = new History().formed().sent(0).producerRestarted().sent(1)
    expect(committed(h, [1, 0]).ended().of('order-per-partition')).toMatchObject({ observed: 'holds', judged: 2 })
    const same = new History().formed().sent(0).sent(1)
    expect(committed(same, [1, 0]).ended().of('order-per-partition').observed).toBe('violated')
  })

  test('records of two producers', () => {
    const h = new History().formed().sent(0).sent(0, 0, 0, 0, 5)
    for (const node of h.brokers) h.appended(node, 0, 0, 0, 1, h.audit).appended(node, 0, 1, 0)
    h.fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0)
    expect(h.ended().of('order-per-partition')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('what is not committed', () => {
    const h = committed(new History().formed().sent(0).sent(1), [1]).appended(1, 0, 1, 0)
    expect(h.ended().of('order-per-partition')).toMatchObject({ observed: 'holds', judged: 1 })
  })
})
