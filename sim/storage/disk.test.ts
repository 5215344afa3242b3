import { expect, test } from 'vitest'
import { samplerOf } from '../kernel/sampler.ts'
import { SURVIVORS, type Site } from '../kernel/site.ts'
import { Disk } from './disk.ts'

test('a file is the same one whenever it is opened, and files differ by purpose and key', () => {
  const disk = new Disk()
  disk.appendFile<string>(1, 7).append('a', 1)
  expect(disk.appendFile<string>(1, 7).entries).toEqual(['a'])
  expect(disk.appendFile<string>(2, 7).entries).toEqual([])
  expect(disk.appendFile<string>(1, 8).entries).toEqual([])
  disk.atomicFile<number>(3, 0).write(5)
  expect(disk.atomicFile<number>(3, 0).read()).toBe(5)
  expect(disk.atomicFile<number>(3, 1).read()).toBeNull()
})

test('keys are listed per purpose in ascending order, the largest partition numbers too', () => {
  const disk = new Disk()
  for (const key of [0x7fff_ffff, 3, 70_000]) disk.appendFile(1, key)
  disk.appendFile(2, 5)
  expect(disk.keysOf(1)).toEqual([3, 70_000, 0x7fff_ffff])
  expect(disk.keysOf(2)).toEqual([5])
  expect(disk.keysOf(3)).toEqual([])
})

test('a loss of power hits all append-only files, in the order of their names, and no atomic file', () => {
  const disk = new Disk()
  for (const key of [9, 4]) for (let n = 0; n < key; n++) disk.appendFile<number>(1, key).append(n, 1)
  disk.atomicFile<number>(1, 1).write(1)
  const bounds: number[] = []
  const decider = {
    decide(site: Site, bound: number): number {
      if (site === SURVIVORS) bounds.push(bound)
      return 0
    },
  }
  expect(disk.losePower(decider)).toBe(13)
  expect(bounds).toEqual([5, 10])
  expect(disk.atomicFile<number>(1, 1).read()).toBe(1)
})

test('wiping empties the disk and leaves it as slow as it was', () => {
  const disk = new Disk()
  disk.appendFile<string>(1, 1).append('a', 1)
  disk.appendFile<string>(1, 1).flush()
  disk.atomicFile<number>(2, 0).write(1)
  disk.beginSlow(samplerOf({ kind: 'constant', us: 5 }))
  disk.wipe()
  expect(disk.keysOf(1)).toEqual([])
  expect(disk.atomicFile<number>(2, 0).read()).toBeNull()
  expect(disk.isSlow).toBe(true)
})

test('overlapping slowness lasts for the union of the faults', () => {
  const disk = new Disk()
  const slow = samplerOf({ kind: 'constant', us: 5 })
  const slower = samplerOf({ kind: 'constant', us: 50 })
  expect(disk.beginSlow(slow)).toBe(true)
  expect(disk.beginSlow(slower)).toBe(false)
  expect(disk.slowBy).toBe(slower)
  expect(disk.endSlow()).toBe(false)
  expect(disk.isSlow).toBe(true)
  expect(disk.endSlow()).toBe(true)
  expect(disk.slowBy).toBeNull()
  expect(disk.endSlow()).toBe(false)
})
