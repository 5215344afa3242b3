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
  readonly stores: ReadonlyMap<string, StoreFacts>
  /** Where each group.id stands first. */
  readonly groups: ReadonlyMap<string, Place>
  /** Every transactional.id that an instance has, as far as the file tells them. */
  readonly transactionalIds: ReadonlySet<string>
}

export interface ClusterFacts {
  readonly perfect: boolean
  readonly brokers: number
  readonly controllers: number
  readonly configs: readonly BrokerConfig[]
  /** `offsets.topic.replication.factor`, which groups' offsets have. */
  readonly offsetsReplicas: number
  /** `transaction.state.log.replication.factor`, which transactions' states have. */
  readonly transactionsReplicas: number
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
  readonly replicationFactor: number
  /** Whether `cleanup.policy` compacts it. */
  readonly isCompacted: boolean
  readonly place: Place
}

export type ApplicationKind = 'producer' | 'source' | 'consumer' | 'processor' | 'sink'

export interface ApplicationFacts {
  readonly name: string
  readonly kind: ApplicationKind
  readonly instances: number
  /**
   * Ids of the records that one instance sends: a count from 0, or the ids of a script; `derived` = one after another, of
   * what it reads; `none` = it sends none.
   */
  readonly records: number | ReadonlySet<string> | 'derived' | 'none'
  /** Topics that it reads, as written; those of `assign` count. */
  readonly from: readonly string[]
  /** Topics that it writes to, as written. */
  readonly to: readonly string[]
  /** Its group.id; '' = none. */
  readonly group: string
  /** Whether the group hands out its partitions: it does not take them by `assign`. */
  readonly subscribes: boolean
  readonly place: Place
}

/** Whether an application reads: it is a consumer, a processor or a sink. */
export function reads(facts: ApplicationFacts): boolean {
  return facts.kind !== 'producer' && facts.kind !== 'source'
}

/** Whether an application publishes: it is a producer, a source or a processor. */
export function publishes(facts: ApplicationFacts): boolean {
  return !reads(facts) || facts.kind === 'processor'
}

export interface StoreFacts {
  readonly name: string
  readonly place: Place
}
