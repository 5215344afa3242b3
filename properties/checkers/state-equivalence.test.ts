import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import type { Verdict } from '../verdict.ts'
import { ConsumingHistory, type ConsumingOptions, PAYMENTS } from '../testing/consuming.test.helper.ts'

const [INSERTED, CHANGED, INCREMENTED, UNCHANGED, FILED] = [1, 2, 3, 4, 6]
const KEY = 70
const OTHER_KEY = 71

/** A writer, and three records in the log of payments: 0 and 1 of one key, 2 of another. */
function stored(
  write: NonNullable<ConsumingOptions['write']>,
  options: Partial<ConsumingOptions> = {},
): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['writer'], write, state: true, ...options })
  h.at(1000)
  for (const [n, key] of [5, 5, 6].entries()) h.put(n, { tp: PAYMENTS, key })
  return h
}

function verdict(h: ConsumingHistory, ended: 'settled' | 'max-events' = 'settled'): Verdict {
  return h.ended(ended).of('state-equivalence')
}

function kinds(h: ConsumingHistory): readonly string[] {
  return verdict(h).violations.map(({ kind }) => kind)
}

describe('rows by key', () => {
  /** Writes records at times that are their order, under their keys. */
  function upserts(...records: readonly (readonly [n: number, what?: number])[]): ConsumingHistory {
    const h = stored('upsert')
    records.forEach(([n, what = CHANGED], at) =>
      h.at(2000 + 100 * at).shows(h.record(n), n, n === 2 ? OTHER_KEY : KEY, what),
    )
    return h
  }

  test('each key shows its newest record', () => {
    expect(verdict(upserts([0], [1], [2]))).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('what was overwritten and written again is well', () => {
    expect(kinds(upserts([0], [1], [2], [0], [1]))).toEqual([])
  })

  test('an older record over a newer one is stale', () => {
    expect(verdict(upserts([0], [1], [2], [0])).violations).toEqual([
      {
        kind: 'stale-overwrite',
        atUs: 2_300_000,
        message:
          'ledger shows checkout#0/0 (offset 0 of payments-0) at the end: writer wrote it at 2.300s (generation 1) over ' +
          'checkout#0/1 (offset 1 of payments-0), which has the same key and is newer',
        records: ['checkout#0/1'],
      },
    ])
  })

  test('so it is when the same was written twice', () => {
    expect(kinds(upserts([1], [2], [0], [0, UNCHANGED]))).toEqual(['stale-overwrite'])
  })

  test('a newest record that never came is missed, and a key that nothing came of', () => {
    const { violations } = verdict(upserts([0]))
    expect(violations.map(({ kind, message }) => [kind, message])).toEqual([
      [
        'diverged-state',
        'ledger shows checkout#0/0 (offset 0 of payments-0) at the end, and never got checkout#0/1 (offset 1 of payments-0) of the same key',
      ],
      ['diverged-state', 'ledger shows nothing under the key of checkout#0/2 (offset 2 of payments-0)'],
    ])
  })

  test('a key whose newest record is a tombstone may show nothing, but nothing older', () => {
    const after = (...records: readonly (readonly [n: number])[]): readonly string[] => {
      const h = upserts(...records)
      h.emit(M.recordTombstone, h.checkout, h.record(1), 0)
      return kinds(h)
    }
    expect(after([2])).toEqual([])
    expect(after([0], [1], [2])).toEqual([])
    expect(after([0], [2])).toEqual(['diverged-state'])
  })

  test('an older record that never came makes no difference', () => {
    expect(kinds(upserts([1], [2]))).toEqual([])
  })

  test('of a run that is cut short nothing is decided, for what is stale may be written again', () => {
    expect(verdict(upserts([0], [1], [2], [0]), 'max-events')).toMatchObject({ observed: 'unknown' })
  })

  test('records without keys stand each for itself', () => {
    const h = new ConsumingHistory({ readers: ['writer'], write: 'upsert', state: true })
    for (const n of [0, 1]) h.put(n, { tp: PAYMENTS })
    h.shows(h.record(1), 1, -1, CHANGED).shows(h.record(0), 0, -1, CHANGED)
    expect(verdict(h)).toMatchObject({ observed: 'holds', judged: 2 })
  })
})

describe('rows and files', () => {
  test.each([
    ['insert', INSERTED],
    ['file', FILED],
  ] as const)('%s: every place once', (write, what) => {
    const all = (): ConsumingHistory => {
      const h = stored(write)
      for (const n of [0, 1, 2]) h.at(2000).stored(h.record(n), n, what)
      return h
    }
    expect(verdict(all())).toMatchObject({ observed: 'holds', judged: 3 })
    const doubled = all().at(3000)
    expect(verdict(doubled.stored(doubled.record(1), 1, what)).violations).toEqual([
      {
        kind: 'diverged-state',
        atUs: 3_000_000,
        message: 'ledger holds checkout#0/1 (offset 1 of payments-0) twice, since 2.000s and 3.000s',
        records: ['checkout#0/1'],
      },
    ])
  })

  test('a place that is missing, unless the run was cut short; a double stands however it ends', () => {
    const missing = (): ConsumingHistory => {
      const h = stored('insert')
      return h.stored(h.record(0), 0).stored(h.record(2), 2)
    }
    expect(kinds(missing())).toEqual(['diverged-state'])
    expect(verdict(missing(), 'max-events').observed).toBe('unknown')
    const doubled = missing()
    expect(verdict(doubled.stored(doubled.record(0), 0), 'max-events').violations).toHaveLength(1)
  })

  test('a store that remembers records may take a record of the log once, wherever it lies', () => {
    const copies = (deduplicates: boolean): ConsumingHistory => {
      const h = stored('insert', { deduplicates })
      h.put(0, { tp: PAYMENTS, key: 5, batch: 9, acked: false })
      for (const n of [0, 1, 2]) h.stored(h.record(n), n)
      return h
    }
    expect(kinds(copies(true))).toEqual([])
    expect(kinds(copies(false))).toEqual(['diverged-state'])
    // It has forgotten the first when it comes to the second.
    const forgotten = copies(true)
    expect(kinds(forgotten.stored(forgotten.record(0), 3))).toEqual([])
    const again = copies(true)
    expect(kinds(again.stored(again.record(0), 0))).toEqual(['diverged-state'])
  })
})

describe('counters', () => {
  function counted(...records: readonly number[]): ConsumingHistory {
    const h = stored('increment')
    for (const n of records) h.at(2000).shows(h.record(n), n, n === 2 ? OTHER_KEY : KEY, INCREMENTED)
    return h
  }

  test('each is the number of its records', () => {
    expect(verdict(counted(0, 1, 2))).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('one too many, one too few', () => {
    expect(verdict(counted(0, 1, 1)).violations.map(({ message }) => message)).toEqual([
      'the counter of ledger under the key of checkout#0/1 stands at 3, and the committed log has 2 records of it',
      'the counter of ledger under the key of checkout#0/2 stands at 0, and the committed log has 1 records of it',
    ])
  })

  test('a counter does not know which record it counted', () => {
    expect(kinds(counted(0, 0, 2))).toEqual([])
  })
})

test('who reads and stores nothing has no state', () => {
  const h = new ConsumingHistory({ readers: ['billing'], state: true })
  h.put(0)
  expect(verdict(h)).toMatchObject({ observed: 'unknown', judged: 0 })
})
