import { Errors } from '../protocol/errors.ts'
import type { ClassicGroups } from './classic-groups.ts'
import { coordinatorError, joinError } from './group-errors.ts'
import type { Afterwards, ClassicMemberAfterwards } from './outcome.ts'

/** The records of an operation on a classic group are replicated, or have failed with an error of the log. */
export function onAppended(
  groups: ClassicGroups,
  afterwards: Exclude<Afterwards, ClassicMemberAfterwards | { readonly kind: 'timer' }>,
  error: number,
): void {
  switch (afterwards.kind) {
    case 'new-group':
      if (error !== Errors.NONE) groups.replies.complete(afterwards.reply, joinError(coordinatorError(error), ''))
      break
    case 'assign':
      onAssignmentAppended(groups, afterwards, error)
      break
    case 'static-member':
      onStaticMemberAppended(groups, afterwards, error)
      break
  }
}

/** The leader's SyncGroup: everybody gets the assignment that the next coordinator would find, or has to join again. */
function onAssignmentAppended(
  groups: ClassicGroups,
  { groupId, generationId, assignment }: Extract<Afterwards, { readonly kind: 'assign' }>,
  error: number,
): void {
  const group = groups.groups.get(groupId)
  if (group?.state !== 'COMPLETING_REBALANCE' || group.generationId !== generationId) return
  if (error === Errors.NONE) {
    groups.propagate(group, assignment, Errors.NONE)
    group.transitionTo('STABLE')
  } else {
    groups.propagate(group, null, coordinatorError(error))
    groups.rebalanceOrComplete(group)
  }
}

/** A static member came back under a new id, or after all it did not. */
function onStaticMemberAppended(
  groups: ClassicGroups,
  { groupId, memberId, reply, before, beforeProtocols }: Extract<Afterwards, { readonly kind: 'static-member' }>,
  error: number,
): void {
  const group = groups.groups.get(groupId)
  const member = group?.members.get(memberId)
  if (group === undefined || member === undefined) return
  const { awaitingJoin } = member
  member.awaitingJoin = null
  if (error === Errors.NONE) {
    if (awaitingJoin === null) return
    const isLeader = group.isLeader(memberId)
    // The leader keeps the assignment that the group has (KIP-814).
    groups.replies.complete(awaitingJoin, { ...group.joinResponse(memberId, isLeader), skipAssignment: isLeader })
    return
  }
  const back = groups.replaceStaticMember(group, member, before.memberId, before.node)
  back.protocols = beforeProtocols
  back.rebalanceTimeoutMs = before.rebalanceTimeoutMs
  back.sessionTimeoutMs = before.sessionTimeoutMs
  groups.keepAlive(group, back)
  groups.replies.complete(reply, joinError(coordinatorError(error), '', group.generationId))
}
