import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { AlterPartitionData } from '../protocol/messages.ts'
import { Bench } from './harness.test.support.ts'

/** A cluster of four in which 4 shuts down, 3 is fenced, and partition 0 has leader epoch 1 and partition epoch 3. */
function troubled(): Bench {
  const bench = new Bench({ brokers: 4, partitions: 1 })
  bench.heartbeat(4, { wantFence: true })
  bench.heartbeat(4)
  bench.alter(1, [1, 2, 3, 4])
  bench.heartbeat(3, { wantFence: true })
  return bench
}

function member(brokerId: number, brokerEpoch: number): AlterPartitionData['newIsrWithEpochs'] {
  return [
    { brokerId: 1, brokerEpoch: 0 },
    { brokerId, brokerEpoch },
  ]
}

describe('AlterPartition', () => {
  test('accepted: the partition epoch rises, the leader epoch stays', () => {
    const bench = new Bench()
    expect(bench.alter(1, [1, 3])).toEqual({
      errorCode: Errors.NONE,
      partitions: [
        {
          topicId: 1,
          partitionIndex: 0,
          errorCode: Errors.NONE,
          leaderId: 1,
          leaderEpoch: 0,
          isr: [1, 3],
          leaderRecoveryState: 0,
          partitionEpoch: 1,
        },
      ],
    })
    expect(bench.told()).toEqual(['isr p0 [1,3] elr [] le 0 pe 1'])
  })

  test('a change to what is already so is granted without a record', () => {
    const bench = new Bench()
    const { endOffset } = bench.disk
    expect(bench.alter(1, [1, 2, 3]).partitions).toMatchObject([{ errorCode: Errors.NONE, partitionEpoch: 0 }])
    expect([bench.disk.endOffset, bench.told()]).toEqual([endOffset, []])
  })

  test('a leader that is ahead asks the wrong controller; before KAFKA-14154 it was told that it was deposed', () => {
    const ahead = (futureEpochs: 'not-controller' | 'fenced'): readonly unknown[] => {
      const bench = new Bench({ futureEpochs })
      const answers = [bench.alter(1, [1, 2], { leaderEpoch: 1 }), bench.alter(1, [1, 2], { partitionEpoch: 1 })]
      return answers.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
    }
    expect(ahead('not-controller')).toEqual([Errors.NOT_CONTROLLER, Errors.NOT_CONTROLLER])
    expect(ahead('fenced')).toEqual([Errors.FENCED_LEADER_EPOCH, Errors.INVALID_UPDATE_VERSION])
  })

  test('a stale broker epoch refuses the whole request', () => {
    const bench = new Bench()
    expect(bench.alter(1, [1], {}, 77)).toEqual({ errorCode: Errors.STALE_BROKER_EPOCH, partitions: [] })
    expect(bench.told()).toEqual([])
  })

  /** Every row breaks its own rule and all those that are checked later, so the order shows. */
  const fenced = member(3, 2)
  const foreign = member(9, 1)
  const rows: readonly [what: string, sender: number, wish: Partial<AlterPartitionData>, error: number][] = [
    ['unknown topic', 2, { topicId: 9, leaderEpoch: 99 }, Errors.UNKNOWN_TOPIC_ID],
    ['unknown partition', 2, { partitionIndex: 5, leaderEpoch: 99 }, Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ['leader epoch above', 2, { leaderEpoch: 99, partitionEpoch: 0, newIsrWithEpochs: foreign }, Errors.NOT_CONTROLLER],
    [
      'partition epoch above',
      2,
      { leaderEpoch: -1, partitionEpoch: 99, newIsrWithEpochs: foreign },
      Errors.NOT_CONTROLLER,
    ],
    [
      'leader epoch below',
      2,
      { leaderEpoch: -1, partitionEpoch: 0, newIsrWithEpochs: foreign },
      Errors.FENCED_LEADER_EPOCH,
    ],
    ['not the leader', 2, { partitionEpoch: 0, newIsrWithEpochs: foreign }, Errors.INVALID_REQUEST],
    ['partition epoch below', 1, { partitionEpoch: 0, newIsrWithEpochs: foreign }, Errors.INVALID_UPDATE_VERSION],
    ['not a replica', 1, { newIsrWithEpochs: foreign }, Errors.INVALID_REQUEST],
    ['a replica twice', 1, { newIsrWithEpochs: [...fenced, { brokerId: 1, brokerEpoch: 0 }] }, Errors.INVALID_REQUEST],
    ['without the leader', 1, { newIsrWithEpochs: [{ brokerId: 3, brokerEpoch: 2 }] }, Errors.INVALID_REQUEST],
    ['recovering with two', 1, { newIsrWithEpochs: fenced, leaderRecoveryState: 1 }, Errors.INVALID_REQUEST],
    [
      'recovered that recovers again',
      1,
      { newIsrWithEpochs: [{ brokerId: 1, brokerEpoch: 0 }], leaderRecoveryState: 1 },
      Errors.INVALID_REQUEST,
    ],
    ['a fenced member', 1, { newIsrWithEpochs: fenced }, Errors.INELIGIBLE_REPLICA],
    ['a member of another life', 1, { newIsrWithEpochs: member(2, 99) }, Errors.INELIGIBLE_REPLICA],
    ['a member of unknown life', 1, { newIsrWithEpochs: member(2, -1) }, Errors.NONE],
  ]

  test.each(rows)('%s', (_what, sender, wish, error) => {
    const bench = troubled()
    const { endOffset } = bench.disk
    const [result] = bench.alter(sender, [1], wish).partitions
    expect(result?.errorCode).toBe(error)
    expect(bench.disk.endOffset).toBe(error === Errors.NONE ? endOffset + 1 : endOffset)
  })

  test('a member in controlled shutdown or without registration is ineligible', () => {
    const bench = new Bench({ partitions: 2 })
    bench.heartbeat(2, { wantShutDown: true })
    bench.told()
    expect(bench.alter(1, [1, 2, 3]).partitions).toMatchObject([{ errorCode: Errors.INELIGIBLE_REPLICA }])
    expect(bench.told()).toEqual([])
  })

  test('before KIP-841 it is as good as any other (K04)', () => {
    const bench = new Bench({ partitions: 2, eligibleOnly: false })
    bench.heartbeat(2, { wantShutDown: true })
    bench.told()
    expect(bench.alter(1, [1, 2, 3]).partitions).toMatchObject([{ errorCode: Errors.NONE, isr: [1, 2, 3] }])
  })

  test('partitions of a request are judged one by one', () => {
    const bench = new Bench({ partitions: 2 })
    const good = {
      topicId: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      newIsrWithEpochs: [{ brokerId: 1, brokerEpoch: 0 }],
      leaderRecoveryState: 0 as const,
    }
    const body = {
      brokerId: 1,
      brokerEpoch: 0,
      partitions: [
        { ...good, partitionIndex: 1 },
        { ...good, partitionIndex: 0 },
      ],
    }
    expect(bench.ask(1, 56, body)).toMatchObject({
      partitions: [
        { partitionIndex: 1, errorCode: Errors.INVALID_REQUEST },
        { partitionIndex: 0, errorCode: Errors.NONE, isr: [1] },
      ],
    })
  })

  test('ELR: below min ISR the leaving stay eligible, at min ISR nobody is', () => {
    const bench = new Bench({ topic: { 'min.insync.replicas': 2 } })
    bench.alter(1, [1])
    bench.alter(1, [1, 3])
    expect(bench.told()).toEqual(['isr p0 [1] elr [2,3] le 0 pe 1', 'isr p0 [1,3] elr [] le 0 pe 2'])
  })

  test('a min ISR above the replication factor means all replicas', () => {
    const bench = new Bench({ topic: { 'min.insync.replicas': 9 } })
    bench.alter(1, [1, 2])
    bench.alter(1, [1, 2, 3])
    expect(bench.told()).toEqual(['isr p0 [1,2] elr [3] le 0 pe 1', 'isr p0 [1,2,3] elr [] le 0 pe 2'])
  })

  test('a leader that was elected uncleanly recovers alone before others may join', () => {
    const bench = new Bench({ elr: false, topic: { 'unclean.leader.election.enable': true } })
    bench.alter(1, [1])
    bench.heartbeat(1, { wantFence: true })
    expect(bench.told()).toContain('leader p0 2 [2] le 1 pe 2 unclean')
    expect(bench.alter(2, [2, 3], { leaderRecoveryState: 1 }).partitions).toMatchObject([
      { errorCode: Errors.INVALID_REQUEST },
    ])
    expect(bench.alter(2, [2]).partitions).toMatchObject([
      { errorCode: Errors.NONE, leaderRecoveryState: 0, partitionEpoch: 3 },
    ])
    expect(bench.alter(2, [2, 3]).partitions).toMatchObject([{ errorCode: Errors.NONE, isr: [2, 3], leaderEpoch: 1 }])
  })
})
