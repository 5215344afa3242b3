import type { BrokerConfig } from '../../../sim/kafka/protocol/config/broker.ts'
import type { LoadOptions } from '../options.ts'
import type { Place } from '../place.ts'

/** What the parts of a scenario need to know of each other while it is resolved. */
export interface Context {
  readonly options: LoadOptions
  readonly root: Place
  readonly cluster: ClusterFacts
  readonly topics: ReadonlyMap<string, TopicFacts>
  readonly applications: ReadonlyMap<string, ApplicationFacts>
  /** Stores and other names of parts that are refused already: nothing more is said about them. */
  readonly refusedNames: ReadonlySet<string>
}

export interface ClusterFacts {
  readonly perfect: boolean
  readonly brokers: number
  readonly controllers: number
  readonly configs: readonly BrokerConfig[]
  /** Whether undeclared topics come into being: only when the file writes `auto.create.topics.enable: true`. */
  readonly autoCreate: boolean
  /** Where the number of brokers stands. */
  readonly brokersPlace: Place
  /** Where a cluster-wide broker setting is written. */
  readonly setting: (key: string) => Place
}

export interface TopicFacts {
  readonly name: string
  readonly partitions: number
  readonly place: Place
}

export interface ApplicationFacts {
  readonly name: string
  readonly kind: 'producer'
  readonly instances: number
  /** Ids of the records that one instance sends: a count from 0, or the ids of a script. */
  readonly records: number | ReadonlySet<string>
  readonly place: Place
}
