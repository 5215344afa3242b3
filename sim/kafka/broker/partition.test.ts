import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { AlterIsr } from './partition.ts'
import { LoneReplica } from './partition.test.support.ts'

/** The change that the last fetch led to. */
function expansion(replica: LoneReplica, follower: number, offset: number, brokerEpoch?: number): AlterIsr | undefined {
  return replica.fetch(follower, offset, brokerEpoch === undefined ? {} : { brokerEpoch }).expansions[0]
}

describe('becoming leader (1.2)', () => {
  test('a state of an older partition epoch is ignored, one of the same is applied', () => {
    const replica = new LoneReplica()
    expect(replica.lead(3, 7, [1, 2, 3])).toBe(true)
    expect(replica.lead(4, 6, [1])).toBe(false)
    expect(replica.partition.leaderEpoch).toBe(3)
    expect(replica.partition.isr).toEqual([1, 2, 3])
    expect(replica.follow(2, 4, 6)).toBe(false)
    expect(replica.partition.isLeader).toBe(true)
    replica.lead(3, 7, [1, 2])
    expect(replica.partition.isr).toEqual([1, 2])
  })

  test('the epoch starts at the log end and is in the epoch cache though nothing is written', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2, 3])
    replica.append(4)
    replica.lead(3, 1, [1, 2, 3])
    expect(replica.partition.leaderEpochStartOffset).toBe(4)
    expect(replica.log.latestEpoch).toBe(3)
    expect(replica.log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 4 })
  })

  test('leader.epoch.entry: with-records notes it only with the first record (before KAFKA-7415, R18a)', () => {
    const replica = new LoneReplica({ profile: { 'leader.epoch.entry': 'with-records' } })
    replica.append(3, 1)
    replica.lead(4, 0, [1, 2, 3])
    expect(replica.log.endOffsetForEpoch(2)).toEqual({ epoch: -1, endOffset: -1 })
    replica.append(1)
    expect(replica.log.endOffsetForEpoch(2)).toEqual({ epoch: 1, endOffset: 3 })
  })

  test('a change of the in-sync set alone resets nothing', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2, 3])
    replica.append(2)
    replica.fetch(2, 2)
    expect(replica.lead(1, 1, [1, 2])).toBe(false)
    expect(replica.remote(2).logEndOffset).toBe(2)
    expect(replica.partition.leaderEpochStartOffset).toBe(0)
  })

  test('a new leader knows nothing of the others; who is in sync counts as caught up now', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2, 3])
    replica.append(2)
    replica.fetch(2, 2)
    replica.follow(2, 2, 1)
    replica.pass(5000)
    replica.lead(3, 2, [1, 2])
    const caughtUpNow = { lastCaughtUpTime: replica.kernel.now }
    expect(replica.remote(2)).toMatchObject({ logEndOffset: -1, brokerEpoch: -1, lastFetchLeaderLogEndOffset: -1 })
    expect(replica.remote(2)).toMatchObject(caughtUpNow)
    expect(replica.remote(3).lastCaughtUpTime).toBeLessThan(0)
  })

  test('a leader elected again in place keeps what it knows of the others', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2, 3])
    replica.append(2)
    replica.fetch(2, 1)
    replica.lead(2, 1, [1, 2, 3])
    expect(replica.remote(2)).toMatchObject({ logEndOffset: 1, brokerEpoch: 102, lastFetchLeaderLogEndOffset: 2 })
  })

  test('a pending change of the in-sync set is void', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2])
    const item = expansion(replica, 3, 0) as AlterIsr
    replica.lead(1, 1, [1, 2])
    expect(replica.partition.pending).toBeNull()
    expect(replica.partition.maximalIsr).toEqual([1, 2])
    expect(replica.accept(item)).toBe(false)
    expect(replica.partition.isr).toEqual([1, 2])
  })

  test('a leader alone in sync commits what it has, with the high watermark it knew as follower until then', () => {
    const replica = new LoneReplica()
    replica.append(5, 1)
    replica.lead(2, 1, [1])
    expect(replica.log.highWatermark).toBe(0)
    expect(replica.partition.maybeIncrementLeaderHW()).toBe(true)
    expect(replica.log.highWatermark).toBe(5)
  })

  test('after an unclean election the next change tells the controller that the leader has recovered', () => {
    const replica = new LoneReplica()
    replica.partition.makeLeader({ ...replica.state(1, 1, 1, [1]), leaderRecoveryState: 1 })
    expect(replica.partition.leaderRecoveryState).toBe(0)
  })
})

describe('becoming follower (1.3)', () => {
  test('the in-sync set and what was known of others are gone; the log is not cut', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2, 3])
    replica.append(3)
    expect(replica.follow(2, 2, 1)).toBe(true)
    expect(replica.partition).toMatchObject({ isLeader: false, leaderId: 2, isr: [], remotes: [], pending: null })
    expect(replica.log.logEndOffset).toBe(3)
  })

  test('only a new leader epoch restarts the fetcher', () => {
    const replica = new LoneReplica()
    expect(replica.follow(2, 2, 1)).toBe(true)
    expect(replica.follow(2, 2, 2)).toBe(false)
    expect(replica.follow(2, 3, 3)).toBe(true)
  })

  test('follower.begins: another-leader goes on where it was while its leader is the same (before KAFKA-7164, R18b)', () => {
    const replica = new LoneReplica({
      profile: { 'log.truncation': 'leader-epoch-iterated', 'follower.begins': 'another-leader' },
    })
    expect(replica.follow(2, 1, 0)).toBe(true)
    expect(replica.follow(2, 3, 2)).toBe(false)
    expect(replica.partition.leaderEpoch).toBe(3)
    expect(replica.follow(3, 4, 3)).toBe(true)
  })
})

describe('high watermark (1.5)', () => {
  test('a new leader moves it only when every member has fetched from it', () => {
    const replica = new LoneReplica()
    replica.append(3, 1)
    replica.lead(2, 1, [1, 2, 3])
    expect(replica.partition.maybeIncrementLeaderHW()).toBe(false)
    replica.fetch(2, 3)
    expect(replica.log.highWatermark).toBe(0)
    replica.fetch(3, 2, { lastFetchedEpoch: 1 })
    expect(replica.log.highWatermark).toBe(2)
  })

  test('it stands still while fewer than min.insync.replicas are in sync, for every acks', () => {
    const replica = new LoneReplica({ minIsr: 2 })
    replica.lead(1, 0, [1])
    replica.append(3)
    expect(replica.partition.maybeIncrementLeaderHW()).toBe(false)
    expect(replica.log.highWatermark).toBe(0)
  })

  test('a min.insync.replicas above the number of replicas means all of them', () => {
    expect(leading(new LoneReplica({ minIsr: 5 })).partition.effectiveMinIsr).toBe(3)
    expect(leading(new LoneReplica({ minIsr: 2 })).partition.effectiveMinIsr).toBe(2)
  })

  test('never back within a leadership', () => {
    const replica = leading(new LoneReplica())
    replica.append(4)
    replica.fetch(2, 4)
    replica.fetch(3, 4)
    expect(replica.log.highWatermark).toBe(4)
    replica.fetch(3, 1)
    replica.partition.maybeIncrementLeaderHW()
    expect(replica.log.highWatermark).toBe(4)
  })

  test('an outsider that is caught up and eligible holds it back', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2])
    replica.append(2)
    replica.fetch(3, 2)
    replica.partition.onAlterRefused(pendingItem(replica), Errors.INELIGIBLE_REPLICA)
    replica.append(2)
    replica.fetch(2, 4)
    expect(replica.log.highWatermark).toBe(2)
    replica.changeRegistration(3, { fenced: true })
    replica.fetch(2, 3)
    replica.fetch(2, 4)
    expect(replica.log.highWatermark).toBe(4)
  })

  test('an outsider that never caught up does not, even when the cluster is younger than the allowed lag', () => {
    const replica = new LoneReplica()
    replica.append(5, 1)
    replica.lead(2, 1, [1, 2])
    replica.pass(1000)
    replica.fetch(2, 5)
    replica.fetch(3, 1, { lastFetchedEpoch: 1 })
    replica.append(1)
    replica.fetch(2, 6)
    expect(replica.log.highWatermark).toBe(6)
  })

  test('nor does one that has not fetched from this leadership at all', () => {
    const replica = new LoneReplica()
    replica.lead(1, 0, [1, 2])
    replica.pass(1000)
    replica.append(1)
    replica.fetch(2, 1)
    expect(replica.log.highWatermark).toBe(1)
  })
})

function leading(replica: LoneReplica): LoneReplica {
  replica.lead(1, 0, [1, 2, 3])
  return replica
}

/** The item of the pending change, as a response would name it. */
function pendingItem(replica: LoneReplica): AlterIsr {
  const { partition } = replica
  const { leaderEpoch, partitionEpoch, pending } = partition
  return { partition, isr: pending?.isr ?? [], brokerEpochs: [], leaderEpoch, partitionEpoch }
}
