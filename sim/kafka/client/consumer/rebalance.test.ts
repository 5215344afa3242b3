import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Api } from '../../protocol/api.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import { Errors } from '../../protocol/errors.ts'
import type { JoinGroupRequest } from '../../protocol/group-messages.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { type ReaderOptions, TestReader } from './test-reader.test.support.ts'

const TOPICS = [{ name: 'orders', topicId: 1, partitions: 2 }]
const P0 = tpOf(1, 0)
const P1 = tpOf(1, 1)
const FAST: Partial<ConsumerConfig> = { 'heartbeat.interval.ms': 100, 'auto.commit.interval.ms': 60_000 }

function two(): FakeBrokers {
  const c = new FakeBrokers({ consumers: 2, topics: TOPICS })
  c.append(P0, 50)
  c.append(P1, 50)
  return c
}

function reader(
  c: FakeBrokers,
  at: number,
  config: Partial<ConsumerConfig> = {},
  more: ReaderOptions = {},
): TestReader {
  return new TestReader(c, { node: c.consumers[at] as number, config: { ...FAST, ...config }, ...more })
}

describe('rebalances', () => {
  it('eager: a newcomer makes everyone give everything up, after a commit of what was returned', () => {
    const c = two()
    const a = reader(c, 0)
    c.runUntil(300)
    const b = reader(c, 1)
    c.runUntil(1000)
    expect(a.events).toEqual(['assigned [0,1]', 'revoked [0,1]', 'assigned [0]'])
    expect(b.events).toEqual(['assigned [1]'])
    // The commit was made under the old generation, before the revocation; so nothing is read twice.
    expect(c.group.commits.map(({ generation, tp, offset }) => [generation, tp, offset])).toEqual([
      [1, P0, 50],
      [1, P1, 50],
    ])
    expect(b.records).toHaveLength(0)
    const committed = c.of('commit.acked')[0]?.time ?? Infinity
    expect(committed).toBeLessThanOrEqual(c.of('partition.revoked')[0]?.time ?? 0)
  })

  it('eager: returns nothing while the commit before the revocation is under way (KAFKA-14024)', () => {
    const c = two()
    const a = reader(c, 0)
    c.runUntil(300)
    let refusals = 6
    c.trouble = (api) =>
      api === Api.OffsetCommit && refusals-- > 0 ? { error: Errors.COORDINATOR_LOAD_IN_PROGRESS } : 'ok'
    const b = reader(c, 1)
    c.runUntil(600)
    expect(c.asked(Api.OffsetCommit).length).toBeGreaterThan(0)
    expect(a.events).toEqual(['assigned [0,1]'])
    c.append(P0, 5)
    c.append(P1, 5)
    c.runUntil(5000)
    expect(a.events).toEqual(['assigned [0,1]', 'revoked [0,1]', 'assigned [0]'])
    expect(a.offsets(0)).toHaveLength(55)
    const began = c.asked(Api.OffsetCommit)[0]?.time ?? Infinity
    const ended = c.of('partition.revoked')[0]?.time ?? 0
    expect(ended - began).toBeGreaterThan(300_000)
    const meanwhile = c
      .of('record.delivered')
      .filter(({ time, node }) => node === a.node && time > began && time < ended)
    expect(meanwhile).toEqual([])
    // All of it was read by exactly one of them.
    expect([...a.offsets(1), ...b.offsets(1)]).toEqual(Array.from({ length: 55 }, (_, n) => n))
  })

  it('eager without commits: what was read is read again by the new owner (C05)', () => {
    const c = two()
    const a = reader(c, 0, { 'enable.auto.commit': false })
    c.runUntil(300)
    const b = reader(c, 1, { 'enable.auto.commit': false })
    c.runUntil(1000)
    expect(a.offsets(1)).toHaveLength(50)
    expect(b.offsets(1)).toEqual(a.offsets(1))
  })

  it('cooperative: owners keep what stays theirs; a partition moves in the second rebalance', () => {
    const c = two()
    const sticky = { 'partition.assignment.strategy': 'cooperative-sticky' }
    const a = reader(c, 0, sticky)
    c.runUntil(300)
    const b = reader(c, 1, sticky)
    c.runUntil(1500)
    expect(a.events).toEqual(['assigned [0,1]', 'revoked [1]', 'assigned []', 'assigned []'])
    expect(b.events).toEqual(['assigned []', 'assigned [1]'])
    expect(c.group.generation).toBe(3)
    const owned = c.asked(Api.JoinGroup).map(({ body }) => {
      const { memberId, protocols } = body as JoinGroupRequest
      return `${memberId} ${protocols[0]?.metadata.ownedPartitions.map((each) => each.partition).join() ?? ''}`
    })
    expect(owned.filter((each) => each.startsWith('member-1'))).toEqual(['member-1 ', 'member-1 0,1', 'member-1 0'])
  })

  it('waits for an owner that commits before it lets go, and hands out nothing meanwhile', () => {
    const c = two()
    const a = reader(c, 0, { 'enable.auto.commit': false })
    let mark = 0
    a.onRevoke = () => {
      mark = a.records.length
      a.consumer.commitSync([{ tp: P1, offset: 7, leaderEpoch: 0 }])
      return false
    }
    a.onOutcome = () => {
      expect(a.records).toHaveLength(mark)
      a.consumer.revoked()
    }
    c.runUntil(300)
    const b = reader(c, 1, { 'enable.auto.commit': false })
    c.runUntil(1000)
    expect(a.events).toEqual(['assigned [0,1]', 'revoked [0,1]', 'commit 0 committed', 'assigned [0]'])
    expect(b.offsets(1)[0]).toBe(7)
  })

  it('leaves the group when the application does not poll for max.poll.interval.ms, and loses its partitions', () => {
    const c = two()
    const a = reader(c, 0, { 'max.poll.interval.ms': 1000 })
    c.runUntil(300)
    a.stall()
    c.runUntil(1000)
    expect(c.group.members.size).toBe(1)
    c.runUntil(1500)
    expect(c.group.members.size).toBe(0)
    expect(a.events).toEqual(['assigned [0,1]'])
    // The zombie's commit is refused without being sent; it learns of its loss only by polling.
    const sent = c.asked(Api.OffsetCommit).length
    a.consumer.commitSync(null)
    expect(a.events.at(-1)).toBe(`commit 0 commit-failed ${Errors.UNKNOWN_MEMBER_ID}`)
    expect(c.asked(Api.OffsetCommit)).toHaveLength(sent)
    a.looping = true
    a.poll()
    c.runUntil(2500)
    expect(a.events.slice(-2)).toEqual(['lost [0,1]', 'assigned [0,1]'])
  })

  it('a static member sends no LeaveGroup: not on close, not on a stalled application', () => {
    const c = two()
    const a = reader(c, 0, { 'group.instance.id': 'one', 'max.poll.interval.ms': 1000 })
    c.runUntil(300)
    a.stall()
    c.runUntil(2000)
    expect(c.asked(Api.LeaveGroup)).toHaveLength(0)
    const beats = c.asked(Api.Heartbeat).length
    c.runUntil(4000)
    expect(c.asked(Api.Heartbeat)).toHaveLength(beats)
    a.consumer.close()
    c.runUntil(4500)
    expect(a.events.at(-1)).toBe('closed')
    expect(c.asked(Api.LeaveGroup)).toHaveLength(0)
  })

  it.each([
    [Errors.UNKNOWN_MEMBER_ID, true],
    [Errors.ILLEGAL_GENERATION, false],
  ])('heartbeat error %i: everything is lost, the member joins again', (error, forgetsId) => {
    const c = two()
    const a = reader(c, 0)
    c.runUntil(500)
    let once = true
    c.trouble = (api) => {
      if (api !== Api.Heartbeat || !once) return 'ok'
      once = false
      return { error }
    }
    const joins = c.asked(Api.JoinGroup).length
    if (forgetsId) c.group.members.clear()
    c.runUntil(1500)
    expect(a.events).toEqual(['assigned [0,1]', 'lost [0,1]', 'assigned [0,1]'])
    const next = c.asked(Api.JoinGroup)[joins]?.body as JoinGroupRequest
    expect(next.memberId).toBe(forgetsId ? '' : 'member-1')
  })

  it('fenced by another process with its group.instance.id: the next poll throws', () => {
    const c = two()
    const a = reader(c, 0, { 'group.instance.id': 'one' })
    c.runUntil(500)
    c.trouble = (api) => (api === Api.Heartbeat ? { error: Errors.FENCED_INSTANCE_ID } : 'ok')
    c.runUntil(800)
    expect(a.events).toContain('poll failed: fenced-instance')
  })

  it('a paused partition is not returned, and goes on where it was', () => {
    const c = two()
    const a = reader(c, 0)
    a.onRecords = () => a.consumer.pause(P1)
    c.runUntil(500)
    c.append(P0, 5)
    c.append(P1, 5)
    c.runUntil(1500)
    expect(a.offsets(0)).toHaveLength(55)
    const before = a.offsets(1).length
    expect(before).toBeLessThan(55)
    a.onRecords = () => {}
    a.consumer.resume(P1)
    c.runUntil(2500)
    expect(a.offsets(1)).toEqual(Array.from({ length: 55 }, (_, n) => n))
  })
})
