import { describe, expect, test } from 'vitest'
import { M, matchableFields, momentOfKind } from '../../sim/history/catalogue.ts'
import type { ProcessorSpec } from '../../sim/spec.ts'
import { CATALOGUE } from './catalogue.test.helper.ts'
import { load, marks, only, READING } from './fixture.test.helper.ts'
import { BILLING, PLAIN, WITH_ALL } from './reading.test.helper.ts'
import { GUARANTEES } from './vocabulary.ts'
import { writeTarget } from './write-fault.ts'

describe('faults', () => {
  const faults = (text: string): ReturnType<typeof only>['faults'] =>
    only(`${WITH_ALL}faults: [ { ${text} } ]\n`).faults
  const target = (text: string): unknown => {
    const [fault] = faults(`at: 1s, crash: ${text}`)
    return fault?.action.kind === 'crash' ? fault.action.target : null
  }

  test('targets', () => {
    expect(target('billing')).toEqual({ kind: 'application', name: 'billing' })
    expect(target('w#0')).toEqual({ kind: 'node', name: 'w#0' })
    expect(target('ledger')).toEqual({ kind: 'node', name: 'ledger' })
    expect(target('stores')).toEqual({ kind: 'role', role: 'stores' })
    expect(target('group-coordinator(b)')).toEqual({ kind: 'group-coordinator', group: 'b' })
    expect(target('{ any: [group-coordinator(w), ledger] }')).toMatchObject({ kind: 'any', of: [{ group: 'w' }, {}] })
    expect(writeTarget({ kind: 'group-coordinator', group: 'b' })).toBe('group-coordinator(b)')
  })

  test('applications and stores fail in a perfect cluster too', () => {
    for (const text of ['crash: ledger', 'pause: stores', 'stop: billing', 'crash: { any: [w, ledger] }']) {
      expect(marks(load(`${WITH_ALL}cluster: perfect\nfaults: [ { at: 1s, ${text} } ]\n`))).toEqual([])
    }
  })

  test('every step of an application that reads', () => {
    const whole = WITH_ALL.replace(
      'from: orders, config: { group.id: b',
      'from: orders, commit: after-processing, config: { group.id: b',
    )
      .replace('to: payments,', 'to: payments, commit: before-output,')
      .replace('into: ledger,', 'into: ledger, commit: with-output,')
    for (const name of ['billing', 'p#0', 'w']) {
      for (const step of ['before-output', 'after-output', 'before-commit', 'after-commit']) {
        const text = `${whole}faults: [ { fail: { target: ${name}, step: ${step}, nth: 500 } } ]\n`
        expect(only(text).faults[0]?.trigger).toEqual({ kind: 'fail', step, nth: 500 })
      }
    }
  })

  test('messages and links to a store', () => {
    const [delay] = faults('at: 1s, delay: { from: w, to: ledger, api: StoreWrite, by: 5s }')
    expect(delay?.action).toMatchObject({ api: 'StoreWrite', to: { kind: 'node', name: 'ledger' } })
    const [reply] = faults('at: 1s, drop: { from: ledger, to: w, reply: true }')
    expect(reply?.action).toMatchObject({ from: { name: 'ledger' }, to: { name: 'w' } })
    const link =
      'network: { links: [ { between: [w#0, ledger], latency: 20ms }, { between: [billing#0, broker-1], latency: 1ms } ] }'
    expect(only(`${WITH_ALL}${link}\n`).spec.network.links.map((each) => each.between)).toEqual([
      ['w#0', 'ledger'],
      ['billing#0', 'broker-1'],
    ])
    expect(marks(load(`${READING}faults: [ { at: 1s, drop: { api: StoreWrite } } ]\n`))).toEqual(['VALUE 6:34'])
  })

  test('moments of groups have names and fields', () => {
    const [fault] = faults('when: { moment: effect.applied, store: ledger, record: p#0/7, topic: payments }, crash: w')
    expect(fault?.trigger).toMatchObject({
      match: { moment: 'effect.applied', fields: { store: 'ledger', record: 'p#0/7' } },
    })
    expect(faults('when: { moment: offset.committed, group: b, member: billing#0 }, crash: broker-1')).toHaveLength(1)
    expect(only(`${READING}cover: [group.rebalanced, partition.lost]\n`).cover).toHaveLength(2)
  })

  test('every moment of groups that the catalogue has may be named, whether it is listed yet or not', () => {
    const kinds: readonly number[] = [M.offsetCommitted, M.recordDelivered, M.effectApplied, M.stepBeforeCommit]
    const moments = kinds.flatMap((kind) => momentOfKind(kind) ?? [])
    const names = moments.map(({ name }) => name)
    const momentFields = Object.fromEntries(moments.map((moment) => [moment.name, matchableFields(moment)]))
    const fault = 'fail: { target: billing, step: before-output }'
    const text = `${READING}faults: [ { ${fault} } ]\ncover: [${names.join(', ')}]\n`
    expect(only(text).cover).toEqual(names)
    expect(only(text, { moments: names, momentFields }).cover).toEqual(names)
  })
})

describe('expectations', () => {
  const expected = (text: string, whole = WITH_ALL): readonly unknown[] =>
    only(whole.replace('{ exactly-once: holds }', text)).expect.map(({ subject, stage, guarantee, kinds }) =>
      [subject ?? '', stage ?? '', guarantee, ...kinds].join(' '),
    )

  test('effects are judged of those who read, the log of those who publish', () => {
    expect(
      expected(
        '{ billing:consume/at-least-once: { violated: lost-effect }, w:exactly-once: { violated: [lost-record, duplicate-effect] }, p:exactly-once: holds, p:publish/at-most-once: holds, checkout:publish/exactly-once: holds, consume/exactly-once: holds }',
      ),
    ).toEqual([
      'billing consume at-least-once lost-effect',
      'w end-to-end exactly-once lost-record duplicate-effect',
      'p end-to-end exactly-once',
      'p publish at-most-once',
      'checkout publish exactly-once',
      ' consume exactly-once',
    ])
  })

  test('what nobody reads ends at the log', () => {
    const text = READING.replace('producers: {', 'producers: { audit: { to: payments },')
    expect(expected('{ audit:exactly-once: holds }', text)).toEqual(['audit end-to-end exactly-once'])
  })

  test('guarantees about readers', () => {
    expect(
      expected(
        '{ no-ghosts: holds, billing:order-per-key: { violated: reordered-effects }, offset-safety: holds, w:single-owner: holds, fencing: { violated: zombie-commit }, progress: { violated: stuck-group }, p:outcome-honesty: holds }',
      ),
    ).toHaveLength(7)
  })

  test('are judged, each of whom it is about', () => {
    const ofReaders = GUARANTEES.filter((guarantee) => guarantee.of !== undefined)
    expect(ofReaders.map(({ name }) => name)).toEqual([
      'no-ghosts',
      'order-per-key',
      'atomicity',
      'isolation',
      'fencing',
      'offset-safety',
      'single-owner',
      'state-equivalence',
    ])
    for (const { judged } of ofReaders) expect(judged).toBe(true)
  })
})

describe('runs', () => {
  const runs = (text: string): number => only(WITH_ALL.replace(BILLING, text)).runs

  test('100 when the work on a record or a script varies', () => {
    expect(runs(BILLING)).toBe(1)
    expect(runs(BILLING.replace('{ from', '{ process: { exponential: 1ms }, from'))).toBe(100)
    const wait = `{ from: orders, steps: [ { poll: 1 }, { wait: { uniform: [1s, 2s] } } ], config: { ${PLAIN} } }`
    expect(runs(wait)).toBe(100)
    expect(only(WITH_ALL.replace('into: ledger', 'into: ledger, process: { exponential: 1ms }')).runs).toBe(100)
  })

  test('1 when only the latency of a store does', () => {
    expect(only(WITH_ALL.replace('ledger: }', 'ledger: { latency: { exponential: 1ms } } }')).runs).toBe(1)
  })
})

test('the catalogue of keys is refused only for what is not simulated, by name', () => {
  const declared = CATALOGUE.replace('topics:\n', 'topics:\n  payments:\n')
  const { diagnostics: all } = load(declared)
  // Its transactions have no id, which is given, and its variant turns idempotence off beneath them, which Kafka refuses.
  const diagnostics = all.filter((each) => each.code !== 'TWICESHY_CONFIG_SURPRISE')
  expect(diagnostics.filter((each) => each.code === 'TWICESHY_CONFIG_REFUSED').map((each) => each.message)).toEqual([
    '`transactions` needs `enable.idempotence`; Kafka refuses this producer with ConfigException',
  ])
  const refused = diagnostics.filter((each) => each.code === 'TWICESHY_NOT_SIMULATED')
  expect(refused).toHaveLength(diagnostics.length - 1)
  expect(refused.map((each) => each.message.replace(' is not simulated yet', ''))).toEqual(['a `handler` of your own'])
})

test("a processor's output may be numbered", () => {
  const spec: ProcessorSpec | undefined = only(WITH_ALL).spec.processors[0]
  expect(spec?.name).toBe('p')
  const never = 'faults: [ { when: { moment: record.sent, record: p#1/0 }, crash: broker-1 } ]\n'
  const options = { moments: ['record.sent'], momentFields: { 'record.sent': ['record'] } }
  expect(marks(load(`${WITH_ALL}${never}`, options))).toEqual(['NEVER_FIRES 11:50'])
  expect(marks(load(`${WITH_ALL}${never.replace('p#1', 'p#0')}`, options))).toEqual([])
})
