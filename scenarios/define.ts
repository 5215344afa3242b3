import type { RawScenario } from './format/raw.ts'

/** Types a scenario in a module: `export default defineScenario({ scenario: 'title', ... })`. Returns its argument. */
export function defineScenario(scenario: RawScenario): RawScenario {
  return scenario
}
