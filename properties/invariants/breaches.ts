import type { InvariantBreach } from '../verdict.ts'

/** At most this many breaches of one invariant are kept. */
const MOST_KEPT = 20

/** Broken invariants, each a defect of the model. */
export class Breaches {
  private readonly kept: InvariantBreach[] = []
  private readonly counts: Map<string, number> = new Map()

  add(invariant: string, atUs: number, message: string): void {
    const count = (this.counts.get(invariant) ?? 0) + 1
    this.counts.set(invariant, count)
    if (count <= MOST_KEPT) this.kept.push({ invariant, atUs, message })
  }

  /** The kept ones, first in time first. */
  all(): readonly InvariantBreach[] {
    return [...this.kept].sort((a, b) => a.atUs - b.atUs)
  }
}
