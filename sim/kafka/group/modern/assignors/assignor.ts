/** The broker's own assignors by their names (`group.consumer.assignors`). */
export type ServerAssignor = 'uniform' | 'range'

/** What an assignor knows of a member (`MemberSubscription` and `MemberAssignment`). */
export interface MemberSpec {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Topics that exist, by id, ascending. */
  readonly topics: readonly number[]
  /** Its target so far, ascending. */
  readonly assignment: readonly number[]
}

/** Partitions per member id, ascending (`GroupAssignment`). */
export type TargetAssignment = ReadonlyMap<string, readonly number[]>

/** Number of partitions of a topic that exists. */
export interface TopicDescriber {
  count(topicId: number): number
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
