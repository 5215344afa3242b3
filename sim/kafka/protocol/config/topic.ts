import { type ConfigTable, INT_MAX, NEVER } from './definition.ts'

/** A topic's settings after the broker's defaults, by Kafka's names. */
export interface TopicConfig {
  readonly 'flush.messages': number
  readonly 'flush.ms': number
  readonly 'max.message.bytes': number
  readonly 'min.insync.replicas': number
  readonly 'unclean.leader.election.enable': boolean
}

/** `TopicConfig.java`, 4.1: the settings that are simulated, besides `partitions` and `replication.factor`. */
export const TOPIC_CONFIG: ConfigTable = {
  'flush.messages': { type: 'int', default: NEVER, min: 1, max: NEVER },
  'flush.ms': { type: 'ms', default: NEVER, min: 0, max: NEVER },
  'max.message.bytes': { type: 'int', default: 1_048_588, min: 0, max: INT_MAX },
  'min.insync.replicas': { type: 'int', default: 1, min: 1, max: INT_MAX },
  'unclean.leader.election.enable': { type: 'boolean', default: false },
}

/** The broker-wide default behind each topic setting (`ServerTopicConfigSynonyms`). */
export const BROKER_SYNONYM: Readonly<Record<keyof TopicConfig, string>> = {
  'flush.messages': 'log.flush.interval.messages',
  'flush.ms': 'log.flush.interval.ms',
  'max.message.bytes': 'message.max.bytes',
  'min.insync.replicas': 'min.insync.replicas',
  'unclean.leader.election.enable': 'unclean.leader.election.enable',
}

export const TOPIC_NOT_SIMULATED: readonly string[] = [
  'cleanup.policy',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
  'delete.retention.ms',
  'file.delete.delay.ms',
  'follower.replication.throttled.replicas',
  'index.interval.bytes',
  'leader.replication.throttled.replicas',
  'local.retention.bytes',
  'local.retention.ms',
  'max.compaction.lag.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.before.max.ms',
  'message.timestamp.type',
  'min.cleanable.dirty.ratio',
  'min.compaction.lag.ms',
  'preallocate',
  'remote.log.copy.disable',
  'remote.log.delete.on.disable',
  'remote.storage.enable',
  'retention.bytes',
  'retention.ms',
  'segment.bytes',
  'segment.index.bytes',
  'segment.jitter.ms',
  'segment.ms',
]
