import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { recordOf } from '../../sim/history/ids.ts'
import type { ProducerSpec, StoreSpec } from '../../sim/spec.ts'
import { History, specOf } from '../testing/history.test.helper.ts'

const LEDGER = 6

/** Checkout writes its records into the ledger, too; audit relays the ledger if asked to. */
function history(relayed = false): History {
  const [checkout, audit] = specOf({}).producers as readonly [ProducerSpec, ProducerSpec]
  const relay = relayed ? { ...audit, source: { from: 'ledger' } as Required<ProducerSpec>['source'] } : audit
  const when = relayed ? 'instead-of-publishing' : 'before-publishing'
  return new History({
    world: {
      producers: [{ ...checkout, writes: { into: 'ledger', when } }, relay],
      stores: [{ name: 'ledger', kind: 'database' } as StoreSpec],
    },
    expect: [null, 'checkout', 'audit'].map((subject) => ({
      guarantee: 'state-equivalence',
      stage: null,
      subject,
    })) as never,
  }).formed()
}

function written(h: History, n: number, row = n): History {
  return h.emit(M.rowWritten, LEDGER, recordOf(h.checkout, n), row, h.checkout)
}

function found(h: History, ended: 'settled' | 'max-events' = 'settled') {
  const verdict = h.ended(ended).of('state-equivalence')
  return { ...verdict, messages: verdict.violations.map(({ message }) => message) }
}

describe('a dual write', () => {
  test('holds when every row has its event, and every event its row', () => {
    const h = written(written(history(), 0), 1).published(0).published(1)
    expect(found(h)).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('of a row without an event', () => {
    const h = written(written(history(), 0).published(0).at(5), 1)
    expect(found(h)).toMatchObject({
      observed: 'violated',
      violations: [{ kind: 'diverged-state', atUs: 5000, records: ['checkout#0/1'] }],
      messages: ['ledger has checkout#0/1 as row 1 since 0.005s, and no committed log has its event'],
    })
  })

  test('of an event without a row', () => {
    expect(found(written(history(), 0).published(0).published(1)).messages).toEqual([
      'checkout#0/1 was published at 0.000s at offset 1 of orders-0, and ledger has no row of it',
    ])
  })

  test('of a record in two rows', () => {
    expect(found(written(written(history(), 0), 0, 1).published(0)).messages).toEqual([
      'ledger has checkout#0/0 twice: as row 0 and row 1',
    ])
  })

  test('is not decided in a run that is cut short', () => {
    expect(found(written(history(), 0), 'max-events')).toMatchObject({ observed: 'unknown', violations: [] })
  })

  test('is judged of those who write only', () => {
    expect(written(history(), 0).ended().of('state-equivalence', 'audit')).toMatchObject({ observed: 'unknown' })
    expect(written(history(), 0).ended().of('state-equivalence', 'checkout')).toMatchObject({ observed: 'violated' })
  })
})

describe('an outbox', () => {
  test('holds when a source published the row, by the number of the row', () => {
    const h = written(history(true), 7, 0)
    h.sent(0, 0, 0, 0, h.audit).appended(1, 0, 0, 0, 1, h.audit)
    for (const follower of [2, 3]) h.appended(follower, 0, 0, 0, 1, h.audit).fetched(1, follower, 1, 0)
    expect(found(h.high(1, 1, 0))).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('does not when it published another', () => {
    const h = written(history(true), 7, 1)
    h.sent(0, 0, 0, 0, h.audit).appended(1, 0, 0, 0, 1, h.audit)
    for (const follower of [2, 3]) h.appended(follower, 0, 0, 0, 1, h.audit).fetched(1, follower, 1, 0)
    expect(found(h.high(1, 1, 0)).messages).toHaveLength(1)
  })
})
