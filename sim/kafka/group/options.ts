import type { BrokerConfig } from '../protocol/config/broker.ts'

/** A broker's settings for groups. */
export type GroupCoordinatorOptions = Pick<
  BrokerConfig,
  | 'group.consumer.assignors'
  | 'group.consumer.heartbeat.interval.ms'
  | 'group.consumer.max.size'
  | 'group.consumer.migration.policy'
  | 'group.consumer.session.timeout.ms'
  | 'group.coordinator.append.linger.ms'
  | 'group.initial.rebalance.delay.ms'
  | 'group.max.session.timeout.ms'
  | 'group.max.size'
  | 'group.min.session.timeout.ms'
  | 'group.share.heartbeat.interval.ms'
  | 'group.share.max.size'
  | 'group.share.session.timeout.ms'
  | 'offsets.commit.timeout.ms'
  | 'offsets.retention.check.interval.ms'
  | 'offsets.retention.minutes'
  | 'offsets.topic.num.partitions'
  | 'offsets.topic.replication.factor'
>

/** `GroupCoordinatorConfig.CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`: a new member that waits for its first generation expires after this. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000
