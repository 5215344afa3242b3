import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Api } from '../../protocol/api.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import { Errors } from '../../protocol/errors.ts'
import { FakeBrokers, type Trouble } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

const P0 = tpOf(1, 0)

/** A member that stands at offset 20 of its partition and polls only when told. */
function standing(config: Partial<ConsumerConfig> = {}): { readonly c: FakeBrokers; readonly a: TestReader } {
  const c = new FakeBrokers()
  c.append(P0, 20)
  const a = new TestReader(c, { config: { 'enable.auto.commit': false, ...config } })
  c.runUntil(500)
  a.stall()
  c.runUntil(700)
  a.events.length = 0
  return { c, a }
}

function refuse(c: FakeBrokers, troubles: readonly Trouble[]): void {
  let n = 0
  c.trouble = (api) => (api === Api.OffsetCommit ? (troubles[n++] ?? 'ok') : 'ok')
}

describe('commitSync', () => {
  it.each([
    ['COORDINATOR_LOAD_IN_PROGRESS', { error: Errors.COORDINATOR_LOAD_IN_PROGRESS }],
    ['COORDINATOR_NOT_AVAILABLE', { error: Errors.COORDINATOR_NOT_AVAILABLE }],
    ['NOT_COORDINATOR', { error: Errors.NOT_COORDINATOR }],
    ['REQUEST_TIMED_OUT', { error: Errors.REQUEST_TIMED_OUT }],
    ['UNKNOWN_TOPIC_OR_PARTITION', { error: Errors.UNKNOWN_TOPIC_OR_PARTITION }],
    ['a lost connection', 'reset'],
    ['a lost answer', 'act-reset'],
  ] as const)('tries again after %s', (_name, trouble) => {
    const { c, a } = standing()
    refuse(c, [trouble, trouble])
    a.consumer.commitSync(null)
    c.runUntil(5000)
    expect(a.events).toEqual(['commit 0 committed'])
    expect(c.asked(Api.OffsetCommit)).toHaveLength(3)
    expect(c.of('commit.acked').map(({ fields }) => fields.slice(1, 4))).toEqual([[P0, 20, 1]])
    expect(c.of('commit.failed')).toHaveLength(0)
  })

  it.each([
    [Errors.ILLEGAL_GENERATION, 'commit-failed'],
    [Errors.UNKNOWN_MEMBER_ID, 'commit-failed'],
    [Errors.REBALANCE_IN_PROGRESS, 'rebalance-in-progress'],
    [Errors.FENCED_INSTANCE_ID, 'fenced'],
    [Errors.INVALID_COMMIT_OFFSET_SIZE, 'error'],
  ])('error %i ends it as %s', (error, outcome) => {
    const { c, a } = standing()
    refuse(c, [{ error }])
    a.consumer.commitSync(null)
    c.runUntil(1500)
    expect(a.events).toEqual([`commit 0 ${outcome} ${error}`])
    expect(c.of('commit.failed').map(({ fields }) => fields.slice(1, 5))).toEqual([[P0, 20, 1, error]])
  })

  it('gives up after default.api.timeout.ms', () => {
    const { c, a } = standing({ 'default.api.timeout.ms': 1000 })
    refuse(
      c,
      Array.from({ length: 99 }, () => ({ error: Errors.COORDINATOR_LOAD_IN_PROGRESS })),
    )
    a.consumer.commitSync(null)
    c.runUntil(1690)
    expect(a.events).toEqual([])
    c.runUntil(1710)
    expect(a.events).toEqual([`commit 0 timed-out ${Errors.COORDINATOR_LOAD_IN_PROGRESS}`])
  })
})

describe('commitAsync', () => {
  it('is never repeated, and its callback comes with a later call', () => {
    const { c, a } = standing()
    refuse(c, [{ error: Errors.COORDINATOR_LOAD_IN_PROGRESS }])
    a.consumer.commitAsync(null)
    c.runUntil(2000)
    expect(a.events).toEqual([])
    a.poll()
    expect(a.events).toEqual([`commit 0 retriable ${Errors.COORDINATOR_LOAD_IN_PROGRESS}`])
    expect(c.asked(Api.OffsetCommit)).toHaveLength(1)
  })

  it('may be overtaken: an older offset that the application commits again wins (C14)', () => {
    const { c, a } = standing()
    refuse(c, [{ error: Errors.COORDINATOR_LOAD_IN_PROGRESS }])
    a.consumer.commitAsync([{ tp: P0, offset: 10, leaderEpoch: 0 }])
    a.consumer.commitAsync([{ tp: P0, offset: 12, leaderEpoch: 0 }])
    c.runUntil(1000)
    expect(c.group.offsets.get(P0)?.offset).toBe(12)
    a.consumer.commitAsync([{ tp: P0, offset: 10, leaderEpoch: 0 }])
    c.runUntil(1200)
    expect(c.group.offsets.get(P0)?.offset).toBe(10)
  })

  it('its callback comes before the end of a later commitSync', () => {
    const { c, a } = standing()
    a.consumer.commitAsync(null)
    a.consumer.commitSync(null)
    c.runUntil(1000)
    expect(a.events).toEqual(['commit 0 committed', 'commit 1 committed'])
  })
})

describe('auto-commit', () => {
  it('commits in poll() what earlier polls returned, not what this one returns (C03)', () => {
    const c = new FakeBrokers()
    for (let n = 0; n < 3; n++) c.append(P0, 10)
    const a = new TestReader(c, { workMs: 400, config: { 'auto.commit.interval.ms': 300, 'max.poll.records': 10 } })
    c.runUntil(3000)
    const delivered = c.of('record.delivered').filter(({ fields }) => (fields[3] ?? 0) % 10 === 0)
    const commits = c.group.commits.map(({ offset }) => offset)
    expect(commits.slice(0, 3)).toEqual([10, 20, 30])
    expect(delivered).toHaveLength(3)
    // The commit of 10 leaves in the very poll that returns 10..19.
    expect(c.asked(Api.OffsetCommit)[0]?.time).toBe((delivered[1]?.time ?? 0) + 1000)
    expect(a.events).toEqual(['assigned [0]'])
  })

  it('does not happen on a crash: what was returned since the last one comes again', () => {
    const c = new FakeBrokers()
    c.append(P0, 20)
    const a = new TestReader(c, {})
    c.runUntil(1000)
    expect(a.offsets()).toHaveLength(20)
    a.stall()
    a.consumer.closeNow()
    c.group.remove('member-1')
    expect(c.group.offsets.size).toBe(0)
    expect(c.kernel.pending).toBeLessThan(5)
  })

  it('happens in close(), before the partitions are given up and the group is left', () => {
    const { c, a } = standing({ 'enable.auto.commit': true })
    a.consumer.close()
    c.runUntil(1500)
    expect(a.events).toEqual(['revoked [0]', 'closed'])
    expect(c.group.offsets.get(P0)?.offset).toBe(20)
    const kinds = c.requests.slice(-2).map(({ api }) => api)
    expect(kinds).toEqual([Api.OffsetCommit, Api.LeaveGroup])
  })
})

describe('commits of a consumer with assign()', () => {
  it('carry no generation', () => {
    const c = new FakeBrokers()
    c.append(P0, 5)
    const a = new TestReader(c, { assign: [P0], config: { 'auto.commit.interval.ms': 200 } })
    c.runUntil(1000)
    expect(a.offsets()).toHaveLength(5)
    expect(c.group.commits[0]).toEqual({ generation: -1, tp: P0, offset: 5 })
  })
})
