import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { type OffsetsEntry, OffsetsState } from './offsets-state.ts'

const GROUP = 'billing'

function commit(at: number, offset: number, producerId = -1, tp = 1): OffsetsEntry {
  const record = {
    type: 'OffsetCommit',
    groupId: GROUP,
    tp,
    offset,
    leaderEpoch: 0,
    generationId: 1,
    node: 4,
    commitTimestampMs: 0,
  } as const
  return { kind: 'record', offset: at, record, producerId, producerEpoch: producerId < 0 ? -1 : 0 }
}

function marker(at: number, producerId: number, committed: boolean): OffsetsEntry {
  return { kind: 'marker', offset: at, producerId, producerEpoch: 0, committed }
}

function after(...entries: readonly OffsetsEntry[]): OffsetsState {
  const state = new OffsetsState()
  for (const entry of entries) state.apply(entry)
  return state
}

function committed(state: OffsetsState, tp = 1): number {
  return state.ofGroup(GROUP)?.get(tp)?.record.offset ?? -1
}

describe('offsets in transactions (5.11)', () => {
  test('they wait for the marker, and the partition is unstable meanwhile', () => {
    const state = after(commit(0, 5), commit(1, 9, 1000))
    expect([committed(state), state.isUnstable(GROUP, 1), state.isUnstable(GROUP, 2)]).toEqual([5, true, false])
    expect(state.apply(marker(2, 1000, true)).map(({ offset }) => offset)).toEqual([9])
    expect([committed(state), state.isUnstable(GROUP, 1)]).toEqual([9, false])
  })

  test('an abort forgets them', () => {
    const state = after(commit(0, 5), commit(1, 9, 1000))
    expect(state.apply(marker(2, 1000, false)).map(({ offset }) => offset)).toEqual([9])
    expect([committed(state), state.isUnstable(GROUP, 1)]).toEqual([5, false])
  })

  test('a commit outside the transaction that came after them stands', () => {
    const state = after(commit(0, 9, 1000), commit(1, 7))
    expect(state.apply(marker(2, 1000, true))).toEqual([])
    expect(committed(state)).toBe(7)
  })

  test('the later of two transactions may end first', () => {
    const state = after(commit(0, 5, 1000), commit(1, 6, 1001), marker(2, 1001, true))
    expect([committed(state), state.isUnstable(GROUP, 1)]).toEqual([6, true])
    state.apply(marker(3, 1000, true))
    expect([committed(state), state.isUnstable(GROUP, 1)]).toEqual([6, false])
  })

  test('a marker of a transaction without offsets decides nothing', () => {
    expect(after(commit(0, 5)).apply(marker(1, 1000, true))).toEqual([])
  })
})

/** What the rules say, told by looking back over the whole log. */
function lookBack(
  entries: readonly OffsetsEntry[],
  tp: number,
): { readonly offset: number; readonly unstable: boolean } {
  let best = { at: -1, offset: -1 }
  let unstable = false
  entries.forEach((entry, index) => {
    if (entry.kind !== 'record' || entry.record.type !== 'OffsetCommit' || entry.record.tp !== tp) return
    const { producerId, record } = entry
    const end = entries.slice(index).find((later) => later.kind === 'marker' && later.producerId === producerId)
    // Of one producer's offsets for a partition the last before its marker counts.
    const overwritten = entries
      .slice(index + 1, end === undefined ? entries.length : entries.indexOf(end))
      .some(
        (later) =>
          later.kind === 'record' &&
          later.producerId === producerId &&
          later.record.type === 'OffsetCommit' &&
          later.record.tp === tp,
      )
    if (producerId >= 0 && end === undefined) unstable = true
    const counts = producerId < 0 || (end?.kind === 'marker' && end.committed && !overwritten)
    if (counts && entry.offset > best.at) best = { at: entry.offset, offset: record.offset }
  })
  return { offset: best.offset, unstable }
}

const entries = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('plain'), tp: fc.integer({ min: 1, max: 2 }), producer: fc.constant(-1) }),
      fc.record({
        kind: fc.constant('txn'),
        tp: fc.integer({ min: 1, max: 2 }),
        producer: fc.integer({ min: 0, max: 2 }),
      }),
      fc.record({ kind: fc.constant('commit'), tp: fc.constant(0), producer: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constant('abort'), tp: fc.constant(0), producer: fc.integer({ min: 0, max: 2 }) }),
    ),
    { maxLength: 30 },
  )
  .map((items) =>
    items.map(({ kind, tp, producer }, at) =>
      kind === 'plain' || kind === 'txn'
        ? commit(at, 100 + at, kind === 'plain' ? -1 : 1000 + producer, tp)
        : marker(at, 1000 + producer, kind === 'commit'),
    ),
  )

describe('any log', () => {
  property.prop([entries])('says what looking back over it says', (log) => {
    const state = after(...log)
    for (const tp of [1, 2]) {
      const { offset, unstable } = lookBack(log, tp)
      expect([committed(state, tp), state.isUnstable(GROUP, tp)]).toEqual([offset, unstable])
    }
  })

  property.prop([entries, fc.nat(30)])('goes on from a clone as from the beginning', (log, at) => {
    const cut = Math.min(at, log.length)
    const state = after(...log.slice(0, cut)).clone()
    for (const entry of log.slice(cut)) state.apply(entry)
    const whole = after(...log)
    for (const tp of [1, 2])
      expect([committed(state, tp), state.isUnstable(GROUP, tp)]).toEqual([
        committed(whole, tp),
        whole.isUnstable(GROUP, tp),
      ])
  })
})
