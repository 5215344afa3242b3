import type { Tool } from '../report.ts'
import type { ExpectationResult, ScenarioResult, Stopped } from '../result.ts'

/**
 * What a campaign came to: the document of `campaign --json`, which `merge` adds up. Everything in it is a sum, a list or the
 * lowest of something, so that shards added up give what one process would have given; figures that follow from it
 * (shares, verdicts) are worked out by {@link summaryOfCampaign} and are not kept.
 */
export interface CampaignDocument {
  readonly schemaVersion: 1
  readonly tool: Tool
  readonly command: 'campaign'
  /** Shards that are in it, such as `1/4`; `1/1` = all runs. */
  readonly shards: readonly string[]
  /** One per file. */
  readonly campaigns: readonly CampaignResult[]
  /** Runs that were judged again, in another thread and another order, and gave the same digest and result. */
  readonly repeated: number
  /** Wall-clock time of judging, in milliseconds, of all shards together. */
  readonly wallMs: number
  /** What cut it short, beside its time budget. */
  readonly stopped: Stopped | null
  /** A defect of the tool or a nondeterminism, null without. */
  readonly error: string | null
}

export interface CampaignResult {
  readonly file: string
  /** Situations of its quotas, in the order of the table of situations. */
  readonly quotas: readonly string[]
  readonly sharePercent: number
  /** Mutants that it has to find. */
  readonly calibrate: readonly string[]
  readonly scenarios: readonly CampaignScenario[]
  /** What became of the mutants; those that nobody hunted are missing. */
  readonly calibration: readonly Calibrated[]
}

/** Runs `first`, `first + step`, ..., `count` of them. */
export interface RunRange {
  readonly first: number
  readonly step: number
  readonly count: number
}

/** A scenario or variant over the runs that were judged. */
export interface CampaignScenario {
  readonly scenario: string
  readonly variant: string | null
  readonly seed: string
  /** SHA-256 of everything that its runs and verdicts depend on, beside the seed. */
  readonly fingerprint: string
  readonly judged: readonly RunRange[]
  readonly runs: number
  readonly events: number
  readonly virtualMs: number
  /** Sum, modulo 2^256, of the SHA-256 of run number and digest of every run: the same in whatever order they are judged. */
  readonly runsDigest: string
  readonly expectations: readonly ExpectationResult[]
  /** Broken invariants: how many, and the first ones in words. */
  readonly breaches: number
  readonly breachesTold: readonly string[]
  readonly ended: ScenarioResult['ended']
  readonly runsWithFaults: number
  readonly runsMattered: number
  readonly drawsFaults: boolean
  readonly faults: readonly CampaignFault[]
  readonly cover: ScenarioResult['cover']
  /** Those that the scenario's world can come into, in the order of the table of situations. */
  readonly situations: readonly SituationCount[]
}

/** An entry of `faults:`. */
export interface CampaignFault {
  /** What it does, in words. */
  readonly about: string
  /** All of it, so that variants' entries can be told to be the same. */
  readonly entry: string
  readonly fired: number
  readonly touched: number
}

export interface SituationCount {
  readonly name: string
  /** In how many runs it occurred. */
  readonly runs: number
  /** How often altogether. */
  readonly times: number
}

/** What became of the hunt for one mutant. */
export interface Calibrated {
  readonly mutant: string
  readonly found: boolean
  /** Runs judged, the last being the one that found it. */
  readonly runs: number
  /** By what it was found, or why it was not. */
  readonly by: string
}
