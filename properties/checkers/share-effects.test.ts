import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { ConsumingHistory, GROUPS, ORDERS } from '../testing/consuming.test.helper.ts'

const GROUP = GROUPS.billing
const LIMIT = { 'group.share.delivery.count.limit': 3 }

/** A share group of two members; broker 1 leads and has loaded its state. */
class SharingHistory extends ConsumingHistory {
  constructor() {
    super({ readers: ['billing'], shared: true, broker: LIMIT })
    for (const node of this.billing) this.emit(M.memberJoined, 1, GROUP, node, 1)
    this.emit(M.shareLoaded, 1, GROUP, ORDERS, 0, 0, 0)
  }

  member(n: 0 | 1): number {
    return this.billing[n] as number
  }

  tell(kind: number, offset: number, count: number, node: number, cause = 0): this {
    return this.emit(kind, 1, GROUP, ORDERS, offset, offset, count, node, cause)
  }

  /** A member is given a record and begins to work on it. */
  given(n: number, offset: number, count: number, node: number): this {
    this.tell(M.shareAcquired, offset, count, node)
    this.works(node, this.record(n), offset)
    return this
  }

  /** What is wrong with deliveries, without order and positions. */
  found(ended: 'settled' | 'heal-limit' = 'settled'): readonly string[] {
    return this.ended(ended)
      .findings()
      .filter((finding) => finding.startsWith('consume/'))
  }
}

describe('at-least-once in a share group', () => {
  test('holds where everything acquired took effect', () => {
    const h = new SharingHistory().at(1000)
    h.put(0)
    h.given(0, 0, 1, h.member(0)).processed(h.member(0), h.record(0), 0)
    h.tell(M.shareAcknowledged, 0, 1, h.member(0))
    expect(h.at(2000).found()).toEqual([])
  })

  test('an acknowledgement without the work is a loss, proved before the run settles', () => {
    const h = new SharingHistory().at(1000)
    h.put(0)
    h.given(0, 0, 1, h.member(0)).tell(M.shareAcknowledged, 0, 1, h.member(0))
    h.at(1200).crashed(h.member(0))
    expect(h.at(2000).found('heal-limit')).toEqual([
      'consume/at-least-once: lost-effect',
      'consume/exactly-once: lost-effect',
    ])
    const { violations } = h.ended().of('at-least-once', null, 'consume')
    expect(violations[0]?.message).toBe(
      'checkout#0/0 lies at offset 0 of orders-0, but billing never finished processing it: billing#0 acknowledged it at 1.000s, so group billing-group is done with it',
    )
  })

  test('what the delivery limit ends is given up', () => {
    const h = new SharingHistory().at(1000)
    h.put(0)
    for (const count of [1, 2]) h.given(0, 0, count, h.member(0)).tell(M.shareReleased, 0, count, h.member(0), 1)
    h.given(0, 0, 3, h.member(1)).at(3000).tell(M.shareArchived, 0, 3, h.member(1), 1)
    expect(h.at(9000).found()).toEqual([
      'consume/at-least-once: given-up-effect',
      'consume/exactly-once: given-up-effect',
    ])
    const { violations } = h.ended().of('at-least-once', null, 'consume')
    expect(violations[0]).toMatchObject({
      atUs: 3_000_000,
      message: expect.stringContaining(
        'it was delivered 3 times, the last time to billing#1, and group billing-group gave it up at 3.000s: its acquisition lock ended and group.share.delivery.count.limit is 3',
      ),
    })
  })

  test('and so is what is rejected', () => {
    const h = new SharingHistory().at(1000)
    h.put(0)
    h.given(0, 0, 1, h.member(0)).tell(M.shareArchived, 0, 1, h.member(0))
    const { violations } = h.at(9000).ended().of('at-least-once', null, 'consume')
    expect(violations).toMatchObject([{ kind: 'given-up-effect', message: expect.stringContaining('it was rejected') }])
  })

  test('what may still be delivered is open, and lost when the run has settled without it', () => {
    const judged = (ended: 'settled' | 'heal-limit'): unknown => {
      const h = new SharingHistory().at(1000)
      h.put(0)
      h.given(0, 0, 1, h.member(0)).tell(M.shareReleased, 0, 1, h.member(0), 1)
      const { observed, violations } = h.at(9000).ended(ended).of('at-least-once', null, 'consume')
      return [observed, violations.map(({ kind }) => kind)]
    }
    expect(judged('heal-limit')).toEqual(['unknown', []])
    expect(judged('settled')).toEqual(['violated', ['lost-effect']])
  })
})

test('work that another member does again is a duplicate, with the lock that ended', () => {
  const h = new SharingHistory().at(1000)
  h.put(0)
  h.given(0, 0, 1, h.member(0)).processed(h.member(0), h.record(0), 0)
  h.at(2000).tell(M.shareReleased, 0, 1, h.member(0), 1)
  h.at(3000).given(0, 0, 2, h.member(1)).processed(h.member(1), h.record(0), 0)
  h.tell(M.shareAcknowledged, 0, 2, h.member(1))
  expect(h.at(9000).found()).toEqual([
    'consume/at-most-once: duplicate-effect',
    'consume/exactly-once: duplicate-effect',
  ])
  const { violations } = h.ended().of('at-most-once', null, 'consume')
  expect(violations[0]?.message).toContain('the acquisition lock of billing#0 had ended at 2.000s')
})

test('no order is judged', () => {
  const h = new SharingHistory().at(1000)
  for (const n of [0, 1]) h.put(n, { key: 7 })
  for (const n of [1, 0]) h.given(n, n, 1, h.member(0)).processed(h.member(0), h.record(n), n)
  expect(
    h
      .at(2000)
      .ended()
      .findings()
      .filter((finding) => finding.includes('order')),
  ).toEqual([])
})

describe('invariants of locks', () => {
  const broken = (plant: (h: SharingHistory) => void): readonly string[] => {
    const h = new SharingHistory().at(1000)
    h.put(0)
    h.given(0, 0, 1, h.member(0))
    plant(h)
    return h.ended().broken()
  }

  test('a leader gives a record to one member at a time', () => {
    expect(broken((h) => h.given(0, 0, 2, h.member(1)))).toEqual(['share-lock-exclusive'])
    expect(broken((h) => h.tell(M.shareReleased, 0, 1, h.member(0), 1).given(0, 0, 2, h.member(1)))).toEqual([])
  })

  test('and never one that is done with', () => {
    expect(broken((h) => h.tell(M.shareAcknowledged, 0, 1, h.member(0)).given(0, 0, 2, h.member(1)))).toEqual([
      'share-lock-exclusive',
    ])
  })

  test('a new leader knows nothing of locks', () => {
    expect(broken((h) => h.emit(M.shareLoaded, 1, GROUP, ORDERS, 0, 0, 1).given(0, 0, 2, h.member(1)))).toEqual([])
  })

  test('nobody is given a record more often than is allowed', () => {
    const again = (h: SharingHistory, count: number): SharingHistory =>
      h.tell(M.shareReleased, 0, count - 1, h.member(0), 1).given(0, 0, count, h.member(0))
    expect(broken((h) => again(again(h, 2), 3))).toEqual([])
    expect(broken((h) => again(again(again(h, 2), 3), 4))).toEqual(['share-delivery-limit'])
  })
})

test('a group that is not done says who has the record', () => {
  const waiting = (plant: (h: SharingHistory) => void): string | null | undefined => {
    const h = new SharingHistory().at(1000)
    h.put(0)
    plant(h)
    return h
      .at(9000)
      .ended('heal-limit')
      .waiting.find(({ kind }) => kind === 'stuck-group')?.rule
  }
  expect(waiting((h) => h.given(0, 0, 1, h.member(0)))).toContain(
    'billing#0 was given offset 0 at 1.000s: it is locked',
  )
  expect(waiting((h) => h.given(0, 0, 1, h.member(0)).tell(M.shareReleased, 0, 1, h.member(0), 1))).toContain(
    'offset 0 is available since 1.000s',
  )
  expect(waiting((h) => h)).toContain('members are given records by ShareFetch')
})
