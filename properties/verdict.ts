import type { Wait } from './liveness/wait.ts'
import type { Anomaly, Guarantee, Stage } from '../scenarios/format/vocabulary.ts'

/** One proved violation. Plain data: crosses worker threads and ends in JSON. */
export interface Violation {
  readonly kind: Anomaly
  readonly atUs: number
  /** The proof in words. */
  readonly message: string
  /** Ids of the records it is about, such as `checkout#0/5`. */
  readonly records: readonly string[]
}

/** Reason of a verdict in a run in which nothing happened that the guarantee is about. */
export const NOTHING_TO_JUDGE = 'nothing to judge'

/** Three-valued verdict of one expectation in one run. */
export interface Verdict {
  readonly guarantee: Guarantee
  readonly stage: Stage | null
  readonly subject: string | null
  readonly observed: 'holds' | 'violated' | 'unknown'
  /** Why it is unknown, e.g. {@link NOTHING_TO_JUDGE}, or why progress is excused. */
  readonly reason: string | null
  /** Things judged: records, replicas, ... */
  readonly judged: number
  /** Every violation found, first in time first; at most 100 are kept. */
  readonly violations: readonly Violation[]
  /** Violations found, also those not kept. */
  readonly violationCount: number
  /** Progress only: unknown because the configuration leaves no way out, which meets `holds`. */
  readonly excused: boolean
}

/** A broken white-box invariant: always a defect of the model, never a property of the scenario. */
export interface InvariantBreach {
  readonly invariant: string
  readonly atUs: number
  readonly message: string
}

/** Everything one judged run gives. */
export interface RunResult {
  readonly run: number
  readonly seed: string
  readonly digest: string
  readonly events: number
  readonly virtualUs: number
  readonly verdicts: readonly Verdict[]
  readonly breaches: readonly InvariantBreach[]
  /** Per entry of `faults:`: how often it fired and how often it touched something. */
  readonly faults: readonly { readonly entry: number; readonly fired: number; readonly touched: number }[]
  /** Whether any fault hit something with work in flight. */
  readonly mattered: boolean
  /** Whether the run drew any fault at all. */
  readonly hadFaults: boolean
  /** Names of the moments that occurred, with counts. */
  readonly moments: Readonly<Record<string, number>>
  /** Why the run stopped: settled, limit of healing, event limit, deadlock. */
  readonly ended: 'settled' | 'heal-limit' | 'max-events' | 'deadlock'
  /** Who waits for what, since when and by which rule, when the run did not settle; at most 100. */
  readonly waiting: readonly Wait[]
  /** How often each hard situation occurred, by name, when they were counted. */
  readonly situations?: Readonly<Record<string, number>>
  /** The kept trace, when it was asked for. */
  readonly trace?: readonly Uint8Array[]
}
