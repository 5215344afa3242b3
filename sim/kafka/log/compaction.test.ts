import { describe, expect, test } from 'vitest'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { batch, LogWorld, marker } from './log.test.helper.ts'
import type { PartitionLog } from './partition-log.ts'

const SECOND = 1_000_000
const RETENTION = 100_000

/** A batch of 100 bytes with these keys; `-k` is a tombstone of k. */
function keyed(keys: string, options: Parameters<typeof batch>[0] = {}): RecordBatch {
  const made = batch({ count: keys.split(' ').length, ...options })
  const records = keys.split(' ').map((word, index) => {
    const record = { ...(made.records[index] as RecordBatch['records'][number]), key: word.replace('-', '') }
    return word.startsWith('-') ? { ...record, tombstone: true as const } : record
  })
  return { ...made, records }
}

/** Two batches to a segment, everything committed, and cleaned as soon as anything is dirty. */
function compacted(settings: object = {}): LogWorld {
  return new LogWorld({
    'segment.bytes': 200,
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': 0,
    'delete.retention.ms': RETENTION,
    ...settings,
  })
}

function write(log: PartitionLog, ...batches: readonly RecordBatch[]): void {
  for (const made of batches) {
    const { isTransactional, marker: end, producerId, baseSequence, producerEpoch } = made
    const asks = isTransactional && end === null
    const guard = asks ? log.transactions.startVerification(producerId, baseSequence, producerEpoch, false) : 0
    const { errorCode } = log.appendAsLeader(made, 0, end === null ? 'CLIENT' : 'COORDINATOR', guard)
    expect(errorCode).toBe(0)
  }
  log.setHighWatermark(log.logEndOffset, 0, true)
}

/** What is left: `offset:keys`, markers as `!`. */
function left(log: PartitionLog): readonly string[] {
  return log.allEntries().map((entry) => `${entry.baseOffset}:${keysOf(entry).join('')}`)
}

function keysOf({ batch: of, kept }: LogEntry): readonly string[] {
  const indexes = kept ?? of.records.map((_, index) => index)
  return indexes.map((index) => (of.marker === null ? (of.records[index]?.key ?? '?') : '!'))
}

describe('of every key the last record stays', () => {
  test('in all segments but the active one, with its offset', () => {
    const world = compacted()
    write(world.log, keyed('a b'), keyed('a c'), keyed('b d'), keyed('a'), keyed('a'))
    world.moments()
    world.pass(16 * SECOND)
    expect(left(world.log)).toEqual(['2:c', '4:bd', '6:a', '7:a'])
    expect(world.moments()).toEqual(['log.cleaned offset=7 removed=3'])
    expect(world.log.read(0, 1000, 99).map(({ baseOffset }) => baseOffset)).toEqual([2])
  })

  test('only once enough is dirty, and never above the last stable offset', () => {
    const world = compacted({ 'min.cleanable.dirty.ratio': 0.5 })
    write(world.log, keyed('a'), keyed('b'), keyed('c'), keyed('d'), keyed('e'))
    world.pass(16 * SECOND)
    expect(world.moments().filter((moment) => moment.startsWith('log.cleaned'))).toHaveLength(1)
    write(world.log, keyed('f'), keyed('a'))
    world.pass(15 * SECOND)
    // Four batches are clean, two are dirty: a third.
    expect(left(world.log)).toEqual(['0:a', '1:b', '2:c', '3:d', '4:e', '5:f', '6:a'])
    write(world.log, keyed('b'), keyed('g'), keyed('g'), keyed('g'), keyed('g'))
    world.pass(15 * SECOND)
    expect(left(world.log)).toEqual(['2:c', '3:d', '4:e', '5:f', '6:a', '7:b', '9:g', '10:g', '11:g'])
  })

  test('what is younger than min.compaction.lag.ms stays', () => {
    const world = compacted({ 'min.compaction.lag.ms': 60_000 })
    write(
      world.log,
      keyed('a'),
      keyed('a'),
      keyed('b', { timestamp: 30_000 }),
      keyed('b', { timestamp: 30_000 }),
      keyed('c'),
    )
    world.pass(61 * SECOND)
    expect(left(world.log)).toEqual(['1:a', '2:b', '3:b', '4:c'])
  })

  test('a compacted log takes no record without a key', () => {
    expect(compacted().log.appendAsLeader(batch(), 0).errorCode).toBe(Errors.INVALID_RECORD)
  })

  test('retention deletes from a compacted log when the policy is both', () => {
    const world = compacted({ 'cleanup.policy': 'compact,delete', 'retention.ms': 20_000 })
    write(world.log, keyed('a'), keyed('b'), keyed('c', { timestamp: 20_000 }))
    world.pass(31 * SECOND)
    expect(left(world.log)).toEqual(['2:c'])
  })
})

describe('what compaction leaves for its own reasons', () => {
  test('a tombstone for delete.retention.ms after the pass that met it alone (KIP-534)', () => {
    const world = compacted()
    write(world.log, keyed('a'), keyed('-a'), keyed('b'), keyed('c'), keyed('d'))
    world.pass(16 * SECOND)
    expect(left(world.log)).toEqual(['1:a', '2:b', '3:c', '4:d'])
    world.pass(101 * SECOND)
    write(world.log, keyed('e'), keyed('f'))
    world.pass(15 * SECOND)
    expect(left(world.log)).toEqual(['2:b', '3:c', '4:d', '5:e', '6:f'])
  })

  test('the last batch of a producer that is known, if only empty', () => {
    const world = compacted()
    const of = (sequence: number, keys: string): RecordBatch => keyed(keys, { producerId: 7, sequence })
    write(world.log, of(0, 'a'), of(1, 'a'), keyed('a'), keyed('b'), keyed('c'))
    world.pass(16 * SECOND)
    expect(left(world.log)).toEqual(['1:', '2:a', '3:b', '4:c'])
    expect(world.log.appendAsLeader(of(1, 'a'), 0)).toMatchObject({ duplicate: true, baseOffset: 1 })
    expect(world.crash().restart().appendAsLeader(of(1, 'a'), 0)).toMatchObject({ duplicate: true, baseOffset: 1 })
  })

  test('the last batch of all, which tells where the log ends (KAFKA-17076)', () => {
    const world = compacted()
    const data = (sequence: number): RecordBatch => keyed('x', { producerId: 7, sequence, transactional: true })
    write(world.log, keyed('a'), data(0), marker('ABORT'), data(1))
    world.pass(16 * SECOND)
    expect(left(world.log)).toEqual(['0:a', '1:', '2:!', '3:x'])
  })
})

describe('transactions', () => {
  const data = (sequence: number, keys: string): RecordBatch =>
    keyed(keys, { producerId: 7, sequence, transactional: true })

  test('aborted records go, and their keys do not count; the marker goes a while after nothing is left', () => {
    const world = compacted()
    write(world.log, keyed('a'), data(0, 'a'), marker('ABORT'), keyed('b'), keyed('c'))
    world.pass(16 * SECOND)
    // The batch is the producer's last: it stays, empty, and so does the marker behind it.
    expect(left(world.log)).toEqual(['0:a', '1:', '2:!', '3:b', '4:c'])
    expect(world.log.transactions.aborted(0, 5)).toHaveLength(1)
    write(world.log, data(1, 'd'), marker('COMMIT'), keyed('e'), keyed('f'))
    world.pass(15 * SECOND)
    expect(left(world.log)).toEqual(['0:a', '2:!', '3:b', '4:c', '5:d', '6:!', '7:e', '8:f'])
    // The pass that removes the batch has met it once more: the marker's time begins with the next.
    write(world.log, keyed('g'), keyed('h'))
    world.pass(15 * SECOND)
    expect(world.log.transactions.aborted(0, 5)).toHaveLength(0)
    world.pass(101 * SECOND)
    expect(left(world.log)[1]).toBe('2:!')
    write(world.log, keyed('i'), keyed('j'))
    world.pass(15 * SECOND)
    expect(left(world.log).slice(0, 3)).toEqual(['0:a', '3:b', '4:c'])
  })

  test('an open transaction holds the cleaner up', () => {
    const world = compacted()
    write(world.log, keyed('a'), keyed('a'), data(0, 'x'), keyed('a'), keyed('a'), keyed('a'))
    world.pass(16 * SECOND)
    expect(left(world.log)).toEqual(['1:a', '2:x', '3:a', '4:a', '5:a'])
  })
})

test('followers copy what is left, gaps and all', () => {
  const world = compacted()
  write(world.log, keyed('a'), keyed('a'), keyed('b'), keyed('a'), keyed('a'))
  world.pass(16 * SECOND)
  const other = compacted()
  expect(other.log.appendAsFollower(world.log.read(0, 1000, 99), 0)).toBe(2)
  expect(left(other.log)).toEqual(['2:b', '3:a'])
  expect(other.log.logEndOffset).toBe(4)
})
