import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { HasherFactory, UserCode } from '../../sim/host.ts'
import { handlersOf } from '../code/handlers-of.ts'
import { roomFor } from '../code/room.ts'

/** How a run is executed. None of it may change the digest. */
export interface JudgeOptions {
  /** Keep the trace's chunks. */
  readonly trace?: boolean
  readonly queue?: 'heap' | 'wheel'
  /** Check that sent bodies stay as they were. */
  readonly freeze?: boolean
  /** Let the world go on as a copy of itself now and then. */
  readonly copies?: boolean
  /** Count hard situations. */
  readonly situations?: boolean
}

/** Judges one run; synchronous and pure. */
export type Judge = (
  scenario: Scenario,
  run: number,
  ports: { readonly hasher: HasherFactory; readonly code?: () => UserCode },
  options?: JudgeOptions,
) => RunResult

/**
 * Where a worker finds the judge: a module that exports `judgeRun`. Scenarios with handlers of the user's own are judged in
 * a room of their own, whose script stands beside the worker's.
 *
 * @param workerScript by default the product's worker
 * @param only the scenarios that it will judge, where they are known: when all have handlers, the room alone needs the module
 */
export async function loadJudge(moduleUrl: string, workerScript?: URL, only?: readonly Scenario[]): Promise<Judge> {
  const judge = only?.every(hasHandlers) === true ? null : await plainJudge(moduleUrl)
  return (scenario, run, ports, options) =>
    judge === null || hasHandlers(scenario)
      ? roomFor(workerScript).judge(moduleUrl, scenario, run, options ?? {})
      : judge(scenario, run, ports, options)
}

function hasHandlers({ spec }: Scenario): boolean {
  return handlersOf(spec).length > 0
}

/** The judge of a module as it stands, which needs the port to the user's code where there are handlers. */
export async function plainJudge(moduleUrl: string): Promise<Judge> {
  const loaded = (await import(moduleUrl)) as { readonly judgeRun: Judge }
  return loaded.judgeRun
}
