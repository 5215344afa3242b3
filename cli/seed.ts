import type { Scenario } from '../scenarios/format/scenario.ts'

/** The seed of a run, for messages about runs that gave no result. Run 0 has the base seed, run n `base/n`. */
export function seedOf(scenario: Scenario, run: number): string {
  if (run === 0) return scenario.replay?.runSeed ?? scenario.seed
  return `${scenario.seed}/${run}`
}

/** The scenario under another seed; a saved counterexample's run 0 takes it too. */
export function withSeed(scenario: Scenario, seed: string): Scenario {
  const replay = scenario.replay === null ? null : { ...scenario.replay, runSeed: seed }
  return { ...scenario, seed, replay }
}
