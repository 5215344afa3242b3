import { describe, expect, test } from 'vitest'
import { loadScenarioText } from '../../scenarios/format/load.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { matchableFields, MOMENTS } from '../../sim/history/catalogue.ts'
import { type CaseFrame, frameOfRun, scenarioWithSaved } from './case.ts'
import { counterexampleOf, drawnCounterexample, explicitCase, savedText } from './counterexample.ts'
import { driveAtOnce } from './driving.ts'
import { huntedScenario } from './hunt.ts'
import { firstShown, shownAgain, signatureText } from './signature.ts'
import { judge, rawScenario, scenario, traceOf } from './testing/scenarios.test.helper.ts'

const RAW: RawScenario = rawScenario({
  about: 'not needed',
  seed: '007',
  producers: {
    checkout: {
      to: 'orders',
      send: { records: 60, every: '2ms' },
      config: { acks: 1, 'enable.idempotence': false },
    },
  },
  run: { for: '30s', runs: 50 },
  expect: { durability: { violated: 'lost-acked-write' }, 'checkout:publish/at-least-once': 'holds' },
})

interface Hunted {
  readonly hunted: Scenario
  readonly run: number
  readonly frame: CaseFrame
}

/** The lowest run of the hunt that violates something. */
function found(raw: RawScenario): Hunted {
  const hunted = huntedScenario(scenario(raw))
  for (let run = 0; run < 200; run++) {
    const result = judge(hunted, run)
    const shown = firstShown(result, hunted.expect)
    if (shown !== null) return { hunted, run, frame: frameOfRun(hunted, raw, result, shown) }
  }
  throw new Error('the hunt of the test found nothing')
}

function loaded(text: string): Scenario {
  const { scenarios, diagnostics } = loadScenarioText('saved.yaml', text, {
    moments: MOMENTS.map(({ name }) => name),
    momentFields: Object.fromEntries(MOMENTS.map((moment) => [moment.name, matchableFields(moment)])),
  })
  const [first] = scenarios
  if (first === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '))
  return first
}

describe('a run that was found with chaos', () => {
  const { hunted, run, frame } = found(RAW)

  test('becomes a file of its own whose run 0 shows the same violation with the recorded digest', () => {
    const explicit = driveAtOnce(explicitCase(frame, hunted, traceOf(hunted, run)), judge)
    if (explicit === null) throw new Error('no written plan shows it')
    const example = counterexampleOf(explicit.proved)
    const text = savedText(explicit.frame, example, '0.1.0', ['Found by: a test'])
    const saved = loaded(text)
    const again = judge(saved, 0)
    expect(text.startsWith('# Found by: a test\n')).toBe(true)
    expect(saved).toMatchObject({ seed: '007', chaos: null, about: null, cover: [] })
    expect(saved.runs).not.toBe(50)
    expect(saved.expect.map(({ guarantee, expected }) => `${guarantee}: ${expected}`)).toEqual([
      `${frame.signature.guarantee}: holds`,
    ])
    expect(saved.faults.every(({ trigger }) => trigger.kind === 'at' || trigger.kind === 'when')).toBe(true)
    expect(saved.replay).toMatchObject({ version: '0.1.0', signature: signatureText(frame.signature) })
    expect(again.digest).toBe(saved.replay?.digest)
    expect(shownAgain(again, frame.signature)).toEqual(example.shown)
  })

  test('can also be saved as it was drawn: the file draws the very same run', () => {
    const example = driveAtOnce(drawnCounterexample(frame, hunted), judge)
    if (example === null) throw new Error('the drawn plan does not show it again')
    const saved = loaded(savedText(frame, example, '0.1.0'))
    expect(saved.chaos).toEqual(hunted.chaos)
    expect(judge(saved, 0).digest).toBe(saved.replay?.digest)
    expect(shownAgain(judge(saved, 0), frame.signature)).not.toBeNull()
  })

  test('is tried again with the scenario as it is now: still there, or gone with a safer setting', () => {
    const explicit = driveAtOnce(explicitCase(frame, hunted, traceOf(hunted, run)), judge)
    if (explicit === null) throw new Error('no written plan shows it')
    const { raw } = counterexampleOf(explicit.proved)
    const file: RawScenario = {
      ...raw,
      replay: { version: '0', 'run-seed': explicit.frame.replay.runSeed, digest: '', signature: '' },
    }
    const now = (acks: number | string): boolean => {
      const config = { acks, 'enable.idempotence': false }
      const changed = { ...RAW, producers: { checkout: { ...RAW.producers?.['checkout'], config } } }
      const again = scenarioWithSaved('a.yaml', changed, file)
      return again !== null && firstShown(judge(again, 0)) !== null
    }
    expect([now(1), now('all')]).toEqual([true, false])
    const elsewhere = { ...RAW, topics: { payments: {} }, producers: { checkout: { to: 'payments' } } }
    expect(scenarioWithSaved('a.yaml', elsewhere, file)).toBeNull()
  })
})

test('the violation to look into is one of a guarantee that should hold', () => {
  const { hunted, run } = found(RAW)
  const result = judge(hunted, run)
  expect(firstShown(result, scenario(RAW).expect)?.signature.guarantee).toBe('at-least-once')
  expect(firstShown(result)?.signature).toEqual({
    guarantee: 'durability',
    stage: null,
    subject: null,
    kind: 'lost-acked-write',
    place: 'checkout',
  })
})
