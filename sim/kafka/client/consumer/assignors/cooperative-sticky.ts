import type { GroupAssignment, GroupMember, PartitionCounts } from './assignor.ts'
import { type StickyAssignment, stickyAssignment } from './sticky.ts'

/**
 * `CooperativeStickyAssignor`: as the sticky one, but a partition that changes hands is left out: its owner gives it up first,
 * and the next rebalance hands it on.
 */
export function assignCooperativeSticky(members: readonly GroupMember[], counts: PartitionCounts): GroupAssignment {
  return withoutTransfers(stickyAssignment(members, counts, 'newest-generation'))
}

/** `adjustAssignment` */
function withoutTransfers({ loads, owners }: StickyAssignment): GroupAssignment {
  const assignment = new Map<string, readonly number[]>()
  for (const { memberId, tps } of loads) {
    const kept = tps.filter((tp) => (owners.get(tp) ?? memberId) === memberId)
    assignment.set(
      memberId,
      kept.sort((a, b) => a - b),
    )
  }
  return assignment
}
