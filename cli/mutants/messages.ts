import type { Catch, Crash } from './outcome.ts'

/** A scenario file to judge, or one variant of it (null = its base). */
export interface Target {
  readonly file: string
  readonly variant?: string | null
}

/** What the driver of a mutant is told, as JSON on its standard input. */
export interface HuntRequest {
  readonly targets: readonly Target[]
  /** Folder that relative files are meant from. */
  readonly cwd: string
  /** Runs altogether; scenarios take turns. */
  readonly runs: number
  /** Seed in place of the scenarios' own; null keeps theirs. */
  readonly seed: string | null
  /** When to begin no further run, in milliseconds from the start. */
  readonly timeoutMs: number
  readonly unreachedRuns?: number
  /** Module of the unmutated judge, which has to disagree. */
  readonly baseline: string
}

/** What is known so far. */
export interface HuntProgress {
  readonly executed: boolean
  readonly runs: number
  readonly events: number
  readonly crashes: number
  readonly firstCrash: Crash | null
}

/** Lines that the driver writes, one JSON document each: progress, and at last the end. */
export type FromDriver =
  | ({ readonly kind: 'progress' } & HuntProgress)
  | ({ readonly kind: 'end'; readonly outOfTime: boolean; readonly caught: Catch | null } & HuntProgress)
