import { type ConfigTable, INT_MAX, NEVER } from './definition.ts'
import { POLICIES } from './topic.ts'

/** A broker's (or the controller's) settings after defaults, by Kafka's names; `*.ms` in milliseconds. */
export interface BrokerConfig {
  readonly 'add.partitions.to.txn.retry.backoff.max.ms': number
  readonly 'add.partitions.to.txn.retry.backoff.ms': number
  readonly 'auto.create.topics.enable': boolean
  readonly 'auto.leader.rebalance.enable': boolean
  readonly 'broker.heartbeat.interval.ms': number
  /** Absent = none. */
  readonly 'broker.rack'?: string
  readonly 'broker.session.timeout.ms': number
  readonly 'controlled.shutdown.enable': boolean
  readonly 'controller.quorum.election.backoff.max.ms': number
  readonly 'controller.quorum.election.timeout.ms': number
  readonly 'controller.quorum.fetch.timeout.ms': number
  readonly 'controller.quorum.request.timeout.ms': number
  readonly 'default.replication.factor': number
  /** Names in order of preference, comma separated: the first is the default. */
  readonly 'group.consumer.assignors': 'uniform, range' | 'range, uniform' | 'uniform' | 'range'
  readonly 'group.consumer.heartbeat.interval.ms': number
  readonly 'group.consumer.max.heartbeat.interval.ms': number
  readonly 'group.consumer.max.session.timeout.ms': number
  readonly 'group.consumer.max.size': number
  readonly 'group.consumer.migration.policy': 'bidirectional' | 'upgrade' | 'downgrade' | 'disabled'
  readonly 'group.consumer.min.heartbeat.interval.ms': number
  readonly 'group.consumer.min.session.timeout.ms': number
  readonly 'group.consumer.session.timeout.ms': number
  readonly 'group.coordinator.append.linger.ms': number
  readonly 'group.initial.rebalance.delay.ms': number
  readonly 'group.max.session.timeout.ms': number
  readonly 'group.max.size': number
  readonly 'group.min.session.timeout.ms': number
  readonly 'group.share.delivery.count.limit': number
  readonly 'group.share.heartbeat.interval.ms': number
  readonly 'group.share.max.record.lock.duration.ms': number
  readonly 'group.share.max.size': number
  readonly 'group.share.min.record.lock.duration.ms': number
  readonly 'group.share.partition.max.record.locks': number
  readonly 'group.share.record.lock.duration.ms': number
  readonly 'group.share.session.timeout.ms': number
  readonly 'leader.imbalance.check.interval.seconds': number
  readonly 'leader.imbalance.per.broker.percentage': number
  readonly 'log.cleaner.backoff.ms': number
  readonly 'log.cleaner.dedupe.buffer.size': number
  readonly 'log.cleaner.delete.retention.ms': number
  readonly 'log.cleaner.io.buffer.load.factor': number
  readonly 'log.cleaner.min.cleanable.ratio': number
  readonly 'log.cleaner.min.compaction.lag.ms': number
  readonly 'log.cleanup.policy': 'delete' | 'compact' | 'compact,delete'
  readonly 'log.dir.failure.timeout.ms': number
  /** Comma separated; absent = one. */
  readonly 'log.dirs'?: string
  readonly 'log.flush.interval.messages': number
  readonly 'log.flush.interval.ms': number
  readonly 'log.flush.offset.checkpoint.interval.ms': number
  readonly 'log.flush.start.offset.checkpoint.interval.ms': number
  readonly 'log.initial.task.delay.ms': number
  readonly 'log.retention.bytes': number
  readonly 'log.retention.check.interval.ms': number
  readonly 'log.retention.ms': number
  readonly 'log.roll.ms': number
  readonly 'log.segment.bytes': number
  readonly 'message.max.bytes': number
  /** One of `log.dirs`; absent = the first. */
  readonly 'metadata.log.dir'?: string
  readonly 'min.insync.replicas': number
  readonly 'num.partitions': number
  readonly 'offsets.commit.timeout.ms': number
  readonly 'offsets.retention.check.interval.ms': number
  readonly 'offsets.retention.minutes': number
  readonly 'offsets.topic.num.partitions': number
  readonly 'offsets.topic.replication.factor': number
  readonly 'producer.id.expiration.check.interval.ms': number
  readonly 'producer.id.expiration.ms': number
  readonly 'replica.fetch.backoff.ms': number
  readonly 'replica.fetch.max.bytes': number
  readonly 'replica.fetch.min.bytes': number
  readonly 'replica.fetch.wait.max.ms': number
  readonly 'replica.high.watermark.checkpoint.interval.ms': number
  readonly 'replica.lag.time.max.ms': number
  readonly 'replica.selector.class': typeof LEADER_SELECTOR | typeof RACK_AWARE_SELECTOR
  readonly 'replica.socket.timeout.ms': number
  readonly 'share.coordinator.snapshot.update.records.per.snapshot': number
  readonly 'share.coordinator.state.topic.min.isr': number
  readonly 'share.coordinator.state.topic.num.partitions': number
  readonly 'share.coordinator.state.topic.replication.factor': number
  readonly 'share.coordinator.write.timeout.ms': number
  readonly 'transaction.abort.timed.out.transaction.cleanup.interval.ms': number
  readonly 'transaction.max.timeout.ms': number
  readonly 'transaction.partition.verification.enable': boolean
  readonly 'transaction.remove.expired.transaction.cleanup.interval.ms': number
  readonly 'transaction.state.log.min.isr': number
  readonly 'transaction.state.log.num.partitions': number
  readonly 'transaction.state.log.replication.factor': number
  readonly 'transactional.id.expiration.ms': number
  readonly 'unclean.leader.election.enable': boolean
  readonly 'unclean.leader.election.interval.ms': number
}

/** What takes the place of no selector: everybody reads from leaders. */
const LEADER_SELECTOR = 'org.apache.kafka.common.replica.LeaderSelector'
/** Consumers read from a replica in their own rack (KIP-392). */
export const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

/** `KafkaConfig.scala` and its tables, 4.1: the settings that are simulated, besides the free texts `broker.rack`, `log.dirs` and `metadata.log.dir`. */
export const BROKER_CONFIG: ConfigTable = {
  'add.partitions.to.txn.retry.backoff.max.ms': { type: 'ms', default: 100, min: 0, max: INT_MAX },
  'add.partitions.to.txn.retry.backoff.ms': { type: 'ms', default: 20, min: 1, max: INT_MAX },
  'auto.create.topics.enable': { type: 'boolean', default: true },
  'auto.leader.rebalance.enable': { type: 'boolean', default: true },
  'broker.heartbeat.interval.ms': { type: 'ms', default: 2000, min: 1, max: INT_MAX },
  'broker.session.timeout.ms': { type: 'ms', default: 9000, min: 1, max: INT_MAX },
  'controlled.shutdown.enable': { type: 'boolean', default: true },
  'controller.quorum.election.backoff.max.ms': { type: 'ms', default: 1000, min: 0, max: INT_MAX },
  'controller.quorum.election.timeout.ms': { type: 'ms', default: 1000, min: 1, max: INT_MAX },
  'controller.quorum.fetch.timeout.ms': { type: 'ms', default: 2000, min: 1, max: INT_MAX },
  'controller.quorum.request.timeout.ms': { type: 'ms', default: 2000, min: 1, max: INT_MAX },
  'default.replication.factor': { type: 'int', default: 1, min: 1, max: 32_767 },
  'group.consumer.assignors': {
    type: 'enum',
    default: 'uniform, range',
    values: ['uniform, range', 'range, uniform', 'uniform', 'range'],
    aliases: { 'uniform,range': 'uniform, range', 'range,uniform': 'range, uniform' },
  },
  'group.consumer.heartbeat.interval.ms': { type: 'ms', default: 5000, min: 1, max: INT_MAX },
  'group.consumer.max.heartbeat.interval.ms': { type: 'ms', default: 15_000, min: 1, max: INT_MAX },
  'group.consumer.max.session.timeout.ms': { type: 'ms', default: 60_000, min: 1, max: INT_MAX },
  'group.consumer.max.size': { type: 'int', default: INT_MAX, min: 1, max: INT_MAX },
  'group.consumer.migration.policy': {
    type: 'enum',
    default: 'bidirectional',
    values: ['bidirectional', 'upgrade', 'downgrade', 'disabled'],
  },
  'group.consumer.min.heartbeat.interval.ms': { type: 'ms', default: 5000, min: 1, max: INT_MAX },
  'group.consumer.min.session.timeout.ms': { type: 'ms', default: 45_000, min: 1, max: INT_MAX },
  'group.consumer.session.timeout.ms': { type: 'ms', default: 45_000, min: 1, max: INT_MAX },
  'group.coordinator.append.linger.ms': { type: 'ms', default: 5, min: 0, max: INT_MAX },
  'group.initial.rebalance.delay.ms': { type: 'ms', default: 3000, min: 0, max: INT_MAX },
  'group.max.session.timeout.ms': { type: 'ms', default: 1_800_000, min: 0, max: INT_MAX },
  'group.max.size': { type: 'int', default: INT_MAX, min: 1, max: INT_MAX },
  'group.min.session.timeout.ms': { type: 'ms', default: 6000, min: 0, max: INT_MAX },
  'group.share.delivery.count.limit': { type: 'int', default: 5, min: 2, max: 10 },
  'group.share.heartbeat.interval.ms': { type: 'ms', default: 5000, min: 1, max: INT_MAX },
  'group.share.max.record.lock.duration.ms': { type: 'ms', default: 60_000, min: 30_000, max: 3_600_000 },
  'group.share.max.size': { type: 'int', default: 200, min: 1, max: 1000 },
  'group.share.min.record.lock.duration.ms': { type: 'ms', default: 15_000, min: 1000, max: 30_000 },
  'group.share.partition.max.record.locks': { type: 'int', default: 2000, min: 100, max: 10_000 },
  'group.share.record.lock.duration.ms': { type: 'ms', default: 30_000, min: 1000, max: 3_600_000 },
  'group.share.session.timeout.ms': { type: 'ms', default: 45_000, min: 1, max: INT_MAX },
  'leader.imbalance.check.interval.seconds': { type: 'int', default: 300, min: 1, max: INT_MAX },
  'leader.imbalance.per.broker.percentage': { type: 'int', default: 10, min: 0, max: 100 },
  'log.cleaner.backoff.ms': { type: 'ms', default: 15_000, min: 1, max: NEVER },
  'log.cleaner.dedupe.buffer.size': { type: 'int', default: 134_217_728, min: 1_048_577, max: INT_MAX },
  'log.cleaner.delete.retention.ms': { type: 'ms', default: 86_400_000, min: 0, max: NEVER },
  'log.cleaner.io.buffer.load.factor': { type: 'double', default: 0.9, min: 0, max: 1 },
  'log.cleaner.min.cleanable.ratio': { type: 'double', default: 0.5, min: 0, max: 1 },
  'log.cleaner.min.compaction.lag.ms': { type: 'ms', default: 0, min: 0, max: NEVER },
  'log.cleanup.policy': { type: 'enum', default: 'delete', ...POLICIES },
  'log.dir.failure.timeout.ms': { type: 'ms', default: 30_000, min: 1, max: NEVER },
  'log.flush.interval.messages': { type: 'int', default: NEVER, min: 1, max: NEVER },
  'log.flush.interval.ms': { type: 'ms', default: NEVER, min: 0, max: NEVER },
  'log.flush.offset.checkpoint.interval.ms': { type: 'ms', default: 60_000, min: 1, max: INT_MAX },
  'log.flush.start.offset.checkpoint.interval.ms': { type: 'ms', default: 60_000, min: 1, max: INT_MAX },
  'log.initial.task.delay.ms': { type: 'ms', default: 30_000, min: 0, max: NEVER },
  'log.retention.bytes': { type: 'int', default: -1, min: -1, max: NEVER },
  'log.retention.check.interval.ms': { type: 'ms', default: 300_000, min: 1, max: NEVER },
  'log.retention.ms': { type: 'ms', default: 604_800_000, min: -1, max: NEVER },
  'log.roll.ms': { type: 'ms', default: 604_800_000, min: 1, max: NEVER },
  'log.segment.bytes': { type: 'int', default: 1_073_741_824, min: 1_048_576, max: INT_MAX },
  'message.max.bytes': { type: 'int', default: 1_048_588, min: 0, max: INT_MAX },
  'min.insync.replicas': { type: 'int', default: 1, min: 1, max: INT_MAX },
  'num.partitions': { type: 'int', default: 1, min: 1, max: 10_000 },
  'offsets.commit.timeout.ms': { type: 'ms', default: 5000, min: 1, max: INT_MAX },
  'offsets.retention.check.interval.ms': { type: 'ms', default: 600_000, min: 1, max: NEVER },
  'offsets.retention.minutes': { type: 'int', default: 10_080, min: 1, max: INT_MAX },
  'offsets.topic.num.partitions': { type: 'int', default: 50, min: 1, max: 10_000 },
  'offsets.topic.replication.factor': { type: 'int', default: 3, min: 1, max: 32_767 },
  'producer.id.expiration.check.interval.ms': { type: 'ms', default: 600_000, min: 1, max: INT_MAX },
  'producer.id.expiration.ms': { type: 'ms', default: 86_400_000, min: 1, max: INT_MAX },
  'replica.fetch.backoff.ms': { type: 'ms', default: 1000, min: 0, max: INT_MAX },
  'replica.fetch.max.bytes': { type: 'int', default: 1_048_576, min: 0, max: INT_MAX },
  'replica.fetch.min.bytes': { type: 'int', default: 1, min: 0, max: INT_MAX },
  'replica.fetch.wait.max.ms': { type: 'ms', default: 500, min: 1, max: INT_MAX },
  'replica.high.watermark.checkpoint.interval.ms': { type: 'ms', default: 5000, min: 1, max: INT_MAX },
  'replica.lag.time.max.ms': { type: 'ms', default: 30_000, min: 1, max: INT_MAX },
  'replica.selector.class': {
    type: 'enum',
    default: LEADER_SELECTOR,
    values: [LEADER_SELECTOR, RACK_AWARE_SELECTOR],
  },
  'replica.socket.timeout.ms': { type: 'ms', default: 30_000, min: 1, max: INT_MAX },
  'share.coordinator.snapshot.update.records.per.snapshot': { type: 'int', default: 500, min: 0, max: 500 },
  'share.coordinator.state.topic.min.isr': { type: 'int', default: 2, min: 1, max: 32_767 },
  'share.coordinator.state.topic.num.partitions': { type: 'int', default: 50, min: 1, max: 10_000 },
  'share.coordinator.state.topic.replication.factor': { type: 'int', default: 3, min: 1, max: 32_767 },
  'share.coordinator.write.timeout.ms': { type: 'ms', default: 5000, min: 1, max: INT_MAX },
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': { type: 'ms', default: 10_000, min: 1, max: INT_MAX },
  'transaction.max.timeout.ms': { type: 'ms', default: 900_000, min: 1, max: INT_MAX },
  'transaction.partition.verification.enable': { type: 'boolean', default: true },
  'transaction.remove.expired.transaction.cleanup.interval.ms': {
    type: 'ms',
    default: 3_600_000,
    min: 1,
    max: INT_MAX,
  },
  'transaction.state.log.min.isr': { type: 'int', default: 2, min: 1, max: INT_MAX },
  'transaction.state.log.num.partitions': { type: 'int', default: 50, min: 1, max: 10_000 },
  'transaction.state.log.replication.factor': { type: 'int', default: 3, min: 1, max: 32_767 },
  'transactional.id.expiration.ms': { type: 'ms', default: 604_800_000, min: 1, max: INT_MAX },
  'unclean.leader.election.enable': { type: 'boolean', default: false },
  'unclean.leader.election.interval.ms': { type: 'ms', default: 300_000, min: 1, max: INT_MAX },
}

export const BROKER_NOT_SIMULATED: readonly string[] = [
  'advertised.listeners',
  'background.threads',
  'compression.type',
  'connections.max.idle.ms',
  'controlled.shutdown.max.retries',
  'controller.quorum.voters',
  'delete.topic.enable',
  'fetch.max.bytes',
  'initial.broker.registration.timeout.ms',
  'log.cleaner.enable',
  'log.dir',
  'log.message.timestamp.type',
  'log.retention.hours',
  'log.retention.minutes',
  'node.id',
  'num.io.threads',
  'num.network.threads',
  'num.replica.fetchers',
  'process.roles',
]
