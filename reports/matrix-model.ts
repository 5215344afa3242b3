import { GUARANTEES } from '../scenarios/format/vocabulary.ts'
import { labelOf } from './expectation-words.ts'
import type { ExpectationResult, ScenarioResult } from './result.ts'

/** The scenarios of one file side by side, for `matrix`. */
export interface Matrix {
  readonly file: string
  readonly title: string
  readonly columns: readonly ScenarioResult[]
  readonly rows: readonly Row[]
}

/** A guarantee, of a subject and at a stage where there are such, in every column; null = it cannot be judged there. */
export interface Row {
  readonly label: string
  readonly cells: readonly (Cell | null)[]
}

export interface Cell {
  readonly observed: ExpectationResult['observed']
  /** False when the file expects something else; what it does not name is as it is. */
  readonly expected: boolean
}

/** One for each file, in the order of results. */
export function matricesOf(results: readonly ScenarioResult[]): readonly Matrix[] {
  const files = [...new Set(results.map(({ file }) => file))]
  return files.map((file) => {
    const columns = results.filter((result) => result.file === file)
    return { file, title: columns[0]?.scenario ?? '', columns, rows: rowsOf(columns) }
  })
}

function rowsOf(columns: readonly ScenarioResult[]): readonly Row[] {
  const all = columns.flatMap(judgedIn)
  const rank = ({ guarantee }: ExpectationResult): number => GUARANTEES.findIndex(({ name }) => name === guarantee)
  const labels = [...new Set([...all].sort((a, b) => rank(a) - rank(b)).map(labelOf))]
  return labels.map((label) => ({ label, cells: columns.map((column) => cellOf(column, label)) }))
}

function judgedIn(result: ScenarioResult): readonly ExpectationResult[] {
  return [...result.expectations, ...(result.observations ?? [])]
}

function cellOf(column: ScenarioResult, label: string): Cell | null {
  const own = column.expectations.find((each) => labelOf(each) === label)
  const seen = own ?? column.observations?.find((each) => labelOf(each) === label)
  return seen === undefined ? null : { observed: seen.observed, expected: own?.met ?? true }
}

/** What a column is called. */
export function columnName(result: ScenarioResult): string {
  return result.variant ?? 'base'
}

export const SIGNS: Readonly<Record<ExpectationResult['observed'], string>> = {
  holds: '✓',
  violated: '✗',
  unknown: '?',
}
