import { describe, expect, test } from 'vitest'
import type { CurrentAssignment, MemberState } from '../../protocol/consumer-group-records.ts'
import { nextAssignment } from './current-assignment-builder.ts'

/** Partitions by their numbers; those in `held` belong to others. */
function next(
  from: Partial<CurrentAssignment>,
  target: { readonly epoch: number; readonly assignment: readonly number[] },
  held: readonly number[] = [],
  owned: readonly number[] | null = null,
): CurrentAssignment {
  const current: CurrentAssignment = {
    memberEpoch: 10,
    previousMemberEpoch: 9,
    state: 'STABLE',
    assigned: [1, 2],
    pendingRevocation: [],
    ...from,
  }
  const freedom = { isFree: (tp: number) => !held.includes(tp) }
  const result = nextAssignment(current, target, freedom, owned)
  return result === current ? { ...current } : result
}

function told({ memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation }: CurrentAssignment): string {
  return `${state} ${memberEpoch} after ${previousMemberEpoch}: [${assigned.join()}] -[${pendingRevocation.join()}]`
}

type Cell = readonly [
  what: string,
  outcome: string,
  from: Partial<CurrentAssignment>,
  target: { readonly epoch: number; readonly assignment: readonly number[] },
  held?: readonly number[],
  owned?: readonly number[],
]

/** `CurrentAssignmentBuilderTest`: every state of a member with every kind of target. */
const TABLE: Readonly<Record<MemberState, readonly Cell[]>> = {
  STABLE: [
    ['in the target epoch', 'STABLE 10 after 9: [1,2] -[]', {}, { epoch: 10, assignment: [1, 2] }],
    ['the same in a newer epoch', 'STABLE 11 after 10: [1,2] -[]', {}, { epoch: 11, assignment: [1, 2] }],
    ['more, which is free', 'STABLE 11 after 10: [1,2,3] -[]', {}, { epoch: 11, assignment: [1, 2, 3] }],
    [
      'more, which is held',
      'UNRELEASED_PARTITIONS 11 after 10: [1,2] -[]',
      {},
      { epoch: 11, assignment: [1, 2, 3] },
      [3],
    ],
    [
      'more, part of which is held',
      'UNRELEASED_PARTITIONS 11 after 10: [1,2,4] -[]',
      {},
      { epoch: 11, assignment: [1, 2, 3, 4] },
      [3],
    ],
    ['less', 'UNREVOKED_PARTITIONS 10 after 10: [1] -[2]', {}, { epoch: 11, assignment: [1] }],
    ['other', 'UNREVOKED_PARTITIONS 10 after 10: [1] -[2]', {}, { epoch: 11, assignment: [1, 3] }, [], [1, 2]],
    ['less, which it owns no more', 'STABLE 11 after 10: [1,3] -[]', {}, { epoch: 11, assignment: [1, 3] }, [], [1]],
    ['nothing', 'UNREVOKED_PARTITIONS 10 after 10: [] -[1,2]', {}, { epoch: 11, assignment: [] }],
  ],
  UNREVOKED_PARTITIONS: [
    [
      'it says nothing',
      'UNREVOKED_PARTITIONS 10 after 9: [1] -[2]',
      { state: 'UNREVOKED_PARTITIONS', assigned: [1], pendingRevocation: [2] },
      { epoch: 12, assignment: [1] },
    ],
    [
      'it still owns it',
      'UNREVOKED_PARTITIONS 10 after 9: [1] -[2]',
      { state: 'UNREVOKED_PARTITIONS', assigned: [1], pendingRevocation: [2] },
      { epoch: 12, assignment: [1] },
      [],
      [1, 2],
    ],
    [
      'it has let go',
      'STABLE 12 after 10: [1,3] -[]',
      { state: 'UNREVOKED_PARTITIONS', assigned: [1], pendingRevocation: [2] },
      { epoch: 12, assignment: [1, 3] },
      [],
      [1],
    ],
    [
      'it has let go, and shall give up more',
      'UNREVOKED_PARTITIONS 11 after 10: [] -[1]',
      { state: 'UNREVOKED_PARTITIONS', assigned: [1], pendingRevocation: [2] },
      { epoch: 12, assignment: [3] },
      [],
      [1],
    ],
    [
      'it has let go, and waits for others',
      'UNRELEASED_PARTITIONS 12 after 10: [1] -[]',
      { state: 'UNREVOKED_PARTITIONS', assigned: [1], pendingRevocation: [2] },
      { epoch: 12, assignment: [1, 3] },
      [3],
      [1],
    ],
  ],
  UNRELEASED_PARTITIONS: [
    [
      'nothing has come free',
      'UNRELEASED_PARTITIONS 10 after 10: [1] -[]',
      { state: 'UNRELEASED_PARTITIONS', assigned: [1] },
      { epoch: 10, assignment: [1, 3] },
      [3],
    ],
    [
      'what it waits for is free',
      'STABLE 10 after 10: [1,3] -[]',
      { state: 'UNRELEASED_PARTITIONS', assigned: [1] },
      { epoch: 10, assignment: [1, 3] },
    ],
    [
      'a newer target takes something away',
      'UNREVOKED_PARTITIONS 10 after 10: [] -[1]',
      { state: 'UNRELEASED_PARTITIONS', assigned: [1] },
      { epoch: 11, assignment: [3] },
    ],
    [
      'a newer target no longer has what it waits for',
      'STABLE 11 after 10: [1] -[]',
      { state: 'UNRELEASED_PARTITIONS', assigned: [1] },
      { epoch: 11, assignment: [1] },
      [3],
    ],
  ],
}

describe.each(Object.entries(TABLE))('%s', (_state, cells) => {
  test.each(cells.map((cell) => [cell[0], cell] as const))('%s', (_what, [, outcome, from, target, held, owned]) => {
    expect(told(next(from, target, held, owned))).toBe(outcome)
  })
})
