import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { ConsumingHistory, GROUPS, ORDERS, OTHER_ORDERS } from '../testing/consuming.test.helper.ts'

const BROKER = 2
const A = 501
const B = 502

/** A group of the consumer protocol, whose first member holds both partitions in epoch 1. */
function grouped(): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['billing'], consumer: { 'group.protocol': 'consumer' } })
  const [node] = h.billing as [number, number]
  return granted(granted(h, node, A, ORDERS), node, A, OTHER_ORDERS)
}

function granted(h: ConsumingHistory, node: number, id: number, tp: number, broker = BROKER): ConsumingHistory {
  return h.emit(M.partitionGranted, broker, GROUPS.billing, tp, node, 1, id)
}

describe('partition-granted-once', () => {
  test('what another member holds', () => {
    const h = grouped()
    const outcome = granted(h, h.billing[1] as number, B, ORDERS).ended('max-events')
    expect(outcome.breaches).toEqual([
      {
        invariant: 'partition-granted-once',
        atUs: 0,
        message: 'broker-2 gave orders-0 to billing#1 while billing#0 held it',
      },
    ])
  })

  test('what it has released', () => {
    const h = grouped().emit(M.partitionReleased, BROKER, GROUPS.billing, ORDERS, 0, 1, A)
    expect(
      granted(h, h.billing[1] as number, B, ORDERS)
        .ended('max-events')
        .broken(),
    ).toEqual([])
  })

  test('what another coordinator gave, or this one in an earlier life', () => {
    const other = grouped()
    expect(
      granted(other, other.billing[1] as number, B, ORDERS, 3)
        .ended('max-events')
        .broken(),
    ).toEqual([])
    const again = grouped().crashed(BROKER).started(BROKER)
    expect(
      granted(again, again.billing[1] as number, B, ORDERS)
        .ended('max-events')
        .broken(),
    ).toEqual([])
  })
})

describe('member-epoch-within-group', () => {
  test('an epoch above that of the group', () => {
    const h = grouped()
    const [node] = h.billing as [number, number]
    expect(h.emit(M.memberReconciled, BROKER, GROUPS.billing, node, 3, 0, 3, A).ended('max-events').broken()).toEqual(
      [],
    )
    const bad = grouped().emit(M.memberReconciled, BROKER, GROUPS.billing, node, 4, 0, 3, A)
    expect(bad.ended('max-events').broken()).toEqual(['member-epoch-within-group'])
  })
})

describe('judges of groups with member epochs', () => {
  test('single-owner: nobody takes over what a member still holds, in whatever epochs', () => {
    const h = grouped()
    const [one, two] = h.billing as [number, number]
    h.assigned('billing', one, 3).at(2000).assigned('billing', two, 4)
    expect(h.ended().of('single-owner')).toMatchObject({
      observed: 'violated',
      violations: [{ kind: 'double-ownership', atUs: 2_000_000, message: expect.stringContaining('took orders-0') }],
    })
  })

  test('single-owner: what a member holds that was removed is nobody’s', () => {
    const h = grouped()
    const [one, two] = h.billing as [number, number]
    h.assigned('billing', one, 3).emit(M.memberRemoved, BROKER, GROUPS.billing, one, 4, 1)
    h.at(2000).assigned('billing', two, 4)
    expect(h.ended().of('single-owner').observed).toBe('holds')
  })

  test('single-owner: what a sleeper is told late takes nothing from anybody, once it was removed', () => {
    const observed = (isRemoved: boolean): string => {
      const h = grouped()
      const [one, two] = h.billing as [number, number]
      h.assigned('billing', two, 4)
      if (isRemoved) h.emit(M.memberRemoved, BROKER, GROUPS.billing, one, 3, 1)
      return h.at(2000).assigned('billing', one, 3).ended().of('single-owner').observed
    }
    expect([observed(true), observed(false)]).toEqual(['holds', 'violated'])
  })

  test('fencing: epochs are compared within a partition', () => {
    const commits = (tp: number): string => {
      const h = grouped()
      const [one, two] = h.billing as [number, number]
      h.at(2000).commits('billing', two, 1, 4).at(3000).commits('billing', one, 1, 3, tp)
      return h.ended().of('fencing').observed
    }
    expect([commits(OTHER_ORDERS), commits(ORDERS)]).toEqual(['holds', 'violated'])
  })
})
