import { expect, test } from 'vitest'
import { GroupMembership } from './group-membership.ts'

test('who was thrown out still says as whom it joined last, so that its offsets are refused (KIP-447)', () => {
  const membership = new GroupMembership()
  expect(membership.joinedAs).toEqual({ generationId: -1, memberId: '' })
  membership.joinedAs = { generationId: 3, memberId: 'member-1' }
  membership.resetAndRejoin('the coordinator does not know the member', true)
  expect(membership.generationId).toBe(-1)
  expect(membership.joinedAs).toEqual({ generationId: 3, memberId: 'member-1' })
})
