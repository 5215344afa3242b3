import type { Spread } from '../kernel/spread.ts'
import type { ConsumerConfig } from '../kafka/protocol/config/consumer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'
import type { CommitEvery, Handling } from './applications.ts'

/** A topic of the world. */
export interface ReaderTopic {
  readonly name: string
  readonly topicId: number
}

/** One instance of an application that reads, with nothing left to resolve. */
export interface ReaderProcessOptions {
  readonly name: string
  readonly node: number
  /** Every topic that a member of its group may read. */
  readonly topics: readonly ReaderTopic[]
  /** Ids of the topics it subscribes to. */
  readonly subscribe: readonly number[]
  /** Partitions taken by hand instead; null = subscription. */
  readonly assign: readonly number[] | null
  readonly process: Spread
  /**
   * When positions are committed to the group: by the client itself, before or after the work, or not at all because they
   * are kept elsewhere.
   */
  readonly commit: 'auto' | 'before' | 'after' | 'elsewhere'
  readonly commitEvery: CommitEvery
  readonly commitCall: 'sync' | 'async'
  readonly handling: Handling
  readonly config: ConsumerConfig
  readonly profile: ClientProfile
  /** Node numbers of all brokers. */
  readonly bootstrap: readonly number[]
  readonly startUs: number
  readonly stopUs: number | null
  /** Whether `step.*` moments are told: only when a fault waits for them, because each is an event of its own. */
  readonly tellSteps: boolean
}
