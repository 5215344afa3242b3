import { describe, expect, test } from 'vitest'
import { drawPlan } from '../../sim/faults/draw.ts'
import { MOMENTS, matchableFields } from '../../sim/history/catalogue.ts'
import { type DecodedMoment, decodeMoments } from '../../sim/history/decode.ts'
import { recordOrdinal } from '../../sim/history/ids.ts'
import { runWorld } from '../../sim/world.ts'
import { TestHasher } from '../../sim/world.test.support.ts'
import { load, marks, only } from './fixture.test.helper.ts'
import type { LoadOptions } from './options.ts'

/** The real catalogue: what the product passes in. */
const REAL: LoadOptions = {
  moments: MOMENTS.map(({ name }) => name),
  momentFields: Object.fromEntries(MOMENTS.map((moment) => [moment.name, matchableFields(moment)])),
}

/** Two instances of ten records each; the fault's text begins in column 13 of line 8. */
const withFault = (text: string, producer = ''): string => `scenario: dying between steps
topics: { orders: }
producers:
  checkout:
    to: orders
    instances: 2
    send: { records: 10, every: 50ms }${producer}
faults: [ { ${text} } ]
run: { for: 20s }
expect: { exactly-once: holds }
`
const errors = (text: string, producer = ''): readonly string[] => marks(load(withFault(text, producer), REAL))

describe('fail', () => {
  test('is a trigger and a crash', () => {
    const [fault] = only(withFault('fail: { target: checkout#0, step: before-output, nth: 3 }, for: 2s'), REAL).faults
    expect(fault).toEqual({
      trigger: { kind: 'fail', step: 'before-output', nth: 3 },
      action: { kind: 'crash', target: { kind: 'node', name: 'checkout#0' } },
      for: { kind: 'constant', us: 2_000_000 },
    })
    const scenario = only(withFault('fail: { target: checkout, step: after-output }'), REAL)
    expect(scenario.faults[0]).toMatchObject({
      trigger: { step: 'after-output', nth: 1 },
      action: { target: { kind: 'application' } },
      for: null,
    })
    // Nothing is drawn, so one run says it all.
    expect(scenario.runs).toBe(1)
  })

  test.each([
    ['a second trigger', 'at: 1s, fail: { target: checkout#0, step: before-output }', ['FAULT 8:21 8:13']],
    ['an action beside it', 'fail: { target: checkout#0, step: before-output }, crash: broker-1', ['FAULT 8:64']],
    ['times', 'fail: { target: checkout#0, step: before-output }, times: 2', ['FAULT 8:64']],
    ['nothing', 'fail:', ['MISSING 8:13']],
    ['a word', 'fail: checkout#0', ['TYPE 8:19']],
    ['no target', 'fail: { step: before-output }', ['MISSING 8:13']],
    ['no step', 'fail: { target: checkout#0 }', ['MISSING 8:13']],
    ['a step that is none', 'fail: { target: checkout#0, step: before-send }', ['VALUE 8:47']],
    ['an unknown instance', 'fail: { target: checkout#2, step: before-output }', ['UNKNOWN_NODE 8:29']],
    ['a broker', 'fail: { target: broker-1, step: before-output }', ['TARGET 8:29']],
    ['one of several', 'fail: { target: { any: [checkout] }, step: before-output }', ['TARGET 8:21']],
    ['all clients', 'fail: { target: clients, step: before-output }', ['TARGET 8:29']],
    ['nth 0', 'fail: { target: checkout#0, step: before-output, nth: 0 }', ['RANGE 8:67']],
    ['more steps than records', 'fail: { target: checkout#0, step: before-output, nth: 11 }', ['NEVER_FIRES 8:67']],
    ['an unknown key', 'fail: { target: checkout#0, step: before-output, after: 1s }', ['UNKNOWN_KEY 8:62']],
    ['a commit without transactions', 'fail: { target: checkout#0, step: before-commit }', ['NEVER_FIRES 8:47']],
    ['another', 'fail: { target: checkout, step: after-commit }', ['NEVER_FIRES 8:45']],
  ])('%s is an error', (_, text, expected) => {
    expect(errors(text)).toEqual(expected)
  })

  test('records that are sent again are steps again', () => {
    const text = 'fail: { target: checkout#0, step: before-output, nth: 11 }'
    expect(errors(text, '\n    on-unknown: resend')).toEqual([])
  })

  test('steps are moments, when a fault waits for them', () => {
    expect(errors('when: { moment: step.after-output, record: checkout#1/4 }, crash: broker-1')).toEqual([])
    const covered = (fault: string): string =>
      withFault(fault).replace('expect:', 'cover: [step.after-output]\nexpect:')
    expect(marks(load(covered('fail: { target: checkout#0, step: before-output }'), REAL))).toEqual([])
    expect(marks(load(covered('at: 1s, crash: broker-1'), REAL))).toEqual(['NEVER_FIRES 10:9'])
    const waits = withFault('at: 1s, crash: broker-1').replace(
      'send: { records: 10, every: 50ms }',
      'steps: [ { send: { id: a } }, { wait: { moment: step.after-output } } ]',
    )
    expect(marks(load(waits, REAL))).toEqual(['NEVER_FIRES 7:53'])
  })
})

describe('in the world', () => {
  function moments(text: string): readonly DecodedMoment[] {
    const scenario = only(text, REAL)
    const plan = drawPlan({ entries: scenario.faults, chaos: null }, scenario.spec, scenario.seed)
    const { chunks } = runWorld(scenario.spec, plan, scenario.seed, { hasher: new TestHasher(), keepTrace: true })
    return [...decodeMoments(chunks)]
  }

  /** Numbers of the records of a node for which a moment happened before another moment. */
  function records(all: readonly DecodedMoment[], name: string, node: number, before: number): readonly number[] {
    return all
      .filter((moment) => moment.name === name && moment.node === node && moment.index < before)
      .map(({ fields }) => recordOrdinal(Number(fields['record'])))
  }

  test('before-output: the third record is not sent when the process dies', () => {
    const all = moments(withFault('fail: { target: checkout#0, step: before-output, nth: 3 }, for: 1s'))
    const crashes = all.filter(({ name }) => name === 'node.crashed')
    expect(crashes).toHaveLength(1)
    const { node = -1, index = -1, time = -1 } = crashes[0] ?? {}
    expect(records(all, 'record.sent', node, index)).toEqual([0, 1])
    expect(records(all, 'step.before-output', node, index)).toEqual([0, 1, 2])
    expect(
      all.find(({ name, fields }) => name === 'step.before-output' && recordOrdinal(Number(fields['record'])) === 2),
    ).toMatchObject({ time })
    // It starts again after a second and goes on behind it: this application does not know what it lost.
    const later = all.filter((moment) => moment.name === 'record.sent' && moment.node === node && moment.index > index)
    expect(later.map(({ fields }) => recordOrdinal(Number(fields['record'])))).toEqual([3, 4, 5, 6, 7, 8, 9])
    expect(later[0]?.time).toBeGreaterThanOrEqual(time + 1_000_000)
  })

  test('after-output: the third record is acknowledged, and then the process dies', () => {
    const all = moments(withFault('fail: { target: checkout#1, step: after-output, nth: 3 }'))
    const crashes = all.filter(({ name }) => name === 'node.crashed')
    expect(crashes).toHaveLength(1)
    const { node = -1, index = -1, time = -1 } = crashes[0] ?? {}
    expect(records(all, 'produce.acked', node, index)).toEqual([0, 1, 2])
    expect(records(all, 'step.after-output', node, index)).toEqual([0, 1, 2])
    const acked = all.filter((moment) => moment.name === 'produce.acked' && moment.node === node)
    expect(acked[2]?.time).toBe(time)
  })

  test('an application: each instance dies at its own', () => {
    const all = moments(withFault('fail: { target: checkout, step: before-output, nth: 5 }, for: 1s'))
    const crashes = all.filter(({ name }) => name === 'node.crashed')
    expect(crashes).toHaveLength(2)
    for (const { node, index } of crashes) expect(records(all, 'record.sent', node, index)).toEqual([0, 1, 2, 3])
  })
})
