import { describe, expect, test } from 'vitest'
import type { Verdict } from '../verdict.ts'
import { ConsumingHistory, OTHER_ORDERS, PAYMENTS } from '../testing/consuming.test.helper.ts'

describe('lost effects of a consumer', () => {
  /** Committed before it was processed, and the process died. */
  function committedEarly(): ConsumingHistory {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.at(1000).put(0)
    const [first] = h.billing as [number, number]
    h.at(1100).works(first, h.record(0), 0).commits('billing', first, 1)
    h.at(1200).crashed(first)
    return h
  }

  test('committed first, then crashed', () => {
    const outcome = committedEarly().at(9000).ended()
    expect(outcome.findings()).toEqual([
      'consume/at-least-once: lost-effect',
      'end-to-end/at-least-once: lost-effect',
      'checkout:end-to-end/at-least-once: lost-effect',
      'billing:consume/at-least-once: lost-effect',
      'billing:end-to-end/at-least-once: lost-effect',
      'consume/exactly-once: lost-effect',
      'end-to-end/exactly-once: lost-effect',
      'checkout:end-to-end/exactly-once: lost-effect',
      'billing:consume/exactly-once: lost-effect',
      'billing:end-to-end/exactly-once: lost-effect',
      'offset-safety: offset-past-work',
      'billing:offset-safety: offset-past-work',
    ])
    const { violations, judged } = outcome.of('at-least-once', 'billing', 'end-to-end')
    expect(judged).toBe(1)
    expect(violations).toEqual([
      {
        kind: 'lost-effect',
        atUs: 1_200_000,
        message:
          'checkout#0/0 lies at offset 0 of orders-0, but billing never finished processing it: billing#0 got it at 1.100s and began to ' +
          'work on it at 1.100s, but was gone at 1.200s before it was done, and group billing-group had committed offset 1 of orders-0 ' +
          'at 1.100s (billing#0, generation 1), so it is not read again',
        records: ['checkout#0/0'],
      },
    ])
  })

  test('is proved before the run settles', () => {
    expect(committedEarly().ended('heal-limit').of('at-least-once', null, 'consume').observed).toBe('violated')
  })

  test('a living process may still be at it', () => {
    const atEnd = (ended: 'heal-limit' | 'settled'): Verdict => {
      const h = new ConsumingHistory({ readers: ['billing'] })
      const offset = h.put(0)
      h.works(h.billing[0] as number, h.record(0), offset).commits('billing', h.billing[0] as number, 1)
      return h.ended(ended).of('at-least-once', 'billing', 'consume')
    }
    expect(atEnd('heal-limit')).toMatchObject({
      observed: 'unknown',
      reason: 'healing reached its limit before everything was finished: 1 record is being worked on',
    })
    expect(atEnd('settled').observed).toBe('violated')
  })

  test('without a commit only the end of the run proves it', () => {
    const unread = (): ConsumingHistory => {
      const h = new ConsumingHistory({ readers: ['billing'] })
      h.put(0)
      return h
    }
    expect(unread().ended('heal-limit').of('at-least-once', null, 'consume')).toMatchObject({ observed: 'unknown' })
    expect(unread().at(5000).ended().of('at-least-once', null, 'consume').violations[0]).toMatchObject({
      atUs: 5_000_000,
      message:
        'checkout#0/0 lies at offset 0 of orders-0, but billing never finished processing it: poll() never returned it, and the run settled without it',
    })
  })

  test('who was stopped leaves the rest unfinished, which is no loss', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0)
    for (const node of h.billing) h.crashed(node)
    expect(h.ended().of('at-least-once', 'billing', 'consume')).toMatchObject({
      observed: 'unknown',
      reason: 'the run settled: 1 record was not reached',
    })
  })

  test('a script that ends early loses nothing, one that commits ahead does', () => {
    const steps = [{ do: 'poll', records: 1 }] as const
    const committed = (offset: number): ConsumingHistory => {
      const h = new ConsumingHistory({ readers: ['billing'], steps })
      h.put(0)
      h.put(1)
      return h.handles(h.billing[0] as number, h.record(0), 0).commits('billing', h.billing[0] as number, offset)
    }
    expect(committed(1).ended().of('at-least-once', 'billing', 'consume').observed).toBe('unknown')
    expect(
      committed(2)
        .ended()
        .of('at-least-once', 'billing', 'consume')
        .violations.map((one) => one.records),
    ).toEqual([['checkout#0/1']])
  })

  test('a position that went back behind the record is not past it', () => {
    const back = committedEarly()
    back.commits('billing', back.billing[1] as number, 0, 2)
    expect(back.ended('heal-limit').of('at-least-once', null, 'consume').observed).toBe('unknown')
    const h = committedEarly()
    h.handles(h.billing[1] as number, h.record(0), 0)
    expect(h.ended().of('at-least-once', null, 'consume').observed).toBe('holds')
  })

  test('what another member did is done', () => {
    const h = committedEarly()
    h.handles(h.billing[1] as number, h.record(0), 0)
    expect(h.ended().of('exactly-once', null, 'end-to-end')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('what the log lost is a lost record', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.at(1000).send(0).ack(0, 0)
    const outcome = h.ended()
    expect(outcome.of('at-least-once', 'billing', 'end-to-end').violations[0]).toMatchObject({
      kind: 'lost-record',
      message: 'checkout#0/0 was acknowledged at 1.000s at offset 0 of orders-0; no broker ever appended it',
    })
    expect(outcome.of('at-least-once', 'billing', 'consume').reason).toBe('nothing to judge')
  })

  test('what is not acknowledged is owed by who reads it, not by the pipeline', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0, { acked: false })
    const outcome = h.ended()
    expect(outcome.of('at-least-once', 'billing', 'consume').observed).toBe('violated')
    expect(outcome.of('at-least-once', 'billing', 'end-to-end').reason).toBe('nothing to judge')
  })

  test('where nobody reads, end-to-end ends at the log', () => {
    const kept = new ConsumingHistory({ readers: ['billing'] })
    kept.put(0, { tp: PAYMENTS })
    expect(kept.ended().of('at-least-once', null, 'end-to-end')).toMatchObject({ observed: 'holds', judged: 1 })
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.send(1, { tp: PAYMENTS }).ack(1, 1, { tp: PAYMENTS })
    const outcome = h.ended()
    expect(outcome.of('at-least-once', 'checkout', 'end-to-end').violations[0]?.kind).toBe('lost-record')
    expect(outcome.of('at-least-once', 'billing', 'end-to-end').reason).toBe('nothing to judge')
  })

  test('every partition has its own position', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0)
    h.put(1, { tp: OTHER_ORDERS })
    h.handles(h.billing[0] as number, h.record(1), 0, OTHER_ORDERS).commits(
      'billing',
      h.billing[0] as number,
      1,
      1,
      OTHER_ORDERS,
    )
    h.works(h.billing[0] as number, h.record(0), 0)
    expect(h.ended('heal-limit').of('at-least-once', 'billing', 'consume').observed).toBe('unknown')
  })
})

describe('lost effects of a processor and its sink', () => {
  function pipeline(outputs = 1): ConsumingHistory {
    const h = new ConsumingHistory({ readers: ['service', 'writer'], outputs })
    h.at(1000).put(0)
    h.at(1100).works(h.service[0] as number, h.record(0), 0)
    return h
  }

  test('committed before its output', () => {
    const h = pipeline()
    h.commits('service', h.service[0] as number, 1)
      .at(1200)
      .crashed(h.service[0] as number)
    const outcome = h.ended()
    expect(outcome.of('at-least-once', 'service', 'consume').violations[0]).toMatchObject({
      kind: 'lost-effect',
      atUs: 1_200_000,
      message: expect.stringContaining('but service never published what comes of it: service#0 got it'),
    })
    // The pipeline ends at the writer, and there it never came.
    expect(outcome.of('at-least-once', 'writer', 'end-to-end').violations[0]?.kind).toBe('lost-effect')
    expect(outcome.of('at-least-once', null, 'end-to-end').violations).toHaveLength(1)
    expect(outcome.of('at-least-once', 'writer', 'consume').reason).toBe('nothing to judge')
  })

  test('one output of two', () => {
    const one = (): ConsumingHistory => {
      const h = pipeline(2)
      h.forwards(h.service[0] as number, 0, h.record(0), 0)
      return h.commits('service', h.service[0] as number, 1)
    }
    expect(one().ended().of('at-least-once', 'service', 'consume').violations[0]?.message).toContain(
      'service never published output 1 of the 2 that come of it',
    )
    const h = one()
    h.forwards(h.service[1] as number, 0, h.record(0), 1)
    expect(h.ended().of('at-least-once', 'service', 'consume').observed).toBe('holds')
  })

  test('an output that the log lost is a lost record', () => {
    const h = pipeline()
    h.derives(h.service[0] as number, 0, h.record(0)).ack(0, 0, { tp: PAYMENTS, node: h.service[0] as number })
    const outcome = h.ended()
    expect(outcome.of('at-least-once', 'service', 'consume').violations[0]).toMatchObject({
      kind: 'lost-record',
      records: ['service#0/0'],
    })
    expect(outcome.of('at-least-once', 'writer', 'end-to-end').violations[0]).toMatchObject({
      kind: 'lost-record',
      records: ['checkout#0/0', 'service#0/0'],
      message: expect.stringContaining('of it came service#0/0; service#0/0 was acknowledged'),
    })
  })

  test('an output under way is not lost', () => {
    const h = pipeline()
    h.commits('service', h.service[0] as number, 1).derives(h.service[0] as number, 0, h.record(0))
    expect(h.ended('heal-limit').of('at-least-once', 'service', 'consume').reason).toContain('is still being published')
  })

  test('the sink never wrote it', () => {
    const refused = (): ConsumingHistory => {
      const h = pipeline()
      const offset = h.forwards(h.service[0] as number, 0, h.record(0))
      const output = h.record(0, h.service[0])
      h.works(h.writer[0] as number, output, offset, PAYMENTS).commits('writer', h.writer[0] as number, 1, 1, PAYMENTS)
      return h.refused(output, offset, 1)
    }
    const outcome = refused().ended()
    expect(outcome.of('at-least-once', 'service', 'end-to-end').observed).toBe('holds')
    expect(outcome.of('at-least-once', null, 'end-to-end').violations[0]).toMatchObject({
      kind: 'lost-effect',
      records: ['checkout#0/0', 'service#0/0'],
      message: expect.stringContaining('but writer never got it into ledger'),
    })
    const h = refused()
    h.stored(h.record(0, h.service[0]), 0, 4)
    expect(h.ended().of('at-least-once', null, 'end-to-end').observed).toBe('holds')
  })

  test('the work done again is as good', () => {
    const h = pipeline()
    h.derives(h.service[0] as number, 0, h.record(0)).crashed(h.service[0] as number)
    h.works(h.service[1] as number, h.record(0), 0)
    const offset = h.forwards(h.service[1] as number, 0, h.record(0))
    h.stored(h.record(0, h.service[1]), offset)
    const outcome = h.ended()
    expect(outcome.of('exactly-once', null, 'end-to-end')).toMatchObject({ observed: 'holds', judged: 1 })
    expect(outcome.of('exactly-once', 'service', 'consume')).toMatchObject({ observed: 'holds', judged: 1 })
  })
})

test('a topic that the world does not have is left alone', () => {
  const h = new ConsumingHistory({ readers: ['billing'] })
  h.handles(h.billing[0] as number, h.record(0), 0, (7 << 16) | 1)
  expect(h.ended().findings()).toEqual([])
})
