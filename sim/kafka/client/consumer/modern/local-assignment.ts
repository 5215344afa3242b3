/** What the member was told to have, or has: `localEpoch` counts what it was told, so that the same again is told from it. */
export interface LocalAssignment {
  /** -1 = nothing yet. */
  readonly localEpoch: number
  /** Ascending. */
  readonly tps: readonly number[]
}

export const NO_ASSIGNMENT: LocalAssignment = { localEpoch: -1, tps: [] }

export function samePartitions(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((tp, at) => tp === other[at])
}

export function sameAssignment(one: LocalAssignment, other: LocalAssignment): boolean {
  return one.localEpoch === other.localEpoch && samePartitions(one.tps, other.tps)
}

/** `LocalAssignment.updateWith`: the same value where nothing is new. */
export function updatedWith(assignment: LocalAssignment, tps: readonly number[]): LocalAssignment {
  const isSame = assignment.localEpoch >= 0 && samePartitions(assignment.tps, tps)
  return isSame ? assignment : { localEpoch: assignment.localEpoch + 1, tps }
}
