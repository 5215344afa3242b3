import { M } from '../../../history/catalogue.ts'
import type { MetadataCache } from '../../broker/metadata-cache.ts'
import type { Env } from '../../env.ts'
import type { ConsumerGroupRecord } from '../../protocol/consumer-group-records.ts'
import { type CoordinatorRecord, isOfConsumerGroup } from '../../protocol/coordinator-records.ts'
import type { ClassicGroup } from '../classic-group.ts'
import type { ClassicGroups } from '../classic-groups.ts'
import type { GroupTimers } from '../group-timers.ts'
import type { GroupCoordinatorOptions } from '../options.ts'
import { type Change, ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import { MemberMoments } from './member-moments.ts'

/** How to take back what a record did: within a group, or to the very existence of one. */
type Undo = { readonly offset: number; readonly groupId: string } & (
  | { readonly kind: 'change'; readonly change: Change }
  /** Which groups there were under this id. */
  | {
      readonly kind: 'groups'
      readonly consumer: ConsumerGroup | undefined
      readonly classic: ClassicGroup | undefined
    }
)

/**
 * The consumer groups of one coordinator partition as its log has them (`GroupMetadataManager` with its timeline structures).
 * Operations see the newest state; what could not be written is taken back.
 */
export class ConsumerGroups {
  readonly groups: Map<string, ConsumerGroup> = new Map()
  readonly env: Env
  readonly options: GroupCoordinatorOptions
  readonly metadata: MetadataCache
  readonly timers: GroupTimers
  readonly classic: ClassicGroups
  private readonly moments: MemberMoments
  /** Of what is not replicated yet, oldest first. */
  private readonly undos: Undo[] = []

  constructor(
    env: Env,
    options: GroupCoordinatorOptions,
    metadata: MetadataCache,
    timers: GroupTimers,
    classic: ClassicGroups,
  ) {
    this.env = env
    this.options = options
    this.metadata = metadata
    this.timers = timers
    this.classic = classic
    this.moments = new MemberMoments(env)
  }

  /** A group that no record speaks of yet. */
  create(groupId: string): ConsumerGroup {
    return new ConsumerGroup(groupId, this.env.recorder.text(groupId))
  }

  // --- the log ------------------------------------------------------------------------------------------------------

  /** Applies what stands, or will stand, at a place of the log. */
  replay(offset: number, record: CoordinatorRecord): void {
    if (isOfConsumerGroup(record)) this.replayGroup(offset, record)
    else if (record.type === 'GroupMetadataTombstone')
      this.setGroups(offset, record.groupId, this.groups.get(record.groupId), undefined)
  }

  private replayGroup(offset: number, record: ConsumerGroupRecord): void {
    const { groupId } = record
    const known = this.groups.get(groupId)
    if (record.value === null) {
      if (known === undefined) return
      if (record.type === 'ConsumerGroupMetadata') {
        this.setGroups(offset, groupId, undefined, this.classic.groups.get(groupId))
        return
      }
    }
    // A group that was only made to hold offsets gives way.
    const group = known ?? this.create(groupId)
    if (known === undefined) this.setGroups(offset, groupId, group, undefined)
    const change = group.apply(record)
    if (change === null) return
    this.tell(group, change)
    this.undos.push({ offset, groupId, kind: 'change', change })
  }

  /** Everything before this offset is replicated. */
  commitUpTo(offset: number): void {
    let count = 0
    while (count < this.undos.length && (this.undos[count] as Undo).offset < offset) count++
    if (count > 0) this.undos.splice(0, count)
  }

  /** What was applied from this offset on could not be written. */
  revertTo(offset: number): void {
    for (let last = this.undos.at(-1); last !== undefined && last.offset >= offset; last = this.undos.at(-1)) {
      this.undos.pop()
      if (last.kind === 'groups') {
        put(this.groups, last.groupId, last.consumer)
        put(this.classic.groups, last.groupId, last.classic)
        continue
      }
      const group = this.groups.get(last.groupId)
      if (group === undefined) continue
      const undone = last.change.what === 'member' ? group.members.get(last.change.memberId) : undefined
      group.undo(last.change)
      if (last.change.what === 'member') this.moments.onMember(group, undone, last.change.before)
    }
  }

  private setGroups(
    offset: number,
    groupId: string,
    consumer: ConsumerGroup | undefined,
    classic: ClassicGroup | undefined,
  ): void {
    const before = this.groups.get(groupId)
    // Who turns a group into a classic one has put that in place already.
    const classicBefore = before === undefined ? this.classic.groups.get(groupId) : undefined
    this.undos.push({ offset, groupId, kind: 'groups', consumer: before, classic: classicBefore })
    put(this.groups, groupId, consumer)
    put(this.classic.groups, groupId, classic)
  }

  private tell(group: ConsumerGroup, change: Change): void {
    if (change.what !== 'member') return
    this.moments.onMember(group, change.before, group.members.get(change.memberId))
  }

  // --- loading and unloading ----------------------------------------------------------------------------------------

  /** Every member's session begins anew, and the time of those who are to give partitions up. */
  onLoaded(): void {
    this.moments.begin()
    for (const group of this.groups.values()) {
      for (const member of group.members.values()) {
        this.keepAlive(group.groupId, member.memberId)
        if (member.current.state === 'UNREVOKED_PARTITIONS') this.scheduleRebalanceTimeout(group.groupId, member)
        this.moments.onMember(group, undefined, member)
      }
    }
  }

  // --- timers -------------------------------------------------------------------------------------------------------

  /** `scheduleConsumerGroupSessionTimeout` */
  keepAlive(groupId: string, memberId: string, timeoutMs: number = this.sessionTimeoutMs): void {
    this.timers.schedule({ kind: 'member-session', groupId, memberId }, timeoutMs)
  }

  private get sessionTimeoutMs(): number {
    return this.options['group.consumer.session.timeout.ms']
  }

  /** Who has not given its partitions up within its rebalance timeout is out. */
  scheduleRebalanceTimeout(groupId: string, { memberId, metadata, current }: ConsumerGroupMember): void {
    const { memberEpoch } = current
    this.timers.schedule(
      { kind: 'member-rebalance', groupId, memberId, memberEpoch },
      Math.max(0, metadata.rebalanceTimeoutMs),
    )
  }

  cancelTimers(groupId: string, memberId: string): void {
    this.timers.cancelMember('member-session', groupId, memberId)
    this.timers.cancelMember('member-rebalance', groupId, memberId)
    this.timers.cancelMember('member-join', groupId, memberId)
    this.timers.cancelMember('member-sync', groupId, memberId)
  }

  // --- moments ------------------------------------------------------------------------------------------------------

  tellEpoch(group: ConsumerGroup, epoch: number, members: number): void {
    this.env.emit(M.groupRebalanced, group.text, epoch, members)
  }

  tellJoined(group: ConsumerGroup, node: number, epoch: number): void {
    this.env.emit(M.memberJoined, group.text, node, epoch)
  }

  tellRemoved(group: ConsumerGroup, node: number, epoch: number, expired: boolean): void {
    this.env.emit(M.memberRemoved, group.text, node, epoch, expired ? 1 : 0)
  }
}

function put<T>(groups: Map<string, T>, groupId: string, group: T | undefined): void {
  if (group === undefined) groups.delete(groupId)
  else groups.set(groupId, group)
}
