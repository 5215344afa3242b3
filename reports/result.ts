import type { Wait } from '../properties/liveness/wait.ts'
import type { RunResult } from '../properties/verdict.ts'
import type { SourceSpan } from '../scenarios/format/scenario.ts'
import type { Anomaly, Guarantee, Stage } from '../scenarios/format/vocabulary.ts'

/** The document of `--json` (design: schemaVersion 1), also what every reporter is fed with. */
export interface ResultDocument {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'twiceshy'; readonly version: string }
  readonly command: string
  readonly scenarios: readonly ScenarioResult[]
  readonly summary: Summary
  /** Why the command ended before its work was done (a defect of the tool, a nondeterminism, a handler that did what it may not); null when it did not. */
  readonly error: string | null
}

export interface Summary {
  readonly scenarios: number
  readonly met: number
  readonly notMet: number
  readonly inconclusive: number
  /** Runs judged over all scenarios. */
  readonly runs: number
  /** Scenarios (and variants) that were not judged because the command was cut short. */
  readonly notJudged: number
  readonly stopped: Stopped | null
}

/** What cut a command short. */
export type Stopped = 'bail' | 'time-budget' | 'interrupted' | 'error' | 'refused'

export interface ScenarioResult {
  readonly file: string
  readonly scenario: string
  readonly variant: string | null
  readonly seed: string
  /** Runs that were judged. */
  readonly runs: number
  /** Runs that were asked for, in this shard. */
  readonly runsPlanned: number
  /** Why fewer runs than the scenario's were judged; then what was not seen yet is inconclusive. */
  readonly partial: Stopped | 'shard' | null
  readonly met: boolean
  /** True when it is not met only because something stayed unknown. */
  readonly inconclusive: boolean
  /** Digest of the first run: run 0, unless a shard starts elsewhere. */
  readonly digest: string
  /** SHA-256 over the digests (lower-case hex) of all judged runs in run order. */
  readonly runDigest: string
  /** Over all runs. */
  readonly events: number
  /** Over all runs. */
  readonly virtualMs: number
  /** Share of runs with faults in which a fault hit something with work in flight; null without faults. */
  readonly mattered: number | null
  readonly simplified: readonly string[]
  readonly expectations: readonly ExpectationResult[]
  /** What was judged beside the expectations and counts for nothing: what other variants of the file expect (`matrix`). */
  readonly observations?: readonly ExpectationResult[]
  readonly faults: readonly { readonly entry: number; readonly fired: number; readonly touched: number }[]
  /** `cover:` goals and how many runs reached them. */
  readonly cover: readonly { readonly moment: string; readonly runs: number }[]
  /** Reasons beside expectations why it is not met: inert faults, goals never reached, broken invariants. */
  readonly problems: readonly string[]
  /** How the runs ended. */
  readonly ended: Readonly<Record<RunResult['ended'], number>>
  /** Who waits for what in the first run that did not settle; null when every run did. */
  readonly waiting: WaitingRun | null
  readonly counterexample: string | null
}

/** A run that did not come to rest, and why. */
export interface WaitingRun {
  readonly run: number
  readonly seed: string
  readonly ended: RunResult['ended']
  readonly atMs: number
  /** At most 100. */
  readonly waits: readonly WaitResult[]
}

export interface WaitResult {
  readonly kind: Wait['kind']
  readonly who: string
  /** Completes "waits for". */
  readonly waitsFor: string
  /** Virtual time; null where nothing tells. */
  readonly sinceMs: number | null
  /** The rule that lets it wait, with Kafka's names. */
  readonly rule: string | null
  /** Why the configuration leaves no way out; null when there is one. */
  readonly excuse: string | null
  readonly records: readonly string[]
}

export interface ExpectationResult {
  readonly guarantee: Guarantee
  readonly stage: Stage | null
  readonly subject: string | null
  readonly expected: 'holds' | 'violated'
  readonly kinds: readonly Anomaly[]
  readonly observed: 'holds' | 'violated' | 'unknown'
  /** Why it is unknown. */
  readonly reason: string | null
  readonly judged: number
  readonly runsViolated: number
  readonly runsUnknown: number
  /** Of the unknown ones, those in which the configuration leaves progress no way out: they meet `holds`. */
  readonly runsExcused: number
  /** In how many runs each kind of violation was seen. */
  readonly kindsSeen: Readonly<Partial<Record<Anomaly, number>>>
  readonly met: boolean
  readonly firstViolation: FirstViolation | null
  readonly span: SourceSpan | null
}

export interface FirstViolation {
  readonly run: number
  readonly seed: string
  readonly atMs: number
  readonly kind: Anomaly
  readonly message: string
  readonly records: readonly string[]
}
