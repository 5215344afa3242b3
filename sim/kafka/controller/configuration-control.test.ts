import { describe, expect, test } from 'vitest'
import { SIGNAL_EVENT } from '../../kernel/kernel.ts'
import { SECOND } from '../../kernel/time.ts'
import { tpOf } from '../../history/ids.ts'
import type { AlterTopicConfig } from './configuration-control.ts'
import { ALTER_CONFIG } from './operator-requests.ts'
import { Bench, TOPIC_ID } from './harness.test.support.ts'

// What an operator alters with `kafka-configs --alter`.

const P0: number = tpOf(TOPIC_ID, 0)

function alter(bench: Bench, changes: AlterTopicConfig['changes'], topic = 't'): void {
  bench.kernel.deliver(0, SIGNAL_EVENT, ALTER_CONFIG, 0, 0, { topic, changes })
}

/** Broker 1 alone in sync, and with min ISR 2 the others eligible. */
function alone(): Bench {
  const bench = new Bench({ topic: { 'min.insync.replicas': 2 } })
  bench.alter(1, [1])
  bench.told()
  return bench
}

describe('alter-config', () => {
  test('another min ISR takes away who was eligible by the old one (KIP-966)', () => {
    const bench = alone()
    expect(bench.view.elrOf(P0)).toEqual([2, 3])
    alter(bench, { 'min.insync.replicas': 1 })
    expect(bench.view.elrOf(P0)).toEqual([])
    expect(bench.told()).toEqual(['isr p0 [1] elr [] le 0 pe 2'])
  })

  test('the last known leader is forgotten, too, so that nobody can be elected', () => {
    const bench = alone()
    bench.pass(20 * SECOND)
    bench.register(1, 2)
    bench.register(2, 2)
    bench.register(3, 2)
    expect(bench.view.partition(P0)).toMatchObject({ isr: [], elr: [], lastKnownElr: [expect.any(Number)] })
    alter(bench, { 'min.insync.replicas': 1 })
    for (const broker of [1, 2, 3]) bench.heartbeat(broker)
    expect(bench.view.partition(P0)).toMatchObject({ lastKnownElr: [], leader: -1 })
  })

  test('from then on the controller goes by it: what leaves above the new min ISR is not eligible', () => {
    const bench = new Bench({ topic: { 'min.insync.replicas': 2 } })
    alter(bench, { 'min.insync.replicas': 1 })
    bench.alter(1, [1])
    expect(bench.view.elrOf(P0)).toEqual([])
    alter(bench, { 'min.insync.replicas': 3 })
    bench.alter(1, [1, 2])
    bench.alter(1, [1])
    expect(bench.view.elrOf(P0)).toEqual([2])
  })

  test('the same min ISR, and other settings, leave them eligible', () => {
    const bench = alone()
    alter(bench, { 'min.insync.replicas': 2 })
    alter(bench, { 'retention.ms': 1000 })
    expect(bench.view.elrOf(P0)).toEqual([2, 3])
  })

  test('unclean elections come with the next look for partitions without a leader', () => {
    const bench = new Bench({ elr: false, config: { 'unclean.leader.election.interval.ms': 60_000 } })
    bench.alter(1, [1])
    bench.heartbeat(1, { wantFence: true })
    alter(bench, { 'unclean.leader.election.enable': true })
    expect(bench.view.leaderOf(P0)).toBe(-1)
    bench.keepAlive(61 * SECOND, 1)
    expect(bench.view.leaderOf(P0)).toBe(2)
  })

  test('outlives the process', () => {
    const bench = alone()
    alter(bench, { 'min.insync.replicas': 1 })
    bench.restart()
    bench.alter(1, [1, 2])
    bench.alter(1, [1])
    expect(bench.view.elrOf(P0)).toEqual([])
  })

  test('a topic that does not exist is left alone (UNKNOWN_TOPIC_OR_PARTITION)', () => {
    const bench = alone()
    const { endOffset } = bench.disk
    alter(bench, { 'min.insync.replicas': 1 }, 'u')
    expect(bench.disk.endOffset).toBe(endOffset)
  })
})
