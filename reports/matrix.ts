import { findingsOf } from './findings.ts'
import { clipped, padded, widthOf, wrapped } from './layout.ts'
import { type Cell, columnName, matricesOf, type Matrix, type Row, SIGNS } from './matrix-model.ts'
import type { Paint } from './paint.ts'
import type { ReportEvent, Reporter } from './report.ts'
import type { ScenarioResult, Summary } from './result.ts'
import { counted } from './words.ts'

export interface MatrixOptions {
  readonly paint: Paint
  /** Columns of the terminal; the report keeps within 80 to 120. */
  readonly width: number
  /** Only files with something that is not as expected. */
  readonly quiet: boolean
}

const GAP = 2
const MOST_LABEL = 44
const MOST_HEADER = 14

/** Guarantee x variant for people: a table per file. */
export function matrixReporter(options: MatrixOptions): Reporter {
  const results: ScenarioResult[] = []
  return {
    report(event: ReportEvent): string {
      if (event.type === 'scenario') results.push(event.result)
      if (event.type !== 'summary') return ''
      const shown = matricesOf(results).filter(({ columns }) => !options.quiet || columns.some(({ met }) => !met))
      const blocks = shown.map((matrix) => tableFor(matrix, options).join('\n'))
      const parts = [
        ...blocks,
        ...(blocks.length === 0 ? [] : [legend(options.paint)]),
        summaryLine(event.summary, event.exit),
      ]
      return `${parts.join('\n\n')}\n`
    },
  }
}

function legend(paint: Paint): string {
  const signs = [`${paint.good('✓')} held`, `${paint.bad('✗')} violated`, `${paint.open('?')} unknown`]
  return `  ${[...signs, '· nobody to judge there', `${paint.bad('!')} not as the file expects`].join('   ')}`
}

function summaryLine(summary: Summary, exit: number): string {
  const parts = [
    ...(summary.met > 0 ? [`${summary.met} met`] : []),
    ...(summary.notMet > 0 ? [`${summary.notMet} not met`] : []),
    ...(summary.inconclusive > 0 ? [`${summary.inconclusive} inconclusive`] : []),
    ...(summary.notJudged > 0 ? [`${summary.notJudged} not judged`] : []),
  ]
  const end = exit === 0 ? '' : ` · exit ${exit}`
  const total = counted(summary.scenarios + summary.notJudged, 'scenario')
  return `${total}: ${parts.join(', ')} · ${counted(summary.runs, 'run')}${end}`
}

function tableFor(matrix: Matrix, { paint, width }: MatrixOptions): readonly string[] {
  const within = Math.min(120, Math.max(80, width))
  const labelWidth = Math.min(MOST_LABEL, Math.max(...matrix.rows.map(({ label }) => widthOf(label)), 0))
  const headers = matrix.columns.map((column) => headerOf(columnName(column)))
  const widths = headers.map((words) => Math.max(2, ...words.map(widthOf)))
  const blocks = inBlocks(widths, within - 2 - labelWidth)
  const lines = blocks.flatMap((block, i) => [
    ...(i === 0 ? [] : ['']),
    ...(block.length === 0
      ? []
      : headerLines(
          block.map((column) => headers[column] ?? []),
          block.map((column) => widths[column] ?? 2),
          labelWidth,
          paint,
        )),
    ...matrix.rows.map((row) => rowLine(row, block, widths, labelWidth, paint)),
  ])
  const notes = matrix.columns.flatMap((column) =>
    findingsOf(column)
      .filter(({ label }) => label === null)
      .flatMap(({ text }) => wrapped(`${columnName(column)}: ${text}`, within - 4))
      .map((line, i) => `  ${i === 0 ? paint.bad('!') : ' '} ${line}`),
  )
  const figures = counted(
    matrix.columns.reduce((sum, { runs }) => sum + runs, 0),
    'run',
  )
  const head = [
    paint.strong(clipped(matrix.title, within)),
    `  ${paint.faint(`${clipped(matrix.file, within - 20)}  ${figures}`)}`,
  ]
  return [...head, ...lines, ...notes]
}

/** A variant's name, word below word. */
function headerOf(name: string): readonly string[] {
  const lines: string[] = []
  for (const word of name.split(/(?<=[-_.])/)) {
    const last = lines[lines.length - 1]
    if (last !== undefined && widthOf(last + word) <= MOST_HEADER) lines[lines.length - 1] = last + word
    else lines.push(word)
  }
  return lines.map((line) => clipped(line, MOST_HEADER))
}

/** Indexes of columns that stand side by side. */
function inBlocks(widths: readonly number[], width: number): readonly (readonly number[])[] {
  const blocks: number[][] = []
  let taken = Number.POSITIVE_INFINITY
  widths.forEach((own, column) => {
    taken += GAP + own
    if (taken <= width) blocks[blocks.length - 1]?.push(column)
    else {
      blocks.push([column])
      taken = GAP + own
    }
  })
  return blocks
}

function headerLines(
  headers: readonly (readonly string[])[],
  widths: readonly number[],
  labelWidth: number,
  paint: Paint,
): readonly string[] {
  const height = Math.max(...headers.map((words) => words.length))
  const lines: string[] = []
  for (let line = 0; line < height; line++) {
    // Words hang from the bottom, right above their column.
    const words = headers.map((header, i) => padded(header[line - height + header.length] ?? '', widths[i] ?? 0))
    lines.push(`  ${' '.repeat(labelWidth)}  ${paint.faint(words.join('  ').trimEnd())}`)
  }
  return lines
}

function rowLine(
  { label, cells }: Row,
  block: readonly number[],
  widths: readonly number[],
  labelWidth: number,
  paint: Paint,
): string {
  const signs = block.map((column) => {
    const cell = cells[column] ?? null
    const rest = ' '.repeat(Math.max(0, (widths[column] ?? 0) - (cell?.expected === false ? 2 : 1)))
    return cell === null ? paint.faint('·') + rest : painted(cell, paint) + rest
  })
  return `  ${padded(clipped(label, labelWidth), labelWidth)}  ${signs.join('  ')}`.trimEnd()
}

function painted({ observed, expected }: Cell, paint: Paint): string {
  return signOf(observed, paint) + (expected ? '' : paint.bad('!'))
}

function signOf(observed: Cell['observed'], paint: Paint): string {
  switch (observed) {
    case 'holds':
      return paint.good(SIGNS.holds)
    case 'violated':
      return paint.bad(SIGNS.violated)
    case 'unknown':
      return paint.open(SIGNS.unknown)
  }
}
