import { expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { cloneGraph } from '../../kernel/clone.ts'
import { MINUTE, MILLISECOND, ms, SECOND } from '../../kernel/time.ts'
import { Disk } from '../../storage/disk.ts'
import { Errors } from '../protocol/errors.ts'
import { append, batch, brokerConfig, LogWorld, NO_HASH, TOPIC, TP } from './log.test.helper.ts'
import { LogFile } from './log-files.ts'
import { LogManager } from './log-manager.ts'

/** A broker whose log holds batches of two records each from producer 7. */
function worldWith(
  count: number,
  topic: Partial<typeof TOPIC> = {},
  config: ConstructorParameters<typeof LogWorld>[1] = {},
): LogWorld {
  const world = new LogWorld(topic, config)
  for (let n = 0; n < count; n++) append(world.log, { producerId: 7, sequence: n * 2, count: 2 }, 3)
  return world
}

/** Whether the n-th batch of {@link worldWith} is recognised; otherwise the error code. */
function resend(world: LogWorld, n: number): 'duplicate' | number {
  const { duplicate, errorCode } = world.log.appendAsLeader(batch({ producerId: 7, sequence: n * 2, count: 2 }), 3)
  return duplicate ? 'duplicate' : errorCode
}

test('a process crash loses no record', () => {
  const world = worldWith(3)
  const log = world.crash().restart()
  expect([log.logEndOffset, log.latestEpoch, log.recoveryPoint]).toEqual([6, 3, 0])
  expect(world.moments()).toEqual(['log.loaded offset=6 hw=0 clean=0'])
})

test('a loss of power keeps the flushed records and the decided part of the others', () => {
  const world = worldWith(3)
  world.log.flush()
  for (let n = 3; n < 6; n++) append(world.log, { producerId: 7, sequence: n * 2, count: 2 }, 3)
  const log = world.losePower(1).restart()
  expect(log.logEndOffset).toBe(8)
  expect(world.content().map((entry) => entry.baseOffset)).toEqual([0, 2, 4, 6])
})

test('the scan cuts a torn batch off and the log grows on', () => {
  const world = worldWith(3)
  const log = world.losePower(1, 1).restart()
  expect(log.logEndOffset).toBe(2)
  append(log, { producerId: 7, sequence: 2, count: 2 }, 4)
  expect(world.content().map((entry) => entry.baseOffset)).toEqual([0, 2])
})

test('epochs of lost records are gone after the restart', () => {
  const world = worldWith(2)
  append(world.log, {}, 5)
  const log = world.losePower(1).restart()
  expect([log.logEndOffset, log.latestEpoch]).toEqual([2, 3])
  expect(log.endOffsetForEpoch(5)).toEqual({ epoch: -1, endOffset: -1 })
})

test('an epoch that began and wrote nothing is gone after any restart', () => {
  for (const end of [(world: LogWorld) => world.crash(), (world: LogWorld) => world.stopCleanly(1)]) {
    const world = worldWith(1)
    world.log.assignEpochStartOffset(9, 2)
    expect(end(world).restart().latestEpoch).toBe(3)
  }
})

test('flush.messages=1 leaves nothing to lose', () => {
  const world = worldWith(5, { 'flush.messages': 1 })
  const log = world.losePower(0, 1).restart()
  expect([log.logEndOffset, world.content().length]).toEqual([10, 5])
})

test('a clean stop keeps everything against a later loss of power and hands its broker epoch on', () => {
  const world = worldWith(5)
  world.log.setHighWatermark(7, 3, true)
  world.moments()
  world.stopCleanly(42)
  expect(world.moments()).toEqual(['log.flushed offset=10'])
  world.losePower(0, 1)
  const log = world.restart()
  expect(world.moments()).toEqual(['log.loaded offset=10 hw=7 clean=1'])
  expect([log.logEndOffset, log.highWatermark, log.recoveryPoint]).toEqual([10, 7, 10])
  expect(world.manager.previousBrokerEpoch).toBe(42)
})

test('the marker is good for one start: a crash after it is unclean', () => {
  const world = worldWith(1).stopCleanly(42)
  world.restart()
  world.crash().restart()
  expect(world.moments()).toEqual(['log.loaded offset=2 hw=0 clean=0'])
  expect(world.manager.previousBrokerEpoch).toBe(-1)
})

test('a process that never loaded its logs leaves the marker as it is', () => {
  const world = worldWith(1).stopCleanly(42)
  new LogManager(world.env, world.disk, brokerConfig()).cleanShutdown(50)
  expect(new LogManager(world.env, world.disk, brokerConfig()).previousBrokerEpoch).toBe(42)
})

test('logs cannot be asked for before they are loaded', () => {
  const manager = new LogManager(new LogWorld().env, new Disk(), brokerConfig())
  expect(() => manager.getOrCreate(TP, TOPIC)).toThrow(/before the logs were loaded/)
})

test('a wiped disk comes back with nothing', () => {
  const world = worldWith(3).stopCleanly(42)
  world.disk.wipe()
  const log = world.restart()
  expect([world.moments(), log.logEndOffset, world.manager.previousBrokerEpoch]).toEqual([[], 0, -1])
})

test('after any restart only the last batch of a producer is recognised', () => {
  const before = worldWith(5)
  expect([resend(before, 2), resend(before, 4)]).toEqual(['duplicate', 'duplicate'])
  for (const end of [(world: LogWorld) => world.crash(), (world: LogWorld) => world.stopCleanly(1)]) {
    const world = end(worldWith(5))
    world.restart()
    expect(resend(world, 3)).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(resend(world, 4)).toBe('duplicate')
    expect(resend(world, 5)).toBe(Errors.NONE)
  }
})

test('a lost tail takes the sequences with it', () => {
  const world = worldWith(5).losePower(3)
  world.restart()
  expect(resend(world, 4)).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  expect(resend(world, 2)).toBe('duplicate')
  expect(resend(world, 3)).toBe(Errors.NONE)
})

test('the high watermark of a crashed broker is that of the last checkpoint', () => {
  const world = worldWith(5)
  world.log.setHighWatermark(4, 3, true)
  world.pass(5 * SECOND)
  world.log.setHighWatermark(9, 3, true)
  world.pass(4 * SECOND)
  expect(world.crash().restart().highWatermark).toBe(4)
  world.log.setHighWatermark(9, 3, true)
  world.pass(5 * SECOND)
  expect(world.crash().restart().highWatermark).toBe(9)
})

test('a high watermark beyond what the disk kept falls to the log end', () => {
  const world = worldWith(5)
  world.log.setHighWatermark(9, 3, true)
  world.pass(5 * SECOND)
  expect(world.losePower(2).restart().highWatermark).toBe(4)
})

test('the recovery point is checkpointed every minute, and at once when the log was cut', () => {
  const world = worldWith(5)
  world.log.flush()
  world.crash()
  expect(world.restart().recoveryPoint).toBe(0)
  world.log.flush()
  world.pass(MINUTE)
  expect(world.crash().restart().recoveryPoint).toBe(10)
  world.log.truncateTo(6)
  append(world.log, { count: 8 })
  expect(world.crash().restart().recoveryPoint).toBe(6)
})

test('the log start is checkpointed every minute', () => {
  const world = worldWith(5)
  world.log.setHighWatermark(10, 3, true)
  world.log.incrementLogStartOffset(4)
  world.pass(MINUTE)
  const log = world.crash().restart()
  expect([log.logStartOffset, log.logEndOffset]).toEqual([4, 10])
  expect(world.content().map((entry) => entry.baseOffset)).toEqual([4, 6, 8])
})

test('a log that lost more than its start goes on empty at its start', () => {
  const world = worldWith(5)
  world.log.setHighWatermark(10, 3, true)
  world.log.incrementLogStartOffset(6)
  world.pass(MINUTE)
  const log = world.losePower(1).restart()
  expect([log.logStartOffset, log.logEndOffset, log.highWatermark, log.latestEpoch]).toEqual([6, 6, 6, -1])
})

test('a log that started over elsewhere is found there', () => {
  const world = worldWith(2)
  world.log.truncateFullyAndStartAt(100)
  expect(world.crash().restart().logEndOffset).toBe(100)
  append(world.log, { count: 3 }, 4)
  const log = world.crash().restart()
  expect([log.logStartOffset, log.logEndOffset, log.latestEpoch]).toEqual([100, 103, 4])
})

test('epochs are read from the batches where the checkpoint lacks them', () => {
  const world = worldWith(1)
  append(world.log, {}, 5)
  world.crash().disk.atomicFile(LogFile.leaderEpochs, TP).remove()
  const log = world.restart()
  expect([log.endOffsetForEpoch(3), log.latestEpoch]).toEqual([{ epoch: 3, endOffset: 2 }, 5])
})

test('flush.ms flushes what is older, as often as that', () => {
  const world = new LogWorld({ 'flush.ms': 1000 })
  append(world.log)
  world.pass(999 * MILLISECOND)
  expect(world.log.recoveryPoint).toBe(0)
  world.pass(1 * MILLISECOND)
  expect(world.log.recoveryPoint).toBe(1)
  world.pass(500 * MILLISECOND)
  append(world.log)
  world.pass(500 * MILLISECOND)
  expect(world.log.recoveryPoint).toBe(2)
})

test('without flush.ms nothing is flushed in an hour', () => {
  const world = worldWith(3)
  world.pass(60 * MINUTE)
  expect(world.log.recoveryPoint).toBe(0)
})

test('flush.ms can begin and end while the broker runs', () => {
  const world = new LogWorld()
  append(world.log)
  world.manager.configure(TP, { ...TOPIC, 'flush.ms': 10 })
  world.pass(ms(10))
  expect(world.log.recoveryPoint).toBe(1)
  world.manager.configure(TP, TOPIC)
  append(world.log)
  world.pass(MINUTE)
  expect(world.log.recoveryPoint).toBe(1)
})

test('producers that have been idle for a day are forgotten by the next scan, every ten minutes', () => {
  const world = worldWith(1)
  world.pass(24 * 60 * MINUTE - 1)
  expect(resend(world, 5)).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  world.pass(10 * MINUTE)
  expect(resend(world, 5)).toBe(Errors.NONE)
})

test('the scan for idle producers is as frequent as it is set', () => {
  const config = { 'producer.id.expiration.ms': 1000, 'producer.id.expiration.check.interval.ms': 60_000 }
  const world = worldWith(1, {}, config)
  world.pass(MINUTE - 1)
  expect(resend(world, 5)).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  world.pass(1)
  expect(resend(world, 5)).toBe(Errors.NONE)
})

test('of a log cut twice, the last batch before the first cut and all behind it are recognised', () => {
  const world = worldWith(6)
  world.log.truncateTo(4)
  for (const n of [2, 3, 4]) append(world.log, { producerId: 7, sequence: n * 2, count: 2 }, 3)
  world.log.truncateTo(8)
  expect([0, 1, 2, 3].map((n) => resend(world, n))).toEqual([
    Errors.OUT_OF_ORDER_SEQUENCE_NUMBER,
    'duplicate',
    'duplicate',
    'duplicate',
  ])
})

test('every partition has a log of its own, found again in order', () => {
  const world = new LogWorld()
  const tps = [tpOf(2, 0), tpOf(1, 1), tpOf(1, 0)]
  for (const [index, tp] of tps.entries()) append(world.logOf(tp), { count: index + 1 })
  expect(world.manager.logs.map((log) => log.tp)).toEqual(tps)
  world.crash().restart()
  expect(world.manager.logs.map((log) => [log.tp, log.logEndOffset])).toEqual([
    [tpOf(1, 0), 3],
    [tpOf(1, 1), 2],
    [tpOf(2, 0), 1],
  ])
  expect(world.manager.get(tpOf(3, 0))).toBeUndefined()
})

test('an idle broker has four timers, however many logs it has', () => {
  const world = new LogWorld()
  for (let n = 0; n < 50; n++) world.logOf(tpOf(1, n))
  expect(world.kernel.pending).toBe(4)
})

test('logs and disks are plain data: a clone goes its own way', () => {
  const world = worldWith(3)
  const clone = cloneGraph({ manager: world.manager, disk: world.disk }, (value) =>
    value === NO_HASH ? NO_HASH : undefined,
  )
  append(world.log, { count: 4 }, 4)
  world.log.truncateTo(2)
  const log = clone.manager.get(TP)
  expect([log?.logEndOffset, log?.latestEpoch]).toEqual([6, 3])
  expect(log?.appendAsLeader(batch({ producerId: 7, sequence: 6, count: 2 }), 4).baseOffset).toBe(6)
  expect(world.log.logEndOffset).toBe(2)
  expect(clone.disk.appendFile(LogFile.segment, TP).length).toBe(4)
})
