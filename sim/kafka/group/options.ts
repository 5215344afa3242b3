import { INT_MAX } from '../protocol/config/definition.ts'

/** A broker's settings for groups, by Kafka's names. */
export interface GroupCoordinatorOptions {
  readonly 'group.coordinator.append.linger.ms': number
  readonly 'group.initial.rebalance.delay.ms': number
  readonly 'group.max.session.timeout.ms': number
  readonly 'group.max.size': number
  readonly 'group.min.session.timeout.ms': number
  readonly 'offsets.commit.timeout.ms': number
  readonly 'offsets.topic.num.partitions': number
  readonly 'offsets.topic.replication.factor': number
}

/** `GroupCoordinatorConfig.java`, 4.1. */
export const GROUP_COORDINATOR_DEFAULTS: GroupCoordinatorOptions = {
  'group.coordinator.append.linger.ms': 5,
  'group.initial.rebalance.delay.ms': 3000,
  'group.max.session.timeout.ms': 1_800_000,
  'group.max.size': INT_MAX,
  'group.min.session.timeout.ms': 6000,
  'offsets.commit.timeout.ms': 5000,
  'offsets.topic.num.partitions': 50,
  'offsets.topic.replication.factor': 3,
}

/** `GroupCoordinatorConfig.CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`: a new member that waits for its first generation expires after this. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000
