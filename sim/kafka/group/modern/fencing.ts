import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import { Errors } from '../../protocol/errors.ts'
import { NOTHING, type Outcome } from '../outcome.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import type { ConsumerGroups } from './consumer-groups.ts'
import { becomeClassic, mayBecomeClassic } from './conversion.ts'
import { epochRecord, memberTombstones } from './group-records.ts'
import { metadataHashOf } from './target-assignment-builder.ts'

/**
 * `consumerGroupFenceMembers`: members leave or are thrown out, and the group enters its next epoch. Where only members of the
 * classic protocol are left, the group becomes one of that protocol.
 */
export function fence(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  members: readonly ConsumerGroupMember[],
  expired: boolean,
): Outcome {
  const { groupId } = group
  const groupEpoch = group.groupEpoch + 1
  for (const { metadata } of members) groups.tellRemoved(group, metadata.node, groupEpoch, expired)
  if (mayBecomeClassic(groups, group, members)) return becomeClassic(groups, group, members)
  const left = new Map(group.members)
  const records: CoordinatorRecord[] = []
  for (const { memberId } of members) {
    left.delete(memberId)
    records.push(...memberTombstones(groupId, memberId))
    groups.cancelTimers(groupId, memberId)
  }
  records.push(epochRecord(groupId, groupEpoch, metadataHashOf(left.values(), groups.metadata)))
  groups.tellEpoch(group, groupEpoch, left.size)
  return { records, response: null, afterwards: null, error: Errors.NONE }
}

/** A member's time is over; nothing happens when it has gone, or come on, in the meantime. */
export function fenceExpired(
  groups: ConsumerGroups,
  groupId: string,
  memberId: string,
  memberEpoch: number | null,
): Outcome {
  const group = groups.groups.get(groupId)
  const member = group?.members.get(memberId)
  if (group === undefined || member === undefined) return NOTHING
  if (memberEpoch !== null && member.current.memberEpoch !== memberEpoch) return NOTHING
  return fence(groups, group, [member], true)
}
