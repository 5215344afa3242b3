import { observedOf, standingOf } from '../expectation.ts'
import type { ExpectationResult, FirstViolation } from '../result.ts'
import { addedDigests } from './digest-sum.ts'
import type {
  Calibrated,
  CampaignDocument,
  CampaignResult,
  CampaignScenario,
  RunRange,
  SituationCount,
} from './document.ts'
import { BREACHES_TOLD } from './tally.ts'

/** Why documents are not parts of one campaign. */
export class MergeError extends Error {
  readonly help: string | null

  constructor(message: string, help: string | null = null) {
    super(message)
    this.name = 'MergeError'
    this.help = help
  }
}

export interface NamedDocument {
  /** For messages: the file. */
  readonly name: string
  readonly document: CampaignDocument
}

/**
 * Adds up shards of one campaign. The sum does not depend on their order, apart from which broken rules of the model are told
 * in words.
 *
 * @throws {@link MergeError} when they are of other versions, scenarios or seeds, or judged a run twice
 */
export function mergeCampaigns(parts: readonly NamedDocument[]): CampaignDocument {
  const [first, ...rest] = parts
  if (first === undefined) throw new MergeError('there is nothing to merge')
  for (const next of rest) checkSame(first, next)
  parts.forEach((a, i) => {
    for (const b of parts.slice(i + 1)) checkApart(a, b)
  })
  return rest.reduce((sum, { document }) => added(sum, document), first.document)
}

function checkSame(a: NamedDocument, b: NamedDocument): void {
  const [left, right] = [a.document, b.document]
  if (left.tool.version !== right.tool.version) {
    const versions = `${left.tool.version} and ${right.tool.version}`
    throw new MergeError(`${a.name} and ${b.name} are of twiceshy ${versions}`, 'merge shards of one version')
  }
  const [mine, others] = [scenariosOf(left), scenariosOf(right)]
  const help = 'merge shards of one campaign, with the same files and flags'
  if (mine.length !== others.length) {
    throw new MergeError(
      `${a.name} has ${mine.length} scenarios, ${b.name} has ${others.length}, so they are not of one campaign`,
      help,
    )
  }
  mine.forEach((scenario, i) => {
    const other = others[i] as CampaignScenario
    if (scenario.fingerprint !== other.fingerprint)
      throw new MergeError(`${titleOf(scenario)} is not the same in ${a.name} and in ${b.name}`, help)
    if (scenario.seed === other.seed) return
    const seeds = `${scenario.seed} in ${a.name} and ${other.seed} in ${b.name}`
    throw new MergeError(
      `${titleOf(scenario)} has the seed ${seeds}`,
      'a campaign has one seed, which --shard shares out',
    )
  })
}

function checkApart(a: NamedDocument, b: NamedDocument): void {
  const others = scenariosOf(b.document)
  scenariosOf(a.document).forEach((scenario, i) => {
    const shared = firstShared(scenario.judged, (others[i] as CampaignScenario).judged)
    if (shared === null) return
    throw new MergeError(
      `run ${shared} of ${titleOf(scenario)} is in ${a.name} and in ${b.name}, and would count twice`,
      'give every shard a number of its own: --shard 1/4, --shard 2/4, …',
    )
  })
}

function scenariosOf({ campaigns }: CampaignDocument): readonly CampaignScenario[] {
  return campaigns.flatMap(({ scenarios }) => scenarios)
}

function titleOf({ scenario, variant }: CampaignScenario): string {
  return JSON.stringify(variant === null ? scenario : `${scenario} · ${variant}`)
}

/** The lowest run of the first two ranges that meet, null when none do. */
function firstShared(left: readonly RunRange[], right: readonly RunRange[]): number | null {
  for (const a of left) {
    for (const b of right) {
      const [short, long] = a.count <= b.count ? [a, b] : [b, a]
      for (let n = 0; n < short.count; n++) {
        const run = short.first + n * short.step
        if (isIn(run, long)) return run
      }
    }
  }
  return null
}

function isIn(run: number, { first, step, count }: RunRange): boolean {
  return run >= first && run <= first + (count - 1) * step && (run - first) % step === 0
}

function added(a: CampaignDocument, b: CampaignDocument): CampaignDocument {
  return {
    ...a,
    shards: [...a.shards, ...b.shards].sort((left, right) => shardNumber(left) - shardNumber(right)),
    campaigns: a.campaigns.map((campaign, i) => addedCampaigns(campaign, b.campaigns[i] as CampaignResult)),
    repeated: a.repeated + b.repeated,
    wallMs: a.wallMs + b.wallMs,
    stopped: a.stopped ?? b.stopped,
    error: a.error ?? b.error,
  }
}

function shardNumber(shard: string): number {
  return Number(shard.split('/')[0])
}

function addedCampaigns(a: CampaignResult, b: CampaignResult): CampaignResult {
  return {
    ...a,
    scenarios: a.scenarios.map((scenario, i) => addedScenarios(scenario, b.scenarios[i] as CampaignScenario)),
    calibration: addedCalibrations(a, b),
  }
}

/** In the order of the file; of a mutant that two shards hunted, the hunt that found it sooner counts. */
function addedCalibrations(a: CampaignResult, b: CampaignResult): readonly Calibrated[] {
  return a.calibrate.flatMap((mutant) => {
    const hunts = [...a.calibration, ...b.calibration].filter((each) => each.mutant === mutant)
    const found = hunts.filter((each) => each.found).sort((left, right) => left.runs - right.runs)
    const best = found[0] ?? hunts[0]
    return best === undefined ? [] : [best]
  })
}

function addedScenarios(a: CampaignScenario, b: CampaignScenario): CampaignScenario {
  const runs = a.runs + b.runs
  return {
    ...a,
    judged: [...a.judged, ...b.judged].sort((left, right) => left.first - right.first),
    runs,
    events: a.events + b.events,
    virtualMs: a.virtualMs + b.virtualMs,
    runsDigest: addedDigests(a.runsDigest, b.runsDigest),
    expectations: a.expectations.map((each, i) =>
      addedExpectations(each, b.expectations[i] as ExpectationResult, runs),
    ),
    breaches: a.breaches + b.breaches,
    breachesTold: [...a.breachesTold, ...b.breachesTold].slice(0, BREACHES_TOLD),
    ended: {
      settled: a.ended.settled + b.ended.settled,
      'heal-limit': a.ended['heal-limit'] + b.ended['heal-limit'],
      'max-events': a.ended['max-events'] + b.ended['max-events'],
      deadlock: a.ended.deadlock + b.ended.deadlock,
    },
    runsWithFaults: a.runsWithFaults + b.runsWithFaults,
    runsMattered: a.runsMattered + b.runsMattered,
    faults: a.faults.map((fault, i) => ({
      ...fault,
      fired: fault.fired + (b.faults[i]?.fired ?? 0),
      touched: fault.touched + (b.faults[i]?.touched ?? 0),
    })),
    cover: a.cover.map((goal, i) => ({ ...goal, runs: goal.runs + (b.cover[i]?.runs ?? 0) })),
    situations: a.situations.map((situation, i) => addedSituations(situation, b.situations[i])),
  }
}

function addedSituations(a: SituationCount, b: SituationCount | undefined): SituationCount {
  return { ...a, runs: a.runs + (b?.runs ?? 0), times: a.times + (b?.times ?? 0) }
}

function addedExpectations(a: ExpectationResult, b: ExpectationResult, runs: number): ExpectationResult {
  const kindsSeen: Record<string, number> = { ...a.kindsSeen }
  for (const [kind, seen] of Object.entries(b.kindsSeen)) kindsSeen[kind] = (kindsSeen[kind] ?? 0) + seen
  const sums = {
    ...a,
    stage: a.stage ?? b.stage,
    judged: a.judged + b.judged,
    runsViolated: a.runsViolated + b.runsViolated,
    runsUnknown: a.runsUnknown + b.runsUnknown,
    runsExcused: a.runsExcused + b.runsExcused,
    kindsSeen,
  }
  const observed = observedOf(sums, runs)
  return {
    ...sums,
    observed,
    reason: observed === 'unknown' ? (a.reason ?? b.reason) : null,
    met: standingOf(sums, runs) === 'met',
    firstViolation: firstOf(a, b),
  }
}

/** The violation of the lowest run, of a kind that is named if any is. */
function firstOf(a: ExpectationResult, b: ExpectationResult): FirstViolation | null {
  const rank = ({ kinds, firstViolation }: ExpectationResult): number =>
    firstViolation === null ? 2 : kinds.length === 0 || kinds.includes(firstViolation.kind) ? 0 : 1
  const [left, right] = [a.firstViolation, b.firstViolation]
  if (rank(a) !== rank(b)) return rank(a) < rank(b) ? left : right
  return left === null || right === null || left.run <= right.run ? left : right
}
