import { GUARANTEES, type Guarantee, type Stage, STAGES } from '../scenarios/format/vocabulary.ts'
import { titleWithin } from './expectation-words.ts'
import { clipped, padded, widthOf } from './layout.ts'
import type { Paint } from './paint.ts'
import type { ExpectationResult, ScenarioResult } from './result.ts'

const GAP = 2
const LEAST_NAME = 20
const MOST_NAME = 56
/** A sign and what may mark it. */
const SIGN = 2

const LETTER: Readonly<Record<Stage, string>> = { publish: 'p', consume: 'c', 'end-to-end': 'e' }

interface Column {
  readonly guarantee: Guarantee
  /** The stages that it is judged at, each with a sign of its own; null = it has none. */
  readonly stages: readonly (Stage | null)[]
  /** The name's words, one below the other; last the letters of its stages. */
  readonly words: readonly string[]
  readonly width: number
}

/**
 * Scenario x guarantee, each stage with a sign of its own: ✓ held in every run, ✗ violated, ? unknown, · not judged; `!` marks
 * what the file does not expect. Where a scenario judges a guarantee for several subjects, the worst is shown.
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
  return [...lines, '', ...legend(columns, paint)]
}

function judgesAny(result: ScenarioResult, columns: readonly Column[]): boolean {
  return result.expectations.some((e) => columns.some(({ guarantee }) => guarantee === e.guarantee))
}

function legend(columns: readonly Column[], paint: Paint): readonly string[] {
  const parts = [`${paint.good('✓')} held`, `${paint.bad('✗')} violated`, `${paint.open('?')} unknown`]
  const signs = `  ${[...parts, '· not judged', `${paint.bad('!')} not as expected`].join('   ')}`
  const stages = STAGES.filter((stage) => columns.some((column) => column.stages.includes(stage)))
  return stages.length === 0 ? [signs] : [signs, `  ${stages.map((stage) => `${LETTER[stage]} ${stage}`).join('   ')}`]
}

function columnsOf(results: readonly ScenarioResult[]): readonly Column[] {
  const judged = results.flatMap((result) => result.expectations)
  return GUARANTEES.flatMap(({ name }) => {
    const own = judged.filter(({ guarantee }) => guarantee === name)
    const stages = [...STAGES, null].filter((stage) => own.some((expectation) => expectation.stage === stage))
    return stages.length === 0 ? [] : [columnOf(name, stages)]
  })
}

function columnOf(guarantee: Guarantee, stages: Column['stages']): Column {
  const letters = stages
    .map((stage) => padded(stage === null ? '' : LETTER[stage], SIGN))
    .join('')
    .trimEnd()
  const words = [...guarantee.split('-'), ...(letters === '' ? [] : [letters])]
  return { guarantee, stages, words, width: Math.max(SIGN * stages.length, ...words.map(widthOf)) }
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
  const signs = column.stages.map((stage) => signAt(result, column.guarantee, stage, paint)).join('')
  return signs + ' '.repeat(Math.max(0, column.width - SIGN * column.stages.length))
}

function signAt(result: ScenarioResult, guarantee: Guarantee, stage: Stage | null, paint: Paint): string {
  const expectations = result.expectations.filter((e) => e.guarantee === guarantee && e.stage === stage)
  const worst = expectations.reduce<ExpectationResult | null>(
    (worst, next) => (worst === null || badness(next) > badness(worst) ? next : worst),
    null,
  )
  return worst === null ? `${paint.faint('·')} ` : sign(worst, paint) + (worst.met ? ' ' : paint.bad('!'))
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
