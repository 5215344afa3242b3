import type { ExpectationResult, FirstViolation, ResultDocument, ScenarioResult, Stopped, Summary } from './result.ts'

/** What happens while scenarios are judged, in an order that does not depend on `--jobs`. */
export type ReportEvent =
  | { readonly type: 'run-started'; readonly scenarios: number; readonly runs: number }
  /** An expectation shows a violation for the first time. */
  | {
      readonly type: 'violation'
      readonly file: string
      readonly scenario: string
      readonly variant: string | null
      readonly guarantee: ExpectationResult['guarantee']
      readonly stage: ExpectationResult['stage']
      readonly subject: string | null
      readonly expected: ExpectationResult['expected']
      readonly violation: FirstViolation
    }
  | { readonly type: 'scenario'; readonly result: ScenarioResult }
  | { readonly type: 'summary'; readonly summary: Summary; readonly exit: number; readonly error: string | null }

/** Turns events into text. Each reporter has one destination, and everything it returns is written there in order. */
export interface Reporter {
  /** Text to write now; often empty. */
  report(event: ReportEvent): string
}

/** The tool's own name and version, as documents carry it. */
export type Tool = ResultDocument['tool']

/** What ended a command before its work was done, in words: a mistake in the user's own code, or a defect of the tool. */
export function endedBy({ stopped }: { readonly stopped: Stopped | null }, error: string): string {
  return stopped === 'refused' ? error : `internal error: ${error}`
}

/** Counts scenario results. */
export function summaryOf(
  results: readonly ScenarioResult[],
  notJudged: number = 0,
  stopped: Stopped | null = null,
): Summary {
  const met = results.filter((result) => result.met).length
  const inconclusive = results.filter((result) => result.inconclusive).length
  return {
    scenarios: results.length,
    met,
    notMet: results.length - met - inconclusive,
    inconclusive,
    runs: results.reduce((sum, result) => sum + result.runs, 0),
    notJudged,
    stopped,
  }
}
