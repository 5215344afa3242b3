import { frameOfRun } from '../../properties/search/case.ts'
import { whatToChange } from '../../properties/search/counterexample.ts'
import { shownAs } from '../../properties/search/signature.ts'
import { violationToRepeat } from '../../reports/expectation-words.ts'
import type { Paint } from '../../reports/paint.ts'
import type { ScenarioResult } from '../../reports/result.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context } from '../context.ts'
import { adviceLines } from './advice.ts'
import { SearchBench } from './bench.ts'
import { Documents } from './documents.ts'

/** With more scenarios than this, only those that are not as expected are given advice: each takes seconds. */
const ADVISED_UP_TO = 8

/** Gives the lines that say what to change about a scenario's violation; none where there is nothing to say. */
export type AdviceOf = (result: ScenarioResult, paint: Paint, width: number) => readonly string[]

/** Advice about the results of the given scenarios, for `run -v`. */
export async function adviceForResults(
  scenarios: readonly Scenario[],
  flags: { readonly set: readonly string[]; readonly profile: string | null },
  context: Context,
): Promise<AdviceOf> {
  const bench = await SearchBench.with(context)
  const documents = new Documents(context.console.cwd, flags, context.workerScript)
  const known: { readonly scenario: Scenario; readonly raw: RawScenario }[] = []
  for (const scenario of scenarios) known.push({ scenario, raw: await documents.of(scenario) })
  return (result, paint, width) => {
    const violation = violationToRepeat(result)
    const found = known.find(({ scenario: { file, title, variant } }) => {
      return file === result.file && title === result.scenario && variant === result.variant
    })
    if (violation === null || found === undefined || (result.met && known.length > ADVISED_UP_TO)) return []
    const { scenario, raw } = found
    const again = bench.traced(scenario, violation.run)
    const shown = shownAs(again, violation)
    if (shown === null) return []
    const frame = frameOfRun(scenario, raw, again, shown)
    return adviceLines(bench.driveAtOnce(whatToChange(frame, scenario, again.trace)), paint, width)
  }
}
