import type { Spread } from '../kernel/spread.ts'
import type { MomentMatch } from '../history/match.ts'

/** What a producer application publishes: a stream of records, or exact steps. */
export type ProducerWorkload =
  | {
      readonly kind: 'send'
      /** Records per instance. */
      readonly records: number
      /** Gap between two `send()` calls. */
      readonly every: Spread
      /** Number of different keys; 0 sends records without a key. */
      readonly keys: number
      /** Size of a record's value in bytes. */
      readonly size: number
      /** null: every record for itself. */
      readonly transactions: TransactionPattern | null
    }
  | { readonly kind: 'steps'; readonly steps: readonly ProducerStep[] }

/** How a stream of records is cut into transactions. */
export interface TransactionPattern {
  /** Records of one transaction. */
  readonly every: number
  /** Share of the transactions that the application aborts, 0 to 1. */
  readonly abort: number
}

/** One step of a scripted producer. A step begins when the one before it is done; `send` is done at once, as in Kafka. */
export type ProducerStep =
  | {
      readonly do: 'send'
      readonly id: string
      readonly to: string
      /** Forced partition, or null for the partitioner's choice. */
      readonly partition: number | null
      readonly key: string | null
      readonly value: string | null
      /** Event time relative to the moment of sending, in microseconds; null = now. */
      readonly timestampUs: number | null
    }
  | { readonly do: 'wait'; readonly for: Spread }
  | { readonly do: 'wait-moment'; readonly match: MomentMatch }
  | { readonly do: 'flush' }
  | { readonly do: 'restart' }
  | { readonly do: 'close' }
  | { readonly do: 'begin' }
  | { readonly do: 'commit'; readonly onUnknown: OnUnknownCommit }
  | { readonly do: 'abort' }

/**
 * What a script does when commitTransaction() timed out: it goes on, calls it again until it knows (the only call that Kafka
 * allows), or calls abortTransaction() all the same.
 */
export type OnUnknownCommit = 'give-up' | 'retry' | 'abort'

/** What an application does with records of unknown outcome after a failure. */
export type OnUnknown = 'give-up' | 'resend'

/** A workload with nothing left to draw. */
export type DrawnWorkload =
  | {
      readonly kind: 'send'
      /** Microseconds before each record, counted from the one before it; the first is sent at the start. */
      readonly gaps: Float64Array
      /** Key of each record: n stands for the key `k<n>`, -1 for none. */
      readonly keys: Int32Array
      readonly size: number
      readonly transactions: DrawnTransactions | null
    }
  | { readonly kind: 'steps'; readonly steps: readonly DrawnStep[] }

export interface DrawnTransactions {
  readonly every: number
  /** Whether the application aborts it, by number of the transaction. */
  readonly aborts: Uint8Array
}

export type DrawnStep = Exclude<ProducerStep, { readonly do: 'wait' }> | { readonly do: 'wait'; readonly us: number }
