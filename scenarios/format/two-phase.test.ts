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

describe('commit in two phases with Kafka as the second participant', () => {
  const STORES = 'stores: { db: {}, tree: { kind: files } }\n'
  const text = BASE.replace('topics: {', 'topics: { payments: {},')
  const of = (commit: string, more = ''): string =>
    `${text}${more}${STORES}processors: { j: { from: orders, to: payments, ${commit}, config: { group.id: j, transactional.id: j, auto.offset.reset: earliest } } }\n`

  test('keeps its checkpoints in a store', () => {
    const { scenarios, diagnostics } = load(of('commit: { two-phase: { checkpoints: db } }'))
    expect(diagnostics).toEqual([])
    expect(scenarios[0]?.spec.processors[0]).toMatchObject({ commit: 'two-phase', checkpoints: 'db' })
  })

  test.each([
    ['no store', 'commit: { two-phase: {} }', '', 'MISSING'],
    ['an unknown store', 'commit: { two-phase: { checkpoints: d } }', '', 'UNKNOWN_STORE'],
    ['files', 'commit: { two-phase: { checkpoints: tree } }', '', 'IMPOSSIBLE'],
    ['several instances', 'instances: 2, commit: { two-phase: { checkpoints: db } }', '', 'NOT_SIMULATED'],
    [
      'older transactions',
      'commit: { two-phase: { checkpoints: db } }',
      'profile: { base: kafka-4.1, transaction.version: 1 }\n',
      'NOT_SIMULATED',
    ],
  ])('is refused: %s', (_, commit, more, code) => {
    expect(marks(load(of(commit, more))).join()).toContain(code)
  })
})
