import { expect, test } from 'vitest'
import { AtomicFile } from '../../storage/atomic-file.ts'
import { type EpochEntry, LeaderEpochFileCache } from './leader-epoch-cache.ts'

function cacheOf(...entries: readonly (readonly [number, number])[]): {
  cache: LeaderEpochFileCache
  file: AtomicFile<readonly EpochEntry[]>
} {
  const file = new AtomicFile<readonly EpochEntry[]>()
  const cache = new LeaderEpochFileCache(file)
  for (const [epoch, start] of entries) cache.assign(epoch, start)
  return { cache, file }
}

function pairs(entries: readonly EpochEntry[] | null): readonly (readonly [number, number])[] {
  return (entries ?? []).map(({ epoch, startOffset }) => [epoch, startOffset])
}

test.each([
  ['the latest epoch ends at the log end', 5, 5, 40],
  ['an older epoch ends where the next begins', 2, 2, 20],
  ['an epoch between two ends like the one below it', 3, 2, 20],
  ['an epoch below all answers itself, ending at the first start', 0, 0, 10],
  ['an epoch above all is undefined', 6, -1, -1],
  ['no epoch is undefined', -1, -1, -1],
])('endOffsetFor: %s', (_, requested, epoch, endOffset) => {
  const { cache } = cacheOf([1, 10], [2, 15], [5, 20])
  expect(cache.endOffsetFor(requested, 40)).toEqual({ epoch, endOffset })
})

test('endOffsetFor on an empty cache is undefined', () => {
  expect(cacheOf().cache.endOffsetFor(0, 40)).toEqual({ epoch: -1, endOffset: -1 })
})

test('assigning the current epoch again changes nothing', () => {
  const { cache } = cacheOf([1, 10])
  cache.assign(1, 12)
  expect(pairs(cache.all)).toEqual([[1, 10]])
})

test('an epoch that wrote nothing leaves no entry behind', () => {
  const { cache } = cacheOf([1, 0], [2, 10], [3, 10])
  expect(pairs(cache.all)).toEqual([
    [1, 0],
    [3, 10],
  ])
})

test('an entry drops all that contradict it, by epoch and by offset', () => {
  expect(pairs(cacheOf([1, 0], [3, 10], [4, 20], [2, 15]).cache.all)).toEqual([
    [1, 0],
    [2, 15],
  ])
  expect(pairs(cacheOf([1, 0], [3, 10], [4, 20], [5, 5]).cache.all)).toEqual([
    [1, 0],
    [5, 5],
  ])
})

test('an epoch found to begin earlier moves its start', () => {
  expect(pairs(cacheOf([1, 0], [2, 10], [2, 7]).cache.all)).toEqual([
    [1, 0],
    [2, 7],
  ])
})

test('truncation from the end drops the epochs that start there or behind', () => {
  const { cache } = cacheOf([1, 0], [2, 10], [3, 20])
  cache.truncateFromEnd(21)
  expect(cache.latestEpoch).toBe(3)
  cache.truncateFromEnd(20)
  expect(cache.latestEpoch).toBe(2)
  cache.truncateFromEnd(0)
  expect([cache.latestEpoch, cache.all]).toEqual([-1, []])
  cache.assign(4, 0)
  expect(pairs(cache.all)).toEqual([[4, 0]])
})

test('truncation from the start lets the epoch in force begin there', () => {
  const { cache } = cacheOf([1, 0], [2, 10], [3, 20])
  cache.truncateFromStart(15)
  expect(pairs(cache.all)).toEqual([
    [2, 15],
    [3, 20],
  ])
  cache.truncateFromStart(20)
  expect(pairs(cache.all)).toEqual([[3, 20]])
  cache.truncateFromStart(5)
  expect(pairs(cache.all)).toEqual([[3, 20]])
})

test('every change is in the checkpoint file at once, from which a new cache begins', () => {
  const { cache, file } = cacheOf([1, 0], [2, 10])
  cache.truncateFromEnd(10)
  expect(pairs(file.read())).toEqual([[1, 0]])
  cache.assign(7, 30)
  const again = new LeaderEpochFileCache(file)
  expect([again.latestEpoch, pairs(again.all)]).toEqual([7, pairs(cache.all)])
  again.assign(8, 40)
  expect(cache.latestEpoch).toBe(7)
  again.clear()
  expect(file.read()).toEqual([])
})
