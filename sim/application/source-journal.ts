/**
 * Numbers that a source's attempts, batches and transactions have had, so that none is used twice and the history can tell them apart. The task
 * learns nothing from it: what it knows after a restart is what the offsets topic says.
 */
export class SourceJournal {
  /** Number of send() calls by row. */
  readonly attempts: number[] = []
  batches = 0
  transactions = 0
  /** `workload.done` has been told. */
  done = false

  /** send() is about to be called for a row; returns the number of the attempt. */
  attempt(row: number): number {
    const attempt = this.attempts[row] ?? 0
    this.attempts[row] = attempt + 1
    return attempt
  }
}
