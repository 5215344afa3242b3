import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { SIGNAL_EVENT } from '../../kernel/kernel.ts'
import { Errors } from '../protocol/errors.ts'
import { REASSIGN } from './operator-requests.ts'
import { Bench, type BenchOptions, TOPIC_ID } from './harness.test.support.ts'

// `kafka-reassign-partitions`: AlterPartitionReassignments (KIP-455).

const P0: number = tpOf(TOPIC_ID, 0)

/** Five brokers; partition 0 is at the first three. */
function bench(options: BenchOptions = {}): Bench {
  return new Bench({ brokers: 5, replicas: 3, topic: { 'min.insync.replicas': 2 }, ...options })
}

function reassign(on: Bench, target: readonly number[] | null): void {
  on.kernel.deliver(0, SIGNAL_EVENT, REASSIGN, P0, 0, target)
}

describe('a reassignment', () => {
  test('adds replicas first, and takes the others away once all that are to be are in sync', () => {
    const on = bench()
    reassign(on, [1, 4, 5])
    expect(on.view.partition(P0)).toMatchObject({
      replicas: [1, 4, 5, 2, 3],
      addingReplicas: [4, 5],
      removingReplicas: [2, 3],
      isr: [1, 2, 3],
      leaderEpoch: 0,
    })
    on.alter(1, [1, 2, 3, 4])
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 4, 5, 2, 3], leaderEpoch: 0 })
    const { partitions } = on.alter(1, [1, 2, 3, 4, 5])
    expect(partitions[0]).toMatchObject({ errorCode: Errors.NONE, leaderEpoch: 1, isr: [1, 4, 5] })
    expect(on.view.partition(P0)).toMatchObject({
      replicas: [1, 4, 5],
      addingReplicas: [],
      removingReplicas: [],
      isr: [1, 4, 5],
      leader: 1,
      leaderEpoch: 1,
    })
    expect(on.told()).toEqual([
      'replicas p0 [1,2,3,4,5] + [4,5] - [2,3]',
      'isr p0 [1,2,3] elr [] le 0 pe 1',
      'isr p0 [1,2,3,4] elr [] le 0 pe 2',
      'replicas p0 [1,4,5] + [] - []',
      'leader p0 1 [1,4,5] le 1 pe 3',
    ])
  })

  test('moves the leader when it goes, and tells the one that asked (NEW_LEADER_ELECTED)', () => {
    const on = bench()
    reassign(on, [4, 5])
    const { partitions } = on.alter(1, [1, 2, 3, 4, 5])
    expect(partitions[0]?.errorCode).toBe(Errors.NEW_LEADER_ELECTED)
    expect(on.view.partition(P0)).toMatchObject({ replicas: [4, 5], isr: [4, 5], leader: 4, leaderEpoch: 1 })
    // Broker 5 has just come into sync, and so might have led: nothing of that is unclean.
    expect(on.told().at(-1)).toBe('leader p0 4 [4,5] le 1 pe 2')
  })

  test('to fewer of the same replicas is over at once, in a new leader epoch', () => {
    const on = bench()
    reassign(on, [1, 3])
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 3], isr: [1, 3], leader: 1, leaderEpoch: 1 })
  })

  test('that only adds keeps the leader epoch', () => {
    const on = bench()
    reassign(on, [1, 2, 3, 4])
    on.alter(1, [1, 2, 3, 4])
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 2, 3, 4], addingReplicas: [], leaderEpoch: 0 })
  })

  test('waits for a replica that stays and is out of sync (KAFKA-15665); before, it left the few that are', () => {
    const outcome = (completion: 'all-in-sync' | 'added-in-sync'): readonly number[] | undefined => {
      const on = bench({ completion })
      on.alter(1, [1, 2])
      reassign(on, [3, 4])
      on.alter(1, [1, 2, 4])
      return on.view.partition(P0)?.replicas
    }
    expect(outcome('all-in-sync')).toEqual([3, 4, 1, 2])
    expect(outcome('added-in-sync')).toEqual([3, 4])
  })

  test('to a broker that is fenced waits for it', () => {
    const on = bench()
    on.heartbeat(5, { wantFence: true })
    reassign(on, [1, 2, 5])
    expect(on.alter(1, [1, 2, 3, 5]).partitions[0]?.errorCode).toBe(Errors.INELIGIBLE_REPLICA)
    expect(on.view.partition(P0)).toMatchObject({ addingReplicas: [5], removingReplicas: [3] })
  })

  test('over another one starts from where that has come to', () => {
    const on = bench()
    reassign(on, [1, 2, 4])
    reassign(on, [1, 2, 5])
    expect(on.view.partition(P0)).toMatchObject({
      replicas: [1, 2, 5, 3, 4],
      addingReplicas: [5],
      removingReplicas: [3, 4],
    })
    on.alter(1, [1, 2, 3, 5])
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 2, 5], isr: [1, 2, 5] })
  })

  test('back to where another one began is over at once', () => {
    const on = bench()
    reassign(on, [1, 2, 4])
    reassign(on, [1, 2, 3])
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 2, 3], addingReplicas: [], removingReplicas: [] })
  })

  test('goes on when another controller takes over', () => {
    const on = bench()
    reassign(on, [1, 2, 4])
    on.restart()
    on.heartbeat(4)
    on.alter(1, [1, 2, 3, 4])
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 2, 4] })
  })

  test.each([
    ['nobody', []],
    ['a broker twice', [1, 4, 4]],
    ['a broker that never registered', [1, 9]],
  ])('to %s is refused', (_, target) => {
    const on = bench()
    const { endOffset } = on.disk
    reassign(on, target)
    expect(on.disk.endOffset).toBe(endOffset)
  })
})

describe('cancelling', () => {
  test('takes the added replicas away, in a new leader epoch', () => {
    const on = bench()
    reassign(on, [1, 4, 5])
    on.alter(1, [1, 2, 3, 4])
    reassign(on, null)
    expect(on.view.partition(P0)).toMatchObject({
      replicas: [1, 2, 3],
      addingReplicas: [],
      removingReplicas: [],
      isr: [1, 2, 3],
      leader: 1,
      leaderEpoch: 1,
    })
  })

  test('moves the leader when a replica that was added leads', () => {
    const on = bench()
    reassign(on, [4, 5])
    on.alter(1, [1, 2, 3, 4])
    on.heartbeat(1, { wantFence: true })
    expect(on.view.leaderOf(P0)).toBe(4)
    reassign(on, null)
    expect(on.view.partition(P0)).toMatchObject({ replicas: [1, 2, 3], isr: [2, 3], leader: 2, leaderEpoch: 2 })
  })

  test('keeps what an earlier reassignment had added: for the later one it was always there', () => {
    const on = bench()
    reassign(on, [1, 4])
    reassign(on, [1, 5])
    reassign(on, null)
    expect(on.view.partition(P0)?.replicas).toEqual([1, 2, 3, 4])
  })

  test('is refused when only added replicas are in sync, unless unclean elections are allowed', () => {
    const outcome = (unclean: boolean): object | undefined => {
      const on = bench({ elr: false, topic: { 'unclean.leader.election.enable': unclean } })
      on.alter(1, [1])
      reassign(on, [4, 5])
      on.alter(1, [1, 4])
      on.heartbeat(1, { wantFence: true })
      expect(on.view.partition(P0)).toMatchObject({ leader: 4, isr: [4] })
      on.told()
      reassign(on, null)
      return { replicas: on.view.partition(P0)?.replicas, told: on.told() }
    }
    expect(outcome(false)).toEqual({ replicas: [4, 5, 1, 2, 3], told: [] })
    const told = ['replicas p0 [1,2,3] + [] - []', 'leader p0 2 [2] le 2 pe 5 unclean']
    expect(outcome(true)).toEqual({ replicas: [1, 2, 3], told })
  })

  test('nothing does nothing (NO_REASSIGNMENT_IN_PROGRESS)', () => {
    const on = bench()
    const { endOffset } = on.disk
    reassign(on, null)
    expect(on.disk.endOffset).toBe(endOffset)
  })
})
