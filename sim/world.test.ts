import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { MOMENTS } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { cloneGraph } from './kernel/clone.ts'
import { type EventObserver, SYSTEM_EVENT } from './kernel/kernel.ts'
import { Stream } from './kernel/stream.ts'
import type { WorldSpec } from './spec.ts'
import { runWorld, World, type WorldResult } from './world.ts'
import { producer, ROUGH_PLAN, TestHasher, world } from './world.test.support.ts'

const SPEC = world({
  producers: [
    producer('checkout', 'orders', { instances: 2 }),
    producer('billing', 'orders', {}, { acks: '1', 'enable.idempotence': false }),
  ],
})

function run(
  options: Partial<Parameters<typeof runWorld>[3]> = {},
  seed = 's',
  plan: FaultPlan = ROUGH_PLAN,
): WorldResult {
  return runWorld(SPEC, plan, seed, { hasher: new TestHasher(), ...options })
}

describe('a run is a function of spec, plan and seed', () => {
  test('the same inputs give the same digest, other seeds others', () => {
    expect(run().digest).toBe(run().digest)
    expect(new Set(['a', 'b', 'c', 'd'].map((seed) => run({}, seed).digest)).size).toBe(4)
  })

  test('heap and timing wheel give the same digest', () => {
    for (const seed of ['1', '2', '3'])
      expect(run({ queue: 'wheel' }, seed).digest).toBe(run({ queue: 'heap' }, seed).digest)
  })

  test('keeping the trace, freezing messages and observing everything change nothing', () => {
    let seen = 0
    const everything: MomentObserver = {
      kinds: MOMENTS.map((moment) => moment.kind),
      onMoment: () => {
        seen++
      },
    }
    const plain = run().digest
    expect(run({ keepTrace: true }).digest).toBe(plain)
    expect(run({ freeze: true }).digest).toBe(plain)
    expect(run({ observers: [everything] }).digest).toBe(plain)
    expect(seen).toBeGreaterThan(1000)
  })

  test('it settles after healing, and every fault fired and touched something', () => {
    const result = run()
    expect(result.ended).toBe('settled')
    expect(result.waiting).toEqual([])
    for (const fault of result.faults) expect(fault).toMatchObject({ fired: 1, touched: 1 })
    expect(result.mattered).toBe(true)
  })
})

describe('a running world is plain data', () => {
  test('copied at random events and continued, it ends like the original', () => {
    const draws = new Stream('clone', 'events')
    const total = run().events
    for (let i = 0; i < 12; i++) {
      const at = draws.below(total)
      const original = new World(SPEC, ROUGH_PLAN, 's', { hasher: new TestHasher() })
      original.run(at)
      const copy = cloneGraph(original)
      copy.run()
      original.run()
      const digest = original.result().digest
      expect(copy.result().digest, `copied at event ${at}`).toBe(digest)
      expect(digest).toBe(run().digest)
    }
  })
})

/** What happened at every node: its events by causal name and time, up to the first one a given fault had a part in. */
class NodeHistory implements EventObserver {
  readonly byNode: string[][] = []
  onEvent(time: number, node: number, what: number, kind: number, name1: number, name2: number): void {
    const history = (this.byNode[node] ??= [])
    history.push(`${time} ${what} ${kind} ${name1} ${name2}`)
  }
}

function histories(spec: WorldSpec, plan: FaultPlan, seed: string): readonly (readonly string[])[] {
  const observer = new NodeHistory()
  const started = new World(spec, plan, seed, { hasher: new TestHasher() })
  started.kernel.observer = observer
  started.run()
  return observer.byNode
}

describe('deleting one fault leaves everything not causally after it unchanged', () => {
  // A fault reaches other nodes only by messages. With a slow network that takes a while, and until then nothing there may differ.
  const leastLatency = 20_000
  const slow = world({
    producers: SPEC.producers,
    network: { latency: { kind: 'uniform', minUs: leastLatency, maxUs: 2 * leastLatency }, links: [] },
  })
  /** Nodes on which the fault acts at once. */
  const hit = [[1], [], []]

  test.each(ROUGH_PLAN.map((_, index) => index))(
    'without fault %i every node lives the same events, by causal name, until the fault can reach it',
    (index) => {
      for (const seed of ['1', '2', '3', '4']) {
        const trigger = ROUGH_PLAN[index]?.trigger
        const firedAt = trigger?.kind === 'at' ? trigger.atUs : 0
        const withFault = histories(slow, ROUGH_PLAN, seed)
        const without = histories(
          slow,
          ROUGH_PLAN.filter((_, other) => other !== index),
          seed,
        )
        let afterFault = 0
        for (let node = 0; node < withFault.length; node++) {
          const horizon = hit[index]?.includes(node) === true ? firedAt : firedAt + leastLatency
          const unreached = (lines: readonly string[] | undefined): readonly string[] =>
            (lines ?? []).filter((line) => Number(line.split(' ')[0]) < horizon && !isFaultEvent(line))
          expect(unreached(without[node])).toEqual(unreached(withFault[node]))
          afterFault += unreached(withFault[node]).filter((line) => Number(line.split(' ')[0]) > firedAt).length
        }
        expect(afterFault).toBeGreaterThan(5)
      }
    },
  )

  function isFaultEvent(line: string): boolean {
    const [, what, kind] = line.split(' ')
    return Number(what) === SYSTEM_EVENT && Number(kind) >= 16 && Number(kind) < 24
  }

  test('a fault that hits one pair leaves nodes without a causal path to it untouched to the end', () => {
    // Two producers and two topics that share no broker: what happens to one never reaches the other.
    const config = SPEC.topics[0]?.config
    if (config === undefined) throw new Error('no topic')
    const single = { ...config, 'min.insync.replicas': 1 }
    const topics = [
      { name: 'left', partitions: 1, replicationFactor: 1, config: single },
      { name: 'right', partitions: 2, replicationFactor: 1, config: single },
    ]
    const spec = world({
      topics,
      producers: [
        producer('one', 'left', {}, { acks: '1', 'enable.idempotence': false }),
        producer('two', 'right', {}, { acks: '1', 'enable.idempotence': false }),
      ],
    })
    const cutOne: FaultPlan = [
      {
        entry: 0,
        forUs: null,
        trigger: { kind: 'at', atUs: 200_000 },
        action: {
          kind: 'disconnect',
          between: [
            { kind: 'node', name: 'one#0' },
            { kind: 'role', role: 'brokers' },
          ],
        },
      },
    ]
    // Node 5 is two#0; what it lives while both runs are in their working phase.
    const names = (plan: FaultPlan): readonly string[] =>
      (histories(spec, plan, 'x')[5] ?? []).filter((line) => Number(line.split(' ')[0]) < 450_000)
    const calm = names([])
    expect(calm.length).toBeGreaterThan(100)
    expect(names(cutOne)).toEqual(calm)
  })
})
