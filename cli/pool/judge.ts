import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { HasherFactory } from '../../sim/host.ts'

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
  ports: { readonly hasher: HasherFactory },
  options?: JudgeOptions,
) => RunResult

/** The product's own judge. */
export function defaultJudge(): string {
  return new URL('../../properties/judge.js', import.meta.url).href
}

/** Where a worker finds the judge: a module that exports `judgeRun`. */
export async function loadJudge(moduleUrl: string): Promise<Judge> {
  const loaded = (await import(moduleUrl)) as { readonly judgeRun: Judge }
  return loaded.judgeRun
}
