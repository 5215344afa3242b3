import { describe, expect, test } from 'vitest'
import { ConsumingHistory, type ConsumingOptions, PAYMENTS } from '../testing/consuming.test.helper.ts'

const [CHANGED, INCREMENTED] = [2, 3]
const KEY = 70
const OTHER_KEY = 71

/** A writer with a handler, and so many records in the log of payments. */
function asked(write: NonNullable<ConsumingOptions['write']>, records = 2): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['writer'], write, state: true, handler: true })
  h.at(1000)
  for (let n = 0; n < records; n++) h.put(n, { tp: PAYMENTS, key: 5 })
  return h
}

/** The writer works on a record, and its handler says what becomes of it. */
function works(h: ConsumingHistory, n: number, key: number | null): ConsumingHistory {
  return h.works(h.writer[0] as number, h.record(n), n, PAYMENTS).tells(h.record(n), key)
}

function told(h: ConsumingHistory): readonly string[] {
  return h
    .ended()
    .of('state-equivalence')
    .violations.map(({ message }) => message)
}

describe('what the handler of a sink left out', () => {
  function leavesOut(): ConsumingHistory {
    const h = asked('insert')
    works(h, 0, KEY).shows(h.record(0), 0, KEY, 1)
    works(h, 1, null).commits('writer', h.writer[0] as number, 2, 1, PAYMENTS)
    return h
  }

  test('is owed to nobody, and the position may be past it', () => {
    expect(leavesOut().ended().findings()).toEqual([])
    expect(leavesOut().ended().of('at-least-once', null, 'end-to-end')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('does not belong into the store', () => {
    const h = leavesOut()
    expect(told(h.shows(h.record(1), 1, KEY, 1))).toEqual([
      "ledger was given checkout#0/1 (offset 1 of payments-0), which the sink's handler left out",
    ])
  })

  test('may be there when the handler had let it through before', () => {
    const h = asked('increment', 1)
    works(h, 0, KEY).shows(h.record(0), 0, KEY, INCREMENTED)
    expect(told(works(h, 0, null))).toEqual([])
    // And need not: its last word counts.
    const never = asked('increment', 1)
    works(never, 0, KEY)
    expect(works(never, 0, null).ended().findings()).toEqual([])
  })
})

describe('what the handler of a sink let through', () => {
  test('is lost when it never comes to the store', () => {
    const h = asked('insert', 1)
    works(h, 0, KEY).commits('writer', h.writer[0] as number, 1, 1, PAYMENTS)
    const outcome = h.ended()
    expect(outcome.findings()).toContain('consume/at-least-once: lost-effect')
    expect(outcome.findings()).toContain('offset-safety: offset-past-work')
    expect(outcome.findings()).toContain('state-equivalence: diverged-state')
  })

  test('and what it never had is lost as well', () => {
    expect(asked('upsert', 1).ended().findings()).toContain('consume/at-least-once: lost-effect')
  })

  test('takes effect once', () => {
    const h = asked('insert', 1)
    works(h, 0, KEY).shows(h.record(0), 0, KEY, 1).shows(h.record(0), 0, KEY, 1)
    expect(h.ended().findings()).toContain('consume/at-most-once: duplicate-effect')
  })

  test('counts under the key that was named', () => {
    const counted = (): ConsumingHistory => {
      const h = asked('increment')
      works(h, 0, KEY).shows(h.record(0), 0, KEY, INCREMENTED)
      return works(h, 1, OTHER_KEY).shows(h.record(1), 1, OTHER_KEY, INCREMENTED)
    }
    expect(told(counted())).toEqual([])
    const h = counted()
    expect(told(h.shows(h.record(1), 1, OTHER_KEY, INCREMENTED))).toEqual([
      'the counter of ledger under the key of checkout#0/1 stands at 2, and the committed log has 1 records of it',
    ])
  })

  test('stands under no other key', () => {
    const h = asked('upsert', 1)
    works(h, 0, KEY).shows(h.record(0), 0, OTHER_KEY, CHANGED)
    expect(told(h)).toEqual([
      "ledger was given checkout#0/0 (offset 0 of payments-0) under another key than the sink's handler named",
    ])
  })

  test('each key shows the newest record that was given it', () => {
    const shown = (): ConsumingHistory => {
      const h = asked('upsert', 3)
      for (const n of [0, 2]) works(h, n, KEY).shows(h.record(n), n, KEY, CHANGED)
      return works(h, 1, OTHER_KEY).shows(h.record(1), 1, OTHER_KEY, CHANGED)
    }
    expect(told(shown())).toEqual([])
    const h = shown()
    expect(h.shows(h.record(0), 0, KEY, CHANGED).ended().findings()).toContain('state-equivalence: stale-overwrite')
  })

  test('a key that is made up anew leaves a row behind', () => {
    const h = asked('upsert', 1)
    works(h, 0, KEY).shows(h.record(0), 0, KEY, CHANGED)
    works(h, 0, OTHER_KEY).shows(h.record(0), 0, OTHER_KEY, CHANGED)
    expect(told(h)).toEqual([
      "ledger shows checkout#0/0 (offset 0 of payments-0) under two keys: the sink's handler named another each time",
    ])
  })
})
