import { describe, expect, test } from 'vitest'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { batch, brokerConfig, LogWorld, marker } from './log.test.helper.ts'
import { type CleanerSwitches, CURRENT_CLEANER } from './log-cleaner.ts'
import { mapSizeOf } from './offset-map.ts'
import { CURRENT_SWITCHES } from './producer-state.ts'

const SECOND = 1_000_000
/** Room for four keys. */
const SMALL = { 'log.cleaner.dedupe.buffer.size': 1_048_577, 'log.cleaner.io.buffer.load.factor': 0.0001 }

function keyed(key: string, options: Parameters<typeof batch>[0] = {}): RecordBatch {
  const made = batch(options)
  return { ...made, records: made.records.map((record) => ({ ...record, key })) }
}

function tombstone(key: string): RecordBatch {
  const made = keyed(key)
  return { ...made, records: made.records.map((record) => ({ ...record, tombstone: true as const })) }
}

/** A compacted log of one segment of records of these keys, and an active one behind it; `!` aborts what `t` wrote, `x` deletes a. */
function filled(keys: string, switches: Partial<CleanerSwitches> = {}, retentionMs = 100_000): LogWorld {
  const topic = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': 0, 'segment.ms': 1000 } as const
  const world = new LogWorld({ ...topic, 'delete.retention.ms': retentionMs }, SMALL, CURRENT_SWITCHES, {
    ...CURRENT_CLEANER,
    ...switches,
  })
  const { log } = world
  const open = { producerId: 7, sequence: 0, transactional: true }
  for (const key of keys) {
    if (key === '!') log.appendAsLeader(marker('ABORT'), 0, 'COORDINATOR')
    else if (key === 't') {
      log.appendAsLeader(keyed(key, open), 0, 'CLIENT', log.transactions.startVerification(7, 0, 0, false))
    } else log.appendAsLeader(key === 'x' ? tombstone('a') : keyed(key), 0)
  }
  log.appendAsLeader(keyed('z', { timestamp: 2000 }), 0)
  log.setHighWatermark(log.logEndOffset, 0, true)
  world.moments()
  return world
}

/** Keys that are left, `-` for a batch without any. */
function left({ log }: LogWorld): string {
  const keyOf = ({ batch: of, kept }: LogEntry): string =>
    of.marker === null ? (kept?.length === 0 ? '-' : (of.records[0]?.key ?? '?')) : '!'
  return log.allEntries().map(keyOf).join('')
}

describe('a pass has room for so many keys', () => {
  test('by the buffer and its load factor, 24 bytes each', () => {
    expect(mapSizeOf(brokerConfig())).toBe(5_033_164)
    expect(mapSizeOf(brokerConfig(SMALL))).toBe(4)
  })

  test('it ends before the next one, though that is known, and what is behind stays as it is', () => {
    const world = filled('aabcdab')
    world.pass(16 * SECOND)
    // Five records of four keys are mapped; a and b behind them are newer, which this pass does not see.
    expect(world.moments().at(-1)).toBe('log.cleaned offset=5 removed=1')
    expect(left(world)).toBe('abcdabz')
  })

  test('and the next pass goes on from there', () => {
    const world = filled('aabcdab')
    world.pass(31 * SECOND)
    expect(world.moments().at(-1)).toBe('log.cleaned offset=7 removed=2')
    expect(left(world)).toBe('cdabz')
  })
})

describe('a transaction that was aborted behind the end of the pass, in the same segment (KAFKA-13727, T14)', () => {
  test('is known: its records go, and its marker stays known', () => {
    const world = filled('abcdet!')
    world.pass(16 * SECOND)
    expect(world.moments().at(-1)).toBe('log.cleaned offset=4 removed=1')
    expect(left(world)).toBe('abcde-!z')
    expect(world.log.transactions.aborted(0, 8)).toHaveLength(1)
  })

  test('before 3.2 it was not: readers are not told of it, and its records count as committed', () => {
    const world = filled('abcdet!', { index: 'mapped-part' })
    world.pass(16 * SECOND)
    expect(left(world)).toBe('abcdet!z')
    expect(world.log.transactions.aborted(0, 8)).toHaveLength(0)
    world.pass(120 * SECOND)
    expect(left(world)).toContain('t')
  })
})

describe('a tombstone at the end of a pass, which an earlier pass met and whose time has come (KAFKA-17076, L03)', () => {
  test('goes, but its batch stays and tells where the log ends', () => {
    const world = filled('abcdefgx', {}, 1000)
    world.pass(31 * SECOND)
    expect(left(world)).toBe('bcdefg-z')
  })

  test('before 4.0 the batch went too', () => {
    const world = filled('abcdefgx', { keepsLast: false }, 1000)
    world.pass(31 * SECOND)
    expect(left(world)).toBe('bcdefgz')
  })
})
