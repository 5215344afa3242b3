import { describe, expect, test } from 'vitest'
import type { Waiting } from '../../sim/waiting.ts'
import { History } from '../testing/history.test.helper.ts'

/** What the world says of a process that does not come to rest. */
function waits(who: string, waitsFor: string, more: Partial<Waiting> = {}): Waiting {
  return { kind: 'send', who, waitsFor, because: null, tp: -1, node: -1, ...more }
}

describe('a run that does not settle', () => {
  test('has a stuck send', () => {
    const outcome = new History()
      .at(10)
      .formed()
      .published(0)
      .sent(1)
      .at(1_000)
      .healing()
      .at(61_000)
      .ended('heal-limit')
    expect(outcome.violated()).toEqual(['progress'])
    expect(outcome.of('progress')).toMatchObject({ judged: 3, violationCount: 1 })
    expect(outcome.of('progress').violations).toEqual([
      {
        kind: 'stuck-send',
        atUs: 61_000_000,
        message:
          'checkout#0/1 was sent to orders-0 at 0.010s; at 61.000s, 60.000s after every fault had ended, its send() still had no outcome: a batch ends with its answer or by delivery.timeout.ms',
        records: ['checkout#0/1'],
      },
    ])
  })

  test('has a replica that does not catch up', () => {
    const h = new History().formed().published(0).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0).unknown(1)
    expect(h.healing().at(60_000).ended('heal-limit').of('progress').violations).toMatchObject([
      {
        kind: 'stuck-replication',
        message:
          'at 60.000s, 60.000s after every fault had ended, orders-0 is not replicated: broker-3 ends at offset 1, the leader broker-1 at 2; it has waited since 0.000s: ' +
          "a follower fetches up to its leader's log end, and leaves the ISR when it has not for replica.lag.time.max.ms",
      },
    ])
  })

  test('has a replica that is not back in sync', () => {
    const h = new History().formed().published(0).isr([1, 2], 1, 0)
    expect(h.ended('heal-limit').of('progress').violations[0]?.message).toContain(
      'broker-3 is not back in the in-sync set',
    )
  })

  test('has records that never become readable', () => {
    const h = new History().formed().sent(0).unknown(0)
    for (const node of h.brokers) h.appended(node, 0, 0, 0)
    expect(h.ended('heal-limit').of('progress').violations[0]?.message).toContain(
      'has offsets from 0 to 1 that never became readable',
    )
  })

  test('has nobody who leads, although somebody may', () => {
    const h = new History().formed().published(0).elect(-1, 1, 1, [], false)
    expect(h.ended('heal-limit').of('progress').violations[0]?.message).toContain(
      'has no leader, although broker-1, broker-2 and broker-3 may lead it',
    )
  })

  test('has somebody elected who does not begin', () => {
    const h = new History().formed().published(0).elect(2, 1, 1, [1, 2, 3])
    expect(h.ended('heal-limit').of('progress').violations[0]?.message).toContain(
      'is not led: broker-2 was elected for epoch 1 and did not begin',
    )
  })

  test('tells at least what the world waits for', () => {
    const outcome = new History()
      .formed()
      .published(0)
      .at(60_000)
      .ended('heal-limit', {}, [waits('checkout#0', 'memory')])
    expect(outcome.of('progress').violations).toMatchObject([
      { kind: 'stuck-send', message: 'at 60.000s it was not over: checkout#0 waits for memory' },
    ])
  })

  test('is a deadlock when nothing is left to happen', () => {
    const outcome = new History()
      .at(10)
      .formed()
      .published(0)
      .sent(1)
      .ended('deadlock', {}, [waits('checkout#0', 'broker-1')])
    expect(outcome.of('progress').violations.map((violation) => violation.kind)).toEqual(['deadlock', 'stuck-send'])
    expect(outcome.of('progress').violations[0]?.message).toBe(
      'at 0.010s nothing was left to happen, and still: checkout#0 waits for broker-1',
    )
  })
})

describe('no violation of progress', () => {
  test('a run that settled', () => {
    expect(new History().formed().published(0).ended().of('progress')).toMatchObject({
      observed: 'holds',
      judged: 2,
      excused: false,
    })
  })

  test('the event limit decides nothing', () => {
    const verdict = new History().formed().published(0).sent(1).ended('max-events').of('progress')
    expect(verdict).toMatchObject({ observed: 'unknown', excused: false })
    expect(verdict.reason).toContain('max-events')
  })

  test('a partition that nobody may lead is excused, and the sends to it', () => {
    const old = new History({ elr: false }).formed().published(0).sent(1).elect(-1, 1, 1, [])
    expect(old.ended('heal-limit').of('progress')).toMatchObject({
      observed: 'unknown',
      excused: true,
      reason:
        'unavailable, excused because nobody may lead orders-0: no replica that certainly holds all committed records is left, ' +
        'and unclean.leader.election.enable is false',
    })
  })

  test('not where the last known leader may come back', () => {
    const h = new History().formed().published(0).elect(-1, 1, 1, []).isr([], 2, 1, [])
    expect(h.ended('heal-limit').of('progress').violations[0]?.message).toContain(
      'has no leader, although broker-1 may lead it',
    )
  })

  test('with unclean elections there is always somebody', () => {
    const h = new History({ elr: false, unclean: true }).formed().published(0).elect(-1, 1, 1, [])
    expect(h.ended('heal-limit').of('progress').observed).toBe('violated')
  })

  test('a controller without its disk is excused', () => {
    const h = new History().at(10).formed().published(0).sent(1).wiped(0).at(60_000)
    expect(h.ended('heal-limit').of('progress')).toMatchObject({
      excused: true,
      reason: 'unavailable, excused because the controller lost its disk, and with it all metadata, at 0.010s',
    })
  })

  test('a send that died with its producer is of unknown outcome, not stuck', () => {
    const h = new History().formed().published(0).sent(1)
    h.crashed(h.checkout).started(h.checkout)
    const outcome = h.ended('heal-limit', {}, [waits('orders-0', 'a leader', { kind: 'replication', tp: h.tp })])
    expect(outcome.of('progress').violations.filter((violation) => violation.records.length > 0)).toEqual([])
  })
})
