import { labelOf, observedInWords, titleOf, violationToRepeat } from '../expectation-words.ts'
import { proofInWords } from '../findings.ts'
import { clipped } from '../layout.ts'
import { errorLine } from '../markdown.ts'
import { code, plain, shellBlock, tableOf, withinComment } from '../markdown-text.ts'
import { repeatCommand } from '../scenario-block.ts'
import { counted, simulated } from '../words.ts'
import type { CampaignDocument } from './document.ts'
import { type JudgedCampaign, type JudgedCampaignScenario, type Standing, summaryOfCampaign } from './summary.ts'
import { rateInWords, shareInWords, wallInWords } from './words.ts'

const LONGEST_PROOF = 2000

const SIGN: Readonly<Record<Standing, string>> = { met: '✅', 'not-met': '❌', open: '❔' }

/** A campaign as a comment for a pull request or a page of a report. */
export function campaignMarkdown(document: CampaignDocument, again: readonly string[]): string {
  const summary = summaryOfCampaign(document)
  const world = `${counted(summary.runs, 'run')}, ${counted(summary.events, 'event')}, ${simulated(summary.virtualMs)} simulated`
  const speed = `${wallInWords(document.wallMs)} of work (${rateInWords(summary.runsPerSecond)} runs/s)`
  const repeated = `${counted(document.repeated, 'run')} judged again elsewhere with the same digest`
  const error = document.error === null ? [] : [errorLine(document, document.error)]
  const head = `<!-- twiceshy campaign -->\n### ${SIGN[summary.standing]} twiceshy campaign\n\n${world}, ${speed}, ${repeated}`
  return withinComment(
    [head, ...error, ...summary.campaigns.flatMap((campaign) => partsOf(campaign, again))],
    (count) => `… and ${counted(count, 'more part')} that found no room here`,
  )
}

function partsOf(campaign: JudgedCampaign, again: readonly string[]): readonly string[] {
  const { situations, calibration, scenarios, result } = campaign
  const hard = situations.map(({ name, runs, of, wanted, met }) => [
    wanted === null ? '' : met ? '✓' : 'missed',
    code(name),
    shareInWords(runs, of),
    wanted === null ? '' : `${result.sharePercent} %`,
  ])
  const mutants = calibration.map(({ mutant, standing, text }) => [
    standing === 'met' ? '✓' : standing === 'open' ? '' : 'missed',
    code(mutant),
    plain(text),
  ])
  return [
    ...scenarios.map((each) => scenarioPart(each, campaign.result.file, again)),
    ...(hard.length === 0 ? [] : [tableOf(['', 'situation', 'share of runs', 'quota'], hard).join('\n')]),
    ...(mutants.length === 0 ? [] : [tableOf(['', 'mutant', 'calibration'], mutants).join('\n')]),
  ]
}

function scenarioPart(
  { scenario, standing, problems }: JudgedCampaignScenario,
  file: string,
  again: readonly string[],
): string {
  const rows = scenario.expectations.map((expectation) => [
    expectation.met ? '✓' : expectation.observed === 'unknown' ? '?' : '✗',
    code(labelOf(expectation)),
    expectation.observed,
    plain(observedInWords(expectation, scenario.runs)),
  ])
  const proofs = scenario.expectations.flatMap(({ firstViolation }) =>
    firstViolation === null ? [] : [`- ${plain(clipped(proofInWords(firstViolation), LONGEST_PROOF))}`],
  )
  const repeat = violationToRepeat(scenario)
  const command =
    repeat === null ? [] : ['', shellBlock([repeatCommand({ file, variant: scenario.variant }, repeat.seed, again)])]
  return [
    `#### ${SIGN[standing]} ${plain(titleOf(scenario))}`,
    '',
    ...tableOf(['', 'guarantee', 'observed', ''], rows),
    ...(proofs.length + problems.length === 0 ? [] : ['', ...proofs, ...problems.map((text) => `- ${plain(text)}`)]),
    ...command,
  ].join('\n')
}
