import { firstShown, type Shown } from '../../properties/search/signature.ts'
import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context } from '../context.ts'
import { judgeAll } from '../pool/judge-all.ts'
import type { StopSignal } from '../pool/stop.ts'

export interface FindOptions {
  readonly scenario: Scenario
  readonly runs: number
  readonly jobs: number
  readonly stop: StopSignal
  readonly onResult?: (result: RunResult) => void
  /** In any order. */
  readonly onProgress?: (result: RunResult) => void
}

export interface FoundRun {
  readonly result: RunResult
  readonly shown: Shown
}

/** The lowest run that violates a guarantee, whatever the number of jobs. Null when none does. */
export async function findViolation(options: FindOptions, context: Context): Promise<FoundRun | null> {
  const { scenario, runs, jobs, stop } = options
  let found: FoundRun | null = null
  await judgeAll({
    tasks: [{ scenario, first: 0, step: 1, count: runs, options: {} }],
    jobs,
    stop,
    onResult: (_, result) => {
      options.onResult?.(result)
      const shown = firstShown(result, scenario.expect)
      if (shown === null) return 'continue'
      found = { result, shown }
      return 'stop'
    },
    onProgress: (_, result) => options.onProgress?.(result),
    ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
    ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
  })
  return found
}
