import type { ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'
import type { SourceRules } from './source-options.ts'

/** One source task, with nothing left to resolve. */
export interface SourceProcessOptions {
  /** `import#0` */
  readonly name: string
  readonly node: number
  readonly rules: SourceRules
  /** Topics taken in turn, one row each. */
  readonly topics: readonly ProducerTopic[]
  readonly offsetsTopic: ProducerTopic
  /** Node number of its store. */
  readonly store: number
  readonly config: ProducerConfig
  readonly profile: ClientProfile
  readonly bootstrap: readonly number[]
  readonly startUs: number
  readonly stopUs: number | null
  readonly tellSteps: boolean
}
