import { describe, expect, test } from 'vitest'
import { ConsumingHistory, ORDERS, OTHER_ORDERS } from '../testing/consuming.test.helper.ts'
import type { ConsumerSpec } from '../../sim/spec.ts'

/** Billing reads; its first instance is in generation 1 and holds orders-0. */
function reading(steps: ConsumerSpec['steps'] = null): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['billing'], steps })
  return h.rebalanced('billing', 1).assigned('billing', h.billing[0] as number, 1)
}

const first = (h: ConsumingHistory): number => h.billing[0] as number
const second = (h: ConsumingHistory): number => h.billing[1] as number

describe('read-below-hw', () => {
  test('a record above every high watermark', () => {
    const h = reading()
    const offset = h.put(0)
    expect(h.got(first(h), h.record(0), offset + 1).ended('max-events').breaches).toEqual([
      {
        invariant: 'read-below-hw',
        atUs: 0,
        message: 'billing#0 was given offset 1 of orders-0, which was never below a high watermark',
      },
    ])
  })
  test('a record below one, though another leader knows nothing of it any more', () => {
    const h = reading()
    const offset = h.put(0)
    expect(h.truncated(1, 0, 1).got(first(h), h.record(0), offset).ended('max-events').broken()).toEqual([])
  })
})

describe('commit-within-log', () => {
  test('a commit above the high watermark', () => {
    const h = reading()
    const offset = h.put(0)
    h.handles(first(h), h.record(0), offset)
    expect(h.commits('billing', first(h), 2).ended('max-events').breaches).toEqual([
      {
        invariant: 'commit-within-log',
        atUs: 0,
        message: 'billing#0 committed offset 2 of orders-0, which was never below a high watermark',
      },
    ])
  })
  test('a commit up to it, or of nothing', () => {
    const h = reading()
    h.commits('billing', first(h), 0)
    const offset = h.put(0)
    h.handles(first(h), h.record(0), offset)
    expect(h.commits('billing', first(h), 1).ended('max-events').broken()).toEqual([])
  })
  test('a script may name any offset', () => {
    const h = reading([{ do: 'seek' } as never])
    expect(h.commits('billing', first(h), 7).ended('max-events').broken()).toEqual([])
  })
})

describe('commit-of-owner', () => {
  test('a partition that the member never held', () => {
    const h = reading()
    h.put(0, { tp: OTHER_ORDERS })
    expect(h.commits('billing', first(h), 1, 1, OTHER_ORDERS).ended('max-events').breaches).toEqual([
      {
        invariant: 'commit-of-owner',
        atUs: 0,
        message: 'billing#0 committed orders-1 in generation 1, in which it did not hold it',
      },
    ])
  })
  test('a partition that it gave up, in a generation of later', () => {
    const h = reading()
    h.put(0)
    h.revoked('billing', first(h), 1).rebalanced('billing', 2).assigned('billing', second(h), 2)
    expect(h.commits('billing', first(h), 1, 2, ORDERS).ended('max-events').broken()).toEqual(['commit-of-owner'])
  })
  test('one that it gave up, in the generation of then', () => {
    const h = reading()
    h.put(0)
    h.revoked('billing', first(h), 1).rebalanced('billing', 2)
    expect(h.commits('billing', first(h), 1, 1, ORDERS).ended('max-events').broken()).toEqual([])
  })
  test('one that it kept from an older generation', () => {
    const h = reading()
    h.put(0)
    h.rebalanced('billing', 2)
    expect(h.commits('billing', first(h), 1, 2, ORDERS).ended('max-events').broken()).toEqual([])
  })
  test('what a process sent before it died may arrive later', () => {
    const h = reading()
    h.put(0)
    h.crashed(first(h))
    expect(h.commits('billing', first(h), 1, 1, ORDERS).ended('max-events').broken()).toEqual([])
    h.started(first(h)).rebalanced('billing', 2)
    expect(h.commits('billing', first(h), 1, 2, ORDERS).ended('max-events').broken()).toEqual(['commit-of-owner'])
  })
})
