import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { RunResult, Verdict } from '../verdict.ts'
import { type CaseFrame, rawSearched, scenarioOf } from './case.ts'
import type { Search } from './driving.ts'
import { huntedScenario } from './hunt.ts'
import { SETTING_CHANGES } from './remedy-table.ts'
import { guaranteeText, type Signature } from './signature.ts'

/** How often chaos broke a guarantee. */
export interface ChaosTally {
  readonly runs: number
  readonly violated: number
}

/**
 * A change of one setting under which the same plan no longer violates the guarantee, and chaos far less often or never.
 */
export interface Remedy {
  /** `acks=all` */
  readonly name: string
  /** For `--set`. */
  readonly sets: readonly string[]
  /** Chaos runs of the whole scenario with the change. Ends early when the guarantee breaks again and again. */
  readonly chaos: ChaosTally
}

/** What should be changed: the surest first. */
export interface Advice {
  readonly remedies: readonly Remedy[]
  /** The same chaos runs without any change, to compare with; null when no change prevents it even here. */
  readonly unchanged: ChaosTally | null
  /** Chaos alone shows the violation too rarely to compare anything: its runs have the counterexample's faults as well. */
  readonly besideItsFaults: boolean
}

export interface RemedyQuestion {
  readonly frame: CaseFrame
  /** What shows the violation in its run 0, as plain values. */
  readonly raw: RawScenario
}

/** How many runs may be spent. */
export interface RemedyBudget {
  /** To confirm one change. */
  readonly chaosRuns: number
  /** Over all changes; what is not put to the test by then is not named. */
  readonly most: number
}

export const REMEDY_BUDGET: RemedyBudget = { chaosRuns: 200, most: 3000 }

/** A change that fails so often needs no more runs. */
const MOST_VIOLATED = 10

/**
 * Changes one setting at a time and judges the same plan under the same seed. What prevents the violation is put to the
 * test in chaos runs of the whole scenario. Deterministic.
 */
export function* remedies(question: RemedyQuestion, budget: RemedyBudget = REMEDY_BUDGET): Search<Advice> {
  const { frame, raw } = question
  const base = scenarioOf(raw, frame)
  const searched = scenarioOf(rawSearched(frame), frame)
  if (base === null || searched === null) return NOTHING_HELPS
  const preventing: Omit<Remedy, 'chaos'>[] = []
  let left = budget.most
  for (const { name, sets } of SETTING_CHANGES) {
    const changes = sets(base.spec)
    const changed = changes.length === 0 ? null : scenarioOf(raw, frame, changes)
    if (changed === null || left <= budget.chaosRuns) continue
    left--
    if (prevents(yield { scenario: changed, run: 0 }, frame.signature, changed))
      preventing.push({ name, sets: changes })
  }
  if (preventing.length === 0) return NOTHING_HELPS
  let unchanged = yield* underChaos(searched, frame.signature, budget.chaosRuns)
  const besideItsFaults = unchanged.violated < HELPS
  if (besideItsFaults) unchanged = yield* underChaos(base, frame.signature, budget.chaosRuns)
  const tried = besideItsFaults ? raw : rawSearched(frame)
  const found: Remedy[] = []
  for (const remedy of preventing) {
    const whole = scenarioOf(tried, frame, remedy.sets)
    if (whole === null || left <= budget.chaosRuns) continue
    const chaos = yield* underChaos(whole, frame.signature, budget.chaosRuns)
    left -= chaos.runs
    if (HELPS * shareOf(chaos) < shareOf(unchanged)) found.push({ ...remedy, chaos })
  }
  return { remedies: found.sort((a, b) => shareOf(a.chaos) - shareOf(b.chaos)), unchanged, besideItsFaults }
}

const NOTHING_HELPS: Advice = { remedies: [], unchanged: null, besideItsFaults: false }

/** The guarantee must break so many times less often: any change shifts the times of a run, so a plan may miss by chance. */
const HELPS = 4

/** Whether a remedy held in every run that puts it to the test. */
export function isConfirmed(remedy: Remedy): boolean {
  return remedy.chaos.violated === 0
}

function* underChaos(scenario: Scenario, signature: Signature, most: number): Search<ChaosTally> {
  const hunted = huntedScenario(scenario)
  let runs = 0
  let violated = 0
  while (runs < most && violated < MOST_VIOLATED) {
    const verdict = verdictOn(yield { scenario: hunted, run: runs++ }, signature)
    if (verdict?.observed === 'violated') violated++
  }
  return { runs, violated }
}

function shareOf({ runs, violated }: ChaosTally): number {
  return violated / Math.max(1, runs)
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
