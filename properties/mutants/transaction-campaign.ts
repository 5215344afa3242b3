import type { CaughtBy } from './mutant.ts'

/** Transactions with everything at once, under chaos. */
export function campaign(runs: number): CaughtBy {
  return { scenario: 'campaigns/exactly-once', variant: null, runs }
}
