import type { CoordinatorRecord } from '../protocol/coordinator-records.ts'
import type { JoinGroupResponse, Protocols, SyncGroupResponse, TopicPartitionId } from '../protocol/group-messages.ts'
import type { MemberTask } from './group-timers.ts'
import type { PendingReply } from './pending-reply.ts'
import type { ClassicGroupMember } from './classic-group-member.ts'

/** What is to be done when an operation's records are replicated or have failed (`CoordinatorResult.appendFuture`). */
export type Afterwards =
  | {
      readonly kind: 'assign'
      readonly groupId: string
      readonly generationId: number
      readonly assignment: ReadonlyMap<string, readonly TopicPartitionId[]>
    }
  | { readonly kind: 'new-group'; readonly reply: PendingReply }
  | {
      readonly kind: 'static-member'
      readonly groupId: string
      readonly reply: PendingReply
      readonly before: ClassicGroupMember
      readonly beforeProtocols: Protocols
      readonly memberId: string
    }
  | ClassicMemberAfterwards
  /** A timer did it: when it has failed the timer fires again. */
  | { readonly kind: 'timer'; readonly task: MemberTask }

/** The same of members that speak the classic protocol in a group that does not. */
export type ClassicMemberAfterwards =
  | {
      readonly kind: 'classic-joined'
      readonly groupId: string
      readonly reply: PendingReply
      readonly response: JoinGroupResponse
      readonly sessionTimeoutMs: number
      readonly rebalanceTimeoutMs: number
      /** With this member the group has become a classic one. */
      readonly downgrades: boolean
    }
  | {
      readonly kind: 'classic-synced'
      readonly groupId: string
      readonly memberId: string
      readonly reply: PendingReply
      readonly response: SyncGroupResponse
      readonly sessionTimeoutMs: number
    }

/** What one operation of the coordinator gives (`CoordinatorResult`). */
export interface Outcome {
  readonly records: readonly CoordinatorRecord[]
  /** Told once all that was written before is replicated; null when the answer comes another way. */
  readonly response: object | null
  readonly afterwards: Afterwards | null
  /** A refusal, told at once; then everything else is void. */
  readonly error: number
}

export const NOTHING: Outcome = { records: [], response: null, afterwards: null, error: 0 }

export function refused(error: number): Outcome {
  return { records: [], response: null, afterwards: null, error }
}

export function answered(response: object): Outcome {
  return { records: [], response, afterwards: null, error: 0 }
}
