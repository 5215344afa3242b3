import type { Scenario } from '../scenarios/format/scenario.ts'
import type { JudgingFlags } from './commands/judging-flags.ts'
import { shardOf } from './pool/tasks.ts'
import type { RunTask } from './pool/tasks.ts'
import { withSeed } from './seed.ts'
import type { PlannedScenario } from './session.ts'

export interface Selection {
  readonly planned: readonly PlannedScenario[]
  /** One task for each planned scenario. */
  readonly tasks: readonly RunTask[]
}

/** Applies `--filter`, `--seed`, `--runs` and `--shard`. */
export function select(
  scenarios: readonly Scenario[],
  flags: Pick<JudgingFlags, 'filter' | 'seed' | 'runs' | 'shard'>,
): Selection {
  const chosen = scenarios.filter((scenario) => matches(scenario, flags.filter))
  const left = new Set(chosen)
  const partFiles = new Set(scenarios.filter((scenario) => !left.has(scenario)).map(({ file }) => file))
  const tasks = chosen.map((scenario): RunTask => {
    const shard = shardOf(flags.runs ?? scenario.runs, flags.shard?.index ?? 1, flags.shard?.of ?? 1)
    return { scenario: flags.seed === null ? scenario : withSeed(scenario, flags.seed), ...shard, options: {} }
  })
  const planned = tasks.map(({ scenario, count }) => ({
    scenario,
    runs: count,
    wholeFile: !partFiles.has(scenario.file),
  }))
  return { planned, tasks }
}

/** Whether a scenario's file, title, variant or one of its tags contains the text, in any case. */
function matches(scenario: Scenario, filter: string | null): boolean {
  if (filter === null) return true
  const wanted = filter.toLowerCase()
  const words = [scenario.file, scenario.title, scenario.variant ?? '', ...scenario.tags]
  return words.some((text) => text.toLowerCase().includes(wanted))
}
