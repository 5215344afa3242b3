import { describe, expect, test } from 'vitest'
import { CORRUPTION, type Site } from '../../kernel/site.ts'
import type { Decider } from '../../storage/decider.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { corrupt } from './corruption.ts'
import { LogFile } from './log-files.ts'
import { append, batch, LogWorld, TP } from './log.test.helper.ts'
import type { PartitionLog } from './partition-log.ts'

/** Answers as told, then 0. */
function deciding(...answers: number[]): Decider & { readonly bounds: number[] } {
  const bounds: number[] = []
  return {
    bounds,
    decide(site: Site, bound: number): number {
      expect(site).toBe(CORRUPTION)
      bounds.push(bound)
      return answers.shift() ?? 0
    },
  }
}

/** So many batches of two records each; three to a segment. */
function worldWith(batches: number): { world: LogWorld; log: PartitionLog } {
  const world = new LogWorld({ 'segment.bytes': 300 })
  const { log } = world
  for (let n = 0; n < batches; n++) append(log, { count: 2, producerId: 7, sequence: n * 2 })
  return { world, log }
}

function corruptAt(world: LogWorld, offset: number): void {
  expect(corrupt(world.disk, TP, offset, deciding())).not.toBeNull()
}

/** Offsets of the batches whose checksum is wrong. */
function corruptIn(log: PartitionLog): readonly number[] {
  return log.allEntries().flatMap(({ batch: { isCorrupt }, baseOffset }) => (isCorrupt === true ? [baseOffset] : []))
}

describe('bytes that change', () => {
  test('are of one record, and whoever reads the batch gets them; what others hold stays as it was', () => {
    const { world, log } = worldWith(2)
    const [before] = log.read(2, 1000, 4) as readonly [LogEntry]
    expect(corrupt(world.disk, TP, 3, deciding(1))?.tp).toBe(TP)
    const [after] = log.read(2, 1000, 4) as readonly [LogEntry]
    expect(after).toMatchObject({ baseOffset: 2, lastOffset: 3, leaderEpoch: 0 })
    expect(after.batch).toMatchObject({ id: ~before.batch.id, size: 100, producerId: 7, isCorrupt: true })
    expect(after.batch.records.map(({ record }) => record)).toEqual([0, ~1])
    expect(before.batch.records.map(({ record }) => record)).toEqual([0, 1])
    expect([before.batch.isCorrupt, log.logEndOffset]).toEqual([undefined, 4])
  })

  test.each([
    ['first', [], 0],
    ['last', [], 4],
    ['any', [1], 2],
    [5, [], 4],
  ] as const)('are of the batch that is meant: %s', (which, answers, expected) => {
    const { world, log } = worldWith(3)
    corrupt(world.disk, TP, which, deciding(...answers))
    expect(corruptIn(log)).toEqual([expected])
  })

  test('are of any partition that holds something', () => {
    const { world } = worldWith(1)
    append(world.logOf(TP + 2), { count: 3 })
    world.logOf(TP + 1)
    const decider = deciding(1, 0, 2)
    expect(corrupt(world.disk, -1, 'any', decider)?.tp).toBe(TP + 2)
    expect(decider.bounds).toEqual([2, 1, 3])
  })

  test('change nothing where nothing is, or where they have changed already', () => {
    const { world, log } = worldWith(1)
    expect(corrupt(world.disk, TP, 7, deciding())).toBeNull()
    expect(corrupt(world.disk, TP + 1, 'last', deciding())).toBeNull()
    expect(world.disk.keysOf(LogFile.segment)).toEqual([TP])
    corruptAt(world, 0)
    const [entry] = log.allEntries()
    expect(corrupt(world.disk, TP, 0, deciding())).toBeNull()
    expect(log.allEntries()[0]).toBe(entry)
  })
})

describe('a start', () => {
  test('after a crash cuts the log at the first corrupt batch, and later segments with it', () => {
    const { world } = worldWith(5)
    corruptAt(world, 8)
    const log = world.crash().restart()
    expect([log.logEndOffset, corruptIn(log)]).toEqual([8, []])
    expect(world.moments()).toEqual([
      expect.stringContaining('corruption.found offset=8'),
      expect.stringContaining('log.loaded offset=8'),
    ])
    append(log, { count: 2, producerId: 7, sequence: 8 })
    expect(log.logEndOffset).toBe(10)
  })

  test('after a crash reads the whole segment that holds the recovery point, and none before it', () => {
    const { world } = worldWith(8)
    corruptAt(world, 2)
    world.pass(61_000_000)
    expect(world.log.recoveryPoint).toBe(12)
    expect(corruptIn(world.crash().restart())).toEqual([2])
    // Flushed, but of the segment in which the recovery point lies.
    world.log.flush()
    world.pass(61_000_000)
    corruptAt(world, 12)
    expect(world.log.recoveryPoint).toBe(16)
    const log = world.crash().restart()
    expect([log.logEndOffset, log.recoveryPoint, corruptIn(log)]).toEqual([12, 12, [2]])
  })

  test('forgets what producers wrote from there on, so that it is no duplicate when it comes again', () => {
    const { world } = worldWith(3)
    corruptAt(world, 2)
    const log = world.crash().restart()
    const again = log.appendAsLeader(batch({ count: 2, producerId: 7, sequence: 2 }), 0)
    expect([again.errorCode, again.duplicate, again.baseOffset]).toEqual([0, false, 2])
  })

  test('in good order trusts what is there', () => {
    const { world } = worldWith(3)
    corruptAt(world, 2)
    const log = world.stopCleanly(1).restart()
    expect([log.logEndOffset, corruptIn(log)]).toEqual([6, [2]])
  })
})

describe('a follower', () => {
  test('takes nothing of a fetch in which a checksum is wrong, not even what lies before it', () => {
    const leader = worldWith(3)
    const follower = new LogWorld()
    corruptAt(leader.world, 2)
    follower.moments()
    expect(follower.log.appendAsFollower(leader.log.allEntries(), 0)).toBe(-1)
    expect(follower.log.logEndOffset).toBe(0)
    expect(follower.moments()).toEqual([expect.stringContaining('corruption.found offset=2')])
    expect(follower.log.appendAsFollower(leader.log.read(0, 100, 6), 0)).toBe(1)
  })

  test('does not look at batches that it drops', () => {
    const leader = worldWith(1)
    append(leader.log, { count: 2, producerId: 7, sequence: 2 }, 1)
    corruptAt(leader.world, 2)
    const follower = new LogWorld()
    expect(follower.log.appendAsFollower(leader.log.allEntries(), 0)).toBe(1)
  })
})

describe('compaction', () => {
  function keyed(keys: string): RecordBatch {
    const made = batch({ count: keys.length })
    return { ...made, records: made.records.map((record, index) => ({ ...record, key: keys[index] as string })) }
  }

  /** Two batches to a segment, cleaned 16 s later; the first is corrupt in the record of this index. */
  function cleaned(index: number, ...keys: readonly string[]): { world: LogWorld; first: RecordBatch | undefined } {
    const world = new LogWorld({ 'segment.bytes': 200, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': 0 })
    for (const word of keys) world.log.appendAsLeader(keyed(word), 0)
    world.log.setHighWatermark(world.log.logEndOffset, 0, true)
    corrupt(world.disk, TP, 'first', deciding(index))
    world.moments()
    world.pass(16_000_000)
    const first = world.log.allEntries()[0]
    return { world, first: first?.baseOffset === 0 ? first.batch : undefined }
  }

  test('copies a corrupt batch as it is where all of it stays', () => {
    const { world, first } = cleaned(0, 'ab', 'c', 'c', 'd')
    expect(first).toMatchObject({ isCorrupt: true })
    expect(first?.id).toBeLessThan(-1)
    expect(world.moments()).not.toContainEqual(expect.stringContaining('batch.rewritten'))
  })

  test('gives it a new checksum where a record goes: what is wrong stays wrong, and nobody notices any more', () => {
    const { world, first } = cleaned(0, 'ab', 'b', 'c', 'd')
    expect(first?.isCorrupt).toBeUndefined()
    expect(first?.id).toBeLessThan(-1)
    expect(world.moments()).toContain('batch.rewritten offset=0 healed=0')
    const follower = new LogWorld()
    expect(follower.log.appendAsFollower(world.log.allEntries(), 0)).toBe(4)
  })

  test('heals it where the damaged record goes', () => {
    const { world, first } = cleaned(1, 'ab', 'b', 'c', 'd')
    expect(first?.id).toBeGreaterThan(0)
    expect(world.moments()).toContain('batch.rewritten offset=0 healed=1')
  })

  test('removes it where nothing of it stays', () => {
    const { world, first } = cleaned(0, 'a', 'a', 'c', 'd')
    expect(first).toBeUndefined()
    expect(world.moments()).toContain('batch.rewritten offset=0 healed=1')
  })
})
