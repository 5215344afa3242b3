import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from '../../cli/mutants/messages.ts'
import type { Mutant, Patch } from '../../properties/mutants/mutant.ts'
import { MUTANTS } from '../../properties/mutants/mutants.ts'

/** A hunt to be made. Plain data: what it says is what its outcome depends on. */
export interface Job {
  readonly patch: Patch
  readonly targets: readonly Target[]
  readonly runs: number
  readonly unreachedRuns?: number
}

/** Wall-clock time for one hunt; a budget is told in runs, and this only guards against what hangs. */
export const MOST_MS = 120_000

/** Runs of the battery for a mutant that nothing is known of: all scenarios take turns. */
const BATTERY_RUNS = 300

/** After so many, every scenario had its turn. */
const UNREACHED_RUNS = 120

/** The hunt for a named mutant, within the budget that it states; null where it is argued to be equivalent. */
export function namedJob(mutant: Mutant): Job | null {
  if (mutant.caughtBy === null) return null
  const { scenario, variant, runs } = mutant.caughtBy
  const target = { file: `scenarios/${scenario}.yaml`, ...(variant === undefined ? {} : { variant }) }
  const { id, file, anchor, replacement } = mutant
  return { patch: { id, file, anchor, replacement }, targets: [target], runs }
}

/** The hunt for a mutant of which nothing is known: the library and the campaigns. */
export function genericJob(root: string, { id, file, anchor, replacement }: Patch): Job {
  return {
    patch: { id, file, anchor, replacement },
    targets: battery(root),
    runs: BATTERY_RUNS,
    unreachedRuns: UNREACHED_RUNS,
  }
}

function battery(root: string): readonly Target[] {
  return ['library', 'campaigns'].flatMap((folder) => {
    const files = readdirSync(join(root, 'scenarios', folder)).filter((name) => name.endsWith('.yaml'))
    return files.sort((a, b) => (a < b ? -1 : 1)).map((name) => ({ file: `scenarios/${folder}/${name}` }))
  })
}

/** Named mutants whose id or file contains the text. */
export function namedMutants(filter: string): readonly Mutant[] {
  return MUTANTS.filter(({ id, file }) => id.includes(filter) || file.includes(filter))
}
