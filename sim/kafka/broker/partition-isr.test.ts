import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { AlterIsr } from './partition.ts'
import { LoneReplica } from './partition.test.support.ts'

const LAG = 10_000

function leader(isr: readonly number[]): LoneReplica {
  const replica = new LoneReplica({ lagMs: LAG })
  replica.lead(1, 0, isr)
  return replica
}

function expand(replica: LoneReplica, follower: number, offset: number): AlterIsr {
  return replica.fetch(follower, offset).expansions[0] as AlterIsr
}

describe('shrinking (1.6)', () => {
  test('who has not been at the log end for longer than replica.lag.time.max.ms leaves', () => {
    const replica = leader([1, 2, 3])
    replica.append(1)
    replica.fetch(2, 1)
    replica.pass(LAG)
    expect(replica.partition.shrink()).toBeNull()
    replica.pass(1)
    expect(replica.partition.shrink()?.isr).toEqual([1, 2])
  })

  test('reaching where the leader was at the last fetch counts as caught up at that time', () => {
    const replica = leader([1, 2, 3])
    for (const follower of [2, 3]) replica.fetch(follower, 0)
    replica.append(1)
    replica.pass(6000)
    // Both saw a leader end of 1 now; afterwards 2 keeps one append behind, 3 stays where it is.
    for (const follower of [2, 3]) replica.fetch(follower, 0)
    replica.append(1)
    replica.pass(6000)
    replica.fetch(2, 1)
    replica.fetch(3, 0)
    expect(replica.partition.shrink()?.isr).toEqual([1, 2])
  })

  test('a follower at the end of an idle leader stays for ever', () => {
    const replica = leader([1, 2, 3])
    for (const follower of [2, 3]) replica.fetch(follower, 0)
    replica.pass(100 * LAG)
    expect(replica.partition.shrink()).toBeNull()
  })

  test('none while a change is in flight, and only by a leader', () => {
    const replica = leader([1, 2])
    replica.append(1)
    expand(replica, 3, 1)
    replica.pass(2 * LAG)
    expect(replica.partition.shrink()).toBeNull()
    replica.follow(2, 2, 1)
    expect(replica.partition.shrink()).toBeNull()
  })

  test('until the controller agrees the leaving member still counts, then no more', () => {
    const replica = leader([1, 2, 3])
    replica.append(2)
    replica.fetch(2, 2)
    replica.pass(2 * LAG)
    replica.fetch(2, 2)
    const item = replica.partition.shrink() as AlterIsr
    expect(replica.partition.maybeIncrementLeaderHW()).toBe(false)
    expect(replica.log.highWatermark).toBe(0)
    expect(replica.accept(item)).toBe(true)
    expect(replica.log.highWatermark).toBe(2)
    expect(replica.partition.partitionEpoch).toBe(1)
  })
})

describe('expanding (1.6)', () => {
  test('at the high watermark, not before', () => {
    const replica = leader([1, 2])
    replica.append(3)
    replica.fetch(2, 3)
    expect(replica.log.highWatermark).toBe(3)
    expect(replica.fetch(3, 2).expansions).toEqual([])
    expect(expand(replica, 3, 3).isr).toEqual([1, 2, 3])
  })

  test('not before the start of the leader epoch, however low the high watermark is (KAFKA-7128, R13)', () => {
    const replica = new LoneReplica()
    replica.append(10, 1)
    replica.log.setHighWatermark(8, 1, false)
    replica.lead(2, 1, [1])
    expect(replica.fetch(3, 8, { lastFetchedEpoch: 1 }).expansions).toEqual([])
    expect(expand(replica, 3, 10)?.isr).toEqual([1, 3])
  })

  test('the replica that completes its catch-up holds the high watermark back in the same fetch', () => {
    const replica = leader([1, 2])
    replica.append(1)
    replica.fetch(2, 1)
    replica.fetch(3, 1)
    replica.partition.onAlterRefused(pending(replica), Errors.OPERATION_NOT_ATTEMPTED)
    replica.append(3)
    replica.fetch(2, 4)
    expect(replica.log.highWatermark).toBe(1)
    // Too long ago to count as caught up, but at the high watermark: it is proposed before the high watermark may pass it.
    replica.pass(3 * LAG)
    expect(expand(replica, 3, 2)?.isr).toEqual([1, 2, 3])
    expect(replica.log.highWatermark).toBe(2)
  })

  test('not a fenced replica, nor one that shuts down (KIP-841)', () => {
    for (const change of [{ fenced: true }, { inControlledShutdown: true }]) {
      const replica = leader([1, 2])
      replica.changeRegistration(3, change)
      expect(replica.fetch(3, 0).expansions).toEqual([])
    }
  })

  test('not on the strength of fetches of another life (KIP-903)', () => {
    const replica = leader([1, 2])
    // The fetch is of a newer life than the one this broker's metadata knows.
    expect(replica.fetch(3, 0, { brokerEpoch: 200 }).expansions).toEqual([])
    replica.register(3, 200)
    expect(replica.fetch(3, 0, { brokerEpoch: 200 }).expansions).toHaveLength(1)
  })

  test('one change at a time', () => {
    const replica = leader([1])
    expand(replica, 2, 0)
    expect(replica.fetch(3, 0).expansions).toEqual([])
  })

  test('the new member counts at once, before the controller has agreed (KIP-497, R14)', () => {
    const replica = leader([1, 2])
    const item = expand(replica, 3, 0)
    replica.append(2)
    replica.fetch(2, 2)
    expect(replica.log.highWatermark).toBe(0)
    expect(replica.partition.isr).toEqual([1, 2])
    replica.accept(item)
    expect(replica.log.highWatermark).toBe(0)
    replica.fetch(3, 2)
    expect(replica.log.highWatermark).toBe(2)
  })

  test('a proposal names the life whose fetches showed the replica caught up, even when it waits (KAFKA-15221, R12)', () => {
    const replica = leader([1, 2])
    replica.fetch(2, 0)
    const item = expand(replica, 3, 0)
    replica.register(3, 200)
    replica.fetch(3, 0, { brokerEpoch: 200 })
    expect(item.isr).toEqual([1, 2, 3])
    expect(item.brokerEpochs).toEqual([-1, 102, 103])
  })

  test('a member that has not fetched yet is named with the epoch of the metadata', () => {
    const replica = leader([1, 2])
    expect(expand(replica, 3, 0).brokerEpochs).toEqual([-1, 102, 103])
    replica.changeRegistration(2, { fenced: true })
    const other = leader([1, 2])
    other.changeRegistration(2, { fenced: true })
    expect(expand(other, 3, 0).brokerEpochs).toEqual([-1, -1, 103])
  })
})

function pending(replica: LoneReplica): AlterIsr {
  const { partition } = replica
  const { leaderEpoch, partitionEpoch } = partition
  return { partition, isr: partition.pending?.isr ?? [], brokerEpochs: [], leaderEpoch, partitionEpoch }
}

describe('answers to AlterPartition (1.6)', () => {
  test.each([Errors.INELIGIBLE_REPLICA, Errors.OPERATION_NOT_ATTEMPTED])('%i: back to the committed set', (error) => {
    const replica = leader([1, 2])
    const item = expand(replica, 3, 0)
    expect(replica.partition.onAlterRefused(item, error)).toBe('done')
    expect(replica.partition).toMatchObject({ pending: null, isr: [1, 2], maximalIsr: [1, 2] })
  })

  test.each([
    Errors.FENCED_LEADER_EPOCH,
    Errors.INVALID_UPDATE_VERSION,
    Errors.INVALID_REQUEST,
    Errors.UNKNOWN_TOPIC_ID,
    Errors.UNKNOWN_TOPIC_OR_PARTITION,
    Errors.NEW_LEADER_ELECTED,
  ])('%i: stays pending with the larger set until metadata comes', (error) => {
    const replica = leader([1, 2])
    const item = expand(replica, 3, 0)
    expect(replica.partition.onAlterRefused(item, error)).toBe('done')
    expect(replica.partition.pending).not.toBeNull()
    expect(replica.partition.maximalIsr).toEqual([1, 2, 3])
    replica.append(1)
    replica.fetch(2, 1)
    expect(replica.log.highWatermark).toBe(0)
    replica.lead(1, 1, [1, 2])
    expect(replica.partition).toMatchObject({ pending: null, maximalIsr: [1, 2] })
  })

  test.each([Errors.NOT_CONTROLLER, Errors.UNKNOWN_SERVER_ERROR])('%i: the same request again', (error) => {
    const replica = leader([1, 2])
    const item = expand(replica, 3, 0)
    expect(replica.partition.onAlterRefused(item, error)).toBe('retry')
    expect(replica.partition.pending?.isr).toEqual([1, 2, 3])
  })

  test('an answer of another leader epoch or an older partition epoch changes nothing', () => {
    const replica = leader([1, 2])
    const item = expand(replica, 3, 0)
    expect(replica.accept(item, { leaderEpoch: 2 })).toBe(false)
    expect(replica.accept(item, { partitionEpoch: -1 })).toBe(false)
    expect(replica.partition.isr).toEqual([1, 2])
    // Accepted without a change of the epoch: the set was already so.
    replica.accept(item, { partitionEpoch: 0 })
    expect(replica.partition).toMatchObject({ isr: [1, 2, 3], pending: null })
  })

  test('an answer to a change that is no longer pending changes nothing', () => {
    const replica = leader([1, 2])
    const item = expand(replica, 3, 0)
    replica.lead(1, 1, [1, 2])
    expect(replica.partition.onAlterRefused(item, Errors.NOT_CONTROLLER)).toBe('done')
    replica.accept(item, { partitionEpoch: 5 })
    expect(replica.partition).toMatchObject({ isr: [1, 2], partitionEpoch: 1 })
    // Nor does it stand for a newer change that is pending by now.
    const newer = expand(replica, 3, 0)
    expect(replica.accept(item, { partitionEpoch: 5 })).toBe(false)
    expect(replica.partition.pending?.isr).toBe(newer.isr)
  })
})

describe('older rules of in-sync sets', () => {
  test('isr.expansion: high-watermark lets a follower in before the start of the leader epoch (before KAFKA-7128, R13)', () => {
    const replica = new LoneReplica({ profile: { 'isr.expansion': 'high-watermark' } })
    replica.append(10, 1)
    replica.log.setHighWatermark(8, 1, false)
    replica.lead(2, 1, [1])
    expect(replica.fetch(3, 8, { lastFetchedEpoch: 1 }).expansions[0]?.isr).toEqual([1, 3])
  })

  test('isr.eligibility: unchecked takes who is fenced or shuts down (before KIP-841, K04)', () => {
    for (const change of [{ fenced: true }, { inControlledShutdown: true }]) {
      const rules = { 'isr.eligibility': 'unchecked', 'isr.broker.epochs': 'none' } as const
      const replica = new LoneReplica({ profile: rules })
      replica.lead(1, 0, [1, 2])
      replica.changeRegistration(3, change)
      expect(expand(replica, 3, 0).isr).toEqual([1, 2, 3])
    }
  })

  test('isr.broker.epochs: none believes fetches of any life, and says of none (before KIP-903, R12a)', () => {
    const replica = new LoneReplica({ profile: { 'isr.broker.epochs': 'none' } })
    replica.lead(1, 0, [1, 2])
    const item = replica.fetch(3, 0, { brokerEpoch: 50 }).expansions[0] as AlterIsr
    expect(replica.partition.epochsSent(item)).toEqual([-1, -1, -1])
  })

  test('isr.broker.epochs: when-sent vouches for the life that fetched last (before KAFKA-15221, R12b)', () => {
    const sent = (mode: 'with-progress' | 'when-sent'): readonly number[] => {
      const replica = new LoneReplica({ profile: { 'isr.broker.epochs': mode } })
      replica.lead(1, 0, [1, 2])
      replica.append(3)
      const item = expand(replica, 3, 3)
      replica.register(3, 200)
      replica.fetch(3, 0, { brokerEpoch: 200 })
      return replica.partition.epochsSent(item)
    }
    expect(sent('with-progress').at(-1)).toBe(103)
    expect(sent('when-sent').at(-1)).toBe(200)
  })

  test('high.watermark.below.min.isr: moves commits what the leader alone has (before KAFKA-15583, R21)', () => {
    const highWatermark = (rule: 'stands' | 'moves'): number => {
      const replica = new LoneReplica({ minIsr: 2, profile: { 'high.watermark.below.min.isr': rule } })
      replica.lead(1, 0, [1])
      replica.append(3)
      return replica.log.highWatermark
    }
    expect([highWatermark('stands'), highWatermark('moves')]).toEqual([0, 3])
  })
})
