import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import { Errors } from '../../protocol/errors.ts'
import { LEAVE_GROUP_STATIC_MEMBER_EPOCH } from '../../protocol/group-messages.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { type ConsumerGroupMember, NO_METADATA, NOT_JOINED } from './consumer-group-member.ts'
import type { ConsumerGroups } from './consumer-groups.ts'
import { currentRecord, memberRecord, memberTombstones, targetRecord } from './group-records.ts'

/** Who asks to be a member, or says that it is one. */
export interface Claim {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly node: number
  /** 0 = joins; null = of a client of the classic protocol, whose generation is looked at elsewhere. */
  readonly memberEpoch: number | null
  /** null = it says nothing. */
  readonly owned: readonly number[] | null
  /** Whether a classic client comes without a member id; null = of no such client. */
  readonly isUnknown?: boolean
}

export type Found = { readonly member: ConsumerGroupMember } | { readonly error: number }

/** The member that a request speaks for, an old one or a new one, or why it may not. */
export function findOrSubscribe(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  claim: Claim,
  records: CoordinatorRecord[],
): Found {
  const joins = claim.memberEpoch === null ? (claim.isUnknown ?? true) : claim.memberEpoch === 0
  return claim.groupInstanceId === null
    ? findDynamic(groups, group, claim)
    : findStatic(groups, group, claim, claim.groupInstanceId, joins, records)
}

/** `getOrMaybeSubscribeDynamicConsumerGroupMember` */
function findDynamic(groups: ConsumerGroups, group: ConsumerGroup, claim: Claim): Found {
  const { memberId, memberEpoch, owned } = claim
  const known = group.members.get(memberId)
  if (known === undefined) {
    return (memberEpoch ?? 0) === 0 ? subscribe(groups, group, claim) : { error: Errors.UNKNOWN_MEMBER_ID }
  }
  return memberEpoch === null ? { member: known } : checked(known, memberEpoch, owned)
}

/** `getOrMaybeSubscribeStaticConsumerGroupMember` */
function findStatic(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  claim: Claim,
  instanceId: string,
  joins: boolean,
  records: CoordinatorRecord[],
): Found {
  const { memberId, memberEpoch, owned } = claim
  const holder = group.staticMember(instanceId)
  if (!joins) {
    if (holder === undefined) return { error: Errors.UNKNOWN_MEMBER_ID }
    if (holder.memberId !== memberId) return { error: Errors.FENCED_INSTANCE_ID }
    return memberEpoch === null ? { member: holder } : checked(holder, memberEpoch, owned)
  }
  if (holder === undefined) return subscribe(groups, group, claim)
  const isClassic = memberEpoch === null || holder.metadata.classic !== null
  // Of two that speak the new protocol the first has to have said that it goes.
  if (!isClassic && holder.current.memberEpoch !== LEAVE_GROUP_STATIC_MEMBER_EPOCH)
    return { error: Errors.UNRELEASED_INSTANCE_ID }
  return { member: replace(groups, group, holder, claim, records) }
}

function subscribe(groups: ConsumerGroups, group: ConsumerGroup, { memberId, node }: Claim): Found {
  groups.tellJoined(group, node, group.groupEpoch)
  return { member: { memberId, metadata: NO_METADATA, current: NOT_JOINED } }
}

/** `replaceMember`: the same instance under a new id, with the partitions and the target of the old one. */
function replace(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  old: ConsumerGroupMember,
  { memberId, node }: Claim,
  records: CoordinatorRecord[],
): ConsumerGroupMember {
  const { groupId } = group
  const member = {
    memberId,
    metadata: old.metadata,
    current: { ...old.current, memberEpoch: 0, previousMemberEpoch: 0 },
  }
  groups.tellRemoved(group, old.metadata.node, group.groupEpoch, false)
  groups.tellJoined(group, node, group.groupEpoch)
  records.push(
    ...memberTombstones(groupId, old.memberId),
    memberRecord(groupId, memberId, member.metadata),
    targetRecord(groupId, memberId, group.targets.get(old.memberId) ?? []),
    currentRecord(groupId, memberId, member.current),
  )
  return member
}

/**
 * `throwIfConsumerGroupMemberEpochIsInvalid`: whoever is behind may have missed an answer, if it comes with its last epoch and
 * owns nothing that is not its own.
 */
function checked(member: ConsumerGroupMember, memberEpoch: number, owned: readonly number[] | null): Found {
  const { current } = member
  if (memberEpoch === current.memberEpoch) return { member }
  const missedAnAnswer =
    memberEpoch === current.previousMemberEpoch &&
    memberEpoch < current.memberEpoch &&
    owned !== null &&
    owned.every((tp) => current.assigned.includes(tp))
  return missedAnAnswer ? { member } : { error: Errors.FENCED_MEMBER_EPOCH }
}
