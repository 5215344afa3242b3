import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import { append, batch, LogWorld } from './log.test.helper.ts'
import type { PartitionLog } from './partition-log.ts'
import { CURRENT_SWITCHES } from './producer-state.ts'

const SECOND = 1_000_000

/** Batches of 100 bytes, three to a segment, two records each; with retention by time or size as told. */
function worldWith(batches: number, settings: object = {}): { world: LogWorld; log: PartitionLog } {
  const world = new LogWorld({ 'segment.bytes': 300, ...settings }, { 'log.retention.check.interval.ms': 1000 })
  const { log } = world
  for (let n = 0; n < batches; n++)
    append(log, { count: 2, producerId: 7, sequence: n * 2, timestamp: Math.floor(world.kernel.now / 1000) }, 3)
  return { world, log }
}

/** Base offsets of what one read returns. */
function bases(log: PartitionLog, from: number): readonly number[] {
  return log.read(from, Number.MAX_SAFE_INTEGER, log.logEndOffset).map(({ baseOffset }) => baseOffset)
}

describe('rolling', () => {
  test('a batch that has no room begins a segment, and the one before is flushed', () => {
    const { world, log } = worldWith(0)
    world.moments()
    for (let n = 0; n < 4; n++) append(log)
    expect(log.recoveryPoint).toBe(3)
    const moments = world.moments().filter((moment) => !moment.startsWith('log.appended'))
    expect(moments).toEqual(['log.rolled offset=3', 'log.flushed offset=3'])
  })

  test('records that span more than segment.ms begin a segment, by their own time', () => {
    const { world, log } = worldWith(0, { 'segment.bytes': 1_048_576, 'segment.ms': 1000 })
    world.moments()
    for (const timestamp of [5000, 6000, 6001, 7001]) append(log, { timestamp })
    expect(world.moments().filter((moment) => moment.startsWith('log.rolled'))).toEqual(['log.rolled offset=2'])
    for (const timestamp of [7002]) append(log, { timestamp })
    expect(world.moments().filter((moment) => moment.startsWith('log.rolled'))).toEqual(['log.rolled offset=4'])
  })

  test('a batch larger than a segment is refused', () => {
    const { log } = worldWith(1)
    expect(log.appendAsLeader(batch({ size: 301 }), 3).errorCode).toBe(Errors.RECORD_LIST_TOO_LARGE)
  })

  test('a read ends with its segment; the whole log is there all the same', () => {
    const { log } = worldWith(7)
    expect([bases(log, 0), bases(log, 4), bases(log, 6)]).toEqual([[0, 2, 4], [4], [6, 8, 10]])
    expect(log.allEntries().map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 4, 6, 8, 10, 12])
  })

  test('a loss of power takes from the active segment only', () => {
    const { world } = worldWith(5)
    const log = world.losePower(0).restart()
    expect([log.logEndOffset, bases(log, 0)]).toEqual([6, [0, 2, 4]])
    for (let n = 0; n < 4; n++) append(log)
    expect(bases(log, 6)).toEqual([6, 7, 8])
  })

  test('truncation into an older segment drops those behind it', () => {
    const { log } = worldWith(7)
    log.truncateTo(4)
    expect([log.logEndOffset, bases(log, 0)]).toEqual([4, [0, 2]])
    append(log)
    expect(bases(log, 0)).toEqual([0, 2, 4])
  })

  test('after an unclean stop producers are known as the segments tell, whichever are scanned', () => {
    for (const points of [0, 1]) {
      const { world } = worldWith(8)
      // The recovery point reaches its checkpoint with a truncation that cuts nothing off but one batch.
      if (points === 1) world.log.truncateTo(14)
      const log = world.crash().restart()
      const next = points === 1 ? 14 : 16
      expect(log.appendAsLeader(batch({ producerId: 7, sequence: next + 2 }), 3).errorCode).toBe(
        Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
      )
      expect(log.appendAsLeader(batch({ producerId: 7, sequence: next }), 3)).toMatchObject({ errorCode: 0 })
    }
  })
})

describe('retention', () => {
  test('by time: segments whose newest record is too old go, the active one too, and never above the high watermark', () => {
    const { world, log } = worldWith(7, { 'retention.ms': 10_000 })
    log.setHighWatermark(9, 3, true)
    world.moments()
    world.pass(29 * SECOND)
    expect(log.logStartOffset).toBe(0)
    world.pass(2 * SECOND)
    expect([log.logStartOffset, bases(log, 6)]).toEqual([6, [6, 8, 10]])
    expect(world.moments()).toEqual(['log-start.moved offset=6 was=0'])
    log.setHighWatermark(14, 3, true)
    world.pass(2 * SECOND)
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark]).toEqual([14, 14, 14])
    expect(append(log)).toBeDefined()
    expect(bases(log, 14)).toEqual([14])
  })

  test('by size: as many of the oldest segments go as leave at least retention.bytes', () => {
    const { world, log } = worldWith(10, { 'retention.bytes': 500 })
    log.setHighWatermark(20, 3, true)
    world.pass(31 * SECOND)
    // 1000 bytes less 300 are 700; less another 300 would be 400.
    expect(log.logStartOffset).toBe(6)
  })

  test('without limits, and of compacted logs, nothing goes', () => {
    for (const settings of [
      { 'retention.ms': -1 },
      { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': 2, 'retention.ms': 1 },
    ]) {
      const { world, log } = worldWith(7, settings)
      log.setHighWatermark(14, 3, true)
      world.pass(40 * SECOND)
      expect(log.logStartOffset).toBe(0)
    }
  })

  test('a log that begins later by the word of its leader gives away what is before', () => {
    const { world, log } = worldWith(7)
    log.setHighWatermark(14, 3, false)
    log.incrementLogStartOffset(7)
    world.pass(40 * SECOND)
    expect([log.logStartOffset, bases(log, 7)]).toEqual([7, [6, 8, 10]])
    world.stopCleanly(1)
    expect(world.restart().logStartOffset).toBe(7)
  })

  test('records older than the usual seven days go without a setting', () => {
    const { world, log } = worldWith(0)
    for (let n = 0; n < 4; n++) append(log, { timestamp: -700_000_000 })
    log.setHighWatermark(4, 3, true)
    world.pass(31 * SECOND)
    expect(log.logStartOffset).toBe(4)
  })

  test('a clock that is set forward by more than the usual seven days makes all records old', () => {
    const { world, log } = worldWith(4)
    world.kernel.clocksMayMove = true
    log.setHighWatermark(8, 3, true)
    world.pass(20 * SECOND)
    for (const { wall } of world.kernel.nodes) wall.step(8 * 86_400 * SECOND)
    world.pass(9 * SECOND)
    expect(log.logStartOffset).toBe(0)
    world.pass(2 * SECOND)
    expect(log.logStartOffset).toBe(8)
  })

  test('producers are known as long as the log goes on; a restart finds no snapshot of an empty log', () => {
    const { world, log } = worldWith(3, { 'retention.ms': 10_000 })
    log.setHighWatermark(6, 3, true)
    world.pass(31 * SECOND)
    expect(log.logStartOffset).toBe(6)
    const gap = batch({ producerId: 7, sequence: 9 })
    expect(log.appendAsLeader(gap, 3).errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    world.stopCleanly(1)
    expect(world.restart().appendAsLeader(gap, 3).errorCode).toBe(0)
  })

  test('what was deleted stays deleted after a loss of power', () => {
    const { world, log } = worldWith(7, { 'retention.ms': 10_000 })
    log.setHighWatermark(9, 3, true)
    world.pass(31 * SECOND)
    const again = world.losePower(0).restart()
    expect([again.logStartOffset, again.logEndOffset]).toEqual([6, 12])
    expect(world.moments()).toContain('log-start.moved offset=6 was=6')
  })

  test('before 2.4 a producer was forgotten with its records, and refused unless it began anew', () => {
    const switches = { ...CURRENT_SWITCHES, forgetsDeleted: true }
    const world = new LogWorld({ 'segment.bytes': 300, 'retention.ms': 10_000 }, {}, switches)
    for (let n = 0; n < 3; n++) append(world.log, { producerId: 7, sequence: n }, 3)
    world.log.setHighWatermark(3, 3, true)
    world.pass(31 * SECOND)
    const next = world.log.appendAsLeader(batch({ producerId: 7, sequence: 3 }), 3)
    expect(next.errorCode).toBe(Errors.UNKNOWN_PRODUCER_ID)
    expect(world.log.appendAsLeader(batch({ producerId: 7, epoch: 1, sequence: 0 }), 3).errorCode).toBe(0)
    expect(world.log.appendAsLeader(batch({ producerId: 7, epoch: 1, sequence: 1 }), 3).errorCode).toBe(0)
  })
})
