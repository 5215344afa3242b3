import { describe, expect, test } from 'vitest'
import { ConsumingHistory } from '../testing/consuming.test.helper.ts'

/** Three records lie there, and the first instance of billing is to read them. */
function three(): { readonly h: ConsumingHistory; readonly first: number; readonly second: number } {
  const h = new ConsumingHistory({ readers: ['billing'] })
  const [first, second] = h.billing as [number, number]
  h.at(1000)
  for (const n of [0, 1, 2]) h.put(n)
  h.rebalanced('billing', 1).assigned('billing', first, 1)
  return { h, first, second }
}

/** The second instance goes on where the group stands, and handles what is left. */
function takeOver(h: ConsumingHistory, second: number, from: number): ConsumingHistory {
  h.at(9000).rebalanced('billing', 2).assigned('billing', second, 2).fetchedOffset('billing', second, from, 2)
  for (let n = from; n < 3; n++) h.handles(second, h.record(n), n, undefined, 2)
  return h.commits('billing', second, 3, 2).at(10_000)
}

const kinds = (h: ConsumingHistory): readonly string[] =>
  h
    .ended()
    .findings()
    .filter((finding) => /^(consume\/|offset-safety)/.test(finding) && !finding.includes('exactly-once'))

/** The position runs ahead of what `poll()` returns, and its commit comes before the records do (KAFKA-2942). */
describe('corpus C02: a commit of records that were fetched ahead and never returned', () => {
  test('are lost when the process dies', () => {
    const { h, first, second } = three()
    h.at(1100).handles(first, h.record(0), 0).commits('billing', first, 3).at(1200).crashed(first)
    expect(kinds(takeOver(h, second, 3))).toEqual(['consume/at-least-once: lost-effect'])
    const verdict = h.ended().of('at-least-once', null, 'consume')
    expect(verdict.violations.flatMap(({ records }) => records)).toEqual(['checkout#0/1', 'checkout#0/2'])
  })
  test('are not when only what was returned is committed', () => {
    const { h, first, second } = three()
    h.at(1100).handles(first, h.record(0), 0).commits('billing', first, 1).at(1200).crashed(first)
    expect(kinds(takeOver(h, second, 1))).toEqual([])
  })
  test('nor when they are returned before the process dies', () => {
    const { h, first, second } = three()
    h.at(1100).handles(first, h.record(0), 0).commits('billing', first, 3)
    for (const n of [1, 2]) h.handles(first, h.record(n), n)
    expect(kinds(takeOver(h.at(1200).crashed(first), second, 3))).toEqual([])
  })
})

describe('corpus C04: the order of work and commit', () => {
  test('commit, then work: a crash between loses', () => {
    const { h, first, second } = three()
    h.at(1100).works(first, h.record(0), 0).commits('billing', first, 1).at(1200).crashed(first)
    expect(kinds(takeOver(h, second, 1))).toEqual([
      'consume/at-least-once: lost-effect',
      'offset-safety: offset-past-work',
    ])
  })
  test('work, then commit: a crash between doubles', () => {
    const { h, first, second } = three()
    h.at(1100).handles(first, h.record(0), 0).at(1200).crashed(first)
    expect(kinds(takeOver(h, second, 0))).toEqual(['consume/at-most-once: duplicate-effect'])
  })
  test('without a crash between, neither', () => {
    const { h, first, second } = three()
    h.at(1100).handles(first, h.record(0), 0).commits('billing', first, 1).at(1200).crashed(first)
    expect(kinds(takeOver(h, second, 1))).toEqual([])
  })
})
