import { labelOf, titleOf, violationToRepeat } from './expectation-words.ts'
import { findingsOf, proofInWords } from './findings.ts'
import { clipped } from './layout.ts'
import { code, plain, shellBlock, tableOf, withinComment } from './markdown-text.ts'
import type { ReportEvent, Reporter } from './report.ts'
import type { ExpectationResult, ScenarioResult, Stopped, Summary } from './result.ts'
import { repeatCommand } from './scenario-block.ts'
import { waitInWords } from './waiting-block.ts'
import { counted, grouped } from './words.ts'

export interface MarkdownOptions {
  /** Flags that must be given again to repeat a run in the same world, such as `--set …`. */
  readonly again: readonly string[]
}

/** Characters that the table may take of a comment. */
const LONGEST_TABLE = 30_000
/** What is told of one scenario. */
const MOST_FINDINGS = 10
/** Things that waited, told of a scenario. */
const MOST_WAITS = 3
const LONGEST_CELL = 120
const LONGEST_PROOF = 2000

/** `--reporter markdown`: a comment for a pull request: the verdicts as a table, first violations, commands to repeat them. */
export function markdownReporter(options: MarkdownOptions): Reporter {
  const results: ScenarioResult[] = []
  return {
    report(event: ReportEvent): string {
      if (event.type === 'scenario') results.push(event.result)
      return event.type === 'summary' ? comment(results, event.summary, event.error, options) : ''
    },
  }
}

function comment(
  results: readonly ScenarioResult[],
  summary: Summary,
  error: string | null,
  options: MarkdownOptions,
): string {
  // Those that need a look first.
  const rows = [...results.filter((r) => !r.met), ...results.filter((r) => r.met)].flatMap(rowsOf)
  const shown = withinTable(rows)
  const more = rows.length > shown.length ? [`… and ${counted(rows.length - shown.length, 'more row')}`] : []
  const head = ['', 'scenario', 'guarantee', 'expected', 'observed']
  const parts = [
    ['<!-- twiceshy -->', headline(summary)].join('\n'),
    ...(error === null ? [] : [errorLine(summary, error)]),
    ...(rows.length === 0 ? [] : [tableOf(head, shown).join('\n')]),
    ...more,
    ...results.filter((result) => !result.met).map((result) => section(result, options)),
  ]
  return withinComment(parts, (count) => `… and ${counted(count, 'more part')} that found no room here`)
}

function withinTable(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  let room = LONGEST_TABLE
  const end = rows.findIndex((row) => (room -= row.join(' | ').length + 5) < 0)
  return end < 0 ? rows : rows.slice(0, end)
}

/** What ended the command before its work was done. */
export function errorLine({ stopped }: { readonly stopped: Stopped | null }, error: string): string {
  return `**${stopped === 'refused' ? 'Error' : 'Internal error'}:** ${plain(clipped(error, LONGEST_PROOF))}`
}

/** The heading of a comment: the verdict, and how much was judged. */
export function headline(summary: Summary): string {
  const parts = [
    ...(summary.met > 0 ? [`${grouped(summary.met)} met`] : []),
    ...(summary.notMet > 0 ? [`${grouped(summary.notMet)} not met`] : []),
    ...(summary.inconclusive > 0 ? [`${grouped(summary.inconclusive)} inconclusive`] : []),
    ...(summary.notJudged > 0 ? [`${grouped(summary.notJudged)} not judged`] : []),
  ]
  const open = summary.inconclusive + summary.notJudged > 0 || summary.stopped !== null
  const sign = summary.notMet > 0 ? '❌' : open ? '❔' : '✅'
  const stopped = summary.stopped === null ? '' : `, stopped early (${summary.stopped})`
  const figures = `${counted(summary.scenarios + summary.notJudged, 'scenario')}, ${counted(summary.runs, 'run')}${stopped}`
  return `### ${sign} twiceshy: ${parts.length === 0 ? 'nothing judged' : parts.join(', ')}\n\n${figures}`
}

function rowsOf(result: ScenarioResult): readonly (readonly string[])[] {
  const title = plain(clipped(titleOf(result), LONGEST_CELL))
  const rows = result.expectations.map((expectation) => [
    signOf(expectation),
    title,
    code(labelOf(expectation)),
    expectation.expected === 'holds' ? 'holds' : ['violated', ...expectation.kinds.map(code)].join(' '),
    observedCell(expectation, result.runs),
  ])
  const problems = result.problems.map((problem) => ['✗', title, '', '', plain(clipped(problem, LONGEST_CELL))])
  return [...rows, ...problems]
}

function signOf(expectation: ExpectationResult): string {
  return expectation.met ? '✓' : expectation.observed === 'unknown' ? '?' : '✗'
}

function observedCell(expectation: ExpectationResult, runs: number): string {
  switch (expectation.observed) {
    case 'holds':
      return `holds in ${counted(runs, 'run')}`
    case 'violated':
      return `**violated** in ${grouped(expectation.runsViolated)} of ${counted(runs, 'run')}`
    case 'unknown':
      return `unknown in ${grouped(expectation.runsUnknown)} of ${counted(runs, 'run')}`
  }
}

/** One scenario that is not met: what, where, the proof, and the command that shows it again. */
function section(result: ScenarioResult, options: MarkdownOptions): string {
  const findings = findingsOf(result)
  const lines = findings.slice(0, MOST_FINDINGS).map(({ label, text, proof, span }) => {
    const place = span === null ? '' : ` (${code(`${span.file}:${span.line}`)})`
    const what = label === null ? '' : `${code(label)} `
    const shown = proof === null ? '' : `\n  ${plain(clipped(proofInWords(proof), LONGEST_PROOF))}`
    return `- ${what}${plain(clipped(text, LONGEST_PROOF))}${place}${shown}`
  })
  if (findings.length > MOST_FINDINGS) lines.push(`- … and ${findings.length - MOST_FINDINGS} more`)
  const waits = result.waiting?.waits.filter(({ excuse }) => excuse === null) ?? []
  for (const wait of waits.slice(0, MOST_WAITS)) lines.push(`- ${plain(clipped(waitInWords(wait), LONGEST_PROOF))}`)
  if (waits.length > MOST_WAITS) lines.push(`- … and ${waits.length - MOST_WAITS} more that wait`)
  const repeat = violationToRepeat(result)
  const again = repeat === null ? [] : ['', shellBlock([repeatCommand(result, repeat.seed, options.again)])]
  return [`#### ${plain(titleOf(result))}`, '', ...lines, ...again].join('\n')
}
