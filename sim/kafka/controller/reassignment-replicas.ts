import type { ReassignmentCompletion } from '../protocol/profile.ts'
import type { PartitionRegistration } from './partition-registration.ts'

/** Replicas on their way from some brokers to others: all of them, and which come and go (`PartitionReassignmentReplicas`). */
export interface ReassignmentReplicas {
  /** Those that are to be, in their order, and then those that go. */
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** The way from the present replicas, which may be on a way of their own, to others. */
export function reassignmentTo(current: readonly number[], target: readonly number[]): ReassignmentReplicas {
  const removing = difference(current, target)
  return { replicas: [...target, ...removing], adding: difference(target, current), removing }
}

/**
 * Where a reassignment ends, once the in-sync set allows it (`maybeCompleteReassignment`): everybody that is to be a replica is
 * in sync. Before KAFKA-15665 those that it adds had to be, and one that stays. null = not yet, or there is none.
 */
export function completedReassignment(
  { replicas, adding, removing }: ReassignmentReplicas,
  isr: readonly number[],
  completion: ReassignmentCompletion,
): { readonly replicas: readonly number[]; readonly isr: readonly number[] } | null {
  if (adding.length === 0 && removing.length === 0) return null
  const staying = difference(replicas, removing, false)
  const inSync = difference(isr, removing, false)
  if (staying.length === 0 || inSync.length === 0) return null
  const needed = completion === 'all-in-sync' ? staying : adding
  return needed.every((replica) => inSync.includes(replica)) ? { replicas: staying, isr: inSync } : null
}

/**
 * Back to where a reassignment began (`PartitionReassignmentRevert`): without the replicas that it added. When only those are in
 * sync the first of the others is taken for it, which is an unclean election.
 */
export function revertedReassignment({ replicas, addingReplicas, isr }: PartitionRegistration): {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly unclean: boolean
} {
  const original = difference(replicas, addingReplicas, false)
  const inSync = difference(isr, addingReplicas, false)
  if (inSync.length > 0) return { replicas: original, isr: inSync, unclean: false }
  return { replicas: original, isr: original.slice(0, 1), unclean: true }
}

/** What is in `a` and not in `b`; as a set, which Kafka keeps in ascending order, or in the order of `a`. */
function difference(a: readonly number[], b: readonly number[], ascending = true): readonly number[] {
  const rest = a.filter((broker) => !b.includes(broker))
  return ascending ? rest.sort((left, right) => left - right) : rest
}
