import { expect, test } from 'vitest'
import { PlaceSet } from './place-set.ts'

const members = (set: PlaceSet, from = 0): readonly number[] => {
  const found: number[] = []
  for (let place = set.next(from); place >= 0; place = set.next(place + 1)) found.push(place)
  return found
}

test('members come in order, whatever the order in which they were added', () => {
  const set = new PlaceSet()
  expect(members(set)).toEqual([])
  for (const place of [1000, 31, 0, 63, 32, 31]) set.add(place)
  expect(members(set)).toEqual([0, 31, 32, 63, 1000])
  expect(members(set, 32)).toEqual([32, 63, 1000])
  expect(set.next(1001)).toBe(-1)
})

test('what is deleted is no member any more, and what never was may be deleted', () => {
  const set = new PlaceSet()
  for (const place of [5, 31, 64]) set.add(place)
  for (const place of [31, 6, 500]) set.delete(place)
  expect(members(set)).toEqual([5, 64])
})
