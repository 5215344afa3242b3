import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Site, SURVIVORS, TORN } from '../kernel/site.ts'
import { AppendFile } from './append-file.ts'
import type { Decider } from './decider.ts'

/** Answers `survivors` and `torn` as told. */
function deciding(survivors: number, torn = 0): Decider & { readonly bounds: number[] } {
  const bounds: number[] = []
  return {
    bounds,
    decide(site: Site, bound: number): number {
      bounds.push(bound)
      if (site === SURVIVORS) return Math.min(survivors, bound - 1)
      if (site === TORN) return torn
      throw new Error(`unexpected decision ${site.name}`)
    },
  }
}

function fileOf(...sizes: readonly number[]): AppendFile<string> {
  const file = new AppendFile<string>()
  for (const [index, size] of sizes.entries()) file.append(`e${index}`, size)
  return file
}

test('entries and bytes follow appends and truncation', () => {
  const file = fileOf(10, 20, 30)
  expect([file.length, file.bytes, file.bytesBefore(2)]).toEqual([3, 60, 30])
  file.truncate(1)
  expect([file.entries, file.bytes]).toEqual([['e0'], 10])
  file.append('new', 5)
  expect([file.entries, file.bytes]).toEqual([['e0', 'new'], 15])
})

test('truncation makes what it cut no longer durable', () => {
  const file = fileOf(1, 1, 1)
  file.flush()
  file.truncate(1)
  file.append('new', 1)
  expect(file.flushed).toBe(1)
  expect(file.losePower(deciding(0))).toBe(1)
  expect(file.entries).toEqual(['e0'])
})

test('a loss of power keeps the flushed prefix and the decided part of the rest', () => {
  const file = fileOf(1, 1)
  file.flush()
  file.append('c', 1)
  file.append('d', 1)
  file.append('e', 1)
  const decider = deciding(2)
  expect(file.losePower(decider)).toBe(1)
  expect(decider.bounds).toEqual([4, 2])
  expect(file.entries).toEqual(['e0', 'e1', 'c', 'd'])
  expect([file.flushed, file.hasTornTail]).toEqual([4, false])
})

test('nothing is torn when nothing is lost', () => {
  const file = fileOf(1, 1)
  expect(file.losePower(deciding(2, 1))).toBe(0)
  expect(file.hasTornTail).toBe(false)
})

test('the first lost entry may be torn, is no entry, and must be cut off before the file grows', () => {
  const file = fileOf(1, 1, 1)
  file.losePower(deciding(1, 1))
  expect([file.entries, file.hasTornTail]).toEqual([['e0'], true])
  expect(() => file.append('x', 1)).toThrow(/not recovered/)
  expect(file.cutTornTail()).toBe(true)
  expect(file.cutTornTail()).toBe(false)
  file.append('x', 1)
  expect(file.entries).toEqual(['e0', 'x'])
})

test('what survives is always a prefix that holds everything flushed', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'append' as const, n: 0 }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const, n: 0 }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), n: fc.nat(20) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, survivors) => {
      const file = new AppendFile<number>()
      let next = 0
      let flushed: readonly number[] = []
      for (const { kind, n } of steps) {
        if (kind === 'append') file.append(next++, 1)
        else if (kind === 'flush') {
          file.flush()
          flushed = [...file.entries]
        } else {
          file.truncate(n)
          flushed = flushed.slice(0, n)
        }
      }
      const before = [...file.entries]
      const lost = file.losePower(deciding(survivors))
      const kept = [...file.entries]
      expect(kept).toEqual(before.slice(0, before.length - lost))
      expect(kept.slice(0, flushed.length)).toEqual(flushed)
      expect(kept.length).toBe(flushed.length + Math.min(survivors, before.length - flushed.length))
    }),
  )
})
