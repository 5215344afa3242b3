import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import type { ClientProfile } from '../../protocol/profile.ts'
import type { ConsumedRecord } from './completed-fetch.ts'
import type { ConsumerTopicOptions } from './consumer-topics.ts'
import type { CommitOutcome } from './offset-commits.ts'
import type { PollFailure } from './poll-failure.ts'

export interface KafkaConsumerOptions {
  /** The consumer uses `CONSUMER_TIMERS` timer kinds from here on. */
  readonly timerBase: number
  /** Every topic that any member of the group may subscribe to. */
  readonly topics: readonly ConsumerTopicOptions[]
  /** subscribe(): topic ids; partitions come from the group, which `group.id` must name. Null with {@link assign}. */
  readonly subscribe: readonly number[] | null
  /** assign(): partitions taken by hand. Null with {@link subscribe}. */
  readonly assign: readonly number[] | null
  readonly config: ConsumerConfig
  readonly profile: ClientProfile
  /** Node numbers of the bootstrap servers: every broker. */
  readonly bootstrap: readonly number[]
  /** What the consumer calls itself when it tells what it waits for. */
  readonly memberTag: string
}

/**
 * The application behind a consumer: one thread, which is in at most one of the consumer's calls. Every method here is called
 * from within one of the consumer's methods, and may call the consumer again.
 */
export interface ConsumerOwner {
  /** poll() returns; without records its timeout has passed. */
  onPolled(records: readonly ConsumedRecord[]): void
  /** poll() throws; it may be called again. */
  onPollFailed(failure: PollFailure): void
  /** A commit ended: commitSync() returns or throws, or the callback of commitAsync() is made. `error` is Kafka's code, 0 = none. */
  onCommitted(token: number, outcome: CommitOutcome, error: number): void
  /** Inside poll(): these are newly assigned, and already part of the assignment. Positions may be set here. */
  onPartitionsAssigned(tps: readonly number[]): void
  /**
   * Inside poll() or close(): these are to be given up. The owner may commit, and calls `KafkaConsumer.revoked()` to go on,
   * at once or later.
   */
  onPartitionsRevoked(tps: readonly number[]): void
  /** Inside poll() or close(): these may belong to others already; a commit would be refused. */
  onPartitionsLost(tps: readonly number[]): void
  /** close() is over; the consumer is no longer there. */
  onClosed(): void
}
