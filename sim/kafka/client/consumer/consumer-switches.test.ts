import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { MILLISECOND } from '../../../kernel/time.ts'
import { Api } from '../../protocol/api.ts'
import { markerBatch } from '../../protocol/batch.ts'
import type { ClientSwitches } from '../../protocol/client-switches.ts'
import { Errors } from '../../protocol/errors.ts'
import type { OffsetFetchRequest } from '../../protocol/group-messages.ts'
import type { FetchRequest } from '../../protocol/messages.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

// Switches of clients that read: what each brings back, and that today's client does not do it.

const P0 = tpOf(1, 0)
const P1 = tpOf(1, 1)
const TWO = [{ name: 'orders', topicId: 1, partitions: 2 }]

describe('poll.error', () => {
  /** Three records of one partition, of which a poll takes two; then the other partition fails along with the third. */
  function failing(switches: Partial<ClientSwitches>): { readonly c: FakeBrokers; readonly a: TestReader } {
    const c = new FakeBrokers({ brokers: 2, topics: TWO })
    c.append(P0, 3)
    c.log(P1).start = 5
    const config = { 'max.poll.records': 2, 'auto.offset.reset': 'none', 'group.id': '' } as const
    const a = new TestReader(c, { assign: [P0, P1], workMs: 50, config, switches })
    a.consumer.seek(P0, 0)
    a.consumer.seek(P1, 1000)
    c.runUntil(400)
    return { c, a }
  }

  it('an error waits for the poll behind the records, whose position has moved', () => {
    const { a } = failing({})
    expect(a.offsets()).toEqual([0, 1, 2])
    expect(a.events).toContain('poll failed: offset-out-of-range [1]')
  })

  it('instead of records: they are dropped, and never read again (KAFKA-5075)', () => {
    const { c, a } = failing({ 'poll.error': 'instead-of-records' })
    expect(a.offsets()).toEqual([0, 1])
    expect(a.consumer.position(P0)).toBe(3)
    expect(c.of('record.delivered')).toHaveLength(2)
  })
})

describe('automatic commits', () => {
  /** The offsets that are committed while the application works on the second batch of ten. */
  function during(switches: Partial<ClientSwitches>, workMs: number): readonly number[] {
    const c = new FakeBrokers()
    for (let n = 0; n < 3; n++) c.append(P0, 10)
    const config = { 'auto.commit.interval.ms': 300, 'max.poll.records': 10 }
    const a = new TestReader(c, { workMs, config, switches })
    let second = -1
    a.onRecords = () => {
      if (a.records.length === 20) second = c.kernel.now
    }
    c.runUntil(5000)
    const commits = c
      .asked(Api.OffsetCommit)
      .filter(({ time }) => time > second && time < second + workMs * MILLISECOND)
    expect(second).toBeGreaterThan(0)
    return commits.map(
      ({ body }) => (body as { partitions: { committedOffset: number }[] }).partitions[0]?.committedOffset ?? -1,
    )
  }

  it('cover what earlier polls returned', () => {
    expect(during({}, 400)).toEqual([10])
  })

  it('behind the records: what is being returned is committed (KAFKA-2942)', () => {
    expect(during({ 'auto-commit.timer': 'behind-records' }, 400)).toEqual([20])
  })

  it('by a thread of its own: what is handed over is committed while it is worked on (librdkafka)', () => {
    expect(during({ 'auto-commit.by': 'thread' }, 900)).toContain(20)
    expect(during({}, 900)).not.toContain(20)
  })
})

describe('rejoin.records', () => {
  /** How many records a member returns between the commit before it rejoins and the end of that. */
  function meanwhile(switches: Partial<ClientSwitches>): number {
    const c = new FakeBrokers({ consumers: 2, topics: TWO })
    c.append(P0, 50)
    const config = { 'heartbeat.interval.ms': 100, 'auto.commit.interval.ms': 60_000 }
    const a = new TestReader(c, { config, switches })
    c.runUntil(300)
    let refusals = 6
    c.trouble = (api) =>
      api === Api.OffsetCommit && refusals-- > 0 ? { error: Errors.COORDINATOR_LOAD_IN_PROGRESS } : 'ok'
    void new TestReader(c, { node: c.consumers[1] as number, config })
    c.runUntil(600)
    c.append(P0, 5)
    c.runUntil(5000)
    const began = c.asked(Api.OffsetCommit)[0]?.time ?? Infinity
    const ended = c.of('partition.revoked')[0]?.time ?? 0
    return c.of('record.delivered').filter(({ time, node }) => node === a.node && time > began && time < ended).length
  }

  it('are held back until the commit is through, or returned (KAFKA-14024)', () => {
    expect(meanwhile({})).toBe(0)
    expect(meanwhile({ 'rejoin.records': 'returned' })).toBe(5)
  })
})

describe('commit.async', () => {
  /** What the group stands at after an older commit has failed and a newer one succeeded. */
  function after(switches: Partial<ClientSwitches>): number | undefined {
    const c = new FakeBrokers()
    c.append(P0, 20)
    const a = new TestReader(c, { config: { 'enable.auto.commit': false }, switches })
    c.runUntil(500)
    let once = true
    c.trouble = (api) => {
      if (api !== Api.OffsetCommit || !once) return 'ok'
      once = false
      return { error: Errors.COORDINATOR_LOAD_IN_PROGRESS }
    }
    a.consumer.commitAsync([{ tp: P0, offset: 10, leaderEpoch: 0 }])
    a.consumer.commitAsync([{ tp: P0, offset: 12, leaderEpoch: 0 }])
    c.runUntil(2000)
    return c.group.offsets.get(P0)?.offset
  }

  it('once: the newest stands', () => {
    expect(after({})).toBe(12)
  })

  it('retried: the older one is sent again and wins', () => {
    expect(after({ 'commit.async': 'retried' })).toBe(10)
  })
})

describe('fetch.markers', () => {
  function behindTheMarker(switches: Partial<ClientSwitches>): number {
    const c = new FakeBrokers()
    c.append(P0, 2)
    const a = new TestReader(c, { config: { 'max.partition.fetch.bytes': 1 }, switches })
    c.runUntil(500)
    const { entries } = c.log(P0)
    entries.push({
      baseOffset: 2,
      lastOffset: 2,
      leaderEpoch: 0,
      batch: markerBatch(2, 7, 0, { type: 'COMMIT', coordinatorEpoch: 0 }, 0),
    })
    c.log(P0).end = 3
    c.runUntil(1500)
    return a.consumer.position(P0)
  }

  it('are passed, or asked for again and again', () => {
    expect(behindTheMarker({})).toBe(3)
    expect(behindTheMarker({ 'fetch.markers': 'stay' })).toBe(2)
  })
})

describe('leader.epochs', () => {
  /** What is read of ten records of which the new leader knows six, and of the eight that it got then. */
  function behindACut(switches: Partial<ClientSwitches>): {
    readonly c: FakeBrokers
    readonly read: readonly number[]
  } {
    const c = new FakeBrokers({ brokers: 2 })
    c.append(P0, 6)
    c.append(P0, 4)
    const a = new TestReader(c, { assign: [P0], config: { 'group.id': '', 'metadata.max.age.ms': 300 }, switches })
    c.runUntil(200)
    c.elect(P0, 2, 7)
    c.append(P0, 8)
    c.runUntil(2000)
    return { c, read: a.offsets().slice(10) }
  }

  it('followed: the position goes back to where the logs part', () => {
    expect(behindACut({}).read).toEqual([6, 7, 8, 9, 10, 11, 12, 13])
  })

  it('unknown: it stays, and nobody is asked or told of an epoch (R06)', () => {
    const { c, read } = behindACut({ 'leader.epochs': 'unknown' })
    expect(read).toEqual([10, 11, 12, 13])
    expect(c.asked(Api.OffsetForLeaderEpoch)).toHaveLength(0)
    const told = c.asked(Api.Fetch).flatMap(({ body }) => (body as FetchRequest).partitions)
    expect(new Set(told.map(({ currentLeaderEpoch }) => currentLeaderEpoch))).toEqual(new Set([-1]))
  })
})

describe('offset.fetch', () => {
  function asks(switches: Partial<ClientSwitches>): readonly boolean[] {
    const c = new FakeBrokers()
    c.append(P0, 3)
    const reader = new TestReader(c, { switches })
    c.runUntil(500)
    expect(reader.read).toHaveLength(3)
    return c.asked(Api.OffsetFetch).map(({ body }) => (body as OffsetFetchRequest).requireStable)
  }

  it('stable: of open transactions the end is waited for (KIP-447)', () => {
    expect(asks({})).toEqual([true])
  })

  it('any: what there is is taken (T09)', () => {
    expect(asks({ 'offset.fetch': 'any' })).toEqual([false])
  })
})
