import { describe, expect, test } from 'vitest'
import { History } from '../testing/history.test.helper.ts'

describe('diverged replicas', () => {
  test('hold different batches at one offset and epoch', () => {
    const outcome = new History()
      .at(5)
      .formed()
      .sent(0)
      .sent(1)
      .appended(1, 0, 0, 0)
      .appended(2, 1, 0, 0)
      .ended('max-events')
    expect(outcome.broken()).toContain('log-matching')
    expect(outcome.of('replica-agreement').violations).toEqual([
      {
        kind: 'diverged-replicas',
        atUs: 5_000,
        message:
          'broker-2 holds checkout#0/1 at offset 0 of orders-0 under leader epoch 0, where broker-1 holds checkout#0/0: ' +
          'since 0.005s the replicas have diverged and nothing will notice',
        records: ['checkout#0/1', 'checkout#0/0'],
      },
    ])
  })

  test('hold the same batch after different ones, told once', () => {
    const h = new History().formed().sent(0).sent(1).sent(2).sent(3)
    h.appended(1, 0, 0, 0).appended(2, 1, 0, 1)
    for (const node of [1, 2]) h.appended(node, 2, 1, 2).appended(node, 3, 2, 2)
    const { violations } = h.ended('max-events').of('replica-agreement', 'orders')
    expect(violations.map((violation) => violation.message)).toEqual([
      'broker-2 has the same batch as broker-1 at offset 1 of orders-0 under leader epoch 2, but another one before it: ' +
        'since 0.000s the replicas have diverged and nothing will notice',
    ])
  })

  test('a member of the in-sync set that lacks what is committed', () => {
    const h = new History().at(5).formed().published(0).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0)
    const outcome = h.high(1, 2, 0).ended('max-events')
    expect(outcome.of('replica-agreement').violations.map((violation) => violation.message)).toEqual([
      'broker-3 is in the in-sync set of orders-0 (broker-1, broker-2, broker-3), but its log ends at offset 1, ' +
        'while the high watermark of the leader broker-1 is 2 at 0.005s',
    ])
  })

  test('a member that joins without it', () => {
    const h = new History().formed().isr([1, 2], 1, 0).adopted(1, [1, 2], 1, 0).published(0, 0, 1, 0, [2])
    expect(h.isr([1, 2, 3], 2, 0).ended('max-events').of('replica-agreement').observed).toBe('violated')
  })
})

describe('near misses of divergence', () => {
  test('an elected set that is measured only when its leader has begun', () => {
    const h = new History().formed().isr([1, 2], 1, 0).adopted(1, [1, 2], 1, 0).published(0, 0, 1, 0, [2])
    h.elect(3, 1, 2, [3]).isr([3], 3, 1)
    expect(h.ended('max-events').of('replica-agreement').observed).not.toBe('violated')
  })

  test('different batches at one offset under different epochs', () => {
    const h = new History().formed().sent(0).sent(1).appended(1, 0, 0, 0)
    h.elect(2, 1, 1, [1, 2, 3]).began(2, 1, 0, 0, [1, 2, 3]).appended(2, 1, 0, 1).appended(3, 1, 0, 1)
    const outcome = h.ended('max-events')
    expect(outcome.of('replica-agreement')).toMatchObject({ observed: 'holds', judged: 1 })
    expect(outcome.breaches).toEqual([])
  })

  test('a follower that is behind above the high watermark', () => {
    const h = new History().formed().published(0).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0)
    expect(h.ended('max-events').of('replica-agreement').observed).toBe('holds')
  })

  test('a member that lost data is asked only after its registration', () => {
    const lost = (): History => {
      const h = new History().formed().published(0).published(1).powerLost(3).started(3).loaded(3, 0, 0)
      return h.sent(2).appended(1, 2, 2, 0).appended(2, 2, 2, 0)
    }
    expect(lost().high(1, 3, 0).ended('max-events').of('replica-agreement').observed).toBe('holds')
    expect(lost().registered(3).high(1, 3, 0).ended('max-events').of('replica-agreement').observed).toBe('violated')
  })

  test('what lies before the beginning of the leader may differ: nobody will see it', () => {
    const tail = (retained: boolean): History => {
      const h = new History({ brokers: 2 }).formed().published(0).sent(1).sent(2).sent(3).appended(1, 1, 1, 0)
      h.crashed(1).elect(2, 1, 1, [2]).began(2, 1, 1, 1, [2], 1).appended(2, 2, 1, 1).high(2, 2, 1)
      if (retained) h.startMoved(2, 2, 0)
      h.started(1).loaded(1, 2, 0).followed(1, 2, 1, 2)
      return h.appended(2, 3, 2, 1).appended(1, 3, 2, 1)
    }
    expect(tail(true).ended('max-events').broken()).not.toContain('log-matching')
    expect(tail(false).ended('max-events').broken()).toContain('log-matching')
  })

  test('one replica agrees with nobody: nothing to judge', () => {
    const outcome = new History({ brokers: 1 }).formed().published(0).ended()
    expect(outcome.of('replica-agreement')).toMatchObject({ observed: 'unknown', reason: 'nothing to judge' })
  })
})
