import { describe, expect, test } from 'vitest'
import { TORN } from '../../kernel/site.ts'
import { MINUTE, SECOND } from '../../kernel/time.ts'
import { Disk } from '../../storage/disk.ts'
import { EVERY_OPERATION, IoOperation } from '../../storage/io-failures.ts'
import { Errors } from '../protocol/errors.ts'
import { append, batch, brokerConfig, LogWorld, TOPIC, TP } from './log.test.helper.ts'
import { LogFile } from './log-files.ts'
import { LogManager } from './log-manager.ts'

const { read, write, flush } = IoOperation

function worldWith(count: number, topic: Partial<typeof TOPIC> = {}): LogWorld {
  const world = new LogWorld(topic)
  for (let n = 0; n < count; n++) append(world.log)
  world.moments()
  return world
}

function fail(world: LogWorld, operations: number): LogWorld {
  world.disk.directory.failures.begin(operations)
  return world
}

function mend(world: LogWorld, operations: number): LogWorld {
  world.disk.directory.failures.end(operations)
  return world
}

describe('a log directory whose disk fails', () => {
  test('refuses the append, and everything after it though the disk is whole again', () => {
    const world = fail(worldWith(2), write)
    expect(world.log.appendAsLeader(batch(), 0).errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    mend(world, write)
    const { log } = world
    expect([log.appendAsLeader(batch(), 0).errorCode, log.appendAsFollower([], 0)]).toEqual([56, -2])
    expect([log.io.admitsRead(), log.io.admitsFlush(), log.truncateTo(0), log.logEndOffset]).toEqual([
      false,
      false,
      2,
      2,
    ])
    expect(world.moments().filter((moment) => moment.startsWith('log-dir.failed'))).toHaveLength(1)
  })

  test('is found by the next process as whole as the disk is', () => {
    const world = fail(worldWith(3), write)
    world.log.appendAsLeader(batch(), 0)
    const log = mend(world, write).crash().restart()
    expect([log.logEndOffset, world.content().length]).toEqual([3, 3])
    append(log)
    expect(log.logEndOffset).toBe(4)
  })

  test('is not asked to answer a batch that is refused anyway', () => {
    const world = fail(worldWith(1), write)
    expect(world.log.appendAsLeader(batch({ size: 5_000_000 }), 0).errorCode).toBe(Errors.MESSAGE_TOO_LARGE)
    expect(world.log.io.isOnline).toBe(true)
  })

  test('keeps what it appended when the flush that belongs to it fails, and does not acknowledge it', () => {
    const world = fail(worldWith(0, { 'flush.messages': 1 }), flush)
    expect(world.log.appendAsLeader(batch(), 0).errorCode).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect([world.log.logEndOffset, world.log.recoveryPoint]).toEqual([1, 0])
    mend(world, flush)
    expect(world.losePower(0).restart().logEndOffset).toBe(0)
  })

  test('is noticed by the next checkpoint of high watermarks, by recovery points where there is no log', () => {
    const world = fail(worldWith(1), flush)
    world.pass(4 * SECOND)
    expect(world.log.io.isOnline).toBe(true)
    world.pass(2 * SECOND)
    expect(world.log.io.isOnline).toBe(false)
    const empty = fail(new LogWorld(), flush)
    empty.pass(10 * SECOND)
    const isOnline = (): boolean | undefined => empty.manager.directories[0]?.isOnline
    expect(isOnline()).toBe(true)
    empty.pass(MINUTE)
    expect(isOnline()).toBe(false)
  })

  test('gets no marker from a clean stop, which ends all the same', () => {
    const world = fail(worldWith(2), flush).stopCleanly(42)
    mend(world, flush)
    const log = world.restart()
    expect(world.moments()).toEqual(['log.loaded offset=2 hw=0 clean=0'])
    expect([log.logEndOffset, world.manager.previousBrokerEpoch]).toEqual([2, -1])
  })

  test('is not loaded when it cannot be read; after an unclean stop not when it cannot be written, either', () => {
    for (const operations of [read, EVERY_OPERATION]) {
      const world = fail(worldWith(1).stopCleanly(42), operations)
      world.restartBroker()
      expect(world.manager.logs).toEqual([])
      expect(world.manager.previousBrokerEpoch).toBe(-1)
    }
    const clean = fail(worldWith(1).stopCleanly(42), write)
    clean.restartBroker()
    expect(clean.manager.logs).toHaveLength(1)
    const crashed = fail(worldWith(1).crash(), write)
    crashed.restartBroker()
    expect([crashed.manager.logs.length, crashed.manager.admits(TP)]).toEqual([0, false])
  })

  test('may keep a part of the batch that did not fit: nothing behind it until the next start has cut it off', () => {
    const torn = new Set<boolean>()
    for (let seed = 0; seed < 20; seed++) {
      const world = fail(worldWith(2), write)
      for (let n = 0; n < seed; n++) world.env.decide(TORN, 2)
      world.log.appendAsLeader(batch(), 0)
      torn.add(world.disk.appendFile(LogFile.segment, TP).hasTornTail)
      mend(world, write)
      const log = world.crash().restart()
      expect(log.logEndOffset).toBe(2)
      append(log)
      expect(world.content()).toHaveLength(3)
    }
    expect(torn).toEqual(new Set([false, true]))
  })
})

describe('several log directories', () => {
  const config = brokerConfig({ 'log.dirs': '/data/a, /data/b' })
  const manager = (world: LogWorld, disk: Disk): LogManager => {
    const made = new LogManager(world.env, disk, config)
    made.load({ topicConfig: () => TOPIC })
    return made
  }

  test('each new log goes where the fewest are; one that failed takes none', () => {
    const [world, disk] = [new LogWorld(), new Disk(2)]
    const logs = manager(world, disk)
    for (let n = 0; n < 5; n++) logs.getOrCreate(TP + n, TOPIC)
    expect(logs.directories.map(({ name, logs: { length } }) => [name, length])).toEqual([
      ['/data/a', 3],
      ['/data/b', 2],
    ])
    disk.directories[1]?.failures.begin(EVERY_OPERATION)
    for (let n = 5; n < 8; n++) logs.getOrCreate(TP + n, TOPIC)
    expect(logs.directories.map((each) => each.logs.length)).toEqual([6, 2])
  })

  test('a failure takes the logs of its directory only', () => {
    const [world, disk] = [new LogWorld(), new Disk(2)]
    const logs = manager(world, disk)
    const [a, b] = [logs.getOrCreate(TP, TOPIC), logs.getOrCreate(TP + 1, TOPIC)]
    disk.directories[0]?.failures.begin(write)
    expect([a, b].map((log) => log.appendAsLeader(batch(), 0).errorCode)).toEqual([56, 0])
    expect([TP, TP + 1].map((tp) => logs.admits(tp))).toEqual([false, true])
  })

  test('a broker epoch counts as clean when all directories tell it', () => {
    const [world, disk] = [new LogWorld(), new Disk(2)]
    const logs = manager(world, disk)
    logs.getOrCreate(TP, TOPIC)
    logs.cleanShutdown(42)
    expect(new LogManager(world.env, disk, config).previousBrokerEpoch).toBe(42)
    const again = manager(world, disk)
    disk.directories[1]?.failures.begin(flush)
    again.cleanShutdown(43)
    expect(again.directories.map(({ cleanBrokerEpoch }) => cleanBrokerEpoch)).toEqual([43, -1])
    expect(new LogManager(world.env, disk, config).previousBrokerEpoch).toBe(-1)
  })
})
