import type { RawScenario } from '../../scenarios/format/raw.ts'
import { saveScenario } from '../../scenarios/format/save.ts'
import type { ReplayRecord, Scenario } from '../../scenarios/format/scenario.ts'
import type { RunResult } from '../verdict.ts'
import { amountsOf, type Case, type CaseFrame, rawAsDrawn, rawCase, scenarioOf } from './case.ts'
import type { Search } from './driving.ts'
import { explicitPlans } from './materialise.ts'
import { type Advice, remedies } from './remedies.ts'
import type { Proved } from './shrink.ts'
import { type Shown, shownAgain, signatureText } from './signature.ts'

/** A scenario that shows the violation in its run 0, and is to be saved. */
export interface Counterexample {
  readonly raw: RawScenario
  readonly result: RunResult
  readonly shown: Shown
}

/** A run whose faults are all written out, and the frame with the seed under which they show the violation. */
export interface Explicit {
  readonly frame: CaseFrame
  readonly proved: Proved
}

/**
 * Seeds that are tried for a written plan. Written faults have other causal names than drawn ones, so what comes after them
 * takes other latencies: a violation that hangs on them may need another draw.
 */
const SEEDS_TRIED = 40

/**
 * The run that was found as a case whose faults are all written out: under the seed of the run if that shows it, else
 * under another.
 *
 * @param chunks the kept trace of that run
 * @returns null when no written plan shows the violation again: then only the drawn one does
 */
export function* explicitCase(
  frame: CaseFrame,
  scenario: Scenario,
  chunks: readonly Uint8Array[],
): Search<Explicit | null> {
  const { replay } = frame
  const amounts = amountsOf(scenario)
  const plans = explicitPlans(scenario, replay.runSeed, chunks)
  for (let attempt = 0; attempt < SEEDS_TRIED; attempt++) {
    const runSeed = attempt === 0 ? replay.runSeed : `${replay.runSeed}~${attempt}`
    const seeded = { ...frame, replay: { ...replay, runSeed } }
    for (const plan of plans) {
      const written = scenarioOf(rawCase(seeded, { plan, amounts }), seeded)
      if (written === null) continue
      const result = yield { scenario: written, run: 0 }
      const shown = shownAgain(result, frame.signature)
      if (shown !== null)
        return {
          frame: seeded,
          proved: { frame: seeded, found: { plan, amounts }, scenario: written, result, shown },
        }
    }
  }
  return null
}

/**
 * What would have prevented a run's violation. Null when its faults cannot be written out, so that nothing can be changed
 * under them.
 *
 * @param chunks the kept trace of that run
 */
export function* whatToChange(
  frame: CaseFrame,
  scenario: Scenario,
  chunks: readonly Uint8Array[],
): Search<Advice | null> {
  const explicit = yield* explicitCase(frame, scenario, chunks)
  if (explicit === null) return null
  return yield* remedies({ frame: explicit.frame, raw: rawCase(explicit.frame, explicit.proved.found) })
}

/** The case as a counterexample. */
export function counterexampleOf({ frame, found, result, shown }: Proved): Counterexample {
  return { raw: rawCase(frame, found), result, shown }
}

/** The run as it was drawn, for what cannot be written out: the file draws the same faults under the same seed. */
export function* drawnCounterexample(frame: CaseFrame, scenario: Scenario): Search<Counterexample | null> {
  const raw = rawAsDrawn(frame, scenario)
  const again = scenarioOf(raw, frame)
  if (again === null) return null
  const result = yield { scenario: again, run: 0 }
  const shown = shownAgain(result, frame.signature)
  return shown === null ? null : { raw, result, shown }
}

/** The text of a counterexample's file, the comment at its top left to the caller. */
export function savedText(
  frame: CaseFrame,
  counterexample: Counterexample,
  version: string,
  head: readonly string[] = [],
): string {
  const replay: ReplayRecord = {
    version,
    ...frame.replay,
    digest: counterexample.result.digest,
    signature: signatureText(frame.signature),
  }
  return saveScenario(counterexample.raw, { head, replay })
}

/** Faults and records of a case, for people. */
export function sizeOf({ plan, amounts }: Case): { readonly faults: number; readonly records: number } {
  return {
    faults: plan.length,
    records: amounts.reduce((sum, { instances, records }) => sum + instances * (records ?? 0), 0),
  }
}
