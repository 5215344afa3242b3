import type { DrawnWorkload } from './workload.ts'

// What the application knows of a record; 0 = it has not begun it.
/** send() was called and nothing came back. */
export const STARTED = 1
export const ACKED = 2
export const FAILED = 3
export const UNKNOWN = 4
/** Of unknown outcome after a crash, and given up. */
export const ABANDONED = 5
/** In a transaction that the application aborted because it wanted to. */
export const WITHDRAWN = 6

/**
 * A producer application's durable journal: written before every send() and at every callback, it survives crashes of the
 * process and of its host.
 */
export class ProducerJournal {
  /** State per record. */
  readonly states: Uint8Array
  /** Number of send() calls per record; the last attempt is one less. */
  readonly attempts: Int32Array
  /** Records started so far: they are started in order. */
  started = 0
  /** Batches made so far, so that their numbers are never used twice. */
  batches = 0
  /** Producers made in the place of others. */
  restarts = 0
  /** Transactions begun so far. */
  transactions = 0
  /** Next step of a script. */
  step = 0
  /** When a `wait` step is over; -1 = none has begun. */
  waitUntil = -1
  /** The script has closed its producer: nothing is resent any more. */
  closed = false
  /** `workload.done` has been told. */
  done = false

  constructor(records: number) {
    this.states = new Uint8Array(records)
    this.attempts = new Int32Array(records)
  }
}

/** Number of records a workload publishes. */
export function recordCount(workload: DrawnWorkload): number {
  if (workload.kind === 'send') return workload.gaps.length
  return workload.steps.filter((step) => step.do === 'send').length
}
