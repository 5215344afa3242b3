import type { ApiKey } from '../../protocol/api.ts'
import type { JoinedAs } from './group-membership.ts'
import type { PollFailure } from './poll-failure.ts'

/**
 * How far a group lets poll() go: `blocked` = it waits and returns nothing, `rebalancing` = it returns what is there but commits
 * nothing and looks up no position, `ready` = everything.
 */
export type GroupTurn = 'blocked' | 'rebalancing' | 'ready'

/** A consumer's part in its group, by the classic protocol or by the consumer protocol; the consumer does not care which. */
export interface GroupClient {
  /** Generation or member epoch; -1 = not a member now, or not a member at all. */
  readonly generation: number
  /** Whether the member has what it shall have. */
  readonly isStable: boolean
  /** Whether the member has asked to join, and its rebalance is not complete. */
  readonly isRebalancing: boolean
  /** `groupMetadata()` */
  readonly joinedAs: JoinedAs
  /** One turn of the thread that works by itself, whatever the application does. */
  runThread(): void
  /** The application's thread is in one of the consumer's calls. */
  onCall(): void
  /** Within poll(), before it fetches. */
  onPoll(): GroupTurn
  /** What poll() throws: told once. */
  takeFailure(): PollFailure | null
  /** Within close(): the application lets its partitions go; false = not yet. */
  prepareLeave(): boolean
  /** Within close(): says goodbye. */
  leave(): void
  onCoordinatorFound(): void
  /** A request of the group's protocol has ended; `response` is null without an answer. */
  onCompletion(api: ApiKey, request: object, response: object | null): void
  /** What the application waits for in poll(), in words; null = nothing of the group. */
  waitsFor(): string | null
}
