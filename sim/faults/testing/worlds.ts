import { constant } from '../../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { BROKER_CONFIG, type BrokerConfig } from '../../kafka/protocol/config/broker.ts'
import type { ConfigTable } from '../../kafka/protocol/config/definition.ts'
import { CONSUMER_CONFIG, type ConsumerConfig } from '../../kafka/protocol/config/consumer.ts'
import { PRODUCER_CONFIG, type ProducerConfig } from '../../kafka/protocol/config/producer.ts'
import { TOPIC_CONFIG, type TopicConfig } from '../../kafka/protocol/config/topic.ts'
import { CLUSTER_PROFILES } from '../../kafka/protocol/profile.ts'
import type { ProducerSpec, ReaderSpec, TopicSpec, WorldSpec } from '../../spec.ts'

function defaults(table: ConfigTable): Readonly<Record<string, boolean | number | string>> {
  return Object.fromEntries(Object.entries(table).map(([key, definition]) => [key, definition.default]))
}

export const DEFAULT_BROKER: BrokerConfig = defaults(BROKER_CONFIG) as unknown as BrokerConfig
export const DEFAULT_PRODUCER: ProducerConfig = {
  ...(defaults(PRODUCER_CONFIG) as unknown as ProducerConfig),
  'transactional.id': '',
}
export const DEFAULT_TOPIC: TopicConfig = defaults(TOPIC_CONFIG) as unknown as TopicConfig

export interface WorldOptions {
  readonly brokers?: number
  readonly minIsr?: number
  readonly replicationFactor?: number
  readonly instances?: number
  readonly perfect?: boolean
  readonly topics?: readonly TopicSpec[]
  readonly producers?: readonly ProducerSpec[]
}

/** A topic `name` with two partitions. */
export function topicSpec(name: string, replicationFactor: number, minIsr: number): TopicSpec {
  return { name, partitions: 2, replicationFactor, config: { ...DEFAULT_TOPIC, 'min.insync.replicas': minIsr } }
}

/** A producer that sends 500 records in 10 s to one topic. */
export function producerSpec(name: string, to: string, instances = 1): ProducerSpec {
  return {
    name,
    to: [to],
    instances,
    startUs: 0,
    stopUs: null,
    workload: { kind: 'send', records: 500, every: constant(20 * MILLISECOND), keys: 0, size: 100, transactions: null },
    onUnknown: 'give-up',
    profile: 'kafka-4.1',
    config: DEFAULT_PRODUCER,
  }
}

/** Three brokers, one controller, a topic `orders` and a producer `checkout`, unless options say otherwise. Runs for 60 s. */
export function worldSpec(options: WorldOptions = {}): WorldSpec {
  const brokers = options.brokers ?? 3
  return {
    profile: CLUSTER_PROFILES['kafka-4.1'],
    cluster: {
      perfect: options.perfect ?? false,
      brokers: Array.from({ length: brokers }, () => DEFAULT_BROKER),
      controllers: 1,
      controllerConfig: DEFAULT_BROKER,
    },
    network: { latency: constant(MILLISECOND), links: [] },
    topics: options.topics ?? [topicSpec('orders', options.replicationFactor ?? brokers, options.minIsr ?? 2)],
    producers: options.producers ?? [producerSpec('checkout', 'orders', options.instances ?? 1)],
    consumers: [],
    processors: [],
    stores: [],
    sinks: [],
    run: { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 1_000_000 },
  }
}

const DEFAULT_CONSUMER: ConsumerConfig = {
  ...(defaults(CONSUMER_CONFIG) as unknown as ConsumerConfig),
  'enable.auto.commit': false,
  'group.instance.id': '',
  'partition.assignment.strategy': 'range',
  'session.timeout.ms': 10_000,
}

/** Two instances that read a topic, in a group of their name. */
function readerSpec(name: string, from: string): ReaderSpec {
  return {
    name,
    from: [from],
    instances: 2,
    startUs: 0,
    stopUs: null,
    process: constant(MILLISECOND),
    commitEvery: 'poll',
    commitCall: 'sync',
    handling: { kind: 'in-order' },
    assign: null,
    profile: 'kafka-4.1',
    config: { ...DEFAULT_CONSUMER, 'group.id': name },
  }
}

/** The same world, whose producer writes in transactions, and a processor that sends its positions in them. */
export function transactionalSpec(options: WorldOptions = {}): WorldSpec {
  const spec = readingSpec(options)
  const inTransactions = (id: string): ProducerConfig => ({ ...DEFAULT_PRODUCER, 'transactional.id': id })
  return {
    ...spec,
    producers: spec.producers.map((producer) => ({ ...producer, config: inTransactions('checkout-${instance}') })),
    processors: spec.processors.map((processor) => ({
      ...processor,
      commit: 'in-transaction' as const,
      transactions: { groupMetadata: true, rewindOnAbort: true, abort: 0 },
      producerConfig: inTransactions('biller-${random}'),
    })),
  }
}

/** The same world, whose records are consumed, processed and written into a store, by two instances each. */
export function readingSpec(options: WorldOptions = {}): WorldSpec {
  const spec = worldSpec(options)
  const [topic = topicSpec('orders', 3, 2)] = spec.topics
  return {
    ...spec,
    topics: [...spec.topics, { ...topic, name: 'bills' }],
    consumers: [{ ...readerSpec('billing', topic.name), commit: 'after-processing', steps: null }],
    processors: [
      {
        ...readerSpec('biller', topic.name),
        to: ['bills'],
        commit: 'after-output',
        transactions: null,
        transform: { kind: 'copy' },
        producerConfig: DEFAULT_PRODUCER,
      },
    ],
    stores: [{ name: 'ledger', kind: 'database', latency: constant(MILLISECOND) }],
    sinks: [
      {
        ...readerSpec('writer', 'bills'),
        into: 'ledger',
        commit: 'after-output',
        write: 'insert',
        fence: 'none',
        deduplicate: null,
        idempotencyKey: null,
        rename: true,
        connect: null,
      },
    ],
  }
}
