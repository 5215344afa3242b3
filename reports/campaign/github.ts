import { labelOf, observedInWords, titleOf } from '../expectation-words.ts'
import { proofInWords } from '../findings.ts'
import { annotation, type GithubOptions, inRepository, property } from '../github.ts'
import { clipped } from '../layout.ts'
import { counted } from '../words.ts'
import type { CampaignDocument } from './document.ts'
import { type JudgedCampaign, type JudgedCampaignScenario, summaryOfCampaign } from './summary.ts'
import { shareInWords } from './words.ts'

const LONGEST = 4000

/** A campaign as annotations of GitHub Actions: what is not met as errors, what was missed as warnings. */
export function campaignAnnotations(document: CampaignDocument, { folder }: GithubOptions): string {
  const { error } = document
  const lines = summaryOfCampaign(document).campaigns.flatMap((campaign) => {
    const file = `file=${property(inRepository(campaign.result.file, folder))}`
    return [...campaign.scenarios.flatMap((each) => scenarioLines(each, file)), ...missedLines(campaign, file)]
  })
  if (error !== null) lines.push(annotation({ kind: 'not-met' }, ['title=twiceshy'], clipped(error, LONGEST)))
  return lines.map((line) => `${line}\n`).join('')
}

function scenarioLines({ scenario, problems }: JudgedCampaignScenario, file: string): readonly string[] {
  const title = titleOf(scenario)
  const say = (kind: 'not-met' | 'inconclusive', head: string, text: string): string =>
    annotation({ kind }, [file, `title=${property(clipped(head, 200))}`], clipped(text, LONGEST))
  return [
    ...scenario.expectations.flatMap((expectation) => {
      if (expectation.met) return []
      const { observed, firstViolation } = expectation
      const proof = firstViolation === null ? '' : `\n${proofInWords(firstViolation)}`
      const text = `${observed}: ${observedInWords(expectation, scenario.runs)}${proof}`
      return [say(observed === 'unknown' ? 'inconclusive' : 'not-met', `${labelOf(expectation)}: ${title}`, text)]
    }),
    ...problems.map((problem) => say('not-met', title, problem)),
  ]
}

function missedLines({ situations, calibration, result }: JudgedCampaign, file: string): readonly string[] {
  const say = (title: string, text: string): string =>
    annotation({ kind: 'inconclusive' }, [file, `title=${property(title)}`], text)
  return [
    ...situations
      .filter(({ met }) => !met)
      .map(({ name, runs, of }) =>
        say(
          `quota missed: ${name}`,
          `in ${shareInWords(runs, of)} of ${counted(of, 'run')}, the quota is ${result.sharePercent} %`,
        ),
      ),
    ...calibration
      .filter(({ standing }) => standing === 'not-met')
      .map(({ mutant, text }) => say(`calibration missed: ${mutant}`, text)),
  ]
}
