import { describe, expect, test } from 'vitest'
import { ConsumingHistory, ORDERS, OTHER_ORDERS, PAYMENTS, RETRY } from '../testing/consuming.test.helper.ts'

/** Records 0 to n-1 with the same key, in order in the log. */
function keyed(
  count: number,
  readers: readonly ('billing' | 'service')[] = ['billing'],
  outputs = 1,
): ConsumingHistory {
  const h = new ConsumingHistory({ readers, outputs })
  h.at(1000)
  for (let n = 0; n < count; n++) h.put(n, { key: 7 })
  return h
}

describe('order per key is broken', () => {
  test('by workers that overtake each other', () => {
    const h = keyed(3)
    const [node] = h.billing as [number, number]
    for (const n of [0, 1, 2]) h.works(node, h.record(n), n)
    h.at(1100).processed(node, h.record(0), 0).at(1200).processed(node, h.record(2), 2)
    h.at(1300).processed(node, h.record(1), 1)
    const outcome = h.ended()
    expect(outcome.of('order-per-key', 'billing')).toMatchObject({ observed: 'violated', judged: 3, violationCount: 1 })
    expect(outcome.of('order-per-key').violations[0]).toEqual({
      kind: 'reordered-effects',
      atUs: 1_300_000,
      message:
        'checkout#0/1 was sent before checkout#0/2 with the same key, but took effect after it: at 1.300s, the other at 1.200s, although the ' +
        'log has them in order: offset 1 of orders-0 and offset 2 of orders-0',
      records: ['checkout#0/1', 'checkout#0/2'],
    })
    expect(outcome.of('order-per-key', 'checkout').violationCount).toBe(1)
  })

  test('by the log already', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.send(0, { key: 7 }).send(1, { key: 7 })
    const offsets = [h.append(1), h.append(0)]
    expect(offsets).toEqual([0, 1])
    h.handles(h.billing[0] as number, h.record(1), 0).handles(h.billing[0] as number, h.record(0), 1)
    expect(h.ended().of('order-per-key').violations[0]).toMatchObject({
      kind: 'reordered-records',
      message:
        'checkout#0/0 was sent before checkout#0/1 with the same key, but follows it in the log: offset 1 of orders-0 after offset 0 of orders-0',
    })
  })

  test('by two partitions', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0, { key: 7 })
    h.put(1, { key: 7, tp: OTHER_ORDERS })
    h.handles(h.billing[1] as number, h.record(1), 0, OTHER_ORDERS).handles(h.billing[0] as number, h.record(0), 0)
    expect(h.ended().of('order-per-key').violations[0]).toMatchObject({
      kind: 'reordered-effects',
      message: expect.stringContaining(
        'they lie in different partitions: offset 0 of orders-0 and offset 0 of orders-1',
      ),
    })
  })

  test('by a processor that publishes in another order', () => {
    const h = keyed(2, ['service'])
    for (const n of [0, 1]) h.works(h.service[0] as number, h.record(n), n)
    h.forwards(h.service[0] as number, 0, h.record(1))
    h.forwards(h.service[0] as number, 1, h.record(0))
    expect(h.ended().of('order-per-key', 'service').violations[0]).toMatchObject({
      kind: 'reordered-effects',
      records: ['checkout#0/0', 'checkout#0/1'],
    })
  })

  test('in the log where nobody reads', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.send(0, { key: 7, tp: PAYMENTS }).send(1, { key: 7, tp: PAYMENTS })
    for (const n of [1, 0]) h.append(n, { tp: PAYMENTS })
    const outcome = h.ended()
    expect(outcome.of('order-per-key').violations[0]?.kind).toBe('reordered-records')
    expect(outcome.of('order-per-key', 'billing').reason).toBe('nothing to judge')
  })
})

describe('order per key is kept', () => {
  test('when work is done again', () => {
    const h = keyed(3)
    const [first, second] = h.billing as [number, number]
    for (const n of [0, 1, 2]) h.handles(first, h.record(n), n)
    for (const n of [0, 1, 2]) h.handles(second, h.record(n), n)
    expect(h.ended().of('order-per-key')).toMatchObject({ observed: 'holds', judged: 3 })
  })

  test('when a record never comes', () => {
    const h = keyed(3)
    for (const n of [0, 2]) h.handles(h.billing[0] as number, h.record(n), n)
    expect(h.ended().of('order-per-key').observed).toBe('holds')
  })

  test('between keys, and without one', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0, { key: 1 })
    h.put(1, { key: 2 })
    h.put(2)
    h.put(3)
    for (const n of [3, 2, 1, 0]) h.handles(h.billing[0] as number, h.record(n), n)
    expect(h.ended().of('order-per-key')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('between incarnations of a producer', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.send(0, { key: 7 }).producerRestarted().send(1, { key: 7 })
    h.append(1)
    h.append(0)
    h.handles(h.billing[0] as number, h.record(1), 0).handles(h.billing[0] as number, h.record(0), 1)
    expect(h.ended().of('order-per-key')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('between the outputs of one record', () => {
    const h = keyed(2, ['service'], 2)
    const [node] = h.service as [number, number]
    for (const n of [0, 1]) h.works(node, h.record(n), n)
    const outputs = [1, 0].flatMap((index) => [0, 1].map((input) => ({ input, index })))
    outputs.forEach(({ input, index }, n) => h.forwards(node, n, h.record(input), index))
    expect(h.ended().of('order-per-key', 'service')).toMatchObject({ observed: 'holds', judged: 4 })
  })
})

describe('a record that is passed on alone is still that record', () => {
  /** Two records of one key, which the service reads in order; where the retrier reads. */
  function retried(from: 'retry' | 'orders' = 'retry'): ConsumingHistory {
    const h = new ConsumingHistory({ readers: ['billing', 'service'], retries: from })
    h.put(0, { key: 7 })
    h.put(1, { key: 7 })
    return h
  }

  /** Billing processes what lies in payments. */
  function bills(h: ConsumingHistory, records: readonly number[]): void {
    records.forEach((record, n) => h.handles(h.billing[0] as number, record, n, PAYMENTS))
  }

  test('so that one in the retry topic is overtaken by the next of its key', () => {
    const h = retried()
    const [service] = h.service as [number, number]
    h.passes(service, 0, h.record(0), 0, ORDERS, [RETRY])
    h.passes(service, 1, h.record(1), 1, ORDERS, [PAYMENTS])
    h.passes(h.retrier, 0, h.record(0, service), 0, RETRY, [PAYMENTS])
    bills(h, [h.record(1, service), h.record(0, h.retrier)])
    const outcome = h.ended().of('order-per-key', 'billing')
    expect(outcome).toMatchObject({ observed: 'violated', judged: 2, violationCount: 1 })
    expect(outcome.violations[0]).toMatchObject({
      kind: 'reordered-effects',
      message: expect.stringMatching(/^checkout#0\/0 was sent before checkout#0\/1 .*; it came by way of retry-0$/),
      records: ['checkout#0/0', 'checkout#0/1'],
    })
  })

  test('and in order where the next one takes the same way', () => {
    const h = retried()
    const [service] = h.service as [number, number]
    for (const n of [0, 1]) h.passes(service, n, h.record(n), n, ORDERS, [RETRY])
    for (const n of [0, 1]) h.passes(h.retrier, n, h.record(n, service), n, RETRY, [PAYMENTS])
    bills(h, [h.record(0, h.retrier), h.record(1, h.retrier)])
    expect(h.ended().of('order-per-key', 'billing')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('and there a second time where it comes both ways', () => {
    const h = retried()
    const [service] = h.service as [number, number]
    for (const n of [0, 1]) h.passes(service, n, h.record(n), n, ORDERS, [PAYMENTS])
    h.passes(service, 2, h.record(0), 0, ORDERS, [RETRY])
    h.passes(h.retrier, 0, h.record(2, service), 0, RETRY, [PAYMENTS])
    bills(h, [h.record(0, service), h.record(1, service), h.record(0, h.retrier)])
    expect(h.ended().of('order-per-key', 'billing')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('but not what comes beside others of the same record', () => {
    const h = retried()
    const [service] = h.service as [number, number]
    h.passes(service, 0, h.record(0), 0, ORDERS, [PAYMENTS, RETRY])
    h.passes(service, 2, h.record(1), 1, ORDERS, [PAYMENTS, RETRY])
    for (const n of [0, 1]) h.passes(h.retrier, n, h.record(2 * n + 1, service), n, RETRY, [PAYMENTS])
    bills(h, [h.record(0, service), h.record(2, service), h.record(0, h.retrier), h.record(1, h.retrier)])
    expect(h.ended().of('order-per-key', 'billing')).toMatchObject({ observed: 'holds', judged: 4 })
  })

  test('but not what two processors make of it', () => {
    const h = retried('orders')
    const [service] = h.service as [number, number]
    for (const n of [0, 1]) h.passes(h.retrier, n, h.record(n), n, ORDERS, n === 0 ? [] : [PAYMENTS])
    for (const n of [0, 1]) h.passes(service, n, h.record(n), n, ORDERS, [PAYMENTS])
    bills(h, [h.record(1, h.retrier), h.record(0, service), h.record(1, service)])
    expect(h.ended().of('order-per-key', 'billing')).toMatchObject({ observed: 'holds', judged: 3 })
  })
})
