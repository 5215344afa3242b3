import type {
  ClassicMemberMetadata,
  CurrentAssignment,
  MemberMetadataValue,
} from '../../protocol/consumer-group-records.ts'
import { LEAVE_GROUP_MEMBER_EPOCH } from '../../protocol/group-messages.ts'

/** A member of a group of the consumer protocol (`ConsumerGroupMember`): a value, replaced by the records that change it. */
export interface ConsumerGroupMember {
  readonly memberId: string
  readonly metadata: MemberMetadataValue
  readonly current: CurrentAssignment
}

/** What is known of somebody who has said nothing of itself. */
export const NO_METADATA: MemberMetadataValue = {
  groupInstanceId: null,
  node: -1,
  rebalanceTimeoutMs: -1,
  subscribedTopics: [],
  serverAssignor: null,
  classic: null,
}

/** Of a member that is about to join. */
export const NOT_JOINED: CurrentAssignment = {
  memberEpoch: 0,
  previousMemberEpoch: -1,
  state: 'STABLE',
  assigned: [],
  pendingRevocation: [],
}

/** What the tombstone of an assignment leaves, until the member itself goes. */
export const LEFT: CurrentAssignment = {
  memberEpoch: LEAVE_GROUP_MEMBER_EPOCH,
  previousMemberEpoch: LEAVE_GROUP_MEMBER_EPOCH,
  state: 'STABLE',
  assigned: [],
  pendingRevocation: [],
}

/** Whether the member has what the target of this epoch gives it (`isReconciledTo`). */
export function isReconciledTo({ current }: ConsumerGroupMember, targetEpoch: number): boolean {
  return current.state === 'STABLE' && current.memberEpoch === targetEpoch
}

export function sameCurrent(one: CurrentAssignment, other: CurrentAssignment): boolean {
  return (
    one.memberEpoch === other.memberEpoch &&
    one.previousMemberEpoch === other.previousMemberEpoch &&
    one.state === other.state &&
    sameNumbers(one.assigned, other.assigned) &&
    sameNumbers(one.pendingRevocation, other.pendingRevocation)
  )
}

export function sameMetadata(one: MemberMetadataValue, other: MemberMetadataValue): boolean {
  return (
    one.groupInstanceId === other.groupInstanceId &&
    one.node === other.node &&
    one.rebalanceTimeoutMs === other.rebalanceTimeoutMs &&
    one.serverAssignor === other.serverAssignor &&
    sameNumbers(one.subscribedTopics, other.subscribedTopics) &&
    sameClassic(one.classic, other.classic)
  )
}

export function sameNumbers(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at])
}

/** Byte for byte, as the record holds them. */
function sameClassic(one: ClassicMemberMetadata | null, other: ClassicMemberMetadata | null): boolean {
  if (one === null || other === null) return one === other
  return (
    one.sessionTimeoutMs === other.sessionTimeoutMs &&
    one.protocols.length === other.protocols.length &&
    one.protocols.every(({ name, metadata }, at) => {
      const twin = other.protocols[at]
      return (
        twin?.name === name &&
        twin.metadata.generationId === metadata.generationId &&
        sameNumbers(twin.metadata.topics, metadata.topics) &&
        twin.metadata.ownedPartitions.length === metadata.ownedPartitions.length &&
        twin.metadata.ownedPartitions.every((owned, index) => {
          const own = metadata.ownedPartitions[index]
          return own?.topicId === owned.topicId && own.partition === owned.partition
        })
      )
    })
  )
}
