import { describe, expect, test } from 'vitest'
import { BASE, load, marks } from './fixture.test.helper.ts'

const STORE = 'stores: { db: {}, tree: { kind: files } }\n'
/** Line 7, `text` from column 33 on. */
const sink = (text: string): string =>
  `${BASE}${STORE}sinks: { w: { from: orders, into: ${text}, config: { group.id: w, auto.offset.reset: earliest } } }\n`

function twoPhaseOf(text: string) {
  const { scenarios, diagnostics } = load(sink(text))
  expect(diagnostics).toEqual([])
  return scenarios[0]?.spec.sinks[0]
}

describe('commit in two phases', () => {
  test('recovers what is in doubt unless the file says otherwise', () => {
    expect(twoPhaseOf('db, commit: two-phase')?.twoPhase).toEqual({ recover: true })
    expect(twoPhaseOf('db, commit: { two-phase: {} }')?.twoPhase).toEqual({ recover: true })
    expect(twoPhaseOf('db, commit: { two-phase: { recover: false } }')).toMatchObject({
      commit: 'two-phase',
      twoPhase: { recover: false },
    })
    expect(twoPhaseOf('db, commit: after-output')?.twoPhase).toBeUndefined()
  })

  test.each([
    ['a store that cannot prepare', 'tree, commit: two-phase', 'IMPOSSIBLE'],
    ['a decision that nobody waits for', 'db, commit: two-phase, commit-call: async', 'IMPOSSIBLE'],
    ['a fence of positions', 'db, commit: two-phase, fence: offset', 'IMPOSSIBLE'],
    ['work that is handed off', 'db, commit: two-phase, handling: { hand-off: 2 }', 'IMPOSSIBLE'],
    ['marks', 'db, commit: two-phase, deduplicate: { window: 10m }', 'IMPOSSIBLE'],
  ])('is refused: %s', (_, text, code) => {
    expect(marks(load(sink(text)))[0]).toContain(code)
  })
})
