import type { Bar, Check, Round } from './bars.ts'
import type { Missing } from './measure.ts'
import { spreadOf } from './statistics.ts'

export interface Line {
  readonly name: string
  readonly measured: string
  readonly must: string
  readonly verdict: 'pass' | 'FAIL' | Missing['verdict'] | ''
}

/** Why variants were not measured, by name. */
export type Misses = Readonly<Record<string, Missing>>

/** What the rounds say about a bar, those in which all was measured that it needs. */
export function barLine(bar: Bar, rounds: readonly Round[], misses: Misses): Line {
  const must = bar.must === null ? '' : 'atLeast' in bar.must ? `>= ${bar.must.atLeast}` : `<= ${bar.must.atMost}`
  const complete = rounds.filter((round) => bar.needs.every((name) => round[name] !== undefined))
  if (complete.length === 0) return missingLine(bar, must, misses)
  const { median, min, max } = spreadOf(complete.map((round) => bar.value(round)))
  const say = (value: number): string => value.toFixed(bar.digits)
  const measured = `${say(median)}${bar.unit} (${say(min)}-${say(max)})`
  return { name: bar.name, measured, must, verdict: bar.must === null ? '' : meets(bar.must, median) ? 'pass' : 'FAIL' }
}

function missingLine({ name, needs }: Pick<Bar, 'name' | 'needs'>, must: string, misses: Misses): Line {
  const { verdict, why } = needs.flatMap((need) => misses[need] ?? [])[0] ?? { verdict: 'failed', why: 'not measured' }
  return { name, measured: why, must, verdict }
}

function meets(must: NonNullable<Bar['must']>, value: number): boolean {
  return 'atLeast' in must ? value >= must.atLeast : value <= must.atMost
}

/** Whether a check held in every round. */
export function checkLine(check: Check, rounds: readonly Round[], misses: Misses): Line {
  const complete = rounds.filter((round) => check.needs.every((name) => round[name] !== undefined))
  if (complete.length === 0) return missingLine(check, 'always', misses)
  const held = complete.filter((round) => check.holds(round)).length
  const verdict = held === complete.length ? 'pass' : 'FAIL'
  return { name: check.name, measured: `${held} of ${complete.length} rounds`, must: 'always', verdict }
}

/** Lines under each other, columns aligned. */
export function table(lines: readonly Line[]): string {
  const rows = [
    ['bar', 'measured: median (min-max)', 'must', 'verdict'],
    ...lines.map(({ name, measured, must, verdict }) => [name, measured, must, verdict]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
