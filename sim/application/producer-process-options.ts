import type { WritesWhen } from './applications.ts'
import type { ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'
import type { DrawnWorkload, OnUnknown } from './workload.ts'

/** One instance of a producer application, with nothing left to resolve or draw. */
export interface ProducerProcessOptions {
  readonly name: string
  readonly node: number
  readonly instance: number
  readonly topics: readonly ProducerTopic[]
  readonly workload: DrawnWorkload
  readonly onUnknown: OnUnknown
  readonly config: ProducerConfig
  readonly profile: ClientProfile
  /** Node numbers of all brokers. */
  readonly bootstrap: readonly number[]
  readonly startUs: number
  readonly stopUs: number | null
  /** Where its records are also written, and when; null = nowhere. */
  readonly writes: { readonly store: number; readonly when: WritesWhen } | null
  /** Whether `step.*` moments are told: only when a fault waits for them, because each is an event of its own. */
  readonly tellSteps: boolean
}
