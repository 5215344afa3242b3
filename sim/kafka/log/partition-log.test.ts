import { expect, test } from 'vitest'
import type { RecordBatch } from '../protocol/batch.ts'
import { NEVER } from '../protocol/config/definition.ts'
import { Errors } from '../protocol/errors.ts'
import { append, batch, LogWorld } from './log.test.helper.ts'
import type { PartitionLog } from './partition-log.ts'

function world(): { world: LogWorld; log: PartitionLog } {
  const world = new LogWorld()
  const { log } = world
  world.moments()
  return { world, log }
}

/** Base offsets that a read returns. */
function bases(log: PartitionLog, from: number, maxBytes = NEVER, upTo: number = log.logEndOffset): readonly number[] {
  return log.read(from, maxBytes, upTo).map((entry) => entry.baseOffset)
}

test('a leader gives a batch the next offsets, stamps its epoch and tells of it', () => {
  const { world: w, log } = world()
  append(log, { count: 3 }, 4)
  const made = batch({ count: 2, producerId: 7, epoch: 1, sequence: 10 })
  expect(log.appendAsLeader(made, 4)).toEqual({ errorCode: 0, baseOffset: 3, lastOffset: 4, duplicate: false })
  expect([log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([5, 0, 4])
  expect(w.content().map((entry) => entry.leaderEpoch)).toEqual([4, 4])
  expect(w.content()[1]?.batch).toBe(made)
  // Leader's flag above 16 bits: 131071 is epoch -1, 65537 is epoch 1.
  expect(w.moments()).toEqual([
    `log.appended offset=0 last=2 epoch=4 batch=${made.id - 1} producerId=-1 producerEpoch=131071 sequence=-1`,
    `log.appended offset=3 last=4 epoch=4 batch=${made.id} producerId=7 producerEpoch=65537 sequence=10`,
  ])
})

test('a follower appends verbatim, also what a leader would refuse', () => {
  const { world: w, log } = world()
  const first = { baseOffset: 0, lastOffset: 0, leaderEpoch: 2, batch: batch({ producerId: 7, epoch: 3, sequence: 5 }) }
  const gap = { baseOffset: 1, lastOffset: 1, leaderEpoch: 3, batch: batch({ producerId: 7, epoch: 2, sequence: 50 }) }
  expect(log.appendAsFollower([first, gap], 3)).toBe(2)
  expect(w.content()).toEqual([first, gap])
  expect(w.content()[0]).toBe(first)
  expect(log.endOffsetForEpoch(2)).toEqual({ epoch: 2, endOffset: 1 })
  expect(w.moments()[1]).toBe(
    `log.appended offset=1 last=1 epoch=3 batch=${gap.batch.id} producerId=7 producerEpoch=2 sequence=50`,
  )
  // It knows the producer as a leader would.
  expect(log.appendAsLeader(gap.batch, 3)).toMatchObject({ duplicate: true, baseOffset: 1 })
})

test('KAFKA-18723: a follower drops everything from the first batch of a later epoch on', () => {
  const { world: w, log } = world()
  const entries = [1, 2, 1].map((leaderEpoch, n) => ({ baseOffset: n, lastOffset: n, leaderEpoch, batch: batch() }))
  expect(log.appendAsFollower(entries, 1)).toBe(1)
  expect([log.logEndOffset, log.latestEpoch, w.content().length]).toEqual([1, 1, 1])
})

test('fetched batches that begin before the log end are not appended; compaction may leave a gap', () => {
  const { log } = world()
  append(log, { count: 2 })
  expect(log.appendAsFollower([{ baseOffset: 1, lastOffset: 2, leaderEpoch: 0, batch: batch({ count: 2 }) }], 0)).toBe(
    -1,
  )
  expect(log.appendAsFollower([], 0)).toBe(0)
  expect(log.logEndOffset).toBe(2)
  expect(log.appendAsFollower([{ baseOffset: 3, lastOffset: 3, leaderEpoch: 0, batch: batch() }], 0)).toBe(1)
  expect(log.logEndOffset).toBe(4)
})

test('too large and empty batches are refused before anything else', () => {
  const w = new LogWorld({ 'max.message.bytes': 500 })
  const { log } = w
  append(log, { size: 500 })
  const large = batch({ size: 501, producerId: 7, sequence: 0 })
  expect(log.appendAsLeader(large, 1)).toEqual({
    errorCode: Errors.MESSAGE_TOO_LARGE,
    baseOffset: -1,
    lastOffset: -1,
    duplicate: false,
  })
  expect(log.appendAsLeader(batch({ count: 0 }), 1).errorCode).toBe(Errors.INVALID_RECORD)
  expect([log.logEndOffset, log.latestEpoch]).toEqual([1, 0])
  // Followers take what the leader took before the limit was lowered.
  expect(log.appendAsFollower([{ baseOffset: 1, lastOffset: 1, leaderEpoch: 0, batch: large }], 0)).toBe(1)
})

test('a duplicate is answered with the original offsets and writes nothing', () => {
  const { world: w, log } = world()
  const sent = Array.from({ length: 6 }, (_, n) => append(log, { producerId: 7, sequence: n * 2, count: 2 }))
  w.moments()
  expect(log.appendAsLeader(sent[1] as RecordBatch, 0)).toEqual({
    errorCode: 0,
    baseOffset: 2,
    lastOffset: 3,
    duplicate: true,
  })
  expect(w.moments()).toEqual([
    `batch.deduplicated offset=2 last=3 batch=${sent[1]?.id} producerId=7 producerEpoch=0 sequence=2`,
  ])
  expect(log.appendAsLeader(sent[0] as RecordBatch, 0).errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  expect(log.logEndOffset).toBe(12)
  expect(log.appendAsLeader(batch({ producerId: 7, sequence: 12 }), 0)).toMatchObject({
    errorCode: 0,
    duplicate: false,
  })
})

test('a refused batch leaves no trace in the producer state', () => {
  const { world: w, log } = world()
  append(log, { producerId: 7, epoch: 1, sequence: 0 })
  w.moments()
  expect(log.appendAsLeader(batch({ producerId: 7, epoch: 1, sequence: 2 }), 0).errorCode).toBe(
    Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
  )
  expect(log.appendAsLeader(batch({ producerId: 7, epoch: 0, sequence: 1 }), 0).errorCode).toBe(
    Errors.INVALID_PRODUCER_EPOCH,
  )
  expect(log.appendAsLeader(batch({ producerId: 7, epoch: 2, sequence: 5 }), 0).errorCode).toBe(
    Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
  )
  expect([w.moments(), log.logEndOffset]).toEqual([[], 1])
  expect(log.appendAsLeader(batch({ producerId: 7, epoch: 1, sequence: 1 }), 0).errorCode).toBe(Errors.NONE)
})

test('reads return whole batches from the one that holds the offset, within bounds', () => {
  const { log } = world()
  for (const count of [3, 1, 4, 2]) append(log, { count, size: 100 })
  expect(bases(log, 0)).toEqual([0, 3, 4, 8])
  expect(bases(log, 2)).toEqual([0, 3, 4, 8])
  expect(bases(log, 5)).toEqual([4, 8])
  expect(bases(log, 9)).toEqual([8])
  expect(bases(log, 10)).toEqual([])
  expect(bases(log, 11)).toEqual([])
  expect(bases(log, 0, 250)).toEqual([0, 3])
  expect(bases(log, 3, 1)).toEqual([3])
  expect(log.read(3, 1, 10, false)).toEqual([])
  expect(bases(log, 0, NEVER, 8)).toEqual([0, 3, 4])
  expect(bases(log, 0, NEVER, 7)).toEqual([0, 3])
  expect(bases(log, 0, NEVER, 1)).toEqual([])
  expect(bases(log, 4, NEVER, 4)).toEqual([])
})

test('bytes between offsets count whole batches', () => {
  const { log } = world()
  for (const [count, size] of [
    [3, 10],
    [1, 20],
    [4, 40],
  ] as const)
    append(log, { count, size })
  expect(log.bytesBetween(0, 8)).toBe(70)
  expect(log.bytesBetween(3, 8)).toBe(60)
  expect(log.bytesBetween(0, 4)).toBe(30)
  expect(log.bytesBetween(5, 8)).toBe(40)
  expect(log.bytesBetween(8, 8)).toBe(0)
  expect(log.bytesBetween(8, 3)).toBe(0)
})

test('the high watermark stays within the log and tells of every change, once', () => {
  const { world: w, log } = world()
  append(log, { count: 4 })
  w.moments()
  log.setHighWatermark(3, 5, true)
  log.setHighWatermark(3, 6, true)
  log.setHighWatermark(9, 6, false)
  log.setHighWatermark(2, 7, false)
  expect(log.highWatermark).toBe(2)
  expect(w.moments()).toEqual([
    'hw.advanced offset=3 epoch=5 leader=1',
    'hw.advanced offset=4 epoch=6 leader=0',
    'hw.advanced offset=2 epoch=7 leader=0',
  ])
})

test('truncation drops records, epochs and producers behind the offset, and the high watermark falls to the end', () => {
  const { world: w, log } = world()
  const first = append(log, { producerId: 7, sequence: 0, count: 2 }, 1)
  append(log, { producerId: 7, sequence: 2, count: 2 }, 2)
  append(log, { producerId: 8, sequence: 0 }, 3)
  log.setHighWatermark(5, 3, false)
  w.moments()
  expect(log.truncateTo(2)).toBe(2)
  expect([log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([2, 2, 1])
  expect(w.moments()).toEqual(['log.truncated offset=2 leo=5', 'hw.advanced offset=2 epoch=1 leader=0'])
  expect(log.appendAsLeader(batch({ producerId: 8, sequence: 40 }), 4).errorCode).toBe(Errors.NONE)
  expect(log.appendAsLeader(first, 4)).toMatchObject({ duplicate: true, baseOffset: 0 })
  expect(log.appendAsLeader(batch({ producerId: 7, sequence: 2 }), 4)).toMatchObject({ errorCode: 0, baseOffset: 3 })
})

test('truncation inside a batch drops the whole batch', () => {
  const { log } = world()
  for (const count of [2, 3, 1]) append(log, { count })
  expect(log.truncateTo(4)).toBe(2)
  expect(bases(log, 0)).toEqual([0])
  append(log)
  expect(bases(log, 2)).toEqual([2])
})

test('truncating at or behind the end drops nothing but an epoch that wrote nothing', () => {
  const { world: w, log } = world()
  append(log, { count: 2 }, 1)
  log.assignEpochStartOffset(2, 2)
  expect(log.latestEpoch).toBe(2)
  w.moments()
  expect(log.truncateTo(7)).toBe(2)
  expect([log.latestEpoch, log.logEndOffset, w.moments()]).toEqual([1, 2, []])
})

test('starting over elsewhere leaves an empty log that goes on there', () => {
  const { world: w, log } = world()
  append(log, { producerId: 7, sequence: 0, count: 2 }, 1)
  log.setHighWatermark(2, 1, false)
  w.moments()
  log.truncateFullyAndStartAt(100)
  expect([log.logStartOffset, log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([100, 100, 100, -1])
  expect(w.moments()).toEqual(['log.truncated offset=100 leo=2', 'hw.advanced offset=100 epoch=-1 leader=0'])
  append(log, { count: 2 }, 3)
  expect(bases(log, 100)).toEqual([100])
  // Below where its file begins there is nothing to keep.
  expect(log.truncateTo(50)).toBe(50)
  expect([log.logStartOffset, log.logEndOffset]).toEqual([50, 50])
})

test('the log start follows the leader up to the high watermark', () => {
  const { log } = world()
  append(log, { count: 4 }, 1)
  append(log, { count: 4 }, 2)
  log.setHighWatermark(6, 2, false)
  log.incrementLogStartOffset(7)
  expect(log.logStartOffset).toBe(0)
  log.incrementLogStartOffset(5)
  expect(log.logStartOffset).toBe(5)
  log.incrementLogStartOffset(2)
  expect(log.logStartOffset).toBe(5)
  expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 5 })
})

test('flush.messages flushes within the append that makes it due', () => {
  const w = new LogWorld({ 'flush.messages': 3 })
  const { log } = w
  w.moments()
  append(log, { count: 2 })
  expect(log.recoveryPoint).toBe(0)
  append(log, { count: 2 })
  expect(log.recoveryPoint).toBe(4)
  expect(w.moments().map((moment) => moment.split(' ')[0])).toEqual(['log.appended', 'log.appended', 'log.flushed'])
  append(log)
  expect(log.recoveryPoint).toBe(4)
})

test('a flush with nothing to flush says nothing', () => {
  const { world: w, log } = world()
  append(log)
  w.moments()
  log.flush()
  log.flush()
  expect(w.moments()).toEqual(['log.flushed offset=1'])
})
