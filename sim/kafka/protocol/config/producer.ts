import { type ConfigTable, INT_MAX, NEVER } from './definition.ts'

/** A producer's settings after defaults, by Kafka's names; `*.ms` in milliseconds. */
export interface ProducerConfig {
  readonly acks: '0' | '1' | 'all'
  readonly 'batch.size': number
  readonly 'buffer.memory': number
  readonly 'delivery.timeout.ms': number
  readonly 'enable.idempotence': boolean
  readonly 'linger.ms': number
  readonly 'max.block.ms': number
  readonly 'max.in.flight.requests.per.connection': number
  readonly 'max.request.size': number
  readonly 'metadata.max.age.ms': number
  readonly 'partitioner.ignore.keys': boolean
  readonly 'reconnect.backoff.max.ms': number
  readonly 'reconnect.backoff.ms': number
  readonly 'request.timeout.ms': number
  readonly retries: number
  readonly 'retry.backoff.max.ms': number
  readonly 'retry.backoff.ms': number
  readonly 'socket.connection.setup.timeout.max.ms': number
  readonly 'socket.connection.setup.timeout.ms': number
  readonly 'transaction.timeout.ms': number
  /** '' = no transactions. */
  readonly 'transactional.id': string
}

/** `ProducerConfig.java`, 4.1: the settings that are simulated, besides the free text `transactional.id`. */
export const PRODUCER_CONFIG: ConfigTable = {
  acks: { type: 'enum', default: 'all', values: ['0', '1', 'all'], aliases: { '-1': 'all' } },
  'batch.size': { type: 'int', default: 16_384, min: 0, max: INT_MAX },
  'buffer.memory': { type: 'int', default: 33_554_432, min: 0, max: NEVER },
  'delivery.timeout.ms': { type: 'ms', default: 120_000, min: 0, max: INT_MAX },
  'enable.idempotence': { type: 'boolean', default: true },
  'linger.ms': { type: 'ms', default: 5, min: 0, max: NEVER },
  'max.block.ms': { type: 'ms', default: 60_000, min: 0, max: NEVER },
  'max.in.flight.requests.per.connection': { type: 'int', default: 5, min: 1, max: INT_MAX },
  'max.request.size': { type: 'int', default: 1_048_576, min: 0, max: INT_MAX },
  'metadata.max.age.ms': { type: 'ms', default: 300_000, min: 0, max: NEVER },
  'partitioner.ignore.keys': { type: 'boolean', default: false },
  'reconnect.backoff.max.ms': { type: 'ms', default: 1000, min: 0, max: NEVER },
  'reconnect.backoff.ms': { type: 'ms', default: 50, min: 0, max: NEVER },
  'request.timeout.ms': { type: 'ms', default: 30_000, min: 0, max: INT_MAX },
  retries: { type: 'int', default: INT_MAX, min: 0, max: INT_MAX },
  'retry.backoff.max.ms': { type: 'ms', default: 1000, min: 0, max: NEVER },
  'retry.backoff.ms': { type: 'ms', default: 100, min: 0, max: NEVER },
  'socket.connection.setup.timeout.max.ms': { type: 'ms', default: 30_000, min: 0, max: NEVER },
  'socket.connection.setup.timeout.ms': { type: 'ms', default: 10_000, min: 0, max: NEVER },
  'transaction.timeout.ms': { type: 'ms', default: 60_000, min: 0, max: INT_MAX },
}

/** Settings that Kafka's producer knows and the simulator does not: refused in scenarios, warned of in `.properties`. */
export const PRODUCER_NOT_SIMULATED: readonly string[] = [
  'auto.include.jmx.reporter',
  'bootstrap.servers',
  'client.dns.lookup',
  'client.id',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'config.providers',
  'connections.max.idle.ms',
  'enable.metrics.push',
  'interceptor.classes',
  'key.serializer',
  'metadata.max.idle.ms',
  'metadata.recovery.rebootstrap.trigger.ms',
  'metadata.recovery.strategy',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
  'partitioner.adaptive.partitioning.enable',
  'partitioner.availability.timeout.ms',
  'partitioner.class',
  'receive.buffer.bytes',
  'sasl.client.callback.handler.class',
  'sasl.jaas.config',
  'sasl.mechanism',
  'security.protocol',
  'security.providers',
  'send.buffer.bytes',
  'ssl.keystore.location',
  'ssl.truststore.location',
  'transaction.two.phase.commit.enable',
  'transactional.id',
  'value.serializer',
]
