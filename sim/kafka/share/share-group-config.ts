/** Settings of a share group (`GroupConfig`), which operators set and all brokers know. */
export interface ShareGroupConfig {
  readonly 'share.auto.offset.reset': 'earliest' | 'latest'
  readonly 'share.isolation.level': 'read_uncommitted' | 'read_committed'
  /** -1 = the broker's `group.share.record.lock.duration.ms`. */
  readonly 'share.record.lock.duration.ms': number
}

export const SHARE_GROUP_DEFAULTS: ShareGroupConfig = {
  'share.auto.offset.reset': 'latest',
  'share.isolation.level': 'read_uncommitted',
  'share.record.lock.duration.ms': -1,
}
