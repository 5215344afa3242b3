import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { JUDGE, ROOM } from '../built.test.support.ts'
import { realEngine } from '../real-engine.ts'
import { CodeRoom } from './room.ts'

// Threads run what `tsc -b` made of the sources.
const room = new CodeRoom(ROOM)
const judgeModule = JUDGE
const folder = mkdtempSync(join(tmpdir(), 'twiceshy-sinks-'))
let load: (file: string) => Scenario
let files = 0

beforeAll(async () => {
  const engine = await realEngine()
  load = (file) => {
    const findModule = (module: string): string => join(folder, module)
    const options = { set: [], profile: null, readConfig: () => ({ error: 'none' }), findModule }
    const { scenarios, diagnostics } = engine.loadValue(file, room.describe(join(folder, file), file), options)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    return scenarios[0] as Scenario
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Twelve orders for a sink whose handler is made by that factory. */
function judged(factory: string, how = '', rest = ''): ReturnType<CodeRoom['judge']> {
  const name = `sink-${files++}.mjs`
  writeFileSync(
    join(folder, name),
    `const factory = ${factory}
export default {
  scenario: 'sink',
  topics: { orders: {} },
  stores: { ledger: { kind: 'database' }, bank: { kind: 'endpoint' } },
  producers: { checkout: { to: 'orders', send: { records: 12 }, config: { acks: 'all' } } },
  sinks: { booker: { from: 'orders', into: 'ledger', handler: factory, commit: 'after-output', ${how}
    config: { 'group.id': 'g', 'auto.offset.reset': 'earliest' } } },
  ${rest}
  expect: { 'exactly-once': 'holds', ${how.includes('bank') ? '' : "'state-equivalence': 'holds',"} progress: 'holds' },
}
`,
  )
  return room.judge(judgeModule, load(name), 0, {})
}

const observed = ({ verdicts }: ReturnType<typeof judged>): readonly string[] => verdicts.map((one) => one.observed)
const HOLDS = ['holds', 'holds', 'holds']
const ODD_ONES = '() => ({ offset }) => (offset % 2 === 1 ? { key: `row ${offset}` } : undefined)'

describe('the handler of a sink', () => {
  test.each(['insert', 'upsert', 'increment'])('decides what is written, by %s', (write) => {
    const result = judged(ODD_ONES, `write: '${write}',`)
    expect(observed(result)).toEqual(HOLDS)
    expect(result.moments).toMatchObject({ 'handler.finished': 12, 'handler.keyed': 6, 'effect.applied': 6 })
  })

  test.each([
    ["commit: 'before-output',", ''],
    ["commit: 'with-output', fence: 'generation',", ''],
    ["commit: 'with-output', fence: 'offset', 'commit-every': 'record',", ''],
    ["handling: { 'hand-off': 3 }, fence: 'generation',", ''],
  ])('with %s', (how) => {
    const result = judged(ODD_ONES, how)
    expect(observed(result)).toEqual(HOLDS)
    expect(result.moments['effect.applied']).toBe(6)
  })

  test('the position that is kept with the rows is past what it leaves out', () => {
    const crash =
      "faults: [{ when: { moment: 'handler.finished', nth: 12 }, after: '2s', crash: 'booker', for: '1s' }],"
    const result = judged('() => ({ offset }) => (offset === 0 ? {} : null)', "commit: 'with-output',", crash)
    expect(observed(result)).toEqual(HOLDS)
    // Nothing was read a second time.
    expect(result.moments).toMatchObject({ 'node.crashed': 1, 'handler.finished': 12, 'effect.applied': 1 })
  })

  test('may take its time, and dies at its steps', () => {
    const slow =
      '() => async (order, at) => { await at.sleep(5); await at.step("decided"); await at.sleep(5); return {} }'
    const crash =
      "faults: [{ when: { moment: 'handler.stepped', name: 'decided', nth: 5 }, crash: 'booker', for: '1s' }],"
    const result = judged(slow, "'commit-every': 'record',", crash)
    expect(observed(result)).toEqual(HOLDS)
    expect(result.moments).toMatchObject({ 'handler.stepped': 13, 'effect.applied': 12, 'node.crashed': 1 })
  })

  test('that commits before its effect loses it, and what it leaves out is not missed', () => {
    const crash = "faults: [{ when: { moment: 'handler.finished', nth: 6 }, crash: 'booker', for: '1s' }],"
    const { verdicts } = judged(ODD_ONES, "commit: 'before-output', 'commit-every': 'record',", crash)
    const lost = verdicts.flatMap(({ guarantee, violations }) => (guarantee === 'exactly-once' ? violations : []))
    expect(lost.map(({ kind, records }) => [kind, records])).toEqual([['lost-effect', ['checkout#0/5']]])
  })

  test.each([ODD_ONES, `() => async (order, at) => { await at.sleep(2); return (${ODD_ONES})()(order) }`])(
    'says for which records an endpoint is called: %s',
    (factory) => {
      const into = "into: 'bank', write: 'call', 'commit-every': 'record',"
      const right = judged(factory, into)
      expect(right.verdicts[0]?.observed).toBe('holds')
      expect(right.moments).toMatchObject({ 'handler.finished': 12, 'effect.applied': 6 })
      const lost = "faults: [{ when: { moment: 'effect.applied', nth: 3 }, crash: 'booker', for: '1s' }],"
      const [again] = judged(factory, into, lost).verdicts
      expect(again?.violations.map(({ kind, records }) => [kind, records])).toEqual([
        ['duplicate-effect', ['checkout#0/5']],
      ])
      const keyed = `${into} write: { call: { 'idempotency-key': 'record' } },`
      expect(judged(factory, keyed, lost).verdicts[0]?.observed).toBe('holds')
    },
  )

  test('that throws is made again', () => {
    const once =
      '({ incarnation }) => ({ offset }) => { if (incarnation === 1 && offset === 4) throw new Error("odd"); return {} }'
    const result = judged(once, "commit: 'with-output',")
    expect(observed(result)).toEqual(HOLDS)
    expect(result.moments).toMatchObject({ 'handler.threw': 1, 'effect.applied': 12 })
  })
})

describe('refused, with what to do,', () => {
  test.each([
    ['a text', '() => () => "x"', 'returned "x"'],
    ['a topic', '() => () => ({ topic: "orders" })', 'returned an effect with `topic`; it has `key` and `value` only'],
    ['a key that is no text', '() => async () => ({ key: 4 })', 'returned an effect whose `key` is 4'],
    ['a value that is no text', '() => () => ({ value: {} })', 'returned an effect whose `value` is an object'],
    ['several', '() => () => [{ key: "a" }, { key: "b" }]', 'returned 2 effects of one record'],
  ])('%s', (_, factory, said) => {
    expect(() => judged(factory)).toThrow(said)
    expect(() => judged(factory)).toThrow('the handler of `booker` ')
  })
})
