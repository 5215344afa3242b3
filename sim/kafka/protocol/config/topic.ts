import { type ConfigTable, INT_MAX, NEVER } from './definition.ts'

/** A topic's settings after the broker's defaults, by Kafka's names. */
export interface TopicConfig {
  readonly 'cleanup.policy': 'delete' | 'compact' | 'compact,delete'
  readonly 'delete.retention.ms': number
  readonly 'flush.messages': number
  readonly 'flush.ms': number
  readonly 'max.message.bytes': number
  /** Above 1: the log is never cleaned, which is so for Kafka's own topics. */
  readonly 'min.cleanable.dirty.ratio': number
  readonly 'min.compaction.lag.ms': number
  readonly 'min.insync.replicas': number
  /** -1 = no limit. */
  readonly 'retention.bytes': number
  readonly 'retention.ms': number
  readonly 'segment.bytes': number
  readonly 'segment.ms': number
  readonly 'unclean.leader.election.enable': boolean
}

/** Some of a topic's settings, which are to have other values. */
export type TopicConfigChange = Readonly<Partial<TopicConfig>>

/** The words of `cleanup.policy`, a list of one or both. */
export const POLICIES = {
  values: ['delete', 'compact', 'compact,delete'],
  aliases: {
    'delete,compact': 'compact,delete',
    'compact, delete': 'compact,delete',
    'delete, compact': 'compact,delete',
  },
} as const

/** `TopicConfig.java`, 4.1: the settings that are simulated, besides `partitions` and `replication.factor`. */
export const TOPIC_CONFIG: ConfigTable = {
  'cleanup.policy': { type: 'enum', default: 'delete', ...POLICIES },
  'delete.retention.ms': { type: 'ms', default: 86_400_000, min: 0, max: NEVER },
  'flush.messages': { type: 'int', default: NEVER, min: 1, max: NEVER },
  'flush.ms': { type: 'ms', default: NEVER, min: 0, max: NEVER },
  'max.message.bytes': { type: 'int', default: 1_048_588, min: 0, max: INT_MAX },
  'min.cleanable.dirty.ratio': { type: 'double', default: 0.5, min: 0, max: 1 },
  'min.compaction.lag.ms': { type: 'ms', default: 0, min: 0, max: NEVER },
  'min.insync.replicas': { type: 'int', default: 1, min: 1, max: INT_MAX },
  'retention.bytes': { type: 'int', default: -1, min: -1, max: NEVER },
  'retention.ms': { type: 'ms', default: 604_800_000, min: -1, max: NEVER },
  'segment.bytes': { type: 'int', default: 1_073_741_824, min: 1_048_576, max: INT_MAX },
  'segment.ms': { type: 'ms', default: 604_800_000, min: 1, max: NEVER },
  'unclean.leader.election.enable': { type: 'boolean', default: false },
}

/** The broker-wide default behind each topic setting (`ServerTopicConfigSynonyms`). */
export const BROKER_SYNONYM: Readonly<Record<keyof TopicConfig, string>> = {
  'cleanup.policy': 'log.cleanup.policy',
  'delete.retention.ms': 'log.cleaner.delete.retention.ms',
  'flush.messages': 'log.flush.interval.messages',
  'flush.ms': 'log.flush.interval.ms',
  'max.message.bytes': 'message.max.bytes',
  'min.cleanable.dirty.ratio': 'log.cleaner.min.cleanable.ratio',
  'min.compaction.lag.ms': 'log.cleaner.min.compaction.lag.ms',
  'min.insync.replicas': 'min.insync.replicas',
  'retention.bytes': 'log.retention.bytes',
  'retention.ms': 'log.retention.ms',
  'segment.bytes': 'log.segment.bytes',
  'segment.ms': 'log.roll.ms',
  'unclean.leader.election.enable': 'unclean.leader.election.enable',
}

export const TOPIC_NOT_SIMULATED: readonly string[] = [
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.type',
  'compression.zstd.level',
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
  'preallocate',
  'remote.log.copy.disable',
  'remote.log.delete.on.disable',
  'remote.storage.enable',
  'segment.index.bytes',
  'segment.jitter.ms',
]
