import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { RunResult, Verdict } from '../verdict.ts'
import { type CaseFrame, rawSearched, scenarioOf } from './case.ts'
import { huntedScenario } from './hunt.ts'
import { SETTING_CHANGES } from './remedy-table.ts'
import { guaranteeText, type Signature } from './signature.ts'

/** A change of one setting under which the same plan no longer violates the guarantee. */
export interface Remedy {
  /** `acks=all` */
  readonly name: string
  /** For `--set`. */
  readonly sets: readonly string[]
  /** Chaos runs with the change, and those of them that violated the guarantee all the same. */
  readonly confirmedIn: number
  readonly violatedIn: number
}

export interface RemedyQuestion {
  readonly frame: CaseFrame
  /** What shows the violation in its run 0, as plain values. */
  readonly raw: RawScenario
}

/** How many runs may be spent. */
export interface RemedyBudget {
  readonly chaosRuns: number
  /** Over all changes; what is not confirmed then is not named. */
  readonly most: number
}

export const REMEDY_BUDGET: RemedyBudget = { chaosRuns: 200, most: 3000 }

/** A run that is to be judged; its result is what the generator wants to be given. */
export interface WantedRun {
  readonly scenario: Scenario
  readonly run: number
}

/**
 * Changes one setting at a time and judges the same plan under the same seed. What prevents the violation is put to the
 * test in chaos runs of the whole scenario, until one of them violates the guarantee. Deterministic; whoever drives it judges each run that it
 * asks for, and may stop between runs.
 */
export function* remedies(
  question: RemedyQuestion,
  budget: RemedyBudget = REMEDY_BUDGET,
): Generator<WantedRun, readonly Remedy[], RunResult> {
  const { frame, raw } = question
  const base = scenarioOf(raw, frame)
  if (base === null) return []
  const found: Remedy[] = []
  let left = budget.most
  for (const { name, sets } of SETTING_CHANGES) {
    const changes = sets(base.spec)
    const changed = changes.length === 0 ? null : scenarioOf(raw, frame, changes)
    const searched = changed === null ? null : scenarioOf(rawSearched(frame), frame, changes)
    if (changed === null || searched === null || left-- <= 0) continue
    if (!prevents(yield { scenario: changed, run: 0 }, frame.signature, changed)) continue
    const chaos = huntedScenario(searched)
    let runs = 0
    let violated = 0
    while (runs < budget.chaosRuns && violated === 0 && left-- > 0) {
      const result = yield { scenario: chaos, run: runs++ }
      if (verdictOn(result, frame.signature)?.observed === 'violated') violated++
    }
    if (runs === budget.chaosRuns || violated > 0) {
      found.push({ name, sets: changes, confirmedIn: runs, violatedIn: violated })
    }
  }
  return found
}

/** Judges every run at once: for callers that need not look after anything else. */
export function remediesAtOnce(
  question: RemedyQuestion,
  judge: (scenario: Scenario, run: number) => RunResult,
  budget: RemedyBudget = REMEDY_BUDGET,
): readonly Remedy[] {
  const search = remedies(question, budget)
  let step = search.next()
  while (step.done !== true) step = search.next(judge(step.value.scenario, step.value.run))
  return step.value
}

/** Whether a remedy held in every run that confirms it. */
export function isConfirmed(remedy: Remedy): boolean {
  return remedy.violatedIn === 0
}

/**
 * Whether the guarantee is known to hold in the changed run, although the faults struck: without its faults any setting
 * would seem to help.
 */
function prevents(result: RunResult, signature: Signature, changed: Scenario): boolean {
  const verdict = verdictOn(result, signature)
  const struck = changed.faults.length === 0 || result.faults.some(({ fired }) => fired > 0)
  return struck && verdict !== null && (verdict.observed === 'holds' || verdict.excused)
}

function verdictOn(result: RunResult, signature: Signature): Verdict | null {
  return result.verdicts.find((verdict) => guaranteeText(verdict) === guaranteeText(signature)) ?? null
}
