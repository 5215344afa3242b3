import { loadScenarioText } from '../../scenarios/format/load.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { matchableFields, momentNamed, MOMENTS } from '../../sim/history/catalogue.ts'

/** The scenario that a text describes. @throws Error with every mistake in it. */
export function scenarioOf(text: string): Scenario {
  const moments = MOMENTS.map(({ name }) => name)
  const momentFields = Object.fromEntries(
    moments.map((name) => {
      const moment = momentNamed(name)
      return [name, moment === undefined ? [] : matchableFields(moment)]
    }),
  )
  const { scenarios, diagnostics } = loadScenarioText('bench.yaml', text, { moments, momentFields })
  const [scenario] = scenarios
  if (scenario === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return scenario
}
