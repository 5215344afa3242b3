import { labelOf, observedInWords, titleWithin, violationToRepeat } from '../expectation-words.ts'
import { clipped, padded, widthOf, wrapped } from '../layout.ts'
import type { Paint } from '../paint.ts'
import type { ExpectationResult } from '../result.ts'
import { repeatCommand } from '../scenario-block.ts'
import { atSeconds, counted, grouped, simulated } from '../words.ts'
import type { CampaignDocument } from './document.ts'
import {
  type CampaignSummary,
  type JudgedCampaign,
  type JudgedCampaignScenario,
  type SituationShare,
  type Standing,
  summaryOfCampaign,
} from './summary.ts'
import { rateInWords, shareInWords, wallInWords } from './words.ts'

export interface CampaignPrettyOptions {
  readonly paint: Paint
  readonly width: number
  /** Only what is not as expected. */
  readonly quiet: boolean
  /** Digests and how runs ended. */
  readonly verbose: boolean
  /** Flags that must be given again to repeat a run in the same world, such as `--set …`. */
  readonly again: readonly string[]
}

const OBSERVED_WIDTH = 'violated'.length

/** A campaign's report for people. */
export function campaignText(document: CampaignDocument, exit: number, options: CampaignPrettyOptions): string {
  const summary = summaryOfCampaign(document)
  const width = Math.min(120, Math.max(80, options.width))
  const told = summary.campaigns.filter(({ standing }) => !options.quiet || standing !== 'met')
  const blocks = told.map((campaign) => campaignLines(campaign, { ...options, width }).join('\n'))
  return `${[...blocks, endLines(document, summary, exit, options.paint).join('\n')].join('\n\n')}\n`
}

function campaignLines(campaign: JudgedCampaign, options: CampaignPrettyOptions): readonly string[] {
  const { file } = campaign.result
  return [
    ...campaign.scenarios.flatMap((each) => scenarioLines(each, file, options)),
    ...situationLines(campaign, options),
    ...calibrationLines(campaign, options),
  ]
}

function signOf(paint: Paint, standing: Standing): string {
  switch (standing) {
    case 'met':
      return paint.good('✓')
    case 'not-met':
      return paint.bad('✗')
    case 'open':
      return paint.open('?')
  }
}

function scenarioLines(
  judged: JudgedCampaignScenario,
  file: string,
  options: CampaignPrettyOptions,
): readonly string[] {
  const { paint, width } = options
  const { scenario, standing, problems } = judged
  const figures = `${counted(scenario.runs, 'run')} · seed ${scenario.seed}`
  const room = width - 4 - widthOf(figures)
  const labels = scenario.expectations.map(labelOf)
  const labelWidth = Math.max(0, ...labels.map(widthOf))
  const repeat = violationToRepeat(scenario)
  return [
    `${signOf(paint, standing)} ${paint.strong(titleWithin(scenario, width - 2))}`,
    `  ${paint.faint(padded(clipped(file, room), room))}  ${paint.faint(figures)}`,
    ...scenario.expectations.flatMap((expectation, i) =>
      expectationLines(expectation, padded(labels[i] ?? '', labelWidth), scenario.runs, options),
    ),
    ...problems.flatMap((problem) => hanging(`  ${signOf(paint, 'not-met')} `, 4, problem, width)),
    ...(options.verbose ? detailLines(judged, options) : []),
    ...(repeat === null
      ? []
      : [
          `  ${paint.faint('again')}  ${repeatCommand({ file, variant: scenario.variant }, repeat.seed, options.again)}`,
        ]),
  ]
}

function expectationLines(
  expectation: ExpectationResult,
  label: string,
  runs: number,
  { paint, width }: CampaignPrettyOptions,
): readonly string[] {
  const standing = expectation.met ? 'met' : expectation.observed === 'unknown' ? 'open' : 'not-met'
  const head = `  ${signOf(paint, standing)} ${label}  ${padded(expectation.observed, OBSERVED_WIDTH)}  `
  const indent = 4 + widthOf(label) + 2 + OBSERVED_WIDTH + 2
  const lines = hanging(head, indent, observedInWords(expectation, runs), width)
  const proof = expectation.firstViolation
  if (proof === null) return lines
  const time = atSeconds(proof.atMs)
  const hang = 6 + widthOf(time) + 2
  return [
    ...lines,
    ...hanging(`      ${paint.faint(time)}  `, hang, `${proof.kind}: ${proof.message}`, width),
    ' '.repeat(hang) + paint.faint(`run ${grouped(proof.run)} · seed ${proof.seed}`),
  ]
}

function detailLines({ scenario }: JudgedCampaignScenario, { paint, width }: CampaignPrettyOptions): readonly string[] {
  const ended = Object.entries(scenario.ended).filter(([, runs]) => runs > 0)
  const details: readonly (readonly [string, string])[] = [
    ['judged', scenario.expectations.map((each) => `${labelOf(each)} ${grouped(each.judged)}`).join(', ')],
    ['ended', ended.map(([how, runs]) => `${how} ${grouped(runs)}`).join(', ')],
    ['mattered', `in ${counted(scenario.runsMattered, 'run')} of ${grouped(scenario.runsWithFaults)} with faults`],
    ['digests', `${scenario.runsDigest} added up`],
  ]
  return details.flatMap(([name, text]) => hanging(`    ${paint.faint(padded(name, 8))}  `, 14, text, width))
}

function situationLines(campaign: JudgedCampaign, { paint }: CampaignPrettyOptions): readonly string[] {
  const { situations, result } = campaign
  if (situations.length === 0) return []
  const nameWidth = Math.max(...situations.map(({ name }) => widthOf(name)))
  return [
    `  ${paint.strong('situations')}  ${paint.faint(`in what share of runs; the quota is ${result.sharePercent} %`)}`,
    ...situations.map((situation) => {
      const { name, met, wanted, runs, of } = situation
      const sign = wanted === null ? ' ' : signOf(paint, met ? 'met' : 'open')
      const share = shareInWords(runs, of).padStart(7)
      return `  ${sign} ${padded(name, nameWidth)}  ${share}  ${paint.faint(figuresOf(situation))}${missed(met, paint)}`
    }),
  ]
}

function figuresOf({ runs, of, times, wanted }: SituationShare): string {
  const often = times > runs ? `, ${counted(times, 'time')}` : ''
  return `${grouped(runs)} of ${counted(of, 'run')}${often}${wanted === null ? ', no quota' : ''}`
}

function missed(met: boolean, paint: Paint): string {
  return met ? '' : ` ${paint.open('missed')}`
}

function calibrationLines({ calibration }: JudgedCampaign, { paint, width }: CampaignPrettyOptions): readonly string[] {
  if (calibration.length === 0) return []
  const nameWidth = Math.max(...calibration.map(({ mutant }) => widthOf(mutant)))
  return [
    `  ${paint.strong('calibration')}  ${paint.faint('planted mutants that the same scenarios find under seeds of their own')}`,
    ...calibration.flatMap(({ mutant, standing, text }) => {
      const sign = standing === 'met' ? signOf(paint, 'met') : standing === 'open' ? ' ' : signOf(paint, 'open')
      const word = standing === 'not-met' ? ` ${paint.open('missed')}` : ''
      const lines = wrapped(text, Math.max(24, width - nameWidth - 15))
      return lines.map((line, i) =>
        i === 0
          ? `  ${sign} ${padded(mutant, nameWidth)}  ${line}${lines.length === 1 ? word : ''}`
          : `${' '.repeat(nameWidth + 6)}${line}${i === lines.length - 1 ? word : ''}`,
      )
    }),
  ]
}

function endLines(document: CampaignDocument, summary: CampaignSummary, exit: number, paint: Paint): readonly string[] {
  const shards =
    document.shards.length > 1 || document.shards[0] !== '1/1' ? ` · shard ${document.shards.join(', ')}` : ''
  const world = `${counted(summary.events, 'event')} · ${simulated(summary.virtualMs)} simulated`
  const speed = `${wallInWords(document.wallMs)} of work, ${rateInWords(summary.runsPerSecond)} runs/s`
  const repeated =
    document.repeated === 0
      ? []
      : [paint.faint(`${counted(document.repeated, 'run')} judged again elsewhere, every digest the same`)]
  const stopped = stoppedInWords(document)
  const missing = summary.missed === 0 ? '' : ` ${paint.open(`· ${grouped(summary.missed)} missed`)}`
  const code = exit === 0 ? '' : ` ${paint.faint(`· exit ${exit}`)}`
  return [
    paint.faint(`${world} · ${speed}`),
    ...repeated,
    ...(stopped === null ? [] : [paint.open(stopped)]),
    `${paint.strong(counted(summary.campaigns.length, 'campaign'))}: ${verdictOf(summary, paint)} ${paint.faint(`· ${counted(summary.runs, 'run')}${shards}`)}${missing}${code}`,
  ]
}

function verdictOf({ standing }: CampaignSummary, paint: Paint): string {
  switch (standing) {
    case 'met':
      return paint.good('met')
    case 'not-met':
      return paint.bad('not met')
    case 'open':
      return paint.open('inconclusive')
  }
}

function stoppedInWords({ stopped, error }: CampaignDocument): string | null {
  if (stopped === 'refused')
    return 'stopped by a handler that did what it may not: only what was known by then is reported'
  if (error !== null) return 'stopped by an internal error: only what was known by then is reported'
  return stopped === null ? null : `stopped early (${stopped}): only what was known by then is reported`
}

function hanging(head: string, indent: number, text: string, width: number): readonly string[] {
  return wrapped(text, Math.max(24, width - indent)).map((line, i) =>
    i === 0 ? head + line : ' '.repeat(indent) + line,
  )
}
