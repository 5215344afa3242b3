import { findingsOf } from './findings.ts'
import { clipped } from './layout.ts'
import { code, plain, tableOf, withinComment } from './markdown-text.ts'
import { headline } from './markdown.ts'
import { type Cell, columnName, matricesOf, type Matrix, SIGNS } from './matrix-model.ts'
import type { ReportEvent, Reporter } from './report.ts'
import type { ScenarioResult } from './result.ts'
import { counted } from './words.ts'

/** Guarantee x variant as a comment of a pull request. */
export function matrixMarkdownReporter(): Reporter {
  const results: ScenarioResult[] = []
  return {
    report(event: ReportEvent): string {
      if (event.type === 'scenario') results.push(event.result)
      if (event.type !== 'summary') return ''
      const error = event.error === null ? [] : [`**Internal error:** ${plain(clipped(event.error, 2000))}`]
      const legend = '✓ held · ✗ violated · ? unknown · **!** not as the file expects'
      const head = ['<!-- twiceshy matrix -->', headline(event.summary)].join('\n')
      const parts = [head, ...error, ...matricesOf(results).map(markdownOf), legend]
      return withinComment(parts, (count) => `… and ${counted(count, 'more part')} that found no room here`)
    },
  }
}

function markdownOf(matrix: Matrix): string {
  const head = ['guarantee', ...matrix.columns.map((column) => plain(columnName(column)))]
  const rows = matrix.rows.map(({ label, cells }) => [code(label), ...cells.map(markdownCell)])
  const notes = matrix.columns.flatMap((column) =>
    findingsOf(column)
      .filter(({ label }) => label === null)
      .map(({ text }) => `- ${plain(columnName(column))}: ${plain(clipped(text, 500))}`),
  )
  const table = tableOf(head, rows)
  return [
    `#### ${plain(matrix.title)}`,
    code(matrix.file),
    '',
    ...table,
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n')
}

function markdownCell(cell: Cell | null): string {
  if (cell === null) return '·'
  return cell.expected ? SIGNS[cell.observed] : `${SIGNS[cell.observed]} **!**`
}
