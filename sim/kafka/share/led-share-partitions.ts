import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Partition } from '../broker/partition.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { LedSharePartition } from './led-share-partition.ts'
import type { Persister } from './persister.ts'
import { SHARE_GROUP_DEFAULTS, type ShareGroupConfig } from './share-group-config.ts'

/** The share partitions that a broker leads (`SharePartitionCache`), and one timer for the first of their locks to end. */
export class LedSharePartitions {
  private readonly env: Env
  private readonly config: BrokerConfig
  /** By group. */
  private readonly groups: ReadonlyMap<string, ShareGroupConfig>
  /** By group and partition. */
  private readonly partitions: Map<string, LedSharePartition> = new Map()
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(env: Env, config: BrokerConfig, groups: ReadonlyMap<string, ShareGroupConfig>) {
    this.env = env
    this.config = config
    this.groups = groups
  }

  get(groupId: string, tp: number): LedSharePartition | undefined {
    return this.partitions.get(keyOf(groupId, tp))
  }

  all(): readonly LedSharePartition[] {
    return [...this.partitions.values()]
  }

  /** `getOrCreateSharePartition`: one that is new asks what is persisted. */
  create(groupId: string, replica: Partition, persister: Persister): LedSharePartition {
    const { env, config, groups } = this
    const limits = {
      maxDeliveryCount: config['group.share.delivery.count.limit'],
      maxInFlight: config['group.share.partition.max.record.locks'],
    }
    const led = new LedSharePartition(
      env,
      persister,
      limits,
      groups.get(groupId) ?? SHARE_GROUP_DEFAULTS,
      groupId,
      replica,
    )
    this.partitions.set(keyOf(groupId, replica.tp), led)
    return led
  }

  /** `removeSharePartitionFromCache`: it is led no longer, or could not be initialized. */
  fence(led: LedSharePartition): void {
    led.status = 'FENCED'
    const key = keyOf(led.groupId, led.tp)
    if (this.partitions.get(key) === led) this.partitions.delete(key)
  }

  /** Sees to it that somebody looks when the first lock ends. */
  armLocks(): void {
    const { env } = this
    let at = Infinity
    for (const led of this.partitions.values()) at = Math.min(at, led.states?.nextExpiry() ?? Infinity)
    if (at === Infinity || (this.timer !== 0 && this.timerAt <= at)) return
    env.cancel(this.timer)
    this.timerAt = at
    this.timer = env.setTimer(BrokerTimer.ShareLock, Math.max(0, at - env.monotonic()))
  }

  /** The timer has fired. */
  onTimer(): void {
    this.timer = 0
  }
}

function keyOf(groupId: string, tp: number): string {
  return `${tp} ${groupId}`
}
