import type { ConsumerGroupRecord } from '../../protocol/consumer-group-records.ts'
import { Errors } from '../../protocol/errors.ts'
import { type ConsumerGroupMember, isReconciledTo, LEFT, NO_METADATA, NOT_JOINED } from './consumer-group-member.ts'
import type { Freedom } from './current-assignment-builder.ts'

/** `ConsumerGroupState`: what members and epochs make of a group; nobody sets it. */
export type ConsumerGroupState = 'EMPTY' | 'ASSIGNING' | 'RECONCILING' | 'STABLE'

/** What a record replaced in a group: enough to take it back. */
export type Change =
  | { readonly what: 'epoch'; readonly epoch: number; readonly metadataHash: string }
  | { readonly what: 'assignment-epoch'; readonly epoch: number }
  | { readonly what: 'member'; readonly memberId: string; readonly before: ConsumerGroupMember | undefined }
  | { readonly what: 'target'; readonly memberId: string; readonly before: readonly number[] | undefined }

const NOTHING_ASSIGNED: readonly number[] = []
/** From this version on a member epoch fits into a commit. */
const COMMIT_KNOWS_MEMBER_EPOCHS = 9

/**
 * A group of the consumer protocol (`ConsumerGroup`): nothing but what the records of its coordinator's log say, so that a new
 * coordinator knows all of it, and a record that could not be written can be taken back. It decides nothing.
 */
export class ConsumerGroup implements Freedom {
  readonly groupId: string
  /** Number of the group's name in the trace. */
  readonly text: number
  groupEpoch = 0
  metadataHash = ''
  /** The group epoch that the target assignment was made for. */
  assignmentEpoch = 0
  readonly members: Map<string, ConsumerGroupMember> = new Map()
  /** The target assignment: partitions by member, ascending. */
  readonly targets: Map<string, readonly number[]> = new Map()
  /** Which version of the cluster's metadata {@link metadataHash} was held against; memory only, -1 = none. */
  metadataVersion = -1
  /** Member id by `group.instance.id`. */
  private readonly staticMembers: Map<string, string> = new Map()
  /** Who holds a partition, or has yet to give it up: nobody else gets it (`currentPartitionEpoch`). */
  private readonly owners: Map<number, string> = new Map()

  constructor(groupId: string, text: number) {
    this.groupId = groupId
    this.text = text
  }

  // --- what is so ---------------------------------------------------------------------------------------------------

  /** `maybeUpdateGroupState` */
  get state(): ConsumerGroupState {
    if (this.members.size === 0) return 'EMPTY'
    if (this.groupEpoch > this.assignmentEpoch) return 'ASSIGNING'
    for (const member of this.members.values()) if (!isReconciledTo(member, this.assignmentEpoch)) return 'RECONCILING'
    return 'STABLE'
  }

  isFree(tp: number): boolean {
    return !this.owners.has(tp)
  }

  staticMemberId(instanceId: string | null): string | undefined {
    return instanceId === null ? undefined : this.staticMembers.get(instanceId)
  }

  staticMember(instanceId: string): ConsumerGroupMember | undefined {
    const memberId = this.staticMembers.get(instanceId)
    return memberId === undefined ? undefined : this.members.get(memberId)
  }

  /** `targetAssignment(memberId, instanceId)`: an instance that comes back gets what it had under its old id. */
  targetOf(memberId: string, instanceId: string | null): readonly number[] {
    return this.targets.get(this.staticMemberId(instanceId) ?? memberId) ?? NOTHING_ASSIGNED
  }

  /** Whether partitions that a member shall have and has not are still held by others (`waitingOnUnreleasedPartition`). */
  isWaiting({ memberId, current }: ConsumerGroupMember): boolean {
    if (current.state !== 'UNRELEASED_PARTITIONS') return false
    const target = this.targets.get(memberId) ?? NOTHING_ASSIGNED
    return target.some((tp) => !current.assigned.includes(tp) && !this.isFree(tp))
  }

  // --- commits ------------------------------------------------------------------------------------------------------

  /** `validateOffsetCommit`: a member commits under exactly the epoch that its coordinator knows. */
  validateOffsetCommit(memberId: string, memberEpoch: number, transactional: boolean, apiVersion: number): number {
    // Whoever assigns partitions to itself, and admin tools, commit while nobody is in the group.
    if (memberEpoch < 0 && this.members.size === 0) return Errors.NONE
    const member = this.members.get(memberId)
    if (member === undefined) return Errors.UNKNOWN_MEMBER_ID
    const isClassic = member.metadata.classic !== null
    if (!transactional && !isClassic && apiVersion < COMMIT_KNOWS_MEMBER_EPOCHS) return Errors.UNSUPPORTED_VERSION
    const error = epochError(member, memberEpoch)
    // A transaction's client has no word for a stale epoch.
    return transactional && error === Errors.STALE_MEMBER_EPOCH ? Errors.ILLEGAL_GENERATION : error
  }

  /** `validateOffsetFetch`; who names no member is none. */
  validateOffsetFetch(memberId: string, memberEpoch: number): number {
    if (memberId === '' && memberEpoch < 0) return Errors.NONE
    const member = this.members.get(memberId)
    return member === undefined ? Errors.UNKNOWN_MEMBER_ID : epochError(member, memberEpoch)
  }

  // --- the log ------------------------------------------------------------------------------------------------------

  /** Takes a record over; what it replaced, or null when it changed nothing. The group's own tombstone is not its business. */
  apply(record: ConsumerGroupRecord): Change | null {
    switch (record.type) {
      case 'ConsumerGroupMetadata':
        return record.value === null ? null : this.setEpoch(record.value.epoch, record.value.metadataHash)
      case 'ConsumerGroupTargetAssignmentMetadata':
        return this.setAssignmentEpoch(record.value?.assignmentEpoch ?? -1)
      case 'ConsumerGroupTargetAssignmentMember':
        return this.setTarget(record.memberId, record.value ?? undefined)
      case 'ConsumerGroupMemberMetadata': {
        const { memberId, value } = record
        const current = this.members.get(memberId)?.current ?? NOT_JOINED
        return this.setMember(memberId, value === null ? undefined : { memberId, metadata: value, current })
      }
      case 'ConsumerGroupCurrentMemberAssignment': {
        const { memberId, value } = record
        const before = this.members.get(memberId)
        if (value === null && before === undefined) return null
        const metadata = before?.metadata ?? NO_METADATA
        return this.setMember(memberId, { memberId, metadata, current: value ?? LEFT })
      }
    }
  }

  undo(change: Change): void {
    switch (change.what) {
      case 'epoch':
        this.setEpoch(change.epoch, change.metadataHash)
        break
      case 'assignment-epoch':
        this.setAssignmentEpoch(change.epoch)
        break
      case 'member':
        this.setMember(change.memberId, change.before)
        break
      case 'target':
        this.setTarget(change.memberId, change.before)
    }
  }

  private setEpoch(epoch: number, metadataHash: string): Change {
    const before = { what: 'epoch', epoch: this.groupEpoch, metadataHash: this.metadataHash } as const
    this.groupEpoch = epoch
    this.metadataHash = metadataHash
    return before
  }

  private setAssignmentEpoch(epoch: number): Change {
    const before = { what: 'assignment-epoch', epoch: this.assignmentEpoch } as const
    this.assignmentEpoch = epoch
    return before
  }

  private setTarget(memberId: string, target: readonly number[] | undefined): Change {
    const before = { what: 'target', memberId, before: this.targets.get(memberId) } as const
    if (target === undefined) this.targets.delete(memberId)
    else this.targets.set(memberId, target)
    return before
  }

  /** `updateMember` and `removeMember`, with what follows for static members and owners. */
  private setMember(memberId: string, member: ConsumerGroupMember | undefined): Change {
    const before = this.members.get(memberId)
    if (before !== undefined) this.forget(before)
    if (member === undefined) {
      this.members.delete(memberId)
    } else {
      this.members.set(memberId, member)
      this.note(member)
    }
    return { what: 'member', memberId, before }
  }

  private forget({ memberId, metadata, current }: ConsumerGroupMember): void {
    const { groupInstanceId } = metadata
    for (const tp of current.assigned) if (this.owners.get(tp) === memberId) this.owners.delete(tp)
    for (const tp of current.pendingRevocation) if (this.owners.get(tp) === memberId) this.owners.delete(tp)
    if (groupInstanceId !== null && this.staticMembers.get(groupInstanceId) === memberId)
      this.staticMembers.delete(groupInstanceId)
  }

  private note({ memberId, metadata, current }: ConsumerGroupMember): void {
    for (const tp of current.assigned) this.owners.set(tp, memberId)
    for (const tp of current.pendingRevocation) this.owners.set(tp, memberId)
    if (metadata.groupInstanceId !== null) this.staticMembers.set(metadata.groupInstanceId, memberId)
  }
}

/** `validateMemberEpoch` */
function epochError({ metadata, current }: ConsumerGroupMember, memberEpoch: number): number {
  if (memberEpoch === current.memberEpoch) return Errors.NONE
  return metadata.classic === null ? Errors.STALE_MEMBER_EPOCH : Errors.ILLEGAL_GENERATION
}
