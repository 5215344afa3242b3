import { describe, expect, test } from 'vitest'
import { SIGNAL_EVENT } from '../../kernel/kernel.ts'
import { tpOf } from '../../history/ids.ts'
import { ELECT_LEADER, MOVE_LEADER } from './operator-requests.ts'
import { Bench, TOPIC_ID } from './harness.test.support.ts'

// What an operator asks for: `kafka-leader-election`, and `kafka-reassign-partitions` with the replicas in another order.

const P0: number = tpOf(TOPIC_ID, 0)

function ask(bench: Bench, signal: number, what: number): void {
  bench.kernel.deliver(0, SIGNAL_EVENT, signal, P0, what, null)
}

describe('move-leader', () => {
  test('makes a replica the preferred one, and then the leader, in a new epoch', () => {
    const bench = new Bench()
    ask(bench, MOVE_LEADER, 3)
    expect(bench.view.partition(P0)).toMatchObject({ replicas: [3, 1, 2], leader: 3, leaderEpoch: 1, isr: [1, 2, 3] })
    expect(bench.told()).toEqual(['isr p0 [1,2,3] elr [] le 0 pe 1', 'leader p0 3 [1,2,3] le 1 pe 2'])
  })

  test('does not move it to who is out of sync, but prefers it from now on', () => {
    const bench = new Bench()
    bench.alter(1, [1, 2])
    bench.told()
    ask(bench, MOVE_LEADER, 3)
    expect(bench.view.partition(P0)).toMatchObject({ replicas: [3, 1, 2], leader: 1, leaderEpoch: 0 })
    expect(bench.told()).toEqual(['isr p0 [1,2] elr [] le 0 pe 2'])
  })

  test('does nothing for a broker without a replica, nor for the leader', () => {
    const bench = new Bench()
    const { endOffset } = bench.disk
    ask(bench, MOVE_LEADER, 9)
    ask(bench, MOVE_LEADER, 1)
    expect(bench.disk.endOffset).toBe(endOffset)
  })
})

describe('elect-leader', () => {
  test('gives leadership back to the preferred replica; a second time there is nothing to do (ELECTION_NOT_NEEDED)', () => {
    const bench = new Bench()
    ask(bench, MOVE_LEADER, 2)
    bench.heartbeat(2, { wantFence: true })
    expect(bench.view.leaderOf(P0)).toBe(1)
    bench.heartbeat(2)
    bench.alter(1, [1, 2, 3])
    ask(bench, ELECT_LEADER, 0)
    expect(bench.view.leaderOf(P0)).toBe(2)
    const { endOffset } = bench.disk
    ask(bench, ELECT_LEADER, 0)
    expect(bench.disk.endOffset).toBe(endOffset)
  })

  test('unclean: takes whoever lives where nobody leads, also where the topic does not allow it', () => {
    const bench = new Bench({ elr: false })
    bench.alter(1, [1])
    ask(bench, ELECT_LEADER, 1)
    expect(bench.view.leaderOf(P0)).toBe(1)
    bench.heartbeat(1, { wantFence: true })
    expect(bench.view.leaderOf(P0)).toBe(-1)
    ask(bench, ELECT_LEADER, 1)
    expect(bench.view.partition(P0)).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: 1 })
  })
})
