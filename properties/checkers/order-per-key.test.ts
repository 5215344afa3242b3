import { describe, expect, test } from 'vitest'
import { ConsumingHistory, OTHER_ORDERS, PAYMENTS } from '../testing/consuming.test.helper.ts'

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
