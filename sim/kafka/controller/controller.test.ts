import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import { Bench, TOPIC_ID } from './harness.test.support.ts'

const P0 = tpOf(TOPIC_ID, 0)

describe('sessions', () => {
  /** When broker 1 is fenced after its last heartbeat, which comes `offset` into the controller's rhythm of checks. */
  function silence(offset: number): number {
    const bench = new Bench()
    bench.keepAlive(20 * SECOND)
    bench.pass(offset)
    bench.heartbeat(1)
    const last = bench.kernel.now - 100
    bench.told()
    bench.keepAlive(12 * SECOND, 1)
    const index = bench.story.lines.indexOf('fenced 1')
    return (bench.story.times[index] as number) - last
  }

  test('fencing comes between the timeout and an eighth more', () => {
    const delays = Array.from({ length: 12 }, (_, step) => silence(1 + step * 150 * MILLISECOND))
    for (const delay of delays) {
      expect(delay).toBeGreaterThan(9 * SECOND)
      expect(delay).toBeLessThanOrEqual(10.125 * SECOND)
    }
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(0.8 * SECOND)
  })

  test('brokers that are silent together are fenced one after the other', () => {
    const bench = new Bench({ partitions: 3 })
    bench.keepAlive(11 * SECOND, 1, 2)
    const fenced = bench.story.lines.flatMap((line, index) =>
      line.startsWith('fenced') ? [bench.story.times[index]] : [],
    )
    expect(fenced).toHaveLength(2)
    expect((fenced[1] as number) - (fenced[0] as number)).toBe(10 * MILLISECOND)
    expect([0, 1, 2].map((partition) => bench.view.leaderOf(tpOf(TOPIC_ID, partition)))).toEqual([3, 3, 3])
  })

  test('fencing first moves what the broker had, then fences', () => {
    const bench = new Bench({ partitions: 2 })
    bench.heartbeat(1, { wantFence: true })
    expect(bench.told()).toEqual(['leader p0 2 [2,3] le 1 pe 1', 'isr p1 [2,3] elr [] le 0 pe 1', 'fenced 1'])
  })

  test('a controller that comes back gives every session a new start', () => {
    const bench = new Bench()
    bench.pass(8 * SECOND)
    bench.restart()
    bench.pass(8 * SECOND)
    expect(bench.told()).toEqual([`started at ${bench.disk.endOffset}`])
    bench.pass(3 * SECOND)
    expect(bench.told().filter((line) => line.startsWith('fenced'))).toEqual(['fenced 1', 'fenced 2', 'fenced 3'])
  })

  test('a heartbeat of another life is refused', () => {
    const bench = new Bench()
    expect(bench.heartbeat(1, { brokerEpoch: 99 })).toMatchObject({ errorCode: Errors.STALE_BROKER_EPOCH })
    expect(bench.told()).toEqual([])
  })

  test('an idle controller costs next to nothing', () => {
    const bench = new Bench()
    bench.pass(100 * SECOND)
    const before = bench.kernel.events
    bench.pass(100 * SECOND)
    expect(bench.kernel.events - before).toBeLessThan(100)
  })
})

describe('registration', () => {
  test('a new incarnation is a duplicate while the old session is valid', () => {
    const bench = new Bench()
    bench.heartbeat(1)
    const last = bench.kernel.now
    expect(bench.register(1, 2)).toEqual({ errorCode: Errors.DUPLICATE_BROKER_REGISTRATION, brokerEpoch: -1 })
    bench.pass(last + 9 * SECOND - bench.kernel.now - 500)
    expect(bench.register(1, 2).errorCode).toBe(Errors.DUPLICATE_BROKER_REGISTRATION)
    bench.pass(500)
    expect(bench.register(1, 2).errorCode).toBe(Errors.NONE)
  })

  test('the epoch is the offset of the record, which comes after those that clean up', () => {
    const bench = new Bench({ partitions: 2 })
    bench.pass(9 * SECOND + 1000)
    bench.told()
    const end = bench.disk.endOffset
    const { brokerEpoch } = bench.register(1, 2)
    expect(bench.disk.recordAt(brokerEpoch)).toMatchObject({
      type: 'RegisterBrokerRecord',
      brokerId: 1,
      incarnationId: 2,
      fenced: true,
    })
    expect(brokerEpoch).toBe(end + 2)
  })

  test('the same incarnation may ask again: its epoch and state stay', () => {
    const bench = new Bench()
    expect(bench.register(1, 1)).toEqual({ errorCode: Errors.NONE, brokerEpoch: bench.epochOf(1) })
    expect(bench.heartbeat(1)).toMatchObject({ errorCode: Errors.NONE, isFenced: false })
    expect(bench.told()).toEqual([])
  })

  test('a controller that comes back begins no session for a fenced broker (KAFKA-19130)', () => {
    const bench = new Bench()
    bench.heartbeat(1, { wantFence: true })
    expect(bench.register(1, 2).errorCode).toBe(Errors.DUPLICATE_BROKER_REGISTRATION)
    bench.restart()
    expect(bench.register(2, 2).errorCode).toBe(Errors.DUPLICATE_BROKER_REGISTRATION)
    expect(bench.register(1, 2).errorCode).toBe(Errors.NONE)
  })

  test('a registered broker is unfenced once it has applied its registration', () => {
    const bench = new Bench()
    bench.keepAlive(11 * SECOND, 1)
    const { brokerEpoch } = bench.register(1, 2)
    bench.told()
    expect(bench.heartbeat(1, { currentMetadataOffset: brokerEpoch - 1 })).toMatchObject({
      isCaughtUp: false,
      isFenced: true,
    })
    expect(bench.heartbeat(1, { wantFence: true })).toMatchObject({ isCaughtUp: true, isFenced: true })
    expect(bench.told()).toEqual([])
    expect(bench.heartbeat(1, { currentMetadataOffset: brokerEpoch })).toMatchObject({
      isCaughtUp: true,
      isFenced: false,
    })
    expect(bench.told()).toEqual(['unfenced 1'])
  })

  /** Broker 1 is the last one in sync, below min ISR, with 2 fenced and eligible; its process ends and it registers anew. */
  function lastOne(elr: boolean): readonly string[] {
    const bench = new Bench({ brokers: 2, elr, topic: { 'min.insync.replicas': 2 } })
    bench.alter(1, [1])
    bench.heartbeat(2, { wantFence: true })
    bench.pass(11 * SECOND)
    bench.told()
    bench.register(1, 2)
    bench.heartbeat(1)
    return bench.told().map((line) => line.replace(/ epoch.*/, ''))
  }

  test('unclean with ELR: it leaves the eligible replicas too, and is no candidate', () => {
    expect(lastOne(true)).toEqual(['isr p0 [] elr [2] le 1 pe 3', 'registered 1', 'unfenced 1'])
  })

  test('without ELR the last one in sync leads again, whatever it lost', () => {
    expect(lastOne(false)).toEqual(['registered 1', 'unfenced 1', 'leader p0 1 [1] le 2 pe 3'])
  })

  test('clean: it is as if it had been fenced', () => {
    const bench = new Bench({ brokers: 2, topic: { 'min.insync.replicas': 2 } })
    bench.alter(1, [1])
    bench.heartbeat(2, { wantFence: true })
    bench.heartbeat(1, { wantFence: true })
    bench.pass(9 * SECOND + 1)
    expect(bench.view.elrOf(P0)).toEqual([1, 2])
    bench.told()
    bench.register(1, 2, bench.epochOf(1))
    expect(bench.view.elrOf(P0)).toEqual([1, 2])
    bench.heartbeat(1)
    expect(bench.told()).toEqual([
      `registered 1 epoch ${bench.epochOf(1)} clean`,
      'unfenced 1',
      'leader p0 1 [1] le 2 pe 3',
    ])
  })

  test('an incarnation that replaces an unfenced one takes it out of every in-sync set', () => {
    const bench = new Bench({ topic: { 'min.insync.replicas': 3 } })
    bench.pass(9 * SECOND + 1)
    bench.told()
    bench.register(1, 2)
    expect(bench.told()[0]).toBe('leader p0 2 [2,3] le 1 pe 1')
    expect(bench.view.elrOf(P0)).toEqual([])
  })
})

describe('KIP-966: from three replicas to power loss of the last', () => {
  function untilDark(): Bench {
    const bench = new Bench({ topic: { 'min.insync.replicas': 2 } })
    bench.heartbeat(3, { wantFence: true })
    bench.heartbeat(2, { wantFence: true })
    bench.heartbeat(1, { wantFence: true })
    return bench
  }

  test('the ISR shrinks to nothing and two stay eligible', () => {
    const bench = untilDark()
    expect(bench.told()).toEqual([
      'isr p0 [1,2] elr [] le 0 pe 1',
      'fenced 3',
      'isr p0 [1] elr [2] le 0 pe 2',
      'fenced 2',
      'leader p0 -1 [] le 1 pe 3',
      'fenced 1',
    ])
    expect(bench.view.elrOf(P0)).toEqual([1, 2])
  })

  test('after its power loss the last leader is not trusted; the eligible one is', () => {
    const bench = untilDark()
    bench.pass(10 * SECOND)
    bench.told()
    bench.register(1, 2)
    expect(bench.told()).toEqual(['isr p0 [] elr [2] le 1 pe 4', `registered 1 epoch ${bench.epochOf(1)}`])
    bench.heartbeat(1)
    expect(bench.view.leaderOf(P0)).toBe(-1)
    bench.told()
    bench.register(2, 2, bench.epochOf(2))
    bench.heartbeat(2)
    expect(bench.told().at(-1)).toBe('leader p0 2 [2] le 2 pe 5')
    bench.alter(2, [2, 1])
    expect(bench.view.elrOf(P0)).toEqual([])
  })

  test('when every eligible one lost power, the last known leader is taken, uncleanly', () => {
    const bench = untilDark()
    bench.pass(10 * SECOND)
    bench.register(2, 2)
    bench.register(1, 2)
    bench.register(3, 2)
    bench.heartbeat(2)
    bench.heartbeat(3)
    expect([bench.view.elrOf(P0), bench.view.leaderOf(P0)]).toEqual([[], -1])
    bench.told()
    bench.heartbeat(1)
    expect(bench.told()).toEqual(['unfenced 1', 'leader p0 1 [1] le 2 pe 6 unclean'])
  })

  test('a replica that left above min ISR is never eligible', () => {
    const bench = untilDark()
    bench.told()
    bench.heartbeat(3)
    expect(bench.told()).toEqual(['unfenced 3'])
    bench.heartbeat(2)
    expect(bench.told()).toEqual(['unfenced 2', 'leader p0 2 [2] le 2 pe 4'])
  })
})

describe('controlled shutdown', () => {
  test('who leads nothing may go at once', () => {
    const bench = new Bench()
    expect(bench.heartbeat(3, { wantShutDown: true })).toMatchObject({ isFenced: true, shouldShutDown: true })
    expect(bench.told()).toEqual(['isr p0 [1,2] elr [] le 0 pe 1', 'fenced 3'])
  })

  test('leaderships move first, and every active broker must have learnt of it', () => {
    const bench = new Bench()
    for (const broker of [1, 2, 3]) bench.heartbeat(broker)
    const before = bench.disk.endOffset - 1
    expect(bench.heartbeat(1, { wantShutDown: true })).toMatchObject({ isFenced: false, shouldShutDown: false })
    expect(bench.told()).toEqual(['shutdown 1', 'leader p0 2 [2,3] le 1 pe 1'])
    bench.heartbeat(2)
    bench.heartbeat(3, { currentMetadataOffset: before })
    expect(bench.heartbeat(1, { wantShutDown: true })).toMatchObject({ shouldShutDown: false })
    bench.heartbeat(3)
    expect(bench.heartbeat(1, { wantShutDown: true })).toMatchObject({ isFenced: true, shouldShutDown: true })
    expect(bench.told()).toEqual(['fenced 1'])
  })

  test('the one that went may register again without waiting for its session (KAFKA-19047), cleanly', () => {
    const bench = new Bench()
    bench.heartbeat(1, { wantShutDown: true })
    bench.heartbeat(2)
    bench.heartbeat(3)
    bench.heartbeat(1, { wantShutDown: true })
    bench.told()
    const old = bench.epochOf(1)
    expect(bench.register(1, 2, old).errorCode).toBe(Errors.NONE)
    bench.heartbeat(1)
    expect(bench.told()).toEqual([`registered 1 epoch ${bench.epochOf(1)} clean`, 'unfenced 1'])
    expect(bench.alter(2, [2, 3, 1]).partitions).toMatchObject([{ errorCode: Errors.NONE }])
  })
})

describe('elections by the clock', () => {
  test('preferred leaders get their partitions back when that is wanted', () => {
    const bench = new Bench({ config: { 'leader.imbalance.check.interval.seconds': 30 } })
    bench.heartbeat(1, { wantFence: true })
    bench.heartbeat(1)
    bench.keepAlive(1 * SECOND)
    bench.alter(2, [2, 3, 1])
    bench.told()
    bench.keepAlive(30 * SECOND)
    expect(bench.told()).toEqual(['leader p0 1 [1,2,3] le 2 pe 3'])
  })

  test('and not when it is not', () => {
    const bench = new Bench({
      config: { 'leader.imbalance.check.interval.seconds': 30, 'auto.leader.rebalance.enable': false },
    })
    bench.heartbeat(1, { wantFence: true })
    bench.heartbeat(1)
    bench.alter(2, [2, 3, 1])
    bench.told()
    bench.keepAlive(60 * SECOND)
    expect(bench.told()).toEqual([])
  })

  test('an unclean election happens at once when allowed', () => {
    const bench = new Bench({ elr: false, topic: { 'unclean.leader.election.enable': true } })
    bench.alter(1, [1])
    bench.told()
    bench.heartbeat(1, { wantFence: true })
    expect(bench.told()).toEqual(['leader p0 2 [2] le 1 pe 2 unclean', 'fenced 1'])
  })

  test('nobody is elected uncleanly without leave, neither at once nor later', () => {
    const bench = new Bench({ elr: false, config: { 'unclean.leader.election.interval.ms': 1000 } })
    bench.alter(1, [1])
    bench.heartbeat(1, { wantFence: true })
    expect(bench.told()).toContain('leader p0 -1 [1] le 1 pe 2')
    bench.keepAlive(5 * SECOND, 1)
    expect(bench.told()).toEqual([])
  })

  test('intervals that mean never set no timer', () => {
    const never = {
      'leader.imbalance.check.interval.seconds': 2_147_483_647,
      'unclean.leader.election.interval.ms': 2_147_483_647,
    }
    const bench = new Bench({ config: never })
    expect(bench.view.activeController()).toBe(0)
  })
})

describe('producer ids', () => {
  test('blocks of 1000 follow each other, also over a restart', () => {
    const bench = new Bench()
    const ask = (broker: number, brokerEpoch: number): object =>
      bench.ask(broker, Api.AllocateProducerIds, { brokerId: broker, brokerEpoch })
    expect(ask(1, bench.epochOf(1))).toEqual({ errorCode: Errors.NONE, producerIdStart: 0, producerIdLen: 1000 })
    expect(ask(2, bench.epochOf(2))).toMatchObject({ producerIdStart: 1000 })
    expect(ask(2, 99)).toMatchObject({ errorCode: Errors.STALE_BROKER_EPOCH })
    bench.restart()
    expect(ask(1, bench.epochOf(1))).toMatchObject({ producerIdStart: 2000 })
  })
})

describe('the metadata log', () => {
  test('a fetch below the end is answered with all that follows', () => {
    const bench = new Bench()
    const end = bench.disk.endOffset
    expect(bench.fetch(1, end - 2, 500)).toEqual({
      errorCode: Errors.NONE,
      highWatermark: end,
      records: bench.disk.readFrom(end - 2),
    })
  })

  test('a fetch at the end waits for records', () => {
    const bench = new Bench()
    const end = bench.disk.endOffset
    const connection = bench.connect(2)
    const poll = bench.send(2, connection, Api.Fetch, { replicaId: 2, maxWaitMs: 500, fetchOffset: end })
    bench.pass(100 * MILLISECOND)
    expect(bench.reply(2, poll)).toBeUndefined()
    bench.alter(1, [1, 2])
    bench.pass(MILLISECOND)
    expect(bench.reply(2, poll)).toMatchObject({
      highWatermark: end + 1,
      records: [{ type: 'PartitionChangeRecord', isr: [1, 2] }],
    })
    bench.pass(SECOND)
  })

  test("a poll's wait ends with it: the next one on its connection has all of its own", () => {
    const bench = new Bench()
    const connection = bench.connect(2)
    const { endOffset } = bench.disk
    const poll = { replicaId: 2, maxWaitMs: 500 }
    bench.send(2, connection, Api.Fetch, { ...poll, fetchOffset: endOffset })
    bench.pass(100 * MILLISECOND)
    bench.alter(1, [1, 2])
    const next = bench.send(2, connection, Api.Fetch, { ...poll, fetchOffset: endOffset + 1 })
    bench.pass(450 * MILLISECOND)
    expect(bench.reply(2, next)).toBeUndefined()
    bench.pass(100 * MILLISECOND)
    expect(bench.reply(2, next)).toMatchObject({ records: [] })
  })

  test('it is answered empty when nothing comes in time', () => {
    const bench = new Bench()
    const began = bench.kernel.now
    expect(bench.fetch(1, bench.disk.endOffset, 500)).toMatchObject({ errorCode: Errors.NONE, records: [] })
    expect(bench.kernel.now - began).toBeGreaterThanOrEqual(500 * MILLISECOND)
  })

  test('what follows a poll on its connection waits for it, elsewhere not', () => {
    const bench = new Bench()
    const connection = bench.connect(2)
    const poll = bench.send(2, connection, Api.Fetch, {
      replicaId: 2,
      maxWaitMs: 500,
      fetchOffset: bench.disk.endOffset,
    })
    const versions = bench.send(2, connection, Api.ApiVersions, { clientSoftwareName: 'probe' })
    bench.pass(100 * MILLISECOND)
    expect(bench.reply(2, versions)).toBeUndefined()
    expect(bench.ask(2, Api.ApiVersions, { clientSoftwareName: 'probe' })).toMatchObject({ errorCode: Errors.NONE })
    bench.pass(SECOND)
    expect(bench.reply(2, poll)).toMatchObject({ records: [] })
    expect(bench.reply(2, versions)).toMatchObject({ errorCode: Errors.NONE })
  })

  test('polls of a connection that closed are dropped, and what came behind them is still worked off', () => {
    const bench = new Bench()
    const connection = bench.connect(2)
    const { endOffset } = bench.disk
    bench.send(2, connection, Api.Fetch, { replicaId: 2, maxWaitMs: 500, fetchOffset: endOffset })
    bench.send(2, connection, Api.Fetch, { replicaId: 2, maxWaitMs: 500, fetchOffset: endOffset })
    bench.send(2, connection, Api.AllocateProducerIds, { brokerId: 2, brokerEpoch: bench.epochOf(2) })
    bench.network.close(2, connection)
    bench.pass(10 * MILLISECOND)
    expect(bench.disk.endOffset).toBe(endOffset + 1)
    bench.pass(SECOND)
  })

  test('after a reset nothing of a connection is worked off', () => {
    const bench = new Bench()
    const connection = bench.connect(2)
    const { endOffset } = bench.disk
    bench.send(2, connection, Api.Fetch, { replicaId: 2, maxWaitMs: 500, fetchOffset: endOffset })
    bench.send(2, connection, Api.AllocateProducerIds, { brokerId: 2, brokerEpoch: bench.epochOf(2) })
    bench.pass(10 * MILLISECOND)
    bench.network.disconnect(2, 0)
    bench.pass(SECOND)
    expect(bench.disk.endOffset).toBe(endOffset)
  })

  test('a request that no controller serves ends its connection', () => {
    const bench = new Bench()
    const connection = bench.connect(2)
    bench.send(2, connection, Api.Metadata, { topics: null })
    const later = bench.send(2, connection, Api.ApiVersions, { clientSoftwareName: 'probe' })
    bench.pass(SECOND)
    expect([bench.reply(2, later), bench.hasEnded(2, connection)]).toEqual([undefined, true])
  })
})

describe('a wiped disk', () => {
  test('the controller comes back and knows nobody', () => {
    const bench = new Bench()
    const end = bench.disk.endOffset
    const epoch = bench.epochOf(1)
    bench.kernel.kill(0)
    bench.disk.wipe()
    bench.restart()
    expect(bench.heartbeat(1, { brokerEpoch: epoch })).toMatchObject({ errorCode: Errors.STALE_BROKER_EPOCH })
    expect(bench.fetch(1, end, 500)).toEqual({ errorCode: Errors.OFFSET_OUT_OF_RANGE, highWatermark: 0, records: [] })
    expect(bench.view.leaderOf(P0)).toBe(-1)
    expect(bench.register(1, 2)).toEqual({ errorCode: Errors.NONE, brokerEpoch: 0 })
    bench.keepAlive(20 * SECOND, 2, 3)
    expect(bench.told()).toEqual(['started at 0', 'registered 1 epoch 0', 'unfenced 1'])
  })
})
