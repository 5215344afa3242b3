import { expect, it } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { PartitionTable } from './partition-table.ts'

it('finds what was set, and nothing else', () => {
  const table = new PartitionTable<string>()
  expect(table.get(tpOf(1, 0))).toBeUndefined()
  table.set(tpOf(3, 2), 'c')
  table.set(tpOf(1, 0), 'a')
  expect(table.get(tpOf(3, 2))).toBe('c')
  expect(table.get(tpOf(1, 0))).toBe('a')
  for (const tp of [tpOf(3, 0), tpOf(3, 1), tpOf(3, 3), tpOf(2, 0), tpOf(1, 1), tpOf(4, 2)]) {
    expect(table.get(tp)).toBeUndefined()
  }
})

it('lists values in the order in which their partitions were first set', () => {
  const table = new PartitionTable<string>()
  table.set(tpOf(3, 2), 'c')
  table.set(tpOf(1, 0), 'a')
  table.set(tpOf(3, 2), 'C')
  expect(table.values()).toEqual(['C', 'a'])
  expect(table.size).toBe(2)
})

it('forgets what was removed; the others keep their order, and it comes back as the last', () => {
  const table = new PartitionTable<string>()
  table.set(tpOf(1, 0), 'a')
  table.set(tpOf(3, 2), 'b')
  table.set(tpOf(1, 1), 'c')
  table.remove(tpOf(3, 2))
  table.remove(tpOf(9, 9))
  expect(table.get(tpOf(3, 2))).toBeUndefined()
  expect([table.get(tpOf(1, 0)), table.get(tpOf(1, 1))]).toEqual(['a', 'c'])
  table.set(tpOf(3, 2), 'B')
  expect(table.values()).toEqual(['a', 'c', 'B'])
})
