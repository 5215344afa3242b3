import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { cloneGraph } from './kernel/clone.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { Stream } from './kernel/stream.ts'
import { consumer, processor, sink, store } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, World, type WorldResult } from './world.ts'

/** Counts what became of records. */
class Effects implements MomentObserver {
  readonly kinds = [M.produceAcked, M.effectApplied, M.effectRefused, M.recordDerived]
  readonly acked: Set<number> = new Set()
  /** By record: effects at each node. */
  readonly applied: Map<number, number[]> = new Map()
  readonly derivedFrom: Map<number, number> = new Map()
  refused = 0

  onMoment(kind: number, _time: number, node: number, a: number, b: number): void {
    switch (kind) {
      case M.produceAcked:
        this.acked.add(a)
        break
      case M.effectApplied:
        this.applied.set(a, [...(this.applied.get(a) ?? []), node])
        break
      case M.effectRefused:
        this.refused++
        break
      case M.recordDerived:
        this.derivedFrom.set(a, b)
        break
    }
  }

  /** Records of a node that were acknowledged and have no effect. */
  lost(of: number): readonly number[] {
    return [...this.acked].filter((record) => record >>> 20 === of && !this.applied.has(record))
  }

  /** Records with several effects. */
  doubled(): readonly number[] {
    return [...this.applied].flatMap(([record, effects]) => (effects.length > 1 ? [record] : []))
  }
}

interface Run {
  readonly result: WorldResult
  readonly effects: Effects
}

function run(spec: WorldSpec, plan: FaultPlan = [], seed = 's'): Run {
  const effects = new Effects()
  const result = runWorld(spec, plan, seed, { hasher: new TestHasher(), freeze: true, observers: [effects] })
  return { result, effects }
}

function crash(name: string, atUs: number, forUs: number | null): FaultPlan {
  return [
    {
      entry: 0,
      forUs,
      trigger: { kind: 'at', atUs },
      action: { kind: 'crash', target: { kind: 'node', name } },
    },
  ]
}

const CHECKOUT = 4
/**
 * A new group waits three seconds for its members, and as long again when one came (group.initial.rebalance.delay.ms); then
 * all are at work for some seconds.
 */
const AT_WORK: number = 7500 * MILLISECOND
/** Keys spread the records over both partitions. */
const producers = [
  producer('checkout', 'orders', {
    workload: { kind: 'send', records: 100, every: constant(5 * MILLISECOND), keys: 16, size: 100, transactions: null },
  }),
]
const SLOW = constant(60 * MILLISECOND)
const RUN = { forUs: 120 * SECOND, thenHealUs: null, maxEvents: 5_000_000 }

describe('consumers', () => {
  const spec = (overrides: Parameters<typeof consumer>[2], config: Parameters<typeof consumer>[3] = {}): WorldSpec =>
    world({ producers, consumers: [consumer('billing', 'orders', overrides, config)], run: RUN })

  test('every mode processes every record once when nothing happens', () => {
    for (const commit of ['before-processing', 'after-processing', 'auto'] as const) {
      for (const overrides of [
        {},
        { commitEvery: 'record' as const },
        { commitEvery: 7 },
        { commitCall: 'async' as const },
        { handling: { kind: 'hand-off' as const, workers: 4 } },
        { instances: 2 },
      ]) {
        const { result, effects } = run(spec({ commit, ...overrides }, { 'enable.auto.commit': commit === 'auto' }))
        const what = `${commit} ${JSON.stringify(overrides)}`
        expect(result.waiting, what).toEqual([])
        expect(result.ended, what).toBe('settled')
        expect(effects.applied.size, what).toBe(100)
        expect(effects.doubled(), what).toEqual([])
      }
    }
  })

  test('another member takes over from one that crashed: before-processing loses, after-processing doubles', () => {
    const outcome = (commit: 'before-processing' | 'after-processing'): Run =>
      run(spec({ commit, instances: 2, process: SLOW }), crash('billing#0', AT_WORK, 60 * SECOND))
    const before = outcome('before-processing')
    expect(before.result.waiting).toEqual([])
    expect(before.effects.lost(CHECKOUT).length).toBeGreaterThan(0)
    expect(before.effects.doubled()).toEqual([])
    const after = outcome('after-processing')
    expect(after.result.waiting).toEqual([])
    expect(after.effects.lost(CHECKOUT)).toEqual([])
    expect(after.effects.doubled().length).toBeGreaterThan(0)
    // Both members worked, and the one that lived worked on what the other one had.
    const nodes = new Set([...after.effects.applied.values()].flat())
    expect(nodes.size).toBe(2)
  })

  test('a clean stop finishes what is in hand: nothing is lost or doubled, and the group goes on at once', () => {
    const { result, effects } = run(spec({ instances: 2, process: SLOW }), [
      {
        entry: 0,
        forUs: null,
        trigger: { kind: 'at', atUs: AT_WORK },
        action: { kind: 'stop', target: { kind: 'node', name: 'billing#0' } },
      },
    ])
    expect(result.waiting).toEqual([])
    expect(effects.lost(CHECKOUT)).toEqual([])
    expect(effects.doubled()).toEqual([])
  })

  test('the group goes on when its coordinator dies, and loses nothing', () => {
    const plan: FaultPlan = [
      {
        entry: 0,
        forUs: 20 * SECOND,
        trigger: { kind: 'at', atUs: AT_WORK },
        action: { kind: 'crash', target: { kind: 'group-coordinator', group: 'billing' } },
      },
    ]
    const { result, effects } = run(spec({ instances: 2, process: SLOW }), plan)
    expect(result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect(result.waiting).toEqual([])
    expect(effects.lost(CHECKOUT)).toEqual([])
  })

  test('partitions taken by hand are read without a group', () => {
    const assign = [
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 1 },
    ]
    const { result, effects } = run(spec({ assign }))
    expect(result.ended).toBe('settled')
    expect(effects.applied.size).toBe(100)
    expect(result.counts['group.rebalanced']).toBeUndefined()
  })
})

describe('a scripted consumer', () => {
  test('polls, seeks back, commits where it says and closes', () => {
    const assign = [{ topic: 'orders', partition: 0 }]
    const spec = world({
      topics: [{ ...(world().topics[0] as WorldSpec['topics'][number]), partitions: 1 }],
      consumers: [
        consumer(
          'reader',
          'orders',
          {
            assign,
            steps: [
              { do: 'poll', records: 5 },
              { do: 'commit', offsets: null },
              { do: 'seek', topic: 'orders', partition: 0, offset: 2 },
              { do: 'poll', records: 2 },
              { do: 'wait', for: constant(SECOND) },
              { do: 'commit', offsets: [{ topic: 'orders', partition: 0, offset: 3 }] },
              { do: 'close' },
            ],
          },
          { 'max.poll.records': 1 },
        ),
      ],
      run: RUN,
    })
    const commits: number[] = []
    const delivered: number[] = []
    const result = runWorld(spec, [], 's', {
      hasher: new TestHasher(),
      observers: [
        {
          kinds: [M.offsetCommitted, M.recordDelivered],
          onMoment: (kind, _time, _node, _a, b, c, d) => {
            if (kind === M.offsetCommitted) commits.push(c)
            else delivered.push(d)
            expect(b).toBeGreaterThanOrEqual(0)
          },
        },
      ],
    })
    expect(result.ended).toBe('settled')
    expect(delivered).toEqual([0, 1, 2, 3, 4, 2, 3])
    expect(commits).toEqual([5, 3])
  })
})

describe('processors', () => {
  const bills = { ...(world().topics[0] as WorldSpec['topics'][number]), name: 'bills' }
  const spec = (overrides: Parameters<typeof processor>[3]): WorldSpec =>
    world({
      producers,
      topics: [...world().topics, bills],
      processors: [processor('biller', 'orders', 'bills', { process: SLOW, ...overrides })],
      consumers: [consumer('archive', 'bills')],
      run: RUN,
    })

  test('every record comes out once, or as often as it fans out, with its lineage', () => {
    for (const [transform, count] of [
      [{ kind: 'copy' }, 1],
      [{ kind: 'fan-out', count: 3 }, 3],
    ] as const) {
      const { result, effects } = run(spec({ transform }))
      expect(result.waiting).toEqual([])
      const inputs = [...effects.derivedFrom.values()]
      expect(inputs).toHaveLength(100 * count)
      expect(new Set(inputs).size).toBe(100)
      expect([...effects.derivedFrom.keys()].filter((record) => !effects.applied.has(record))).toEqual([])
    }
  })

  test('after-output loses nothing over a crash and makes some records twice, under new numbers', () => {
    const { result, effects } = run(spec({ instances: 2 }), crash('biller#0', AT_WORK, 30 * SECOND))
    expect(result.waiting).toEqual([])
    const inputs = [...effects.derivedFrom].filter(([record]) => effects.applied.has(record)).map(([, input]) => input)
    expect(new Set(inputs).size).toBe(100)
    expect(inputs.length).toBeGreaterThan(100)
  })

  test('before-output loses what was in hand', () => {
    const { result, effects } = run(
      spec({ instances: 2, commit: 'before-output' }),
      crash('biller#0', AT_WORK, 30 * SECOND),
    )
    expect(result.waiting).toEqual([])
    const inputs = new Set(
      [...effects.derivedFrom].filter(([record]) => effects.applied.has(record)).map(([, input]) => input),
    )
    expect(inputs.size).toBeLessThan(100)
  })
})

describe('a processor whose sends fail', () => {
  /** `bills` wants all three replicas: while a broker is down, its leader refuses until the delivery times out. */
  const spec = (commit: 'auto' | 'before-output' | 'after-output'): WorldSpec => {
    const topic = world().topics[0] as WorldSpec['topics'][number]
    const bills = { ...topic, name: 'bills', config: { ...topic.config, 'min.insync.replicas': 3 } }
    const base = processor('biller', 'orders', 'bills', { commit, process: SLOW })
    const producerConfig = {
      ...base.producerConfig,
      'delivery.timeout.ms': 1500,
      'request.timeout.ms': 1000,
      'linger.ms': 0,
    }
    return world({
      producers,
      topics: [topic, bills],
      processors: [{ ...base, producerConfig }],
      consumers: [consumer('archive', 'bills')],
      run: RUN,
    })
  }
  const outcome = (commit: 'auto' | 'before-output' | 'after-output'): readonly number[] => {
    const { result, effects } = run(spec(commit), crash('broker-3', AT_WORK - 3 * SECOND, 25 * SECOND))
    expect(result.waiting).toEqual([])
    expect(result.counts['produce.failed'] ?? 0).toBeGreaterThan(0)
    return [...effects.derivedFrom].filter(([record]) => effects.applied.has(record)).map(([, input]) => input)
  }

  test('after-output begins again where it last committed, until everything is out', () => {
    expect(new Set(outcome('after-output')).size).toBe(100)
  })

  test('auto and before-output only log it: what failed is lost', () => {
    expect(new Set(outcome('auto')).size).toBeLessThan(100)
    expect(new Set(outcome('before-output')).size).toBeLessThan(100)
  })
})

describe('sinks', () => {
  const spec = (overrides: Parameters<typeof sink>[3], latencyUs: number = 5 * MILLISECOND): WorldSpec =>
    world({
      producers,
      stores: [store('ledger', { latency: constant(latencyUs) })],
      sinks: [sink('writer', 'orders', 'ledger', { instances: 2, process: SLOW, ...overrides })],
      run: RUN,
    })

  test('every mode writes every record once when nothing happens', () => {
    for (const commit of ['auto', 'before-output', 'after-output', 'with-output'] as const) {
      for (const handling of [{ kind: 'in-order' }, { kind: 'hand-off', workers: 3 }] as const) {
        const { result, effects } = run(spec({ commit, handling }))
        expect(result.waiting, commit).toEqual([])
        expect(effects.applied.size, commit).toBe(100)
        expect(effects.doubled(), commit).toEqual([])
      }
    }
  })

  test('after-output doubles rows over a crash; with-output and the offset fence write every record exactly once', () => {
    const rough: FaultPlan = [
      ...crash('writer#0', AT_WORK, 8 * SECOND),
      ...crash('ledger', AT_WORK + 500 * MILLISECOND, 2 * SECOND),
      ...crash('writer#1', 24 * SECOND, 8 * SECOND),
      {
        entry: 0,
        forUs: 10 * SECOND,
        trigger: { kind: 'at', atUs: 8 * SECOND },
        action: { kind: 'pause', target: { kind: 'node', name: 'writer#1' } },
      },
    ]
    let doubled = 0
    for (const seed of ['1', '2', '3', '4']) {
      const after = run(spec({ commit: 'after-output', commitEvery: 5 }), rough, seed)
      expect(after.result.waiting).toEqual([])
      expect(after.effects.lost(CHECKOUT)).toEqual([])
      doubled += after.effects.doubled().length
      const exact = run(spec({ commit: 'with-output', fence: 'offset', commitEvery: 5 }), rough, seed)
      expect(exact.result.waiting).toEqual([])
      expect(exact.effects.lost(CHECKOUT)).toEqual([])
      expect(exact.effects.doubled()).toEqual([])
    }
    expect(doubled).toBeGreaterThan(0)
  })

  test('a lost answer of the store doubles what is written again, unless the positions are read again', () => {
    const lostAnswer: FaultPlan = [
      {
        entry: 0,
        forUs: null,
        trigger: { kind: 'at', atUs: AT_WORK },
        action: {
          kind: 'drop',
          from: { kind: 'role', role: 'stores' },
          to: { kind: 'role', role: 'clients' },
          api: 'StoreWrite',
          reply: true,
          nth: 1,
          count: 1,
          connection: 'any',
        },
      },
    ]
    const after = run(spec({ commit: 'after-output', instances: 1 }), lostAnswer)
    expect(after.result.faults).toEqual([{ entry: 0, fired: 1, touched: 1 }])
    expect(after.effects.doubled().length).toBeGreaterThan(0)
    const withOutput = run(spec({ commit: 'with-output', instances: 1 }), lostAnswer)
    expect(withOutput.effects.doubled()).toEqual([])
    expect(withOutput.effects.lost(CHECKOUT)).toEqual([])
  })
})

describe('a running world with readers is plain data', () => {
  test('copied at random events and continued, it ends like the original', () => {
    const bills = { ...(world().topics[0] as WorldSpec['topics'][number]), name: 'bills' }
    const spec = world({
      topics: [...world().topics, bills],
      producers,
      consumers: [consumer('billing', 'orders', { instances: 2 })],
      processors: [processor('biller', 'orders', 'bills')],
      stores: [store('ledger')],
      sinks: [sink('writer', 'bills', 'ledger', { commit: 'with-output', fence: 'generation' })],
      run: RUN,
    })
    const plan = crash('billing#0', AT_WORK, 10 * SECOND)
    const total = run(spec, plan).result
    const draws = new Stream('clone', 'events')
    for (let i = 0; i < 5; i++) {
      const at = draws.below(total.events)
      const original = new World(spec, plan, 's', { hasher: new TestHasher() })
      original.run(at)
      const copy = cloneGraph(original)
      copy.run()
      expect(copy.result().digest, `copied at event ${at}`).toBe(total.digest)
    }
  })
})
