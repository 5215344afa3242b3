import type { CurrentAssignment } from '../../protocol/consumer-group-records.ts'

/** Where a member shall come to. */
export interface Target {
  readonly epoch: number
  /** Partitions, ascending. */
  readonly assignment: readonly number[]
}

/** Whether nobody holds a partition by the coordinator's own account (`currentPartitionEpoch` of -1). */
export interface Freedom {
  isFree(tp: number): boolean
}

/**
 * `CurrentAssignmentBuilder`: the next step of a member towards its target. It gives up what it shall not keep before it gets
 * anything, and gets only what nobody holds any more; so no partition has two owners. Returns the very same value where it
 * cannot move.
 *
 * @param owned what the member says it owns; null = it says nothing
 */
export function nextAssignment(
  current: CurrentAssignment,
  target: Target,
  freedom: Freedom,
  owned: readonly number[] | null,
): CurrentAssignment {
  switch (current.state) {
    case 'STABLE':
      if (current.memberEpoch === target.epoch) return current
      return step(current, current.memberEpoch, target, freedom, owned)
    case 'UNREVOKED_PARTITIONS':
      if (stillOwns(owned, current.pendingRevocation)) return current
      // It has let go, and may enter its next epoch.
      return step(current, current.memberEpoch + 1, target, freedom, owned)
    case 'UNRELEASED_PARTITIONS':
      return step(current, current.memberEpoch, target, freedom, owned)
  }
}

/** Who does not say what it owns has acknowledged nothing (`ownsRevokedPartitions`). */
function stillOwns(owned: readonly number[] | null, revoked: readonly number[]): boolean {
  return owned === null || owned.some((tp) => revoked.includes(tp))
}

/** `computeNextAssignment` */
function step(
  current: CurrentAssignment,
  memberEpoch: number,
  { epoch, assignment }: Target,
  freedom: Freedom,
  owned: readonly number[] | null,
): CurrentAssignment {
  const wanted = new Set(assignment)
  const kept = current.assigned.filter((tp) => wanted.has(tp))
  const pendingRevocation = current.assigned.filter((tp) => !wanted.has(tp))
  const previousMemberEpoch = current.memberEpoch
  if (pendingRevocation.length > 0 && stillOwns(owned, pendingRevocation)) {
    // It stays in its epoch until it has acknowledged.
    return { memberEpoch, previousMemberEpoch, state: 'UNREVOKED_PARTITIONS', assigned: kept, pendingRevocation }
  }
  const keeps = new Set(kept)
  const missing = assignment.filter((tp) => !keeps.has(tp))
  const free = missing.filter((tp) => freedom.isFree(tp))
  return {
    memberEpoch: epoch,
    previousMemberEpoch,
    state: free.length < missing.length ? 'UNRELEASED_PARTITIONS' : 'STABLE',
    assigned: [...kept, ...free].sort((a, b) => a - b),
    pendingRevocation: [],
  }
}
