import type { ProducerConfig } from '../protocol/config/producer.ts'
import type { ClientProfile } from '../protocol/profile.ts'
import type { SendCallback } from './batch-completion.ts'
import type { BatchNumbers } from './record-accumulator.ts'
import type { TransactionOwner } from './transaction/transactional-producer.ts'

/** A topic the application publishes to. */
export interface ProducerTopic {
  readonly name: string
  readonly topicId: number
  readonly partitions: number
}

export interface KafkaProducerOptions {
  readonly timerBase: number
  readonly topics: readonly ProducerTopic[]
  /** Node numbers of the bootstrap servers: every broker. */
  readonly bootstrap: readonly number[]
  readonly config: ProducerConfig
  readonly profile: ClientProfile
  /** With a transactional.id. */
  readonly transactionOwner?: TransactionOwner
}

/** The application behind a producer. Every call comes from within one of the producer's own methods. */
export interface ProducerOwner extends SendCallback, BatchNumbers {
  /** A send() that had to wait is over, one way or the other: the application's thread goes on. */
  onSendReturned(): void
  /** Everything sent before flush() has had its callback. */
  onFlushed(): void
  /** close() is over; the producer is no longer there. */
  onClosed(): void
}
