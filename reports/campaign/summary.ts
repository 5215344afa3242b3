import { standingOf } from '../expectation.ts'
import { counted } from '../words.ts'
import type { CampaignDocument, CampaignResult, CampaignScenario } from './document.ts'

/** How something stands: as it must be, shown not to be, or not known. */
export type Standing = 'met' | 'not-met' | 'open'

/** What follows from the sums of a campaign's document. */
export interface CampaignSummary {
  readonly campaigns: readonly JudgedCampaign[]
  readonly standing: Standing
  readonly runs: number
  readonly events: number
  readonly virtualMs: number
  readonly runsPerSecond: number
  /** Quotas and mutants that were missed. */
  readonly missed: number
}

/** A campaign, worked out. */
export interface JudgedCampaign {
  readonly result: CampaignResult
  readonly standing: Standing
  readonly scenarios: readonly JudgedCampaignScenario[]
  readonly situations: readonly SituationShare[]
  readonly calibration: readonly Calibration[]
  readonly runs: number
}

export interface JudgedCampaignScenario {
  readonly scenario: CampaignScenario
  readonly standing: Standing
  /** Reasons beside expectations for which it is not met, or not known to be. */
  readonly problems: readonly string[]
}

/** A situation over the runs of all scenarios of a file that can come into it. */
export interface SituationShare {
  readonly name: string
  readonly runs: number
  readonly times: number
  /** Runs of those scenarios. */
  readonly of: number
  /** Runs that the quota asks for; null without one. */
  readonly wanted: number | null
  readonly met: boolean
}

export interface Calibration {
  readonly mutant: string
  readonly standing: Standing
  readonly text: string
}

/** Works out verdicts, shares and quotas. */
export function summaryOfCampaign(document: CampaignDocument): CampaignSummary {
  const complete = isComplete(document)
  const campaigns = document.campaigns.map((result) => judgedCampaign(result, complete))
  const all = document.campaigns.flatMap(({ scenarios }) => scenarios)
  const runs = sum(all, (scenario) => scenario.runs)
  return {
    campaigns,
    standing: worst(campaigns.map(({ standing }) => standing)),
    runs,
    events: sum(all, ({ events }) => events),
    virtualMs: sum(all, ({ virtualMs }) => virtualMs),
    runsPerSecond: document.wallMs > 0 ? (runs * 1000) / document.wallMs : 0,
    missed: sum(campaigns, missedOf),
  }
}

/** Whether nothing is left that another shard may show: only then is absence told of. */
function isComplete({ shards, stopped, error }: CampaignDocument): boolean {
  const share = sum(shards, (shard) => 1 / Number(shard.split('/')[1] ?? 1))
  return share > 0.999 && stopped === null && error === null
}

function judgedCampaign(result: CampaignResult, complete: boolean): JudgedCampaign {
  const inert = complete ? inertFaults(result) : new Map<string, string>()
  const scenarios = result.scenarios.map((scenario) => judgedScenario(scenario, inert, complete))
  const situations = sharesOf(result)
  const calibration = result.calibrate.map((mutant) => calibrationOf(mutant, result))
  const missed =
    situations.some((situation) => !situation.met) || calibration.some(({ standing }) => standing === 'not-met')
  const standing = worst([...scenarios.map((each) => each.standing), missed ? 'open' : 'met'])
  return { result, standing, scenarios, situations, calibration, runs: sum(scenarios, ({ scenario }) => scenario.runs) }
}

function missedOf({ situations, calibration }: JudgedCampaign): number {
  return (
    situations.filter(({ met }) => !met).length + calibration.filter(({ standing }) => standing === 'not-met').length
  )
}

function judgedScenario(
  scenario: CampaignScenario,
  inert: ReadonlyMap<string, string>,
  complete: boolean,
): JudgedCampaignScenario {
  const standings = scenario.expectations.map((expectation) => standingOf(expectation, scenario.runs))
  const breaches = [...scenario.breachesTold]
  const untold = scenario.breaches - breaches.length
  if (untold > 0) breaches.push(`and ${counted(untold, 'more broken rule')} of the model`)
  const absent = absencesOf(scenario)
  const problems = [
    ...breaches,
    ...(complete ? absent : []),
    ...scenario.faults.flatMap(({ entry }) => inert.get(entry) ?? []),
  ]
  const failed = problems.length > 0 || standings.includes('failed') || (complete && standings.includes('unseen'))
  const open = standings.some((standing) => standing !== 'met') || absent.length > 0 || scenario.runs === 0
  return { scenario, problems, standing: failed ? 'not-met' : open ? 'open' : 'met' }
}

/** What should have happened in some run and did not. */
function absencesOf({ drawsFaults, runsMattered, cover, runs }: CampaignScenario): readonly string[] {
  const within = counted(runs, 'run')
  return [
    ...(drawsFaults && runsMattered === 0
      ? [`no fault mattered in ${within}: none hit anything with work in flight`]
      : []),
    ...cover.filter((goal) => goal.runs === 0).map(({ moment }) => `cover: ${moment} was never reached in ${within}`),
  ]
}

/** Entries of `faults:` that did nothing in any scenario of the file, with the words for it. */
function inertFaults({ scenarios }: CampaignResult): ReadonlyMap<string, string> {
  const all = scenarios.flatMap(({ faults }) => faults)
  const active = new Set(all.filter(({ touched }) => touched > 0).map(({ entry }) => entry))
  return new Map(
    all
      .filter(({ entry }) => !active.has(entry))
      .map(({ entry, about, fired }) => [
        entry,
        `the fault ${about} ${fired === 0 ? 'never fired' : 'never touched anything'}, so it tested nothing`,
      ]),
  )
}

function sharesOf({ scenarios, quotas, sharePercent }: CampaignResult): readonly SituationShare[] {
  const names = [...new Set([...scenarios.flatMap(({ situations }) => situations.map(({ name }) => name)), ...quotas])]
  return names.map((name) => {
    const among = scenarios.flatMap(({ situations, runs }) =>
      situations.filter((situation) => situation.name === name).map((situation) => ({ situation, of: runs })),
    )
    // Of one that no scenario can come into all runs are without.
    const of = among.length > 0 ? sum(among, (each) => each.of) : sum(scenarios, (scenario) => scenario.runs)
    const runs = sum(among, ({ situation }) => situation.runs)
    const times = sum(among, ({ situation }) => situation.times)
    const wanted = quotas.includes(name) ? Math.max(1, Math.ceil((of * sharePercent) / 100 - 1e-9)) : null
    return { name, runs, times, of, wanted, met: wanted === null || runs >= wanted }
  })
}

function calibrationOf(mutant: string, { calibration }: CampaignResult): Calibration {
  const hunted = calibration.find((each) => each.mutant === mutant)
  if (hunted === undefined) return { mutant, standing: 'open', text: 'not hunted' }
  const runs = counted(hunted.runs, 'run')
  return hunted.found
    ? { mutant, standing: 'met', text: `found after ${runs}: ${hunted.by}` }
    : { mutant, standing: 'not-met', text: `not found in ${runs}: ${hunted.by}` }
}

function worst(standings: readonly Standing[]): Standing {
  if (standings.includes('not-met')) return 'not-met'
  return standings.length === 0 || standings.includes('open') ? 'open' : 'met'
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
