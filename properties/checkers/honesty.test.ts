import { describe, expect, test } from 'vitest'
import { History } from '../testing/history.test.helper.ts'

describe('a false acknowledgement', () => {
  test('for a record that nobody appended', () => {
    const outcome = new History().at(5).formed().sent(0).acked(0, 0).ended()
    expect(outcome.of('outcome-honesty').violations).toEqual([
      {
        kind: 'false-ack',
        atUs: 5_000,
        message:
          'checkout#0/0 was acknowledged at 0.005s for offset 0 of orders-0, but no broker had appended it by then',
        records: ['checkout#0/0'],
      },
    ])
  })

  test('under another offset', () => {
    const outcome = new History().formed().published(0).sent(1).appended(1, 1, 1, 0).acked(1, 7).ended('max-events')
    expect(outcome.of('outcome-honesty').violations[0]?.message).toBe(
      'checkout#0/1 was acknowledged at 0.000s for offset 7 of orders-0, but it had been appended at offset 1 of orders-0',
    )
  })

  test('appended only afterwards', () => {
    const outcome = new History().formed().sent(0).acked(0, 0).appended(1, 0, 0, 0).ended('max-events')
    expect(outcome.of('outcome-honesty')).toMatchObject({ observed: 'violated', judged: 1 })
  })
})

describe('a false failure', () => {
  const message = (when: string): string =>
    'the send of checkout#0/0 failed with NOT_ENOUGH_REPLICAS, which says that it is not in the log, but it is readable in orders-0 since ' +
    when

  test('for a record that is readable', () => {
    const h = new History()
      .at(5)
      .formed()
      .sent(0)
      .appended(1, 0, 0, 0)
      .fetched(1, 2, 1, 0)
      .fetched(1, 3, 1, 0)
      .high(1, 1, 0)
    const outcome = h.at(6).failed(0, 19).ended('max-events')
    expect(outcome.of('outcome-honesty').violations).toEqual([
      { kind: 'false-failure', atUs: 6_000, message: message('0.005s'), records: ['checkout#0/0'] },
    ])
  })

  test('for a record that becomes readable', () => {
    const h = new History().at(5).formed().sent(0).appended(1, 0, 0, 0).failed(0, 19)
    const outcome = h.at(8).fetched(1, 2, 1, 0).fetched(1, 3, 1, 0).high(1, 1, 0).ended('max-events')
    expect(outcome.of('outcome-honesty').violations[0]).toMatchObject({ atUs: 8_000, message: message('0.008s') })
  })
})

describe('honest outcomes', () => {
  test('an acknowledgement after the append, at its offset', () => {
    const outcome = new History().formed().published(0).published(1).ended()
    expect(outcome.of('outcome-honesty')).toMatchObject({ observed: 'holds', judged: 2 })
    expect(outcome.of('outcome-honesty', 'audit').reason).toBe('nothing to judge')
  })

  test('a record inside a batch', () => {
    const h = new History().formed().sent(0, 0, 0, 0).sent(1, 0, 0, 1).appended(1, 0, 0, 0, 2)
    expect(h.acked(0, 0).acked(1, 1).ended('max-events').of('outcome-honesty')).toMatchObject({
      observed: 'holds',
      judged: 2,
    })
  })

  test('acks=0 promises nothing', () => {
    const h = new History({ acks: '0', idempotence: false }).formed().sent(0).acked(0, -1)
    expect(h.ended().of('outcome-honesty').reason).toBe('nothing to judge')
  })

  test('a failed send that is nowhere, and one whose next attempt succeeds', () => {
    const h = new History().formed().sent(0).failed(0, 19).sent(0, 4, 1)
    for (const node of h.brokers) h.appended(node, 4, 0, 0)
    h.fetched(1, 2, 1, 0).fetched(1, 3, 1, 0).high(1, 1, 0).acked(0, 0, 1)
    expect(h.ended().of('outcome-honesty')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('unknown may be readable or not', () => {
    const h = new History().formed().published(0).sent(1).unknown(1).sent(2)
    expect(h.appended(1, 2, 1, 0).unknown(2).ended('max-events').of('outcome-honesty')).toMatchObject({
      observed: 'holds',
      judged: 1,
    })
  })
})
