import type { Outcome } from './messages.ts'

/** Runs items of an agenda, in threads or right here. */
export interface Executor {
  /** Runs every item, or all before the point set by `endAt`; resolves when none is being run any more. */
  work(deliver: Deliver): Promise<void>
  /** Runs the given items again, each elsewhere or in another order than the first time. */
  repeat(items: readonly RepeatItem[], deliver: Deliver): Promise<void>
  /** Begins no item from `limit` on, and waits at most so long for the runs that are going on. */
  endAt(limit: number, graceMs: number): void
  /** Results before `next` were told. */
  told(next: number): void
  close(): Promise<void>
}

/** @param by place of the worker that ran it. */
export type Deliver = (outcome: Outcome, by: number) => void

export interface RepeatItem {
  readonly index: number
  /** Place of the worker that ran it the first time. */
  readonly by: number
}
