import { expect, test } from 'vitest'
import { assignShares } from './share-group.ts'

const members = (...topics: readonly (readonly number[])[]): Parameters<typeof assignShares>[0] =>
  topics.map((read, n) => ({ memberId: `m${n}`, topics: read }))

test.each([
  [1, 1],
  [1, 5],
  [3, 2],
  [2, 3],
  [7, 4],
  [4, 7],
])('%i members share %i partitions: everybody has one, every one has somebody, and evenly', (count, partitions) => {
  const target = assignShares(members(...Array.from({ length: count }, () => [1])), new Map([[1, partitions]]))
  const loads = [...target.values()].map((assigned) => assigned.length)
  const readers = Array.from(
    { length: partitions },
    (_, index) =>
      [...target.values()].filter((assigned) => assigned.some(({ partition }) => partition === index)).length,
  )
  expect(Math.min(...loads)).toBeGreaterThan(0)
  expect(Math.min(...readers)).toBeGreaterThan(0)
  expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
  expect(Math.max(...readers) - Math.min(...readers)).toBeLessThanOrEqual(1)
})

test('a member reads only what it subscribes to', () => {
  const target = assignShares(
    members([1], [1, 2], [3]),
    new Map([
      [1, 2],
      [2, 1],
    ]),
  )
  expect(target.get('m0')).toEqual([{ topicId: 1, partition: 0 }])
  expect(target.get('m1')).toEqual([
    { topicId: 1, partition: 1 },
    { topicId: 2, partition: 0 },
  ])
  expect(target.get('m2')).toEqual([])
})
