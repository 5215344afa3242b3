import type { ChalkInstance } from 'chalk'
import { titleWithin } from './expectation-words.ts'
import { guaranteeTable } from './guarantee-table.ts'
import { padded, widthOf } from './layout.ts'
import { type Paint, paintWith, signOf } from './paint.ts'
import type { ReportEvent, Reporter } from './report.ts'
import type { ScenarioResult, Stopped, Summary } from './result.ts'
import { scenarioBlock } from './scenario-block.ts'
import type { Story } from './story.ts'
import { counted, grouped, simulated } from './words.ts'

export interface PrettyOptions {
  readonly chalk: ChalkInstance
  /** Columns of the terminal; the report keeps within 80 to 120. */
  readonly width: number
  readonly quiet: boolean
  readonly verbose: boolean
  /** Ends with the table of guarantees. */
  readonly table: boolean
  /** Gives the story of a scenario's violation, for `verbose`. */
  readonly story?: (result: ScenarioResult) => Story | null
  /** Says what to change about a scenario's violation, for `verbose`. */
  readonly advice?: (result: ScenarioResult, paint: Paint, width: number) => readonly string[]
  /** Flags that must be given again to repeat a run in the same world, such as `--set …`. */
  readonly again: readonly string[]
}

/** With more scenarios than this, those that are met take one line each. */
const DETAILED_UP_TO = 8
/** Titles beside figures are at most so wide, so that the eye finds from one to the other. */
const MOST_TITLE = 64
/** Columns for the figures: most lines need no more. */
const FIGURES = '1 held, 1 violated as expected · 200 runs'.length

/** The report for people. */
export function prettyReporter(options: PrettyOptions): Reporter {
  const paint = paintWith(options.chalk)
  const width = Math.min(120, Math.max(80, options.width))
  const results: ScenarioResult[] = []
  let compact = options.table
  let last: 'none' | 'line' | 'block' = 'none'

  function scenario(result: ScenarioResult): string {
    results.push(result)
    if (options.quiet && result.met) return ''
    if (compact && result.met && !options.verbose) {
      const gap = last === 'block' ? '\n' : ''
      last = 'line'
      return `${gap}${scenarioLine(result, paint, width)}\n`
    }
    const gap = last === 'none' ? '' : '\n'
    last = 'block'
    const story = options.verbose ? (options.story?.(result) ?? null) : null
    const advice = options.verbose ? (options.advice?.(result, paint, width) ?? []) : []
    return `${gap}${[...scenarioBlock(result, { ...options, paint, width, story }), ...advice].join('\n')}\n`
  }

  return {
    report(event: ReportEvent): string {
      switch (event.type) {
        case 'run-started':
          compact ||= event.scenarios > DETAILED_UP_TO
          return ''
        case 'violation':
          return ''
        case 'scenario':
          return scenario(event.result)
        case 'summary': {
          const table = options.table && !options.quiet ? guaranteeTable(results, paint, width) : []
          const parts = [
            ...(table.length === 0 ? [] : [table.join('\n')]),
            summaryLine(event.summary, results, event.exit, paint),
          ]
          return `${last === 'none' ? '' : '\n'}${parts.join('\n\n')}\n`
        }
      }
    },
  }
}

function scenarioLine(result: ScenarioResult, paint: Paint, width: number): string {
  const violated = result.expectations.filter((e) => e.observed === 'violated').length
  const held = result.expectations.filter((e) => e.observed === 'holds').length
  const excused = result.expectations.length - violated - held
  const parts = [
    ...(held > 0 ? [`${held} held`] : []),
    ...(violated > 0 ? [`${violated} violated as expected`] : []),
    ...(excused > 0 ? [`${excused} excused`] : []),
  ]
  const figures = `${parts.join(', ')} · ${counted(result.runs, 'run')}`
  const room = Math.min(MOST_TITLE, width - 4 - Math.max(FIGURES, widthOf(figures)))
  return `${signOf(paint, result)} ${padded(titleWithin(result, room), room)}  ${paint.faint(figures)}`
}

function summaryLine(summary: Summary, results: readonly ScenarioResult[], exit: number, paint: Paint): string {
  const parts = [
    ...(summary.met > 0 ? [paint.good(`${grouped(summary.met)} met`)] : []),
    ...(summary.notMet > 0 ? [paint.bad(`${grouped(summary.notMet)} not met`)] : []),
    ...(summary.inconclusive > 0 ? [paint.open(`${grouped(summary.inconclusive)} inconclusive`)] : []),
    ...(summary.notJudged > 0 ? [paint.open(`${grouped(summary.notJudged)} not judged`)] : []),
  ]
  const virtual = results.reduce((sum, result) => sum + result.virtualMs, 0)
  const figures = [counted(summary.runs, 'run'), `${simulated(virtual)} simulated`]
  const total = counted(summary.scenarios + summary.notJudged, 'scenario')
  const verdict = parts.length === 0 ? paint.strong(total) : `${paint.strong(total)}: ${parts.join(', ')}`
  const tail = [...figures, ...(exit === 0 ? [] : [`exit ${exit}`])].map((text) => paint.faint(`· ${text}`))
  const line = [verdict, ...tail].join(' ')
  return summary.stopped === null ? line : `${line}\n${paint.open(stoppedInWords(summary.stopped))}`
}

function stoppedInWords(stopped: Stopped): string {
  switch (stopped) {
    case 'bail':
      return 'stopped early by --bail'
    case 'time-budget':
      return 'stopped early: the time budget was used up'
    case 'interrupted':
      return 'interrupted: only what was known by then is reported'
    case 'error':
      return 'stopped by an internal error: only what was known by then is reported'
    case 'refused':
      return 'stopped by a handler that did what it may not: only what was known by then is reported'
  }
}
