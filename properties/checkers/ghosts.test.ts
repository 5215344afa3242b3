import { describe, expect, test } from 'vitest'
import { ConsumingHistory, ORDERS } from '../testing/consuming.test.helper.ts'

/** Record 1 is read at offset 1; then broker 2 leads without it, and record 2 comes to lie there. */
function unclean(readers: readonly ('billing' | 'service')[] = ['billing']): ConsumingHistory {
  const h = new ConsumingHistory({ readers })
  h.at(1000).put(0)
  h.put(1)
  return h
}

function replaced(h: ConsumingHistory): ConsumingHistory {
  h.at(2000).crashed(1).elect(2, 1, 1, [2, 3])
  for (const broker of [2, 3]) h.truncated(broker, 1, 2)
  return h.began(2, 1, 1, 1, [2, 3]).followed(3, 2, 1, 1)
}

function overwritten(h: ConsumingHistory): ConsumingHistory {
  replaced(h).send(2)
  for (const broker of [2, 3]) h.appended(broker, 2, 1, 1)
  return h.fetched(2, 3, 2, 1).high(2, 2, 1).acked(2, 1)
}

describe('ghosts', () => {
  test('a record that was read and is gone', () => {
    const h = unclean()
    const [node] = h.billing as [number, number]
    h.at(1500).handles(node, h.record(0), 0).works(node, h.record(1), 1)
    const outcome = overwritten(h).ended()
    const verdict = outcome.of('no-ghosts', 'billing')
    expect(verdict).toMatchObject({ observed: 'violated', judged: 2, violationCount: 1 })
    expect(verdict.violations[0]).toEqual({
      kind: 'ghost-record',
      atUs: 2_000_000,
      message:
        'billing#0 was given checkout#0/1 from offset 1 of orders-0 at 1.500s, but broker-2 began to lead epoch 1 at 2.000s without it, and ' +
        'the committed log holds checkout#0/2 there',
      records: ['checkout#0/1'],
    })
  })

  test('and took effect', () => {
    const h = unclean()
    const [node] = h.billing as [number, number]
    h.handles(node, h.record(0), 0).at(1500).handles(node, h.record(1), 1)
    const { violations } = replaced(h).ended().of('no-ghosts')
    expect(violations.map((violation) => violation.kind)).toEqual(['ghost-record', 'ghost-effect'])
    expect(violations[1]?.message).toBe(
      'checkout#0/1 was read from offset 1 of orders-0 and it took effect at billing (billing#0) at 1.500s, but broker-2 began to lead ' +
        'epoch 1 at 2.000s without it, and the committed log does not hold it there',
    )
  })

  test('and became a record of a processor', () => {
    const h = unclean(['service'])
    h.works(h.service[0] as number, h.record(1), 1)
    h.forwards(h.service[0] as number, 0, h.record(1))
    const { violations } = replaced(h).ended().of('no-ghosts', 'service')
    expect(violations.map((violation) => violation.kind)).toEqual(['ghost-record', 'ghost-effect'])
    expect(violations[1]?.message).toContain('was read from offset 1 of orders-0 and service#0 made a record of it')
  })

  test('a record that nobody sent', () => {
    const h = unclean()
    h.handles(h.billing[0] as number, h.record(77), 1)
    const { violations } = h.ended().of('no-ghosts', 'billing')
    expect(violations.map((violation) => violation.kind)).toEqual(['ghost-record', 'ghost-effect'])
    expect(violations[0]?.message).toContain(
      'was given checkout#0/77 from offset 1 of orders-0 at 1.000s, but nobody ever sent it',
    )
  })

  test('a record from where another one lies', () => {
    const h = unclean()
    h.got(h.billing[0] as number, h.record(0), 1)
    expect(h.ended().of('no-ghosts').violations[0]?.message).toContain('the committed log holds checkout#0/1 there')
  })
})

describe('no ghosts', () => {
  test('what is there, however often it is read', () => {
    const h = unclean()
    for (const node of h.billing) for (const n of [0, 1]) h.handles(node, h.record(n), n)
    expect(h.ended().of('no-ghosts')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('what lies above the high watermark is open until the end', () => {
    const h = unclean()
    h.send(2)
    for (const broker of h.brokers) h.appended(broker, 2, 2, 0)
    h.got(h.billing[0] as number, h.record(2), 2)
    expect(h.ended('max-events').of('no-ghosts')).toMatchObject({
      observed: 'unknown',
      reason:
        'the run reached `max-events` before everything was finished: whether a place that was read is committed is open',
    })
  })

  test('without a leader nothing is gone for good', () => {
    const h = unclean()
    h.got(h.billing[0] as number, h.record(1), 1)
    replaced(h).crashed(2).crashed(3)
    expect(h.ended('heal-limit').of('no-ghosts').observed).toBe('unknown')
  })

  test('nothing was read', () => {
    expect(unclean().ended().of('no-ghosts').reason).toBe('nothing to judge')
    expect(ORDERS).toBeGreaterThan(0)
  })
})
