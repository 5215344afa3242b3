import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { ConsumingHistory, ORDERS } from '../testing/consuming.test.helper.ts'

/** Records 0 and 1 of one key and 2 of another; billing reads from `from` on and commits the end. */
function readFrom(
  from: number,
  change: { readonly cleanedTo?: number; readonly keys?: readonly number[] } = {},
): ConsumingHistory {
  const { cleanedTo = 2, keys = [5, 5, 6] } = change
  const h = new ConsumingHistory({ readers: ['billing'], compacted: true })
  h.at(1000)
  keys.forEach((key, n) => h.put(n, { key }))
  const [member = -1] = h.billing
  h.at(2000).emit(M.logCleaned, 1, ORDERS, cleanedTo, 1)
  h.rebalanced('billing', 1).assigned('billing', member, 1)
  for (let n = from; n < keys.length; n++) h.processed(member, h.record(n), n)
  return h.commits('billing', member, keys.length)
}

function observed(h: ConsumingHistory): readonly string[] {
  const { violations } = h.ended().of('at-least-once', 'billing', 'consume')
  return violations.flatMap(({ records }) => records)
}

describe('of a compacted topic', () => {
  test('who comes late is not owed what was removed in favour of a newer record of its key', () => {
    expect(observed(readFrom(1))).toEqual([])
  })

  test('what has no newer record of its key is owed', () => {
    expect(observed(readFrom(1, { keys: [4, 5, 6] }))).toEqual(['checkout#0/0'])
    expect(observed(readFrom(2))).toEqual(['checkout#0/1'])
  })

  test('what the cleaner had not come to was there to be read', () => {
    expect(observed(readFrom(1, { cleanedTo: 0 }))).toEqual(['checkout#0/0'])
  })

  test('what was handed out is owed, whatever is removed later', () => {
    const h = new ConsumingHistory({ readers: ['billing'], compacted: true })
    h.at(1000).put(0, { key: 5 })
    h.put(1, { key: 5 })
    const [member = -1] = h.billing
    h.rebalanced('billing', 1).assigned('billing', member, 1)
    h.works(member, h.record(0), 0).processed(member, h.record(1), 1).commits('billing', member, 2)
    h.at(2000).crashed(member).emit(M.logCleaned, 1, ORDERS, 2, 1)
    expect(observed(h)).toEqual(['checkout#0/0'])
  })
})
