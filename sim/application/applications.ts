import type { CodeReference } from '../host.ts'
import type { MomentMatch } from '../history/match.ts'
import type { Spread } from '../kernel/spread.ts'

/** When a consuming application saves its position, relative to its work. */
export type CommitMode = 'auto' | 'before-processing' | 'after-processing'
export type ProcessorCommit = 'auto' | 'before-output' | 'after-output' | 'in-transaction' | 'two-phase'
export type SinkCommit = 'auto' | 'before-output' | 'after-output' | 'with-output' | 'two-phase'

/** What a processor makes of a record. */
export type Transform =
  | { readonly kind: 'copy' }
  | { readonly kind: 'fan-out'; readonly count: number }
  /** The number of records of each key, in a local store with a changelog; with Kafka Streams only. */
  | { readonly kind: 'count-by-key' }
  /** The user's own code. */
  | { readonly kind: 'handler'; readonly code: CodeReference }

/** How a processor commits in transactions. */
export interface ProcessorTransactions {
  /** KIP-447: offsets are sent with the group's metadata, or with its name only. */
  readonly groupMetadata: boolean
  /** After an abort the application goes back to where it last committed, or just polls on. */
  readonly rewindOnAbort: boolean
  /** Share of the transactions that the application aborts, 0 to 1. */
  readonly abort: number
}

/** Kafka Streams around a processor: what its thread promises, and how often it commits. */
export interface StreamsRules {
  /** `processing.guarantee` */
  readonly guarantee: 'at_least_once' | 'exactly_once_v2'
  /** `commit.interval.ms` */
  readonly commitIntervalMs: number
  /** The topic behind its store; missing without one. */
  readonly changelog?: string
}

/**
 * When a producer also writes its records into a database (dual write): each before or after it is published, or instead,
 * for a source to publish it (outbox).
 */
export type WritesWhen = 'before-publishing' | 'after-publishing' | 'instead-of-publishing'

/** How a database is written. */
export type RowWrite = 'insert' | 'upsert' | 'increment'
/** How a store is written: a database by rows, files by records in them, an endpoint by calls. */
export type StoreWrite = RowWrite | 'file' | 'call'
/** What a store refuses: writes of an older generation, or of offsets it has seen. */
export type Fence = 'none' | 'generation' | 'offset'

/** How long a store remembers what it has done; null = for good. */
export interface Memory {
  readonly windowUs: number | null
}

/** Kafka Connect around a sink: a worker's settings, and when its task makes what it was given permanent. */
export interface ConnectSink {
  /** `offset.flush.interval.ms` */
  readonly flushIntervalMs: number
  /** In `put()`, or all at once in `preCommit()`, before offsets are committed. */
  readonly flush: 'put' | 'pre-commit'
}

/** How a sink commits in two phases. */
export interface TwoPhase {
  /** Whether whoever is assigned a partition ends what is in doubt there, or nobody does. */
  readonly recover: boolean
}

/** A sink's own memory of records that are done, in the store. */
export interface Deduplication extends Memory {
  /** With the rows in one transaction, or by a request of its own before or after them. */
  readonly mark: 'with-output' | 'before-output' | 'after-output'
}

export type Handling =
  | { readonly kind: 'in-order' }
  /** Records go to so many workers, and the thread polls on. */
  | { readonly kind: 'hand-off'; readonly workers: number }

/** How often positions are saved: once per poll, per record, or every n records. */
export type CommitEvery = 'poll' | 'record' | number

/** One step of a scripted consumer. */
export type ConsumerStep =
  | { readonly do: 'poll'; readonly records: number }
  | { readonly do: 'seek'; readonly topic: string; readonly partition: number; readonly offset: number }
  /** Partitions to be passed over by poll(), or no longer; null = all that are assigned. */
  | {
      readonly do: 'pause' | 'resume'
      readonly partitions: readonly { readonly topic: string; readonly partition: number }[] | null
    }
  /** The next call throws WakeupException, which the application catches. */
  | { readonly do: 'wakeup' }
  | {
      readonly do: 'commit'
      readonly offsets:
        | readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
        | null
    }
  | { readonly do: 'wait'; readonly for: Spread }
  | { readonly do: 'wait-moment'; readonly match: MomentMatch }
  | { readonly do: 'close' }
