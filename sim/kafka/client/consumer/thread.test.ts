import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Api } from '../../protocol/api.ts'
import type { SyncGroupRequest } from '../../protocol/group-messages.ts'
import type { FetchRequest } from '../../protocol/messages.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

const P0 = tpOf(1, 0)

describe("what happens on the application's thread only", () => {
  it('an answer to JoinGroup waits for the next call: until then the group has no assignment', () => {
    const c = new FakeBrokers({ consumers: 2 })
    c.append(P0, 10)
    c.group.expected = 2
    const a = new TestReader(c)
    c.runUntil(500)
    a.stall()
    c.runUntil(1000)
    const b = new TestReader(c, { node: c.consumers[1] as number })
    c.runUntil(2000)
    const syncs = (): readonly string[] => c.asked(Api.SyncGroup).map(({ body }) => (body as SyncGroupRequest).memberId)
    expect(c.group.generation).toBe(1)
    expect(syncs()).toEqual(['member-2'])
    expect([...a.events, ...b.events]).toEqual([])
    a.looping = true
    a.poll()
    c.runUntil(2500)
    expect(syncs()).toContain('member-1')
    expect(new Set([...a.events, ...b.events])).toEqual(new Set(['assigned [0]', 'assigned []']))
  })
})

describe('fetches of consumers', () => {
  it('have logs compared by OffsetForLeaderEpoch, not by the fetch: they tell no epoch of what they read', () => {
    const c = new FakeBrokers()
    c.append(P0, 10)
    const a = new TestReader(c, { assign: [P0], config: { 'group.id': '' } })
    c.runUntil(200)
    c.append(P0, 5)
    c.runUntil(1000)
    expect(a.offsets()).toHaveLength(15)
    const asked = c.asked(Api.Fetch).flatMap(({ body }) => (body as FetchRequest).partitions)
    expect(asked.some(({ fetchOffset }) => fetchOffset === 15)).toBe(true)
    expect(new Set(asked.map(({ lastFetchedEpoch }) => lastFetchedEpoch))).toEqual(new Set([-1]))
  })
})

describe('the heartbeat thread', () => {
  it('looks for the coordinator again when a session has passed without an answer, long before the request times out', () => {
    const c = new FakeBrokers()
    const session = { 'session.timeout.ms': 2000, 'heartbeat.interval.ms': 500, 'request.timeout.ms': 30_000 }
    const a = new TestReader(c, { config: session })
    c.runUntil(1000)
    expect(a.events).toEqual(['assigned [0]'])
    const asked = c.asked(Api.FindCoordinator).length
    c.trouble = (api) => (api === Api.Heartbeat ? 'silent' : 'ok')
    c.runUntil(2000)
    expect(c.asked(Api.FindCoordinator)).toHaveLength(asked)
    c.runUntil(4000)
    expect(c.asked(Api.FindCoordinator).length).toBeGreaterThan(asked)
    expect(a.events).toEqual(['assigned [0]'])
  })
})
