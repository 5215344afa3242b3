import { expect, test } from 'vitest'
import { AtomicFile } from '../../storage/atomic-file.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { batch, marker } from './log.test.helper.ts'
import { validateProducer } from './append-validation.ts'
import type { ProducerSnapshot } from './producer-snapshots.ts'
import { CURRENT_SWITCHES, ProducerStateManager } from './producer-state.ts'

const NO_EXPIRY = 86_400_000
const RULES = { ...CURRENT_SWITCHES, expirationMs: NO_EXPIRY }

function managerOf(expirationMs = NO_EXPIRY): {
  file: AtomicFile<readonly ProducerSnapshot[]>
  producers: ProducerStateManager
} {
  const file = new AtomicFile<readonly ProducerSnapshot[]>()
  return { file, producers: new ProducerStateManager(file, { ...CURRENT_SWITCHES, expirationMs }) }
}

/** Batches of producer 7, back to back from offset 0. */
function logOf(...batches: readonly RecordBatch[]): readonly LogEntry[] {
  let next = 0
  return batches.map((batch) => {
    const baseOffset = next
    next += batch.records.length
    return { baseOffset, lastOffset: next - 1, leaderEpoch: 0, batch }
  })
}

function write(producers: ProducerStateManager, entries: readonly LogEntry[]): void {
  for (const { batch, baseOffset } of entries) producers.update(batch, baseOffset)
}

/** Offsets of the batches of producer 7 that are still recognised. */
function recognised(producers: ProducerStateManager, entries: readonly LogEntry[]): readonly number[] {
  const known = producers.lastEntry(7)
  return entries.flatMap(({ batch }) => {
    const slot = known?.findDuplicate(batch) ?? -1
    return slot < 0 ? [] : [known?.baseOffset(slot) as number]
  })
}

function offsets(file: AtomicFile<readonly ProducerSnapshot[]>): readonly number[] {
  return (file.read() ?? []).map(({ offset }) => offset)
}

function sequenced(count: number, epoch = 0): readonly LogEntry[] {
  return logOf(...Array.from({ length: count }, (_, n) => batch({ producerId: 7, epoch, sequence: n * 2, count: 2 })))
}

test.each([
  ['the next sequence', 0, 10, Errors.NONE],
  ['a gap', 0, 11, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER],
  ['a sequence already passed', 0, 4, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER],
  ['a newer epoch from 0', 1, 0, Errors.NONE],
  ['a newer epoch that goes on counting', 1, 10, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER],
  ['an older epoch', -1, 10, Errors.INVALID_PRODUCER_EPOCH],
])('after sequences 0..9 of epoch 3, %s', (_, epochsUp, sequence, code) => {
  const { producers } = managerOf()
  write(producers, sequenced(5, 3))
  expect(validateProducer(producers.lastEntry(7), batch({ producerId: 7, epoch: 3 + epochsUp, sequence }))).toBe(code)
})

test('an unknown producer may begin with any sequence', () => {
  expect(validateProducer(undefined, batch({ producerId: 7, sequence: 4711 }))).toBe(Errors.NONE)
})

test('after sequence 2147483647 comes 0', () => {
  const { producers } = managerOf()
  producers.update(batch({ producerId: 7, sequence: 2_147_483_646, count: 2 }), 0)
  const entry = producers.lastEntry(7)
  expect(validateProducer(entry, batch({ producerId: 7, sequence: 0 }))).toBe(Errors.NONE)
  expect(validateProducer(entry, batch({ producerId: 7, sequence: 1 }))).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  const wrapping = batch({ producerId: 8, sequence: 2_147_483_646, count: 4 })
  producers.update(wrapping, 2)
  expect(producers.lastEntry(8)?.lastSequence).toBe(1)
  expect(producers.lastEntry(8)?.findDuplicate(wrapping)).toBe(0)
})

test('the last five batches are recognised, with exactly their bounds', () => {
  const { producers } = managerOf()
  const entries = sequenced(7)
  write(producers, entries)
  expect(recognised(producers, entries)).toEqual([4, 6, 8, 10, 12])
  const known = producers.lastEntry(7)
  expect(known?.findDuplicate(batch({ producerId: 7, sequence: 12, count: 1 }))).toBe(-1)
  expect(known?.findDuplicate(batch({ producerId: 7, sequence: 10, count: 4 }))).toBe(-1)
  expect(known?.findDuplicate(batch({ producerId: 7, sequence: 12, count: 2, epoch: 1 }))).toBe(-1)
})

test('a new epoch forgets the batches of the old one', () => {
  const { producers } = managerOf()
  write(producers, sequenced(3))
  const bumped = batch({ producerId: 7, epoch: 1, sequence: 0, count: 2 })
  producers.update(bumped, 6)
  expect(recognised(producers, logOf(bumped))).toEqual([6])
  expect(recognised(producers, sequenced(3))).toEqual([])
})

test('replicated batches are taken as they come, even of an older epoch', () => {
  const { producers } = managerOf()
  write(producers, sequenced(3, 5))
  producers.update(batch({ producerId: 7, epoch: 4, sequence: 100 }), 6)
  expect([producers.lastEntry(7)?.producerEpoch, producers.lastEntry(7)?.lastSequence]).toEqual([4, 100])
})

test('a producer expires by the time of its records, not of their arrival', () => {
  const { producers } = managerOf(1000)
  producers.update(batch({ producerId: 7, sequence: 0, timestamp: 500 }), 0)
  producers.update(batch({ producerId: 8, sequence: 0, timestamp: 501 }), 1)
  producers.removeExpired(1499)
  expect(producers.size).toBe(2)
  producers.removeExpired(1500)
  expect([producers.lastEntry(7), producers.lastEntry(8)?.producerId]).toEqual([undefined, 8])
})

test('a snapshot keeps only the last batch of each producer', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(5)
  write(producers, entries)
  producers.takeSnapshot(0, 10)
  const again = new ProducerStateManager(file, RULES)
  again.load(entries, 0, 10, 0)
  expect(recognised(again, entries)).toEqual([8])
  expect(validateProducer(again.lastEntry(7), batch({ producerId: 7, sequence: 10 }))).toBe(Errors.NONE)
})

test('what lies behind the snapshot is replayed in full', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(6)
  write(producers, entries.slice(0, 3))
  producers.takeSnapshot(0, 6)
  const again = new ProducerStateManager(file, RULES)
  again.load(entries, 0, 12, 0)
  expect(recognised(again, entries)).toEqual([4, 6, 8, 10])
})

test('a snapshot behind the end of the log is deleted, the log read from its start and a new one taken', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(6)
  write(producers, entries)
  producers.takeSnapshot(0, 12)
  producers.truncate(entries.slice(0, 4), 0, 8, 0)
  expect(offsets(file)).toEqual([8])
  expect(recognised(producers, entries)).toEqual([0, 2, 4, 6])
})

test('cut a second time, the log is read from the snapshot of the first time: one batch before it, all behind it', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(8)
  write(producers, entries.slice(0, 6))
  producers.truncate(entries.slice(0, 3), 0, 6, 0)
  write(producers, entries.slice(3))
  producers.truncate(entries.slice(0, 5), 0, 10, 0)
  expect(offsets(file)).toEqual([6, 10])
  expect(recognised(producers, entries)).toEqual([4, 6, 8])
})

test('cut below its last snapshot, the log is read from the one before', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(8)
  write(producers, entries)
  for (const end of [4, 14, 10]) producers.truncate(entries.slice(0, end / 2), 0, end, 0)
  expect(offsets(file)).toEqual([4, 10])
  expect(recognised(producers, entries)).toEqual([2, 4, 6, 8])
})

test('a start keeps the latest snapshot only', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(4)
  write(producers, entries)
  for (const end of [2, 6]) producers.takeSnapshot(0, end)
  new ProducerStateManager(file, RULES).load(entries, 0, 8, 0)
  expect(offsets(file)).toEqual([6, 8])
})

test('with one batch remembered only the last is recognised (KAFKA-5494)', () => {
  const producers = new ProducerStateManager(new AtomicFile<readonly ProducerSnapshot[]>(), { ...RULES, retained: 1 })
  const entries = sequenced(3)
  write(producers, entries)
  expect(recognised(producers, entries)).toEqual([4])
  expect(validateProducer(producers.lastEntry(7), batch({ producerId: 7, sequence: 2, count: 2 }))).toBe(
    Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
  )
  expect(validateProducer(producers.lastEntry(7), batch({ producerId: 7, sequence: 6, count: 2 }))).toBe(Errors.NONE)
})

test('cutting the log does not bring expired producers back', () => {
  const { producers } = managerOf(1000)
  const entries = sequenced(3)
  write(producers, entries)
  producers.removeExpired(5000)
  producers.truncate(entries.slice(0, 2), 0, 4, 5000)
  expect(producers.size).toBe(0)
})

test('expired producers are left out when a snapshot is loaded', () => {
  const { file, producers } = managerOf(1000)
  write(producers, sequenced(3))
  producers.takeSnapshot(0, 6)
  const again = new ProducerStateManager(file, { ...RULES, expirationMs: 1000 })
  again.load(sequenced(3), 0, 6, 5000)
  expect(again.size).toBe(0)
})

test('an unclean scan remembers the last batch only', () => {
  const { file, producers } = managerOf()
  const entries = sequenced(4)
  producers.recover(entries, 0, { from: 0, to: 8 }, null, 0)
  expect(offsets(file)).toEqual([8])
  producers.load(entries, 0, 8, 0)
  expect(recognised(producers, entries)).toEqual([6])
})

test('no snapshot is taken where one of the same offset exists or nothing was written', () => {
  const { file, producers } = managerOf()
  producers.takeSnapshot(0, 0)
  expect(file.read()).toBeNull()
  write(producers, sequenced(1))
  producers.takeSnapshot(0, 2)
  const first = file.read()
  producers.takeSnapshot(0, 2)
  expect(file.read()).toBe(first)
})

test.each([
  [true, 3],
  [false, -1],
])('a producer known by its marker only is kept if markers count: %s (KAFKA-9144)', (markersCount, epoch) => {
  const producers = new ProducerStateManager(new AtomicFile<readonly ProducerSnapshot[]>(), { ...RULES, markersCount })
  producers.update(marker('ABORT', { epoch: 3, timestamp: 5000 }), 0)
  producers.removeExpired(5001)
  expect(producers.lastEntry(7)?.producerEpoch ?? -1).toBe(epoch)
})

test('a producer of which a batch is remembered is kept as long as that, though markers do not count', () => {
  const rules = { ...RULES, expirationMs: 1000, markersCount: false }
  const producers = new ProducerStateManager(new AtomicFile<readonly ProducerSnapshot[]>(), rules)
  producers.update(batch({ producerId: 7, sequence: 0, transactional: true, timestamp: 500 }), 0)
  producers.update(marker('COMMIT', { timestamp: 900 }), 1)
  producers.removeExpired(1499)
  expect(producers.size).toBe(1)
  producers.removeExpired(1500)
  expect(producers.size).toBe(0)
})
