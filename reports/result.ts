import type { SourceSpan } from '../scenarios/format/scenario.ts'
import type { Anomaly, Guarantee, Stage } from '../scenarios/format/vocabulary.ts'

/** The document of `--json` (design: schemaVersion 1), also what every reporter is fed with. */
export interface ResultDocument {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'twiceshy'; readonly version: string }
  readonly command: string
  readonly scenarios: readonly ScenarioResult[]
  readonly summary: { readonly scenarios: number; readonly met: number; readonly notMet: number; readonly inconclusive: number }
}

export interface ScenarioResult {
  readonly file: string
  readonly scenario: string
  readonly variant: string | null
  readonly seed: string
  readonly runs: number
  readonly met: boolean
  /** True when it is not met only because something stayed unknown. */
  readonly inconclusive: boolean
  readonly digest: string
  readonly runDigest: string
  readonly events: number
  readonly virtualMs: number
  /** Share of runs with faults in which a fault hit something with work in flight; null without faults. */
  readonly mattered: number | null
  readonly simplified: readonly string[]
  readonly expectations: readonly ExpectationResult[]
  readonly faults: readonly { readonly entry: number; readonly fired: number; readonly touched: number }[]
  /** `cover:` goals and how many runs reached them. */
  readonly cover: readonly { readonly moment: string; readonly runs: number }[]
  /** Reasons beside expectations why it is not met: inert faults, goals never reached, broken invariants. */
  readonly problems: readonly string[]
  readonly counterexample: string | null
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
