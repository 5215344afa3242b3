import { describe, expect, test } from 'vitest'
import { loadScenarioText } from '../../scenarios/format/load.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { drawPlan } from '../../sim/faults/draw.ts'
import type { FaultPlan } from '../../sim/faults/plan.ts'
import { matchableFields, MOMENTS } from '../../sim/history/catalogue.ts'
import { amountsOf, frameOfRun, rawCase, scenarioWithSaved } from './case.ts'
import { counterexampleOf, explicitCase, savedText } from './counterexample.ts'
import { driveAtOnce } from './driving.ts'
import { huntedScenario } from './hunt.ts'
import { type Advice, remedies } from './remedies.ts'
import { shrink } from './shrink.ts'
import { firstShown, shownAgain } from './signature.ts'
import { frameOf, judge, rawScenario, scenario, traceOf } from './testing/scenarios.test.helper.ts'

const group = (name: string): Record<string, string> => ({ 'group.id': name, 'auto.offset.reset': 'earliest' })
const PRODUCERS = { checkout: { to: 'orders', send: { records: 60, every: '5ms', keys: 8 } } }
const SINK = { from: 'orders', into: 'ledger', commit: 'after-output', config: group('writer') } as const

/** Whatever happens in between, a sink that commits after its output writes some of it twice. */
const DOUBLES: RawScenario = rawScenario({
  producers: PRODUCERS,
  stores: { ledger: { kind: 'database' } },
  sinks: { writer: { ...SINK, instances: 3 } },
  chaos: { kinds: ['crash', 'isolate', 'drop'] },
  expect: { 'writer:consume/at-most-once': 'holds' },
})

function loaded(text: string): Scenario {
  const { scenarios, diagnostics } = loadScenarioText('saved.yaml', text, {
    moments: MOMENTS.map(({ name }) => name),
    momentFields: Object.fromEntries(MOMENTS.map((moment) => [moment.name, matchableFields(moment)])),
  })
  const [first] = scenarios
  if (first === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  return first
}

describe('a hunt among what reads', () => {
  const hunted = huntedScenario(scenario(DOUBLES))
  let run = 0
  while (run < 100 && firstShown(judge(hunted, run)) === null) run++

  test('finds, shrinks to one instance and a few records, and saves a file that is red and comes back', async () => {
    const result = judge(hunted, run)
    const shown = firstShown(result)
    if (shown === null) throw new Error('the hunt of the test found nothing')
    const frame = frameOfRun(hunted, DOUBLES, result, shown)
    const explicit = driveAtOnce(explicitCase(frame, hunted, traceOf(hunted, run)), judge)
    if (explicit === null) throw new Error('no written plan shows it')
    const ports = { judge: (smaller: Scenario) => judge(smaller, 0), goOn: (runs: number) => runs < 300 }
    const { best } = await shrink(explicit.frame, explicit.proved, ports)
    const [sent, read] = best.found.amounts
    expect(best.found.plan.length).toBeLessThanOrEqual(2)
    expect(sent?.records).toBeLessThanOrEqual(3)
    expect(read).toMatchObject({ section: 'sinks', name: 'writer', records: null })
    expect(read?.instances).toBeLessThanOrEqual(2)
    const saved = loaded(savedText(best.frame, counterexampleOf(best), '0.1.0'))
    const again = judge(saved, 0)
    expect(again.digest).toBe(saved.replay?.digest)
    expect(again.verdicts[0]?.observed).toBe('violated')
    expect(shownAgain(again, frame.signature)).not.toBeNull()
    expect(saved.spec.sinks[0]?.instances).toBe(read?.instances)
  })
})

describe('a death between two steps', () => {
  const raw = rawScenario({
    producers: PRODUCERS,
    stores: { ledger: { kind: 'database' } },
    sinks: { writer: { ...SINK } },
    faults: [{ fail: { target: 'writer', step: 'before-commit' }, for: '5s' }],
    expect: { 'writer:consume/at-most-once': 'holds' },
  })
  const frame = frameOf(raw, '1')

  test('is written as `fail`, and is the same fault again', () => {
    const written = rawCase(frame, { plan: drawn(scenario(raw), '1'), amounts: amountsOf(scenario(raw)) })
    expect(written.faults).toEqual([{ fail: { target: 'writer#0', step: 'before-commit' }, for: '5s' }])
    expect(drawn(scenario(written), '1')).toEqual(drawn(scenario(raw), '1'))
  })

  test('does no harm with the positions in the same transaction, or with a fence, as chaos confirms', () => {
    const found = advice(raw)
    const names = found.remedies.map(({ name }) => name)
    expect(names).toContain('commit: with-output')
    expect(names).toContain('fence: offset')
    expect(names).not.toContain('auto.offset.reset=earliest')
    expect(found.remedies.find(({ name }) => name === 'fence: offset')?.sets).toEqual(['sinks.writer.fence=offset'])
  })

  test('is tried again with as many instances as were saved', () => {
    const before = { ...rawCase(frame, { plan: [], amounts: [] }), sinks: { writer: { ...SINK, instances: 2 } } }
    const file = { ...before, faults: [], replay: { version: '0', 'run-seed': '1', digest: '', signature: '' } }
    expect(scenarioWithSaved('a.yaml', raw, file)?.spec.sinks[0]?.instances).toBe(2)
  })
})

test('work that is lost by committing first is kept by committing after it', () => {
  const billing = { from: 'orders', commit: 'before-processing', process: '5ms', config: group('billing') } as const
  const raw = rawScenario({
    producers: PRODUCERS,
    consumers: { billing },
    faults: [{ fail: { target: 'billing', step: 'after-commit' }, for: '5s' }],
    expect: { 'billing:consume/at-least-once': 'holds' },
  })
  const [best] = advice(raw).remedies
  expect(best).toMatchObject({
    name: 'commit: after-processing',
    sets: ['consumers.billing.commit=after-processing'],
    chaos: { runs: 30, violated: 0 },
  })
})

function drawn(of: Scenario, seed: string): FaultPlan {
  return drawPlan({ entries: of.faults, chaos: null }, of.spec, seed)
}

function advice(raw: RawScenario): Advice {
  const whole = { ...raw, chaos: { kinds: ['crash'], faults: [1, 3] as [number, number] } }
  const frame = { ...frameOf(raw, '1'), raw: whole }
  return driveAtOnce(remedies({ frame, raw }, { chaosRuns: 30, most: 400 }), judge)
}
