/** By what a mutant was found, and where. */
export interface Catch {
  /**
   * `violation`: a guarantee that the product keeps in the same run is violated. `invariant`: the model's own rules are broken.
   * `no longer shown`: a violation that is expected, and that the product shows in the same runs, is never shown.
   */
  readonly kind: 'violation' | 'invariant' | 'no longer shown'
  /** `publish/at-least-once: lost-record`, or the invariant's name. */
  readonly what: string
  readonly message: string
  readonly file: string
  readonly scenario: string
  readonly variant: string | null
  readonly run: number
  readonly seed: string
}

/** A run in which the mutated simulator itself failed. That is no catch. */
export interface Crash {
  readonly message: string
  readonly scenario: string
  readonly run: number
  readonly seed: string
}

/**
 * `caught`, `survived` all runs or the time there was, `crashed` (in some run, and never caught), `hung` (a run did not end),
 * or `interrupted`.
 */
export type MutantVerdict = 'caught' | 'survived' | 'crashed' | 'hung' | 'interrupted'

/** What became of the hunt for one mutant. */
export interface MutantOutcome {
  readonly mutant: string
  readonly verdict: MutantVerdict
  /** Whether the patched place was reached in any run. A mutant that was not has proved nothing. */
  readonly executed: boolean
  /** Runs judged, the last being the one that caught it. */
  readonly runs: number
  readonly events: number
  /** Wall-clock time in milliseconds, with the building of the copy. */
  readonly elapsedMs: number
  /** Not all runs that were wanted were judged, for want of time. */
  readonly outOfTime: boolean
  readonly caught: Catch | null
  readonly crashes: number
  readonly firstCrash: Crash | null
}
