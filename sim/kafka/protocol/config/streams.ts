import { type ConfigTable, NEVER } from './definition.ts'

/** `StreamsConfig.java`, 4.1: the settings of Kafka Streams itself that are simulated, besides the free text `application.id`. */
export const STREAMS_CONFIG: ConfigTable = {
  'commit.interval.ms': { type: 'ms', default: 30_000, min: 0, max: NEVER },
  'processing.guarantee': {
    type: 'enum',
    default: 'at_least_once',
    values: ['at_least_once', 'exactly_once_v2'],
  },
  /** Of changelogs; -1 = the brokers' `default.replication.factor`. */
  'replication.factor': { type: 'int', default: -1, min: -1, max: 32_767 },
}

/** `EOS_DEFAULT_COMMIT_INTERVAL_MS`: what `commit.interval.ms` is unless it is written. */
export const EXACTLY_ONCE_COMMIT_INTERVAL_MS = 100

/** What Streams gives its consumers unless they are told otherwise (`CONSUMER_DEFAULT_OVERRIDES`). */
export const STREAMS_CONSUMER_DEFAULTS: Readonly<Record<string, string | number | boolean>> = {
  'auto.offset.reset': 'earliest',
  'max.poll.records': 1000,
}

/** `PRODUCER_DEFAULT_OVERRIDES` and `PRODUCER_EOS_OVERRIDES` */
export const STREAMS_PRODUCER_DEFAULTS = {
  at_least_once: { 'linger.ms': 100 },
  exactly_once_v2: { 'linger.ms': 100, 'delivery.timeout.ms': 2_147_483_647, 'transaction.timeout.ms': 10_000 },
} as const

/** Settings of Streams that are not simulated: refused in scenarios, warned of in `.properties`. */
export const STREAMS_NOT_SIMULATED: readonly string[] = [
  'acceptable.recovery.lag',
  'application.server',
  'bootstrap.servers',
  'buffered.records.per.partition',
  'client.id',
  'default.key.serde',
  'default.production.exception.handler',
  'default.value.serde',
  'deserialization.exception.handler',
  'max.task.idle.ms',
  'max.warmup.replicas',
  'num.standby.replicas',
  'num.stream.threads',
  'poll.ms',
  'probing.rebalance.interval.ms',
  'processing.exception.handler',
  'production.exception.handler',
  'repartition.purge.interval.ms',
  'state.cleanup.delay.ms',
  'state.dir',
  'statestore.cache.max.bytes',
  'task.timeout.ms',
  'topology.optimization',
  'upgrade.from',
]
