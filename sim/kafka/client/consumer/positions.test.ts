import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Api } from '../../protocol/api.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import { Errors } from '../../protocol/errors.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

const P0 = tpOf(1, 0)
const ALONE: Partial<ConsumerConfig> = { 'group.id': '', 'metadata.max.age.ms': 300 }

function count(n: number, from = 0): number[] {
  return Array.from({ length: n }, (_, i) => from + i)
}

describe('reset policies', () => {
  it('latest: what was there before the first look-up is never read (C09)', () => {
    const c = new FakeBrokers()
    c.append(P0, 10)
    const a = new TestReader(c, { config: { 'auto.offset.reset': 'latest' } })
    c.runUntil(500)
    c.append(P0, 3)
    c.runUntil(1000)
    expect(a.offsets()).toEqual([10, 11, 12])
    expect(c.of('offset.fetched').map(({ fields }) => fields[2])).toEqual([-1])
    expect(c.of('position.reset').map(({ fields }) => fields.slice(0, 4))).toEqual([[P0, 10, -1, 1]])
  })

  it('latest and nothing committed: a restart skips what came in between (C10)', () => {
    const c = new FakeBrokers({ consumers: 2 })
    c.append(P0, 10)
    const config = { 'auto.offset.reset': 'latest', 'enable.auto.commit': false } as const
    const first = new TestReader(c, { config })
    c.runUntil(500)
    first.stall()
    first.consumer.close()
    c.runUntil(700)
    c.append(P0, 5)
    const second = new TestReader(c, { node: c.consumers[1] as number, config })
    c.runUntil(1500)
    c.append(P0, 1)
    c.runUntil(2000)
    expect(second.offsets()).toEqual([15])
  })

  it('none: poll throws when nothing is committed', () => {
    const c = new FakeBrokers()
    c.append(P0, 10)
    const a = new TestReader(c, { config: { 'auto.offset.reset': 'none' } })
    c.runUntil(200)
    expect(a.events.slice(0, 2)).toEqual(['assigned [0]', 'poll failed: no-offset [0]'])
    expect(a.records).toHaveLength(0)
  })

  it.each([
    ['earliest', 4],
    ['latest', 10],
  ] as const)('out of range with %s: goes on at %i (C12)', (policy, offset) => {
    const c = new FakeBrokers()
    c.append(P0, 4)
    c.append(P0, 6)
    c.log(P0).start = 4
    c.group.offsets.set(P0, { offset: 2, epoch: -1 })
    const a = new TestReader(c, { config: { 'auto.offset.reset': policy } })
    c.runUntil(500)
    expect(c.of('position.reset').map(({ fields }) => fields.slice(0, 4))).toEqual([
      [P0, offset, 2, policy === 'latest' ? 1 : 0],
    ])
    expect(a.offsets()).toEqual(count(10 - offset, offset))
  })

  it('out of range with none: poll throws', () => {
    const c = new FakeBrokers()
    c.append(P0, 10)
    c.group.offsets.set(P0, { offset: 20, epoch: -1 })
    const a = new TestReader(c, { config: { 'auto.offset.reset': 'none' } })
    c.runUntil(200)
    expect(a.events).toContain('poll failed: offset-out-of-range [0]')
  })
})

describe('an error beside records (C01)', () => {
  it('is told by the poll after the one that returns the records; none of them is lost', () => {
    const topics = [{ name: 'orders', topicId: 1, partitions: 2 }]
    const c = new FakeBrokers({ topics })
    c.append(P0, 10)
    c.append(tpOf(1, 1), 10)
    c.group.offsets.set(P0, { offset: 0, epoch: -1 })
    c.group.offsets.set(tpOf(1, 1), { offset: 50, epoch: -1 })
    const a = new TestReader(c, { config: { 'auto.offset.reset': 'none' } })
    c.runUntil(300)
    expect(a.offsets(0)).toEqual(count(10))
    expect(a.events.filter((event) => event.includes('failed'))).toContain('poll failed: offset-out-of-range [1]')
  })
})

describe('a new leader (KIP-320)', () => {
  /** A reader of ten records in two batches, nine of which the new leader knows; the last batch is another. */
  function diverged(config: Partial<ConsumerConfig> = {}): { readonly c: FakeBrokers; readonly a: TestReader } {
    const c = new FakeBrokers({ brokers: 2 })
    c.append(P0, 6)
    c.append(P0, 4)
    const a = new TestReader(c, { assign: [P0], config: { ...ALONE, ...config } })
    c.runUntil(200)
    c.elect(P0, 2, 7)
    c.append(P0, 8)
    return { c, a }
  }

  it('with less of the log: the position goes back to where the logs part', () => {
    const { c, a } = diverged()
    c.runUntil(2000)
    expect(c.asked(Api.OffsetForLeaderEpoch).length).toBeGreaterThan(0)
    expect(a.offsets()).toEqual([...count(10), ...count(8, 6)])
    expect(
      c
        .of('position.reset')
        .map(({ fields }) => fields.slice(0, 3))
        .at(-1),
    ).toEqual([P0, 6, 10])
  })

  it('without a reset policy poll throws', () => {
    const c = new FakeBrokers({ brokers: 2 })
    c.append(P0, 6)
    c.append(P0, 4)
    const a = new TestReader(c, { assign: [P0], config: { ...ALONE, 'auto.offset.reset': 'none' } })
    a.consumer.seek(P0, 0)
    c.runUntil(500)
    expect(a.offsets()).toEqual(count(10))
    c.elect(P0, 2, 7)
    c.runUntil(2000)
    expect(a.events).toContain('poll failed: log-truncation [0]')
  })

  it('with the same log: reading goes on, after the leader was asked', () => {
    const c = new FakeBrokers({ brokers: 2 })
    c.append(P0, 10)
    const a = new TestReader(c, { assign: [P0], config: ALONE })
    c.runUntil(200)
    c.elect(P0, 2)
    c.append(P0, 5)
    c.runUntil(2000)
    expect(a.offsets()).toEqual(count(15))
    expect(c.asked(Api.OffsetForLeaderEpoch)).toHaveLength(1)
  })

  it('named in the error answer is used without asking for metadata (KIP-951)', () => {
    const c = new FakeBrokers({ brokers: 2 })
    c.append(P0, 10)
    const a = new TestReader(c, { assign: [P0], config: { 'group.id': '' } })
    c.runUntil(200)
    c.elect(P0, 2)
    c.append(P0, 5)
    let once = true
    c.trouble = (api, _n, broker) => {
      if (api !== Api.Fetch || broker !== 1 || !once) return 'ok'
      once = false
      return { error: Errors.NOT_LEADER_OR_FOLLOWER, leader: 2 }
    }
    const asked = c.asked(Api.Metadata).length
    c.runUntil(1400)
    expect(a.offsets()).toEqual(count(15))
    expect(c.asked(Api.Metadata).length - asked).toBeLessThanOrEqual(1)
  })
})

describe('seek', () => {
  it('drops what is buffered and goes on from there', () => {
    const c = new FakeBrokers()
    c.append(P0, 20)
    const a = new TestReader(c, { assign: [P0], config: { 'group.id': '', 'max.poll.records': 5 } })
    let sought = false
    a.onRecords = (records) => {
      if (records.length > 0 && !sought) a.consumer.seek(P0, 12)
      sought ||= records.length > 0
    }
    c.runUntil(1000)
    expect(a.offsets()).toEqual([...count(5), ...count(8, 12)])
  })

  it('seekToCommitted asks the group again', () => {
    const c = new FakeBrokers()
    c.append(P0, 10)
    c.group.offsets.set(P0, { offset: 4, epoch: 0 })
    const a = new TestReader(c, { config: { 'enable.auto.commit': false } })
    c.runUntil(500)
    a.consumer.seekToCommitted()
    c.runUntil(1000)
    expect(a.offsets()).toEqual([...count(6, 4), ...count(6, 4)])
  })

  it('wakeup ends a waiting poll with an exception, once', () => {
    const c = new FakeBrokers()
    const a = new TestReader(c, { assign: [P0], config: { 'group.id': '' }, pollMs: 5000 })
    c.runUntil(500)
    a.consumer.wakeup()
    expect(a.events).toEqual(['poll failed: wakeup'])
    c.append(P0, 1)
    c.runUntil(1500)
    expect(a.offsets()).toEqual([0])
  })
})
