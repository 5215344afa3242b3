import type { OnUnknown, ProducerWorkload } from './application/workload.ts'
import type { Spread } from './kernel/spread.ts'
import type { BrokerConfig } from './kafka/protocol/config/broker.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import type { TopicConfig } from './kafka/protocol/config/topic.ts'
import type { ClientProfileName, ClusterProfile } from './kafka/protocol/profile.ts'

/**
 * The resolved world, as plain data that survives JSON: every default filled in, every reference resolved. No title, tag,
 * file name, variant or expectation reaches it, so nothing in the simulation can depend on them.
 */
export interface WorldSpec {
  readonly profile: ClusterProfile
  readonly cluster: ClusterSpec
  readonly network: NetworkSpec
  readonly topics: readonly TopicSpec[]
  readonly producers: readonly ProducerSpec[]
  readonly run: RunSpec
}

export interface ClusterSpec {
  /** One broker that never fails, no latency: the baseline that shows the clients' own guarantees. */
  readonly perfect: boolean
  /** Settings of broker 1, 2, ... in order. */
  readonly brokers: readonly BrokerConfig[]
  /** Number of controllers; 1 until the metadata quorum is simulated. */
  readonly controllers: number
  /** The controller's settings. */
  readonly controllerConfig: BrokerConfig
}

export interface NetworkSpec {
  /** One-way latency between any two nodes. */
  readonly latency: Spread
  /** Exceptions, both ways, by node name (`broker-1`, `controller-1`, `checkout#0`). */
  readonly links: readonly { readonly between: readonly [string, string]; readonly latency: Spread }[]
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Settings after the brokers' defaults. */
  readonly config: TopicConfig
}

export interface ProducerSpec {
  readonly name: string
  /** Topics taken in turn, one record each. */
  readonly to: readonly string[]
  readonly instances: number
  readonly startUs: number
  readonly stopUs: number | null
  readonly workload: ProducerWorkload
  readonly onUnknown: OnUnknown
  readonly profile: ClientProfileName
  readonly config: ProducerConfig
}

export interface RunSpec {
  readonly forUs: number
  /** Longest healing; null = derived from the timeouts that can still be running. */
  readonly thenHealUs: number | null
  readonly maxEvents: number
}
