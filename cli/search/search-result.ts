import type { ScenarioAggregate } from '../../reports/aggregate.ts'
import type { ScenarioResult } from '../../reports/result.ts'
import type { StopReason } from '../pool/stop.ts'

/**
 * The result of searching one scenario. A search is over whenever it ends; only one that was interrupted, or had no run at
 * all, is left open.
 */
export function searchResult(
  aggregate: ScenarioAggregate,
  found: boolean,
  interrupted: StopReason | null,
): ScenarioResult {
  if (found) return aggregate.finish(1, 'bail')
  if (interrupted !== null) return aggregate.finish(Number.MAX_SAFE_INTEGER, interrupted)
  const soFar = aggregate.finish(1, 'time-budget')
  return soFar.runs === 0 ? soFar : inVain(aggregate.finish(soFar.runs, null))
}

/**
 * A search in vain is as good as the runs that could be judged: chaos may leave a run with nothing to judge, and that says
 * nothing against the others. It is open only when a guarantee was decided in none of them.
 */
function inVain(result: ScenarioResult): ScenarioResult {
  if (!result.inconclusive || result.problems.length > 0) return result
  const expectations = result.expectations.map((each) => ({ ...each, met: each.met || each.runsUnknown < result.runs }))
  const met = expectations.every((each) => each.met)
  return { ...result, expectations, met, inconclusive: !met }
}
