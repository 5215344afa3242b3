import type { Scenario } from '../scenarios/format/scenario.ts'
import { drawPlan } from '../sim/faults/draw.ts'
import type { HasherFactory, UserCode } from '../sim/host.ts'
import { cloneGraph } from '../sim/kernel/clone.ts'
import { type RunOptions, World } from '../sim/world.ts'
import { Court } from './court.ts'
import type { RunResult } from './verdict.ts'

/** How a run is executed. None of it changes the digest. */
export interface JudgeOptions {
  /** Keep the trace and hand it out with the result. */
  readonly trace?: boolean
  readonly queue?: 'heap' | 'wheel'
  /** Check that sent bodies stay as they were. */
  readonly freeze?: boolean
  /** Now and then the world is copied and goes on as its copy: what is not part of its state is left behind. */
  readonly copies?: boolean
  /** Count hard situations. */
  readonly situations?: boolean
}

/** The machine, as far as a run needs it. */
export interface JudgePorts {
  readonly hasher: HasherFactory
  /** The user's own code, afresh for each run; scenarios with handlers need it. */
  readonly code?: (() => UserCode) | undefined
}

/** Events before the world is copied for the first time, and how much later each next time is. */
const FIRST_COPY = 64
const COPY_FACTOR = 4

/** Seed of a run: run 0 has the base seed, run n `base/n`; so any split of the runs gives the same ones. */
export function seedOfRun(seed: string, run: number): string {
  return run === 0 ? seed : `${seed}/${run}`
}

/**
 * Judges one run of a scenario: a pure function of scenario, run number and hasher. Run 0 of a saved counterexample is the
 * recorded run.
 */
export function judgeRun(scenario: Scenario, run: number, ports: JudgePorts, options: JudgeOptions = {}): RunResult {
  const replay = run === 0 ? scenario.replay : null
  const seed = replay?.runSeed ?? seedOfRun(scenario.seed, run)
  const { spec } = scenario
  const plan = drawPlan({ entries: scenario.faults, chaos: scenario.chaos }, spec, seed)
  const court = new Court(spec, scenario.expect, options.situations ?? false)
  const running: RunOptions = {
    hasher: ports.hasher(),
    observers: [court],
    queue: options.queue ?? 'heap',
    keepTrace: options.trace ?? false,
    freeze: options.freeze ?? false,
    code: ports.code?.(),
    ...(replay === null ? {} : { bases: replay.bases, overrides: replay.overrides }),
  }
  const result = runToEnd(new World(spec, plan, seed, running), options.copies === true ? running : null).result()
  const end = { ...result, seed }
  const verdicts = court.verdicts(end)
  const situations = court.reached()
  return {
    run,
    seed,
    digest: result.digest,
    events: result.events,
    virtualUs: result.virtualUs,
    verdicts,
    breaches: court.broken(end, result.final),
    faults: result.faults,
    mattered: result.mattered,
    hadFaults: result.hadFaults,
    moments: result.counts,
    ended: result.ended,
    waiting: court.waiting(end),
    ...(situations === null ? {} : { situations }),
    ...(options.trace === true ? { trace: result.chunks } : {}),
  }
}

/** @param copied what the world was made of, when it is to be copied on its way: observers, hasher and the user's code go on with the copy. */
function runToEnd(world: World, copied: RunOptions | null): World {
  if (copied === null) {
    world.run()
    return world
  }
  const moved: readonly object[] = [
    copied.hasher,
    ...(copied.observers ?? []),
    ...(copied.code === undefined ? [] : [copied.code]),
  ]
  let current = world
  for (let events = FIRST_COPY; !current.run(events); events *= COPY_FACTOR)
    current = cloneGraph(current, (value) => (moved.includes(value) ? value : undefined))
  return current
}
