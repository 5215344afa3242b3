import type { Memory } from './applications.ts'

/** What a store remembers of records that are done: when each was marked, in microseconds of its wall clock. */
export class Marks {
  private readonly markedAt: Map<number, number> = new Map()

  /** Whether a record was marked, and not longer ago than what is remembered. */
  has(record: number, { windowUs }: Memory, now: number): boolean {
    const at = this.markedAt.get(record)
    return at !== undefined && (windowUs === null || now - at < windowUs)
  }

  put(record: number, now: number): void {
    this.markedAt.set(record, now)
  }
}
