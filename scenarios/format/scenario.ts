import type { ChaosSpec, FaultEntry } from '../../sim/faults/plan.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import type { Anomaly, Guarantee, Stage } from './vocabulary.ts'

/** Where something stands in a file; line and column count from 1, offsets are UTF-16 indexes into the text. */
export interface SourceSpan {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly start: number
  readonly end: number
}

/** One line of `expect:`. */
export interface Expectation {
  readonly guarantee: Guarantee
  readonly stage: Stage | null
  readonly subject: string | null
  readonly expected: 'holds' | 'violated'
  /** Kinds of which a violation must show at least one; empty = any. */
  readonly kinds: readonly Anomaly[]
  readonly span: SourceSpan | null
}

/** A recorded counterexample's `replay:` block. */
export interface ReplayRecord {
  readonly version: string
  readonly runSeed: string
  readonly digest: string
  /** guarantee/kind that was violated, such as `publish/at-least-once: lost-record`; '' when none is recorded. */
  readonly signature: string
  /** Base value class by site class: `seeded` or `boring`. */
  readonly bases: Readonly<Record<string, 'seeded' | 'boring'>>
  /** Overridden decisions: [site, name lane 1, name lane 2, value]. */
  readonly overrides: readonly (readonly [string, number, number, number])[]
}

/** What a campaign of a file must reach (`campaign:`). It changes nothing of what is simulated. */
export interface Campaign {
  /** Runs of the whole campaign, of each of the file's scenarios. */
  readonly runs: number
  /** Situations that have to occur; null = all that the scenario's world can come into. */
  readonly quotas: readonly string[] | null
  /** Each in at least this share of runs, in percent. */
  readonly sharePercent: number
  /** Mutants that the campaign has to find. */
  readonly calibrate: readonly string[]
}

/** A scenario or one of its variants, ready to run: plain data that survives structured cloning. */
export interface Scenario {
  readonly file: string
  readonly title: string
  readonly about: string | null
  readonly variant: string | null
  readonly tags: readonly string[]
  /** The seed as written in the source. */
  readonly seed: string
  readonly spec: WorldSpec
  readonly faults: readonly FaultEntry[]
  readonly chaos: ChaosSpec | null
  /** Resolved number of runs: as written, or 100 when plan or workload draw anything, else 1. */
  readonly runs: number
  readonly cover: readonly string[]
  readonly expect: readonly Expectation[]
  /** Invariants that the scenario voids, with the reason. */
  readonly voids: Readonly<Record<string, string>>
  /** Null without `campaign:`. */
  readonly campaign: Campaign | null
  readonly replay: ReplayRecord | null
}

export interface Diagnostic {
  /** Stable code such as `TWICESHY_UNKNOWN_KEY`. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly help: string | null
  readonly spans: readonly SourceSpan[]
}

/** What loading one file gives: scenarios only when no diagnostic is an error. */
export interface LoadedFile {
  readonly file: string
  /** The source, for code frames. */
  readonly text: string
  /** Texts of the `.properties` files that it imports, by the names that spans have. */
  readonly imports?: Readonly<Record<string, string>>
  readonly scenarios: readonly Scenario[]
  readonly diagnostics: readonly Diagnostic[]
}
