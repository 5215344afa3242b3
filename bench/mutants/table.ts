import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import type { Mutant } from '../../properties/mutants/mutant.ts'
import type { GenericMutant } from './sample.ts'
import { reasonFor } from './survivors.ts'

/** A line of a table of mutants. */
export interface Row {
  readonly id: string
  readonly verdict: string
  /** Scenario that caught it. */
  readonly by: string
  /** What it violated, or why nothing did. */
  readonly what: string
  readonly runs: string
  /** A named mutant that was to be caught and was not, or whose code was not reached. */
  readonly isMissed: boolean
}

type Outcomes = ReadonlyMap<string, MutantOutcome>

export function namedRows(mutants: readonly Mutant[], outcomes: Outcomes): readonly Row[] {
  return mutants.map((mutant) => {
    const { id, caughtBy, equivalent } = mutant
    if (caughtBy === null)
      return { id, verdict: 'equivalent', by: '', what: equivalent ?? '', runs: '', isMissed: equivalent === undefined }
    const outcome = outcomes.get(id)
    if (outcome === undefined) return { id, verdict: 'not hunted', by: '', what: '', runs: '', isMissed: true }
    const row = rowOf(id, outcome)
    return {
      ...row,
      runs: `${row.runs} of ${caughtBy.runs}`,
      isMissed: outcome.verdict !== 'caught' || !outcome.executed,
    }
  })
}

export function genericRows(mutants: readonly GenericMutant[], outcomes: Outcomes): readonly Row[] {
  return mutants.map((mutant) => {
    const outcome = outcomes.get(mutant.id)
    if (outcome === undefined)
      return { id: mutant.id, verdict: 'not hunted', by: '', what: '', runs: '', isMissed: false }
    const row = rowOf(mutant.id, outcome)
    return isSurvivor(outcome) ? { ...row, what: reasonFor(mutant, outcome) } : row
  })
}

/** Neither caught nor noticed by the simulator itself. */
export function isSurvivor({ verdict }: MutantOutcome): boolean {
  return verdict === 'survived'
}

function rowOf(id: string, outcome: MutantOutcome): Row {
  const { caught, firstCrash, verdict, executed, runs } = outcome
  const by = caught === null ? '' : scenarioOf(caught.file, caught.variant)
  const what =
    caught === null
      ? (firstCrash?.message ?? '')
      : caught.kind === 'no longer shown'
        ? `${caught.what} (no longer shown)`
        : caught.what
  return { id, verdict: executed ? verdict : `${verdict}, not reached`, by, what, runs: String(runs), isMissed: false }
}

/** `library/perfect-broker`, with the variant behind a colon. */
export function scenarioOf(file: string, variant: string | null): string {
  const name = file.replace(/^.*scenarios\//, '').replace(/\.yaml$/, '')
  return variant === null ? name : `${name}:${variant}`
}

/** How the drawn mutants ended, in a sentence. */
export function genericSummary(mutants: readonly GenericMutant[], outcomes: Outcomes): string {
  const known = mutants.flatMap(({ id }) => outcomes.get(id) ?? [])
  const count = (verdict: MutantOutcome['verdict']): number => known.filter((each) => each.verdict === verdict).length
  const unreached = known.filter(({ executed }) => !executed).length
  return (
    `${known.length} drawn mutants: ${count('caught')} caught, ${count('crashed')} crash the simulator, ${count('hung')} hang, ` +
    `${count('survived')} survive, of which ${unreached} are never reached`
  )
}

/** Rows under each other, columns aligned. */
export function textTable(rows: readonly Row[]): string {
  const cells = [
    ['mutant', 'verdict', 'runs', 'caught by', 'what'],
    ...rows.map(({ id, verdict, runs, by, what }) => [id, verdict, runs, by, what]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
