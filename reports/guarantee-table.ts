import { GUARANTEES, type Guarantee } from '../scenarios/format/vocabulary.ts'
import { titleWithin } from './expectation-words.ts'
import { clipped, padded, widthOf } from './layout.ts'
import type { Paint } from './paint.ts'
import type { ExpectationResult, ScenarioResult } from './result.ts'

const GAP = 2
const LEAST_NAME = 24
const MOST_NAME = 56

interface Column {
  readonly guarantee: Guarantee
  /** The name's words, one below the other. */
  readonly words: readonly string[]
  readonly width: number
}

/**
 * Scenario x guarantee: ✓ held in every run, ✗ violated, ? unknown, · not judged; `!` marks what the file does not expect.
 * Where a scenario judges a guarantee for several subjects or stages, the worst is shown.
 */
export function guaranteeTable(results: readonly ScenarioResult[], paint: Paint, width: number): readonly string[] {
  const columns = columnsOf(results)
  if (columns.length === 0) return []
  const longest = Math.max(...results.map((_, i) => widthOf(nameOf(results, i, MOST_NAME))))
  const blocks = inBlocks(columns, width - 2 - LEAST_NAME)
  const widest = Math.max(...blocks.map(widthTaken))
  const nameWidth = Math.min(longest, Math.max(LEAST_NAME, Math.min(MOST_NAME, width - 2 - widest)))
  const lines = blocks.flatMap((block, i) => {
    // A further block repeats only the names that have something there.
    const rows = blocks.length === 1 ? results : results.filter((result) => judgesAny(result, block))
    return [...(i === 0 ? [] : ['']), ...tableBlock(rows, block, nameWidth, paint)]
  })
  return [...lines, '', legend(paint)]
}

function judgesAny(result: ScenarioResult, columns: readonly Column[]): boolean {
  return result.expectations.some((e) => columns.some(({ guarantee }) => guarantee === e.guarantee))
}

function legend(paint: Paint): string {
  const parts = [`${paint.good('✓')} held`, `${paint.bad('✗')} violated`, `${paint.open('?')} unknown`]
  return `  ${[...parts, '· not judged', `${paint.bad('!')} not as expected`].join('   ')}`
}

function columnsOf(results: readonly ScenarioResult[]): readonly Column[] {
  const judged = new Set(results.flatMap((result) => result.expectations.map((e) => e.guarantee)))
  return GUARANTEES.filter(({ name }) => judged.has(name)).map(({ name }) => {
    const words = name.split('-')
    return { guarantee: name, words, width: Math.max(...words.map(widthOf)) }
  })
}

function widthTaken(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + GAP + column.width, 0)
}

/** Splits columns that do not fit side by side; each block has at least one. */
function inBlocks(columns: readonly Column[], width: number): readonly (readonly Column[])[] {
  const blocks: Column[][] = []
  let block: Column[] = []
  for (const column of columns) {
    if (block.length > 0 && widthTaken([...block, column]) > width) {
      blocks.push(block)
      block = []
    }
    block.push(column)
  }
  blocks.push(block)
  return blocks
}

function tableBlock(
  results: readonly ScenarioResult[],
  columns: readonly Column[],
  nameWidth: number,
  paint: Paint,
): readonly string[] {
  const height = Math.max(...columns.map((column) => column.words.length))
  const gap = ' '.repeat(GAP)
  const lines: string[] = []
  for (let row = 0; row < height; row++) {
    // Words hang from the bottom, so that a header's last word stands right above its column.
    const words = columns.map((c) => padded(c.words[row - height + c.words.length] ?? '', c.width))
    lines.push(`  ${' '.repeat(nameWidth)}${gap}${paint.faint(words.join(gap).trimEnd())}`)
  }
  results.forEach((result, i) => {
    const cells = columns.map((column) => cell(result, column, paint)).join(gap)
    lines.push(`  ${padded(nameOf(results, i, nameWidth), nameWidth)}${gap}${cells}`.trimEnd())
  })
  return lines
}

/** The scenario's title; below it, its variants by their own names. */
function nameOf(results: readonly ScenarioResult[], i: number, width: number): string {
  const [above, result] = [results[i - 1], results[i]]
  if (result === undefined) return ''
  const same = above !== undefined && above.file === result.file && above.scenario === result.scenario
  return same && result.variant !== null ? clipped(`  · ${result.variant}`, width) : titleWithin(result, width)
}

function cell(result: ScenarioResult, column: Column, paint: Paint): string {
  const expectations = result.expectations.filter((e) => e.guarantee === column.guarantee)
  const worst = expectations.reduce<ExpectationResult | null>(
    (worst, next) => (worst === null || badness(next) > badness(worst) ? next : worst),
    null,
  )
  if (worst === null) return paint.faint('·') + ' '.repeat(column.width - 1)
  const mark = worst.met ? '' : paint.bad('!')
  return sign(worst, paint) + mark + ' '.repeat(Math.max(0, column.width - (worst.met ? 1 : 2)))
}

function sign(expectation: ExpectationResult, paint: Paint): string {
  switch (expectation.observed) {
    case 'holds':
      return paint.good('✓')
    case 'violated':
      return paint.bad('✗')
    case 'unknown':
      return paint.open('?')
  }
}

/** Unexpected before expected; within each violated, unknown, held. */
function badness(expectation: ExpectationResult): number {
  const observed = { holds: 0, unknown: 1, violated: 2 }[expectation.observed]
  return observed + (expectation.met ? 0 : 3)
}
