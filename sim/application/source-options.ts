import type { ConsumerConfig } from '../kafka/protocol/config/consumer.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { Spread } from '../kernel/spread.ts'

/** Where a source task of Kafka Connect finds rows, and how its worker keeps its offsets. */
export interface SourceRules {
  /** Store whose table it reads. */
  readonly from: string
  /** Most rows of one poll(). */
  readonly batch: number
  /** Time between two polls. */
  readonly every: Spread
  readonly flushIntervalMs: number
  /** `offset.storage.topic` */
  readonly offsetsTopic: string
  /** Of the worker's clients of that topic. */
  readonly offsetsProducer: ProducerConfig
  readonly offsetsConsumer: ConsumerConfig
  /** With `exactly.once.source.support`, where its transactions end; missing without. */
  readonly exactlyOnce?: TransactionBoundary
}

/** `transaction.boundary`: a transaction for each poll(), or one for every interval. */
export type TransactionBoundary = { readonly kind: 'poll' } | { readonly kind: 'interval'; readonly intervalMs: number }

/** `WorkerConfig.OFFSET_COMMIT_TIMEOUT_MS_DEFAULT`: how long a flush may take before it is given up until the next. */
export const FLUSH_TIMEOUT_MS = 5000

/** `task.shutdown.graceful.timeout.ms`: how long a worker waits for a task that it has stopped. */
export const SHUTDOWN_TIMEOUT_MS = 5000
