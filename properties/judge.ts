import type { Scenario } from '../scenarios/format/scenario.ts'
import { drawPlan } from '../sim/faults/draw.ts'
import type { HasherFactory } from '../sim/host.ts'
import { runWorld, type RunOptions } from '../sim/world.ts'
import { Court } from './court.ts'
import type { RunResult } from './verdict.ts'

/** How a run is executed. None of it changes the digest. */
export interface JudgeOptions {
  /** Keep the trace and hand it out with the result. */
  readonly trace?: boolean
  readonly queue?: 'heap' | 'wheel'
  /** Check that sent bodies stay as they were. */
  readonly freeze?: boolean
}

/** Seed of a run: run 0 has the base seed, run n `base/n`; so any split of the runs gives the same ones. */
export function seedOfRun(seed: string, run: number): string {
  return run === 0 ? seed : `${seed}/${run}`
}

/**
 * Judges one run of a scenario: a pure function of scenario, run number and hasher. Run 0 of a saved counterexample is the
 * recorded run.
 */
export function judgeRun(
  scenario: Scenario,
  run: number,
  ports: { readonly hasher: HasherFactory },
  options: JudgeOptions = {},
): RunResult {
  const replay = run === 0 ? scenario.replay : null
  const seed = replay?.runSeed ?? seedOfRun(scenario.seed, run)
  const { spec } = scenario
  const plan = drawPlan({ entries: scenario.faults, chaos: scenario.chaos }, spec, seed)
  const court = new Court(spec, scenario.expect)
  const running: RunOptions = {
    hasher: ports.hasher(),
    observers: [court],
    queue: options.queue ?? 'heap',
    keepTrace: options.trace ?? false,
    freeze: options.freeze ?? false,
    ...(replay === null ? {} : { bases: replay.bases, overrides: replay.overrides }),
  }
  const result = runWorld(spec, plan, seed, running)
  return {
    run,
    seed,
    digest: result.digest,
    events: result.events,
    virtualUs: result.virtualUs,
    verdicts: court.verdicts(result),
    breaches: court.broken(result, result.logs),
    faults: result.faults,
    mattered: result.mattered,
    hadFaults: result.hadFaults,
    moments: result.counts,
    ended: result.ended,
    waiting: result.waiting,
    ...(options.trace === true ? { trace: result.chunks } : {}),
  }
}
