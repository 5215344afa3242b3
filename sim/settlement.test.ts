import { expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { tpOf } from './history/ids.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { OFFSETS_TOPIC } from './kafka/broker/metadata-cache.ts'
import { partitionFor } from './kafka/group/partition-for.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { World } from './world.ts'

const TOPIC = world().topics[0] as WorldSpec['topics'][number]

/** A group reads from a topic with one replica, so that only the partition that keeps its offsets has followers. */
function grouped(): WorldSpec {
  return world({
    topics: [{ ...TOPIC, partitions: 1, replicationFactor: 1, config: { ...TOPIC.config, 'min.insync.replicas': 1 } }],
    producers: [
      producer('checkout', 'orders', {
        workload: {
          kind: 'send',
          records: 60,
          every: constant(100 * MILLISECOND),
          keys: 0,
          size: 100,
          transactions: null,
        },
      }),
    ],
    consumers: [consumer('reader', 'orders')],
    run: { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 2_000_000 },
  })
}

interface Offsets {
  readonly ends: readonly number[]
  readonly isr: number
}

/** Where the logs of the group's offsets end on their replicas that live, and how many are in sync. */
function offsetsOf({ nodes, kernel }: World): Offsets {
  const topic = nodes.view.topicNamed(OFFSETS_TOPIC)
  if (topic === null) return { ends: [], isr: 0 }
  const tp = tpOf(topic.topicId, partitionFor('reader', topic.partitions))
  const ends = nodes.view.replicasOf(tp).flatMap((node) => {
    const broker = kernel.nodes[node]?.handler as Broker | null | undefined
    return broker?.replicas.partitions.get(tp)?.log.logEndOffset ?? []
  })
  return { ends, isr: nodes.view.isrOf(tp).length }
}

const followerDies = (node: string): FaultPlan => [
  {
    entry: 0,
    forUs: null,
    trigger: { kind: 'at', atUs: 2 * SECOND },
    action: { kind: 'crash', target: { kind: 'node', name: node } },
  },
]

test.each(['broker-2', 'broker-3'])(
  'a run is not settled before %s has again what groups committed while it was away',
  (node) => {
    const running = new World(grouped(), followerDies(node), 's', { hasher: new TestHasher() })
    const waited = new Set<string>()
    let events = 0
    while (!running.run((events += 20))) {
      const { ends, isr } = offsetsOf(running)
      const differ = isr < 3 || ends.length < 3 || new Set(ends).size > 1
      if (differ && ends.length > 0 && Math.max(...ends) > 0) expect(running.settlement.isSettled()).toBe(false)
      for (const { who } of running.settlement.waiting()) waited.add(who)
    }
    expect(running.result().ended).toBe('settled')
    expect([...waited].filter((who) => who.startsWith(`${OFFSETS_TOPIC}-`)).length).toBeGreaterThan(0)
    const { ends, isr } = offsetsOf(running)
    expect({ isr, replicas: ends.length, ends: new Set(ends).size }).toEqual({ isr: 3, replicas: 3, ends: 1 })
    expect(ends[0]).toBeGreaterThan(0)
  },
)
