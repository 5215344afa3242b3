import { describe, expect, it } from 'vitest'
import { Api } from '../../protocol/api.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

const P0: number = (1 << 16) | 0

function count(n: number, from = 0): number[] {
  return Array.from({ length: n }, (_, i) => from + i)
}

describe('a consumer that assigns itself a partition', () => {
  it('reads the whole log from the beginning, at most max.poll.records at a time', () => {
    const c = new FakeBrokers()
    for (let i = 0; i < 3; i++) c.append(P0, 400)
    const sizes: number[] = []
    const reader = new TestReader(c, { assign: [P0], config: { 'group.id': '', 'max.poll.records': 500 } })
    reader.onRecords = (records) => sizes.push(records.length)
    c.runUntil(1000)
    expect(reader.offsets()).toEqual(count(1200))
    expect(sizes.filter((size) => size > 0)).toEqual([500, 500, 200])
    expect(c.of('record.delivered')).toHaveLength(1200)
    expect(c.asked(Api.FindCoordinator)).toHaveLength(0)
  })
})

describe('a consumer in a group', () => {
  it('joins, reads, commits what earlier polls returned, and leaves', () => {
    const c = new FakeBrokers()
    c.append(P0, 10)
    const reader = new TestReader(c, { config: { 'auto.commit.interval.ms': 1000 } })
    c.runUntil(2500)
    expect(reader.events).toEqual(['assigned [0]'])
    expect(reader.offsets()).toEqual(count(10))
    expect(c.group.offsets.get(P0)).toEqual({ offset: 10, epoch: 0 })
    reader.stall()
    reader.consumer.close()
    c.runUntil(3000)
    expect(reader.events).toEqual(['assigned [0]', 'revoked [0]', 'closed'])
    expect(c.group.members.size).toBe(0)
    expect(c.kernel.pending).toBe(0)
  })
})
