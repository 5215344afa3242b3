import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import { answerOf, LoneReplica } from './partition.test.support.ts'

/** Leads in epoch 5 with epoch 1 at [0, 4), epoch 3 at [4, 6) and epoch 5 at [6, 9). */
function leader(): LoneReplica {
  const replica = new LoneReplica()
  replica.append(4, 1)
  replica.append(2, 3)
  replica.lead(5, 1, [1, 2])
  replica.append(3)
  return replica
}

describe('the divergence test (1.7)', () => {
  test.each([
    ['in the same epoch, behind', 5, 7, null],
    ['in the same epoch, at the end', 5, 9, null],
    ['in the same epoch, beyond the end', 5, 10, { epoch: 5, endOffset: 9 }],
    ['in an earlier epoch, within it', 3, 5, null],
    ['in an earlier epoch, at its end', 3, 6, null],
    ['in an earlier epoch, beyond its end', 3, 7, { epoch: 3, endOffset: 6 }],
    ['in an epoch that the leader never had', 4, 6, { epoch: 3, endOffset: 6 }],
    ['the same, further on', 2, 8, { epoch: 1, endOffset: 4 }],
    ['in an epoch before all, within the log', 0, 0, null],
    ['in an epoch before all, with data', 0, 1, { epoch: 0, endOffset: 0 }],
  ] as const)('%s', (_title, lastFetchedEpoch, fetchOffset, diverging) => {
    const answer = answerOf(leader().fetch(2, fetchOffset, { lastFetchedEpoch }))
    expect(answer.errorCode).toBe(Errors.NONE)
    expect(answer.divergingEpoch).toEqual(diverging)
    expect(answer.records.length).toBe(diverging === null ? 9 - fetchOffset : 0)
  })

  test.each([
    ['an epoch above all', 6, 9],
    ['beyond the end without an epoch', -1, 10],
  ] as const)('%s is out of range', (_title, lastFetchedEpoch, fetchOffset) => {
    expect(answerOf(leader().fetch(2, fetchOffset, { lastFetchedEpoch })).errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE)
  })

  test('before the log start is out of range, whatever the epochs say', () => {
    const replica = leader()
    replica.log.setHighWatermark(8, 5, true)
    replica.log.incrementLogStartOffset(7)
    expect(answerOf(replica.fetch(2, 6, { lastFetchedEpoch: 4 })).errorCode).toBe(Errors.OFFSET_OUT_OF_RANGE)
  })

  test('an empty log fetches from 0 without an epoch', () => {
    expect(answerOf(leader().fetch(2, 0, { lastFetchedEpoch: -1 })).records).toHaveLength(9)
  })

  test('a diverging follower is not believed, nor does it move the high watermark (KAFKA-13141, R15)', () => {
    const replica = new LoneReplica()
    replica.append(5, 1)
    replica.lead(2, 1, [1, 2])
    const result = replica.fetch(2, 8, { lastFetchedEpoch: 1 })
    expect(answerOf(result).divergingEpoch).toEqual({ epoch: 1, endOffset: 5 })
    expect(replica.remote(2)).toMatchObject({ logEndOffset: -1, brokerEpoch: -1 })
    replica.append(3)
    expect(replica.partition.maybeIncrementLeaderHW()).toBe(false)
    expect(replica.log.highWatermark).toBe(0)
  })

  test('fetch.diverging.offset: counted takes it for in sync, and for holding what comes next (until KAFKA-13141)', () => {
    const replica = new LoneReplica({ profile: { 'fetch.diverging.offset': 'counted' } })
    replica.append(5, 1)
    replica.lead(2, 1, [1])
    const result = replica.fetch(2, 8, { lastFetchedEpoch: 1 })
    expect(answerOf(result).divergingEpoch).toEqual({ epoch: 1, endOffset: 5 })
    expect(result.expansions[0]?.isr).toEqual([1, 2])
    replica.append(3)
    expect(replica.log.highWatermark).toBe(8)
  })
})

describe('who may fetch (1.7)', () => {
  test('leader epochs: lower is fenced, higher unknown, in this order before all else', () => {
    const replica = leader()
    expect(answerOf(replica.fetch(2, 9, { currentLeaderEpoch: 4 })).errorCode).toBe(Errors.FENCED_LEADER_EPOCH)
    expect(answerOf(replica.fetch(2, 9, { currentLeaderEpoch: 6 })).errorCode).toBe(Errors.UNKNOWN_LEADER_EPOCH)
    replica.follow(2, 6, 2)
    expect(answerOf(replica.fetch(3, 9, { currentLeaderEpoch: 5 })).errorCode).toBe(Errors.FENCED_LEADER_EPOCH)
    expect(answerOf(replica.fetch(3, 9)).errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })

  test('a broker without a replica is told that the epoch is unknown', () => {
    expect(answerOf(leader().fetch(4, 9)).errorCode).toBe(Errors.UNKNOWN_LEADER_EPOCH)
  })

  test('an unknown topic, and one that is not hosted here', () => {
    const replica = leader()
    expect(answerOf(replica.fetch(2, 9, { topicId: 9 })).errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
    replica.metadata.apply([
      {
        type: 'PartitionRecord',
        topicId: 9,
        partitionId: 0,
        replicas: [2],
        isr: [2],
        leader: 2,
        leaderEpoch: 0,
        partitionEpoch: 0,
      },
    ])
    expect(answerOf(replica.fetch(2, 9, { topicId: 9 })).errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
  })

  test('a fetch of an earlier life changes nothing (KIP-903)', () => {
    const replica = leader()
    replica.register(2, 200)
    const result = replica.fetch(2, 9, { brokerEpoch: 102 })
    expect(answerOf(result).errorCode).toBe(Errors.NOT_LEADER_OR_FOLLOWER)
    expect(replica.remote(2).logEndOffset).toBe(-1)
    expect(replica.log.highWatermark).toBe(0)
    replica.fetch(2, 9, { brokerEpoch: 200 })
    expect(replica.log.highWatermark).toBe(9)
  })
})

describe('what is answered (1.7)', () => {
  test('the high watermark from before the fetch took effect: followers learn it one round trip late', () => {
    const replica = leader()
    expect(answerOf(replica.fetch(2, 9)).highWatermark).toBe(0)
    expect(replica.log.highWatermark).toBe(9)
    expect(answerOf(replica.fetch(2, 9)).highWatermark).toBe(9)
  })

  test('a fetch that waited reads again and tells the leader nothing new', () => {
    const replica = leader()
    replica.fetch(2, 6, { lastFetchedEpoch: 3 })
    replica.pass(1000)
    expect(replica.reread(2, 9).records).toEqual([])
    expect(replica.remote(2)).toMatchObject({ logEndOffset: 6, lastFetchTime: 0 })
    expect(replica.log.highWatermark).toBe(6)
  })

  test('up to the log end, within the asked number of bytes and at least one batch', () => {
    const replica = leader()
    expect(answerOf(replica.fetch(2, 6, { lastFetchedEpoch: 3 })).records.map((entry) => entry.baseOffset)).toEqual([
      6, 7, 8,
    ])
    const small = answerOf(replica.fetch(2, 6, { lastFetchedEpoch: 3, partitionMaxBytes: 250 }))
    expect(small.records.map((entry) => entry.baseOffset)).toEqual([6, 7])
    expect(answerOf(replica.fetch(2, 6, { lastFetchedEpoch: 3, partitionMaxBytes: 1 })).records).toHaveLength(1)
  })

  test('errors and divergence are answered at once, a fetch at the end may wait', () => {
    const replica = leader()
    expect(replica.fetch(2, 9, { currentLeaderEpoch: 4 }).immediate).toBe(true)
    expect(replica.fetch(2, 12).immediate).toBe(true)
    expect(replica.fetch(2, 9).immediate).toBe(false)
  })
})
