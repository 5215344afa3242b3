import type { TopicConfig } from '../protocol/config/topic.ts'

type Policy = Pick<TopicConfig, 'cleanup.policy'>

/**
 * A `min.cleanable.dirty.ratio` that no log reaches: that of Kafka's own topics, which are compacted, and which the cleaner does
 * not come to here.
 */
export const NEVER_CLEANED = 2

/** Whether retention deletes from a log, where it has limits. */
export function isDeleted(config: Policy): boolean {
  return config['cleanup.policy'] !== 'compact'
}

/** Whether a log keeps the last record of every key, so that its records need keys. */
export function isCompacted(config: Policy): boolean {
  return config['cleanup.policy'] === 'compact' || config['cleanup.policy'] === 'compact,delete'
}

/** Whether the cleaner comes to a log. */
export function isCleaned(config: Pick<TopicConfig, 'cleanup.policy' | 'min.cleanable.dirty.ratio'>): boolean {
  return isCompacted(config) && config['min.cleanable.dirty.ratio'] < NEVER_CLEANED
}
