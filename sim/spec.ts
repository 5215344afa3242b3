import type {
  CommitEvery,
  ConnectSink,
  CommitMode,
  ConsumerStep,
  Deduplication,
  Fence,
  Handling,
  Memory,
  ProcessorCommit,
  ProcessorTransactions,
  SinkCommit,
  StoreWrite,
  StreamsRules,
  Transform,
  TwoPhase,
  WritesWhen,
} from './application/applications.ts'
import type { SourceRules } from './application/source-options.ts'
import type { ShareOutcomes } from './application/share-options.ts'
import type { OnUnknown, ProducerWorkload } from './application/workload.ts'
import type { CodeReference } from './host.ts'
import type { Spread } from './kernel/spread.ts'
import type { BrokerConfig } from './kafka/protocol/config/broker.ts'
import type { ConsumerConfig } from './kafka/protocol/config/consumer.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import type { TopicConfig } from './kafka/protocol/config/topic.ts'
import type { ClientChoice, ClusterProfile } from './kafka/protocol/profile.ts'

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
  readonly consumers: readonly ConsumerSpec[]
  readonly processors: readonly ProcessorSpec[]
  readonly stores: readonly StoreSpec[]
  readonly sinks: readonly SinkSpec[]
  readonly run: RunSpec
}

export interface ClusterSpec {
  /** One broker that never fails, no latency: the baseline that shows the clients' own guarantees. */
  readonly perfect: boolean
  /** Settings of broker 1, 2, ... in order. */
  readonly brokers: readonly BrokerConfig[]
  /** Number of controllers: several are the voters of the metadata quorum. */
  readonly controllers: number
  /** The controllers' settings. */
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
  /** How many it has after every `add-partitions` of the file; absent = none is added. */
  readonly mostPartitions?: number
  readonly replicationFactor: number
  /** An operator makes it while the run goes on: at first it is not there. One that is made again under its name comes once more, at the end. */
  readonly madeLater?: true
  /** Some `delete-topic` of the file is about it. */
  readonly mayGo?: true
  /** Some `alter-config` of the file has it compacted, which it is not at first. */
  readonly everCompacted?: true
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
  readonly profile: ClientChoice
  readonly config: ProducerConfig
  /** Of an application that also writes its records into a database; missing for all others. */
  readonly writes?: { readonly into: string; readonly when: WritesWhen }
  /** Of a source task of Kafka Connect, whose rows are its workload; missing for all others. */
  readonly source?: SourceRules
}

/** What every application that reads has. */
export interface ReaderSpec {
  readonly name: string
  readonly from: readonly string[]
  readonly instances: number
  readonly startUs: number
  readonly stopUs: number | null
  /** How long the work on one record takes. */
  readonly process: Spread
  readonly commitEvery: CommitEvery
  readonly commitCall: 'sync' | 'async'
  readonly handling: Handling
  /** Partitions taken by hand instead of by group subscription; null = subscription. */
  readonly assign: readonly { readonly topic: string; readonly partition: number }[] | null
  readonly profile: ClientChoice
  /** `${instance}` and the like in `group.instance.id` are filled in by the world. */
  readonly config: ConsumerConfig
}

/** Processing a record is the effect. */
export interface ConsumerSpec extends ReaderSpec {
  readonly commit: CommitMode
  /** Exact steps instead of the loop; null = the loop. */
  readonly steps: readonly ConsumerStep[] | null
  /** Of a consumer in a share group (KIP-932), what it does with records; missing for all others. */
  readonly share?: ShareOutcomes
  /** The user's own code, which does the work; missing for all others. */
  readonly handler?: CodeReference
}

/** Consumes, transforms, produces. */
export interface ProcessorSpec extends ReaderSpec {
  readonly to: readonly string[]
  readonly commit: ProcessorCommit
  readonly transform: Transform
  /** How it commits in transactions; null when it does not. */
  readonly transactions: ProcessorTransactions | null
  /** Store that keeps its checkpoints, with which it commits in two phases; missing when it does not. */
  readonly checkpoints?: string
  /** Kafka Streams' rules; missing for an application of one's own. */
  readonly streams?: StreamsRules
  /** `${instance}` and the like in `transactional.id` are filled in by the world. */
  readonly producerConfig: ProducerConfig
}

/** A store outside Kafka, a node of its own. */
export interface StoreSpec {
  readonly name: string
  /** A database with transactions, files that are renamed, or an endpoint that is called for its side effect. */
  readonly kind: 'database' | 'files' | 'endpoint'
  /** Time the store takes for a request, besides the network. */
  readonly latency: Spread
  /** Rows of a database before anything is written, which a source finds there. */
  readonly rows?: number
}

/** Consumes into a store. */
export interface SinkSpec extends ReaderSpec {
  readonly into: string
  readonly commit: SinkCommit
  readonly write: StoreWrite
  readonly fence: Fence
  /** What it remembers in the store of records that are done; null = nothing. */
  readonly deduplicate: Deduplication | null
  /** How long an endpoint remembers the record's id as an idempotency key; null = none is sent. */
  readonly idempotencyKey: Memory | null
  /** Whether files are complete before they get their name. */
  readonly rename: boolean
  /** How it commits in two phases; missing when it does not. */
  readonly twoPhase?: TwoPhase
  /** Kafka Connect's rules for sink tasks; null = an application of one's own. */
  readonly connect: ConnectSink | null
  /** The user's own code, which says what is written of a record; missing where every record is. */
  readonly handler?: CodeReference
}

export interface RunSpec {
  readonly forUs: number
  /** Longest healing; null = derived from the timeouts that can still be running. */
  readonly thenHealUs: number | null
  readonly maxEvents: number
}
