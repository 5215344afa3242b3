import { Errors } from '../../protocol/errors.ts'
import type { Replies } from '../pending-reply.ts'
import type { ClassicMemberAfterwards } from '../outcome.ts'
import type { ConsumerGroups } from './consumer-groups.ts'

/** What a classic member asked for is replicated; when it has failed its client is told of that like of any other request. */
export function onClassicMemberAppended(
  groups: ConsumerGroups,
  replies: Replies,
  afterwards: ClassicMemberAfterwards,
  error: number,
): void {
  if (error !== Errors.NONE) return
  const { groupId, reply, response, sessionTimeoutMs } = afterwards
  const { timers } = groups
  switch (afterwards.kind) {
    case 'classic-joined': {
      const { memberId } = afterwards.response
      timers.cancelMember('member-join', groupId, memberId)
      if (!afterwards.downgrades) {
        groups.keepAlive(groupId, memberId, sessionTimeoutMs)
        timers.schedule({ kind: 'member-sync', groupId, memberId }, afterwards.rebalanceTimeoutMs)
      }
      break
    }
    case 'classic-synced':
      timers.cancelMember('member-sync', groupId, afterwards.memberId)
      groups.keepAlive(groupId, afterwards.memberId, sessionTimeoutMs)
  }
  replies.complete(reply, response)
}
