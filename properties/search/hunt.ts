import type { Scenario } from '../../scenarios/format/scenario.ts'
import { type ChaosSpec, ORDINARY_KINDS } from '../../sim/faults/plan.ts'

/** What the fuzzer's generator may draw where a file does not say. */
export const DEFAULT_CHAOS: ChaosSpec = { budget: 'within-promise', kinds: ORDINARY_KINDS, faults: [1, 6] }

/**
 * The scenario as it is searched: with chaos, and every listed guarantee taken to hold. What it says about single runs
 * (moments to be reached, a recorded run) does not matter in a search.
 */
export function huntedScenario(scenario: Scenario): Scenario {
  return {
    ...scenario,
    chaos: scenario.chaos ?? DEFAULT_CHAOS,
    cover: [],
    expect: scenario.expect.map((expectation) => ({ ...expectation, expected: 'holds', kinds: [] })),
    replay: null,
  }
}
