import { type ConfigTable, INT_MAX, NEVER } from './definition.ts'

/** A consumer's settings after defaults, by Kafka's names; `*.ms` in milliseconds. */
export interface ConsumerConfig {
  readonly 'auto.commit.interval.ms': number
  readonly 'auto.offset.reset': 'earliest' | 'latest' | 'none' | `by_duration:${string}`
  /** Whether a batch whose checksum is wrong is refused. */
  readonly 'check.crcs': boolean
  /** Where the consumer runs (KIP-392); '' = nowhere in particular. */
  readonly 'client.rack': string
  readonly 'default.api.timeout.ms': number
  readonly 'enable.auto.commit': boolean
  readonly 'fetch.max.bytes': number
  readonly 'fetch.max.wait.ms': number
  readonly 'fetch.min.bytes': number
  /** '' = no group. */
  readonly 'group.id': string
  /** '' = a dynamic member. */
  readonly 'group.instance.id': string
  readonly 'group.protocol': 'classic' | 'consumer'
  /** Of the broker's assignors; '' = the broker's default. */
  readonly 'group.remote.assignor': string
  readonly 'heartbeat.interval.ms': number
  readonly 'isolation.level': 'read_uncommitted' | 'read_committed'
  readonly 'max.partition.fetch.bytes': number
  readonly 'max.poll.interval.ms': number
  readonly 'max.poll.records': number
  readonly 'metadata.max.age.ms': number
  /** Names in order of preference, comma separated: `range`, `cooperative-sticky`. */
  readonly 'partition.assignment.strategy': string
  readonly 'reconnect.backoff.max.ms': number
  readonly 'reconnect.backoff.ms': number
  readonly 'request.timeout.ms': number
  readonly 'retry.backoff.max.ms': number
  readonly 'retry.backoff.ms': number
  readonly 'session.timeout.ms': number
  /** Of consumers of share groups. */
  readonly 'share.acknowledgement.mode': 'implicit' | 'explicit'
  /** Settings of the share group itself, which stand with its members: -1 = the broker's. */
  readonly 'share.auto.offset.reset': 'earliest' | 'latest'
  readonly 'share.isolation.level': 'read_uncommitted' | 'read_committed'
  readonly 'share.record.lock.duration.ms': number
  readonly 'socket.connection.setup.timeout.max.ms': number
  readonly 'socket.connection.setup.timeout.ms': number
}

/** `AutoOffsetResetStrategy.fromString`: what stands before the duration (KIP-1106). */
export const BY_DURATION = 'by_duration:'

const DAY_MS = 86_400_000

/**
 * Milliseconds of an ISO 8601 duration as `java.time.Duration` reads it, such as `PT1H30M`; null when it is none, negative, or
 * longer than can be counted. Fractions below a millisecond are dropped.
 */
export function isoDurationMs(text: string): number | null {
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{0,9}))?S)?)?$/i.exec(text)
  if (parts === null || /[PT]$/i.test(text)) return null
  const [days, hours, minutes, seconds] = parts.slice(1, 5).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ]
  const fraction = Number((parts[5] ?? '').slice(0, 3).padEnd(3, '0'))
  const total = days * DAY_MS + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + fraction
  return Number.isSafeInteger(total) ? total : null
}

/**
 * `ConsumerConfig.java`, 4.1: the settings that are simulated, besides the free texts `client.rack`, `group.id`,
 * `group.instance.id` and `group.remote.assignor`, the word `group.protocol`, the list `partition.assignment.strategy`, and `by_duration:` in
 * `auto.offset.reset`.
 */
export const CONSUMER_CONFIG: ConfigTable = {
  'auto.commit.interval.ms': { type: 'ms', default: 5000, min: 0, max: INT_MAX },
  'auto.offset.reset': { type: 'enum', default: 'latest', values: ['earliest', 'latest', 'none'] },
  'check.crcs': { type: 'boolean', default: true },
  'default.api.timeout.ms': { type: 'ms', default: 60_000, min: 0, max: INT_MAX },
  'enable.auto.commit': { type: 'boolean', default: true },
  'fetch.max.bytes': { type: 'int', default: 52_428_800, min: 0, max: INT_MAX },
  'fetch.max.wait.ms': { type: 'ms', default: 500, min: 0, max: INT_MAX },
  'fetch.min.bytes': { type: 'int', default: 1, min: 0, max: INT_MAX },
  'heartbeat.interval.ms': { type: 'ms', default: 3000, min: 1, max: INT_MAX },
  'isolation.level': { type: 'enum', default: 'read_uncommitted', values: ['read_uncommitted', 'read_committed'] },
  'max.partition.fetch.bytes': { type: 'int', default: 1_048_576, min: 0, max: INT_MAX },
  'max.poll.interval.ms': { type: 'ms', default: 300_000, min: 1, max: INT_MAX },
  'max.poll.records': { type: 'int', default: 500, min: 1, max: INT_MAX },
  'metadata.max.age.ms': { type: 'ms', default: 300_000, min: 0, max: NEVER },
  'reconnect.backoff.max.ms': { type: 'ms', default: 1000, min: 0, max: NEVER },
  'reconnect.backoff.ms': { type: 'ms', default: 50, min: 0, max: NEVER },
  'request.timeout.ms': { type: 'ms', default: 30_000, min: 0, max: INT_MAX },
  'retry.backoff.max.ms': { type: 'ms', default: 1000, min: 0, max: NEVER },
  'retry.backoff.ms': { type: 'ms', default: 100, min: 0, max: NEVER },
  'session.timeout.ms': { type: 'ms', default: 45_000, min: 1, max: INT_MAX },
  'share.acknowledgement.mode': { type: 'enum', default: 'implicit', values: ['implicit', 'explicit'] },
  'share.auto.offset.reset': { type: 'enum', default: 'latest', values: ['earliest', 'latest'] },
  'share.isolation.level': {
    type: 'enum',
    default: 'read_uncommitted',
    values: ['read_uncommitted', 'read_committed'],
  },
  'share.record.lock.duration.ms': { type: 'ms', default: -1, min: 1000, max: 3_600_000 },
  'socket.connection.setup.timeout.max.ms': { type: 'ms', default: 30_000, min: 0, max: NEVER },
  'socket.connection.setup.timeout.ms': { type: 'ms', default: 10_000, min: 0, max: NEVER },
}

/** Settings that Kafka's consumer knows and the simulator does not: refused in scenarios, warned of in `.properties`. */
export const CONSUMER_NOT_SIMULATED: readonly string[] = [
  'allow.auto.create.topics',
  'auto.include.jmx.reporter',
  'bootstrap.servers',
  'client.dns.lookup',
  'client.id',
  'config.providers',
  'connections.max.idle.ms',
  'enable.metrics.push',
  'exclude.internal.topics',
  'interceptor.classes',
  'internal.leave.group.on.close',
  'key.deserializer',
  'metadata.recovery.rebootstrap.trigger.ms',
  'metadata.recovery.strategy',
  'metric.reporters',
  'metrics.num.samples',
  'metrics.recording.level',
  'metrics.sample.window.ms',
  'receive.buffer.bytes',
  'sasl.client.callback.handler.class',
  'sasl.jaas.config',
  'sasl.mechanism',
  'security.protocol',
  'security.providers',
  'send.buffer.bytes',
  'ssl.keystore.location',
  'ssl.truststore.location',
  'value.deserializer',
]
