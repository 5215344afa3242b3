import { type CaseFrame, frameOfRun } from '../../properties/search/case.ts'
import type { Shown } from '../../properties/search/signature.ts'
import type { RunResult } from '../../properties/verdict.ts'
import { counted } from '../../reports/words.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { JudgingFlags } from '../commands/judging-flags.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { loadScenarios } from '../load.ts'
import type { StopSignal } from '../pool/stop.ts'
import { Progress } from '../progress.ts'
import { select } from '../select.ts'
import { Documents } from './documents.ts'
import { findViolation } from './find.ts'

/** The run of a file that a command is about. */
export interface ViolatingRun {
  readonly scenario: Scenario
  readonly raw: RawScenario
  readonly result: RunResult
  readonly shown: Shown
  readonly frame: CaseFrame
}

export interface ViolatingRunRequest {
  readonly file: string
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
}

/**
 * Finds the first run of a file, over its scenario and variants in order, that violates a guarantee: whether the file
 * expects it or not. Gives the exit code instead when there is none, which is told.
 */
export async function violatingRun(
  request: ViolatingRunRequest,
  context: Context,
  stop: StopSignal,
): Promise<ViolatingRun | ExitCode> {
  const { file, flags, globals } = request
  const { err, cwd } = context.console
  const loaded = await loadScenarios({ paths: [file], ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const { tasks } = select(loaded.scenarios, { ...flags, shard: null })
  if (tasks.length === 0) {
    err.write(`nothing matched in ${file}\n`)
    return EXIT.nothingMatched
  }
  const documents = new Documents(cwd, flags, context.workerScript)
  let judged = 0
  for (const { scenario, count } of tasks) {
    const progress = new Progress(err, count, !globals.quiet)
    const onProgress = (result: RunResult): void => progress.ran(result.virtualUs / 1000)
    const found = await findViolation({ scenario, runs: count, jobs: flags.jobs, stop, onProgress }, context)
    progress.clear()
    if (found !== null) {
      const raw = await documents.of(scenario)
      const { result, shown } = found
      return { scenario, raw, result, shown, frame: frameOfRun(scenario, raw, result, shown) }
    }
    if (stop.reason !== null) return EXIT.interrupted
    judged += count
  }
  err.write(`nothing is violated in ${counted(judged, 'run')} of ${file}\n`)
  return EXIT.notMet
}
