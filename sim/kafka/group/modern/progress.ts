import type { CurrentAssignment, MemberMetadataValue } from '../../protocol/consumer-group-records.ts'
import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import {
  type ConsumerGroupMember,
  isReconciledTo,
  sameCurrent,
  sameMetadata,
  sameNumbers,
} from './consumer-group-member.ts'
import type { ConsumerGroups } from './consumer-groups.ts'
import { nextAssignment, type Target } from './current-assignment-builder.ts'
import { currentRecord, epochRecord, memberRecord } from './group-records.ts'
import { assignorsOf, buildTargetAssignment, membersWith, metadataHashOf } from './target-assignment-builder.ts'

/**
 * What a member's word brings about, in three steps: the member itself and with it the group's epoch; the target assignment when
 * that is of an older epoch; and the member's own way there.
 *
 * @param records receives what is to be written
 * @returns the member as it is then
 */
export function progress(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  before: ConsumerGroupMember,
  metadata: MemberMetadataValue,
  owned: readonly number[] | null,
  records: CoordinatorRecord[],
): ConsumerGroupMember {
  const { groupId } = group
  const { memberId, current } = before
  const updated = { memberId, metadata, current }
  if (!sameMetadata(before.metadata, metadata)) records.push(memberRecord(groupId, memberId, metadata))
  const groupEpoch = nextGroupEpoch(groups, group, before, updated, records)
  const target = targetFor(groups, group, groupEpoch, updated, records)
  return { ...updated, current: reconcile(groups, group, updated, target, owned, records) }
}

/** The group's epoch rises with a changed subscription, and when the topics' partitions are other ones than before. */
function nextGroupEpoch(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  before: ConsumerGroupMember,
  updated: ConsumerGroupMember,
  records: CoordinatorRecord[],
): number {
  const isChanged = !sameNumbers(before.metadata.subscribedTopics, updated.metadata.subscribedTopics)
  const { topicsVersion } = groups.metadata
  if (!isChanged && group.metadataVersion === topicsVersion) return group.groupEpoch
  const members = membersWith(group, updated)
  const metadataHash = metadataHashOf(members.values(), groups.metadata)
  group.metadataVersion = topicsVersion
  if (!isChanged && metadataHash === group.metadataHash) return group.groupEpoch
  const groupEpoch = group.groupEpoch + 1
  records.push(epochRecord(group.groupId, groupEpoch, metadataHash))
  groups.tellEpoch(group, groupEpoch, members.size)
  return groupEpoch
}

function targetFor(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  groupEpoch: number,
  updated: ConsumerGroupMember,
  records: CoordinatorRecord[],
): Target {
  const { memberId, metadata } = updated
  if (groupEpoch <= group.assignmentEpoch) {
    return { epoch: group.assignmentEpoch, assignment: group.targetOf(memberId, metadata.groupInstanceId) }
  }
  const members = membersWith(group, updated)
  const known = assignorsOf(groups.options)
  const targets = buildTargetAssignment(group, groupEpoch, members, groups.metadata, known, records)
  return { epoch: groupEpoch, assignment: targets.get(memberId) ?? [] }
}

/** `maybeReconcile` */
function reconcile(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  member: ConsumerGroupMember,
  target: Target,
  owned: readonly number[] | null,
  records: CoordinatorRecord[],
): CurrentAssignment {
  if (isReconciledTo(member, target.epoch)) return member.current
  const { groupId } = group
  const { memberId, metadata } = member
  const current = nextAssignment(member.current, target, group, owned)
  if (sameCurrent(current, member.current)) return current
  records.push(currentRecord(groupId, memberId, current))
  // Members that speak the classic protocol have their times for joining and syncing.
  if (metadata.classic !== null) return current
  if (current.state === 'UNREVOKED_PARTITIONS') groups.scheduleRebalanceTimeout(groupId, { ...member, current })
  else groups.timers.cancelMember('member-rebalance', groupId, memberId)
  return current
}
