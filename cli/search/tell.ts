import type { Shown } from '../../properties/search/signature.ts'
import { guaranteeText } from '../../properties/search/signature.ts'
import type { RunResult } from '../../properties/verdict.ts'
import { titleOf, titleWithin } from '../../reports/expectation-words.ts'
import { padded, widthOf, wrapped } from '../../reports/layout.ts'
import type { Paint } from '../../reports/paint.ts'
import type { ScenarioResult, Summary } from '../../reports/result.ts'
import { storyBlock } from '../../reports/story-block.ts'
import type { Story } from '../../reports/story.ts'
import { counted, grouped, noneOf, shellQuoted, simulated } from '../../reports/words.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'

/** A fact about a counterexample: a word and what there is to say. */
export type Fact = readonly [name: string, text: string]

/** What was found in a scenario: guarantee, run, proof, story, and where to go from here. */
export function foundLines(
  scenario: Scenario,
  found: { readonly result: RunResult; readonly shown: Shown },
  story: Story | null,
  facts: readonly Fact[],
  paint: Paint,
  width: number,
): readonly string[] {
  const { result, shown } = found
  const { kind, message, records } = shown.violation
  const title = titleWithin({ scenario: scenario.title, variant: scenario.variant }, width - 2)
  const where = `${scenario.file} · run ${result.run} · seed ${result.seed}`
  const proof = wrapped(`${kind}: ${message}`, width - 4).map((line) => `    ${line}`)
  const about = records.length === 0 ? [] : [paint.faint(`    records ${records.slice(0, 8).join(', ')}`)]
  return [
    `${paint.bad('✗')} ${paint.strong(title)}`,
    `  ${paint.faint(where)}`,
    `  ${paint.strong(`${guaranteeText(shown.signature)} is violated`)}`,
    ...proof,
    ...about,
    ...(story === null ? [] : storyBlock(story, paint, width)),
    ...facts.flatMap(([name, text]) => factLines(name, text, paint, width)),
  ]
}

/** The command that shows a saved counterexample again. */
export function replayFact(path: string): Fact {
  return ['again', `npx twiceshy replay ${shellQuoted(path)}`]
}

function factLines(name: string, text: string, paint: Paint, width: number): readonly string[] {
  // A command or a path stays on its line, so that it can be copied.
  const lines = name === 'again' || name === 'saved' ? [text] : wrapped(text, width - 11)
  return lines.map((line, i) => `  ${i === 0 ? paint.faint(padded(name, 9)) : ' '.repeat(9)}${line}`)
}

/** A scenario in which nothing was found. */
export function nothingFoundLine(result: ScenarioResult, paint: Paint, width: number): readonly string[] {
  const sign = result.met ? paint.good('✓') : result.inconclusive ? paint.open('?') : paint.bad('✗')
  const undecided = Math.max(0, ...result.expectations.map(({ runsUnknown }) => runsUnknown))
  const figures =
    result.runs === undecided ? 'no run could be judged' : `violated in ${noneOf(result.runs - undecided)}`
  const room = width - 4 - widthOf(figures)
  const title = room < 20 ? titleOf(result) : titleWithin(result, room)
  const unknown = result.expectations
    .filter(({ met, observed }) => !met && observed === 'unknown')
    .map((e) => `${guaranteeText(e)} stayed unknown in ${grouped(e.runsUnknown)} of them: ${e.reason ?? 'no reason'}`)
  return [
    `${sign} ${title}  ${paint.faint(figures)}`,
    ...[...unknown, ...result.problems].flatMap((text) => wrapped(text, width - 4).map((line) => `    ${line}`)),
  ]
}

/** The last line. */
export function fuzzSummaryLine(
  summary: Summary,
  results: readonly ScenarioResult[],
  exit: number,
  paint: Paint,
): string {
  const parts = [
    ...(summary.notMet > 0 ? [paint.bad(`${grouped(summary.notMet)} violated`)] : []),
    ...(summary.met > 0 ? [paint.good(`nothing found in ${grouped(summary.met)}`)] : []),
    ...(summary.inconclusive > 0 ? [paint.open(`${grouped(summary.inconclusive)} inconclusive`)] : []),
    ...(summary.notJudged > 0 ? [paint.open(`${grouped(summary.notJudged)} not searched`)] : []),
  ]
  const virtual = results.reduce((sum, { virtualMs }) => sum + virtualMs, 0)
  const tail = [
    counted(summary.runs, 'run'),
    `${simulated(virtual)} simulated`,
    ...(exit === 0 ? [] : [`exit ${exit}`]),
  ]
  const scenarios = paint.strong(counted(summary.scenarios + summary.notJudged, 'scenario'))
  const line = [`${scenarios}: ${parts.join(', ')}`, ...tail.map((text) => paint.faint(`· ${text}`))].join(' ')
  return summary.stopped === 'interrupted' ? `${line}\n${paint.open('interrupted: what was found is saved')}` : line
}
