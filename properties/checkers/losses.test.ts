import { describe, expect, test } from 'vitest'
import { History } from '../testing/history.test.helper.ts'

/** Record 0 is safe; record 1 was acknowledged by broker 1 alone, which dies; broker 2 leads without it. */
function leaderDies(h: History): History {
  h.at(10).formed().published(0)
  h.at(20).sent(1).appended(1, 1, 1, 0).answered(1, 1, 1, 1).acked(1, 1)
  h.at(30).crashed(1)
  h.at(9_500).elect(2, 1, 1, [2, 3])
  return h.at(9_600).began(2, 1, 1, 1, [2, 3])
}

function settle(h: History): History {
  h.followed(3, 2, 1, 1).fetched(2, 3, 1, 1)
  h.at(20_000).started(1).loaded(1, 2, 1).registered(1).unfenced(1).followed(1, 2, 1, 2).truncated(1, 1, 2)
  return h.isr([1, 2, 3], 2, 1)
}

describe('a leader dies with an acknowledged record that nobody copied', () => {
  const outcome = settle(leaderDies(new History({ acks: '1', idempotence: false }))).ended()

  test('is a lost record and a lost acknowledged write', () => {
    expect(outcome.violated()).toEqual(['at-least-once', 'exactly-once', 'durability'])
    expect(outcome.of('at-least-once').violations.map((violation) => violation.kind)).toEqual(['lost-record'])
    expect(outcome.of('durability').violations.map((violation) => violation.kind)).toEqual(['lost-acked-write'])
  })

  test('tells where it went', () => {
    const [violation] = outcome.of('at-least-once').violations
    expect(violation).toEqual({
      kind: 'lost-record',
      atUs: 9_600_000,
      message:
        'checkout#0/1 was acknowledged at 0.020s at offset 1 of orders-0; broker-1 appended it at 0.020s as the leader of epoch 0; ' +
        'broker-2 began to lead epoch 1 at 9.600s from offset 1 without it, for it had never copied it, so it is gone',
      records: ['checkout#0/1'],
    })
  })

  test('is no matter for a record that was never committed', () => {
    expect(outcome.of('committed-durability')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('concerns its producer only', () => {
    expect(outcome.of('at-least-once', 'checkout')).toMatchObject({ observed: 'violated', judged: 2 })
    expect(outcome.of('at-least-once', 'audit')).toMatchObject({
      observed: 'unknown',
      reason: 'nothing to judge',
      judged: 0,
    })
  })

  test('breaks no rule of the model', () => {
    expect(outcome.breaches).toEqual([])
  })
})

describe('near misses of a loss', () => {
  test('an unacknowledged record may be lost', () => {
    const h = new History({ acks: '1', idempotence: false })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).unknown(1, 13).crashed(1)
    h.at(9_500).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3])
    expect(settle(h).ended().violated()).toEqual([])
  })

  test('a record that the new leader has is not lost', () => {
    const h = new History({ acks: '1', idempotence: false })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0).acked(1, 1).crashed(1)
    h.at(9_500).elect(2, 1, 1, [2, 3]).began(2, 1, 2, 1, [2, 3])
    h.appended(3, 1, 1, 0).fetched(2, 3, 2, 1).high(2, 2, 1)
    const outcome = h.ended()
    expect(outcome.violated()).toEqual([])
    expect(outcome.of('at-least-once')).toMatchObject({ observed: 'holds', judged: 2 })
    expect(outcome.of('durability')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('a lost copy is made good by a retry', () => {
    const h = leaderDies(new History({ acks: '1', idempotence: false }))
    h.sent(1, 7, 1).appended(2, 7, 1, 1).appended(3, 7, 1, 1).fetched(2, 3, 2, 1).high(2, 2, 1).acked(1, 1, 1)
    const outcome = h.ended()
    expect(outcome.of('at-least-once')).toMatchObject({ observed: 'holds', judged: 2 })
    // In between the acknowledged record was missing from the leader's log.
    expect(outcome.of('durability').observed).toBe('violated')
  })

  test('without a settled end a record in the log of somebody who may lead is undecided', () => {
    const h = new History({ acks: '1', idempotence: false })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).acked(1, 1)
    const verdict = h.ended('heal-limit').of('at-least-once')
    expect(verdict).toMatchObject({ observed: 'unknown', judged: 2 })
    expect(verdict.reason).toBe(
      'healing reached its limit before everything was finished with 1 acknowledged record in a log that may still lead, but not in the committed log',
    )
  })

  test('without a settled end a record that no electable log holds is lost', () => {
    const h = leaderDies(new History({ acks: '1', idempotence: false }))
    expect(h.ended('max-events').of('at-least-once').observed).toBe('violated')
  })
})

describe('acks=0', () => {
  test('a record that never arrived is lost, and no acknowledged write', () => {
    const h = new History({ acks: '0', idempotence: false })
    const outcome = h.at(10).formed().sent(0).acked(0, -1).ended()
    expect(outcome.violated()).toEqual(['at-least-once', 'exactly-once'])
    expect(outcome.of('at-least-once').violations[0]?.message).toBe(
      'checkout#0/0 counted as sent to orders-0 at 0.010s, for with acks=0 a producer waits for no answer; no broker ever appended it',
    )
    expect(outcome.of('durability')).toMatchObject({ observed: 'unknown', reason: 'nothing to judge' })
  })

  test('a record that may still be under way is undecided', () => {
    const h = new History({ acks: '0', idempotence: false })
    expect(h.formed().sent(0).acked(0, -1).ended('max-events').of('at-least-once').observed).toBe('unknown')
  })
})

describe('a leader that does not know it was replaced', () => {
  const h = new History({ acks: '1', idempotence: false })
  h.at(10).formed().published(0)
  h.at(9_500).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3])
  h.at(9_700).sent(1).appended(1, 1, 1, 0).acked(1, 1)

  test('loses what it acknowledges at once', () => {
    const outcome = settle(h).ended()
    expect(outcome.of('durability').violations[0]).toMatchObject({ atUs: 9_700_000, kind: 'lost-acked-write' })
    expect(outcome.of('at-least-once').violations[0]).toMatchObject({ atUs: 9_700_000 })
    expect(outcome.of('at-least-once').violations[0]?.message).toBe(
      'checkout#0/1 was acknowledged at 9.700s at offset 1 of orders-0; broker-1 appended it at 9.700s as the leader of epoch 0, ' +
        'unaware that broker-2 led since 9.500s in epoch 1; the newer leader never held it, so it is gone',
    )
  })
})

describe('a new leader that lost its data', () => {
  test('loses committed records', () => {
    const h = new History()
    h.at(10).formed().published(0).published(1)
    h.at(20).crashed(1).crashed(3).powerLost(2)
    h.at(9_000).elect(-1, 1, 1, [])
    h.at(10_000).started(2).loaded(2, 1, 1).registered(2)
    h.at(12_000).elect(2, 2, 2, [2], true).began(2, 2, 1, 1, [2])
    const outcome = h.ended('max-events')
    expect(outcome.violated()).toEqual(['at-least-once', 'exactly-once', 'durability', 'committed-durability'])
    expect(outcome.of('committed-durability').violations).toEqual([
      {
        kind: 'lost-committed-write',
        atUs: 12_000_000,
        message:
          'checkout#0/1 was committed in orders-0 at 0.010s (below the high watermark); broker-1 appended it at 0.010s as the leader of epoch 0; ' +
          'broker-2, elected as the last known leader because nobody in sync was left, began to lead epoch 2 at 12.000s from offset 1 without it ' +
          '(broker-2 had held it, but when it restarted at 10.000s its log ended at offset 1 instead of 2: the rest had not been flushed), so it is gone',
        records: ['checkout#0/1'],
      },
    ])
  })

  test('an unclean leader is called one', () => {
    const h = new History({ unclean: true })
    h.at(10).formed().published(0)
    h.at(20).isr([1], 1, 0).adopted(1, [1], 1, 0).published(1, 1, 1, 0, [])
    h.at(30).crashed(1)
    h.at(9_000).elect(3, 1, 2, [3], true).began(3, 1, 1, 1, [3])
    expect(h.ended('max-events').of('durability').violations[0]?.message).toContain(
      'broker-3, elected although it was not in sync (unclean election), began to lead epoch 1',
    )
  })
})

describe('while nobody leads', () => {
  /** Records 0 and 1 are acknowledged, record 1 by broker 1 alone; then nobody leads. */
  function leaderless(candidates: readonly number[]): History {
    const h = new History({ acks: '1', idempotence: false, elr: false })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).acked(1, 1)
    return h.at(30).crashed(1).crashed(2).crashed(3).at(9_500).elect(-1, 1, 1, candidates)
  }

  test('every candidate must hold every acknowledged record', () => {
    const outcome = leaderless([1, 2]).ended('heal-limit')
    expect(outcome.of('durability').violations).toEqual([
      {
        kind: 'lost-acked-write',
        atUs: 9_500_000,
        message:
          'checkout#0/1 was acknowledged at 0.010s at offset 1 of orders-0; at 9.500s nobody leads, and broker-2, which may lead next, does not hold it',
        records: ['checkout#0/1'],
      },
    ])
  })

  test('who is no candidate does not matter', () => {
    expect(leaderless([1]).ended('heal-limit').of('durability').observed).toBe('holds')
  })

  test('a broker that came back with less is asked only after its registration', () => {
    const h = leaderless([1]).at(10_000).powerLost(1).started(1).loaded(1, 1, 0)
    expect(h.isr([1], 2, 1).ended('max-events').of('durability').observed).toBe('holds')
    const later = leaderless([1]).at(10_000).powerLost(1).started(1).loaded(1, 1, 0).registered(1).isr([1], 2, 1)
    expect(later.ended('max-events').of('durability').observed).toBe('violated')
  })

  test('a broker that registers after an unclean shutdown is no candidate any more', () => {
    const h = new History({ acks: '1', idempotence: false, minIsr: 2 })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).acked(1, 1)
    h.at(30).crashed(1).crashed(2).crashed(3).at(9_500).elect(-1, 1, 1, [])
    // All three are eligible leader replicas now; 2 and 3 lack the record.
    expect(h.registered(2).registered(3).ended('max-events').of('durability').observed).toBe('holds')
  })

  test('with unclean elections the first to come back decides', () => {
    const h = new History({ acks: '1', idempotence: false, elr: false, unclean: true })
    h.at(10).formed().published(0).sent(1).appended(1, 1, 1, 0).acked(1, 1)
    h.at(30).crashed(1).crashed(2).crashed(3).at(9_500).elect(-1, 1, 1, [])
    expect(h.ended('max-events').of('durability').observed).toBe('holds')
    h.at(12_000).elect(2, 2, 2, [2], true).began(2, 2, 1, 1, [2])
    expect(h.ended('max-events').of('durability').observed).toBe('violated')
  })

  test('a committed record that every candidate holds is kept', () => {
    const h = new History()
    h.at(10).formed().published(0).crashed(1).crashed(2).crashed(3).elect(-1, 1, 1, [])
    expect(h.ended('heal-limit').of('at-least-once').observed).toBe('holds')
  })
})
