import { topicIdOf } from '../../history/ids.ts'
import { LAST_TIME } from '../../kernel/kernel.ts'
import { MILLISECOND, ms } from '../../kernel/time.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { CoordinatorRecord } from '../protocol/coordinator-records.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { CoordinatorParts } from './coordinator-partition.ts'
import type { GroupCoordinatorShard } from './coordinator-shard.ts'
import { groupTombstones } from './modern/group-records.ts'

const MINUTE_MS = 60_000

/** Since when an offset is of no use, by its commit's time, and for which topics it may expire; null = for none. */
type Condition = {
  readonly since: (commitTimestampMs: number) => number
  readonly isSubscribed: (topicId: number) => boolean
} | null

/**
 * `GroupCoordinatorShard.cleanupGroupMetadata` with `OffsetMetadataManager.cleanupExpiredOffsets`: offsets that nobody has had a
 * use for in `offsets.retention.minutes` are deleted, and then groups without members and offsets (KIP-211).
 */
export class OffsetExpiration {
  private readonly parts: CoordinatorParts
  private readonly shard: GroupCoordinatorShard
  private readonly tp: number
  private readonly life: number

  constructor(parts: CoordinatorParts, shard: GroupCoordinatorShard, tp: number, life: number) {
    this.parts = parts
    this.shard = shard
    this.tp = tp
    this.life = life
  }

  /**
   * The offsets are loaded. Every `offsets.retention.check.interval.ms` there is a look at them; those before anything can have
   * expired would find nothing, so they are left out, unless the clock may be set.
   */
  begin(): void {
    const interval = this.parts.options['offsets.retention.check.interval.ms']
    if (this.parts.env.clockMayMove) return this.arm(interval)
    const now = this.nowMs
    const firstAt = Math.min(now, this.shard.offsets.oldestCommitMs()) + this.retentionMs
    this.arm(Math.max(1, Math.ceil((firstAt - now) / interval)) * interval)
  }

  /** It is time for a look: what is to be written. */
  expired(): readonly CoordinatorRecord[] {
    this.arm(this.parts.options['offsets.retention.check.interval.ms'])
    const { classic, consumer } = this.shard
    const records: CoordinatorRecord[] = []
    for (const group of classic.groups.values()) {
      const gone = this.expireOf(group.groupId, this.conditionOf(group), records)
      if (gone && group.state === 'EMPTY') records.push({ type: 'GroupMetadataTombstone', groupId: group.groupId })
    }
    for (const group of consumer.groups.values()) {
      const isSubscribed = (topicId: number): boolean =>
        [...group.members.values()].some(({ metadata }) => metadata.subscribedTopics.includes(topicId))
      const gone = this.expireOf(group.groupId, { since: (at) => at, isSubscribed }, records)
      if (gone && group.state === 'EMPTY') records.push(...groupTombstones(group))
    }
    return records
  }

  /** Adds what expires of a group's offsets; true when none is left. */
  private expireOf(groupId: string, condition: Condition, records: CoordinatorRecord[]): boolean {
    const { offsets } = this.shard
    const limit = this.nowMs - this.retentionMs
    let none = true
    for (const [tp, commitTimestampMs] of offsets.commitTimesOf(groupId)) {
      const mayExpire = condition !== null && !condition.isSubscribed(topicIdOf(tp)) && !offsets.isUnstable(groupId, tp)
      if (mayExpire && condition.since(commitTimestampMs) <= limit) {
        records.push({ type: 'OffsetCommitTombstone', groupId, tp })
      } else none = false
    }
    return none && !offsets.isInTransaction(groupId)
  }

  /** `ClassicGroup.offsetExpirationCondition` and `isSubscribedToTopic`. */
  private conditionOf(group: ClassicGroup): Condition {
    const sinceCommit = { since: (at: number) => at, isSubscribed: () => false }
    if (this.parts.profile['offsets.expiration'] === 'since-commit') return sinceCommit
    const { emptySinceMs, members } = group
    if (group.state === 'EMPTY')
      return emptySinceMs === null ? sinceCommit : { ...sinceCommit, since: () => emptySinceMs }
    if (group.state !== 'STABLE') return null
    const subscribed = new Set(
      [...members.values()].flatMap((member) => member.metadata(group.protocolName ?? '').topics),
    )
    return { ...sinceCommit, isSubscribed: (topicId) => subscribed.has(topicId) }
  }

  private get nowMs(): number {
    return Math.floor(this.parts.env.wallClock() / MILLISECOND)
  }

  private get retentionMs(): number {
    return this.parts.options['offsets.retention.minutes'] * MINUTE_MS
  }

  private arm(delayMs: number): void {
    const { env } = this.parts
    if (env.monotonic() + ms(delayMs) < LAST_TIME)
      env.setTimer(BrokerTimer.OffsetExpiration, ms(delayMs), this.tp, this.life)
  }
}
