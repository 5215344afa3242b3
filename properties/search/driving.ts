import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { RunResult } from '../verdict.ts'

/** A run that a search wants to be judged. */
export interface WantedRun {
  readonly scenario: Scenario
  readonly run: number
}

/**
 * A search that asks for runs and is given their results: it is a pure function of them, and whoever drives it decides
 * where they are judged and may stop in between.
 */
export type Search<T> = Generator<WantedRun, T, RunResult>

/** Judges every run at once. */
export function driveAtOnce<T>(search: Search<T>, judge: (scenario: Scenario, run: number) => RunResult): T {
  let step = search.next()
  while (step.done !== true) step = search.next(judge(step.value.scenario, step.value.run))
  return step.value
}

/** Judges run by run while it may go on. Null when it was cut short. */
export async function drive<T>(
  search: Search<T>,
  judge: (scenario: Scenario, run: number) => Promise<RunResult>,
  goOn: (runs: number) => boolean,
): Promise<T | null> {
  let step = search.next()
  for (let runs = 0; step.done !== true; runs++) {
    if (!goOn(runs)) return null
    step = search.next(await judge(step.value.scenario, step.value.run))
  }
  return step.value
}
