import { describe, expect, test } from 'vitest'
import type { ProducerStep, TransactionPattern } from './application/workload.ts'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { cloneGraph } from './kernel/clone.ts'
import { constant } from './kernel/spread.ts'
import { Stream } from './kernel/stream.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer, processor } from './reading-world.test.support.ts'
import type { ProcessorSpec, ProducerSpec, WorldSpec } from './spec.ts'
import { producer, ROUGH_PLAN, TestHasher, world } from './world.test.support.ts'
import { runWorld, World, type WorldResult } from './world.ts'

/** What readers were given, by node, and how transactions ended. */
class Story implements MomentObserver {
  readonly kinds = [
    M.recordDelivered,
    M.recordDerived,
    M.txnBegan,
    M.txnCommitted,
    M.txnAborted,
    M.txnUnknown,
    M.txnFailed,
    M.txnPrepared,
    M.producerRestarted,
    M.producerRefused,
    M.offsetDropped,
  ]
  readonly counts: Map<number, number> = new Map()
  readonly read: Map<number, number[]> = new Map()
  readonly madeOf: Map<number, number> = new Map()

  onMoment(kind: number, _time: number, node: number, a: number, b: number): void {
    this.counts.set(kind, this.count(kind) + 1)
    if (kind === M.recordDerived) this.madeOf.set(a, b)
    if (kind === M.recordDelivered) this.read.set(node, [...(this.read.get(node) ?? []), a])
  }

  count(kind: number): number {
    return this.counts.get(kind) ?? 0
  }

  /** Ordinals of a producer's records that a node was given, in order. */
  ordinals(node: number): readonly number[] {
    return (this.read.get(node) ?? []).map((record) => record & 0xfffff)
  }
}

interface Run {
  readonly result: WorldResult
  readonly story: Story
}

function run(spec: WorldSpec, plan: FaultPlan = [], seed = 's'): Run {
  const story = new Story()
  const result = runWorld(spec, plan, seed, { hasher: new TestHasher(), freeze: true, observers: [story] })
  return { result, story }
}

const READER = 5

function streaming(
  records: number,
  transactions: TransactionPattern,
  overrides: Partial<ProducerSpec> = {},
): ProducerSpec {
  const workload = {
    kind: 'send',
    records,
    every: constant(20 * MILLISECOND),
    keys: 16,
    size: 100,
    transactions,
  } as const
  return producer('checkout', 'orders', { workload, ...overrides }, { 'transactional.id': 'checkout' })
}

function scripted(steps: readonly ProducerStep[]): ProducerSpec {
  return producer('checkout', 'orders', { workload: { kind: 'steps', steps } }, { 'transactional.id': 'checkout' })
}

const send = (id: string): ProducerStep => ({
  do: 'send',
  id,
  to: 'orders',
  partition: 0,
  key: null,
  value: id,
  timestampUs: null,
})

const committedReader = consumer('audit', 'orders', {}, { 'isolation.level': 'read_committed' })

function crash(name: string, atMs: number, forMs: number): FaultPlan[number] {
  return {
    entry: 0,
    forUs: forMs * MILLISECOND,
    trigger: { kind: 'at', atUs: atMs * MILLISECOND },
    action: { kind: 'crash', target: { kind: 'node', name } },
  }
}

describe('a stream of records in transactions', () => {
  test('is committed transaction by transaction, the last with what is left', () => {
    const { story, result } = run(
      world({ producers: [streaming(23, { every: 5, abort: 0 })], consumers: [committedReader] }),
    )
    expect(result.ended).toBe('settled')
    expect([story.count(M.txnBegan), story.count(M.txnCommitted), story.count(M.txnAborted)]).toEqual([5, 5, 0])
    expect(new Set(story.ordinals(READER)).size).toBe(23)
  })

  test('what the application aborts, readers of committed records never see, and others do', () => {
    const loose = consumer('loose', 'orders')
    const spec = world({ producers: [streaming(20, { every: 5, abort: 1 })], consumers: [committedReader, loose] })
    const { story, result } = run(spec)
    expect(result.ended).toBe('settled')
    expect([story.count(M.txnCommitted), story.count(M.txnAborted)]).toEqual([0, 4])
    // What an abort finds unsent never leaves the client: the last record of each.
    expect([story.ordinals(READER).length, story.ordinals(READER + 1).length]).toEqual([0, 16])
  })

  test('a process that dies within a transaction is fenced by its successor, which sends again what was in it', () => {
    const spec = world({
      producers: [streaming(20, { every: 5, abort: 0 }, { onUnknown: 'resend' })],
      consumers: [committedReader],
    })
    const { story, result } = run(spec, [crash('checkout#0', 250, 500)])
    expect(result.ended).toBe('settled')
    const read = [...story.ordinals(READER)].sort((a, b) => a - b)
    expect(read).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  test('two processes with one id fence each other, and both come to their end', () => {
    const spec = world({ producers: [streaming(10, { every: 5, abort: 0 }, { instances: 2, onUnknown: 'resend' })] })
    const { story, result } = run(spec)
    expect(result.ended).toBe('settled')
    expect(story.count(M.producerRestarted)).toBeGreaterThan(0)
    expect(story.count(M.producerRefused)).toBeGreaterThan(0)
  })
})

describe('a script', () => {
  test('begins and ends transactions itself', () => {
    const steps: readonly ProducerStep[] = [
      { do: 'begin' },
      send('a'),
      { do: 'abort' },
      { do: 'begin' },
      send('b'),
      send('c'),
      { do: 'commit', onUnknown: 'give-up' },
    ]
    const { story } = run(world({ producers: [scripted(steps)], consumers: [committedReader] }))
    expect(story.ordinals(READER)).toEqual([1, 2])
  })

  test('that leaves a transaction open has it aborted when its time is over', () => {
    const spec = world({ producers: [scripted([{ do: 'begin' }, send('a')])], consumers: [committedReader] })
    const { story, result } = run(spec)
    expect(result.ended).toBe('settled')
    expect([story.count(M.txnPrepared), story.ordinals(READER)]).toEqual([1, []])
  })

  test('goes on with another producer after a restart, which ends what the first one left', () => {
    const steps: readonly ProducerStep[] = [
      { do: 'begin' },
      send('a'),
      { do: 'flush' },
      { do: 'restart' },
      { do: 'begin' },
      send('b'),
      { do: 'commit', onUnknown: 'retry' },
    ]
    const { story } = run(world({ producers: [scripted(steps)], consumers: [committedReader] }))
    expect(story.ordinals(READER)).toEqual([1])
  })
})

describe('a processor that commits in transactions', () => {
  const topics = [...world().topics, { ...(world().topics[0] as WorldSpec['topics'][number]), name: 'bills' }]
  const plain = producer('checkout', 'orders', {
    workload: {
      kind: 'send',
      records: 60,
      every: constant(150 * MILLISECOND),
      keys: 16,
      size: 100,
      transactions: null,
    },
  })

  function processing(transactions: ProcessorSpec['transactions'], instances = 1): WorldSpec {
    const biller = processor('biller', 'orders', 'bills', { commit: 'in-transaction', transactions, instances })
    const producerConfig = { ...biller.producerConfig, 'transactional.id': 'biller-${instance}' }
    return world({
      topics,
      producers: [plain],
      consumers: [consumer('audit', 'bills', {}, { 'isolation.level': 'read_committed' })],
      processors: [{ ...biller, producerConfig }],
    })
  }

  /** How often the reader was given what was made of each input. */
  function copies({ story }: Run): readonly number[] {
    const inputs = (story.read.get(READER) ?? []).map((record) => story.madeOf.get(record) ?? -1)
    return [...new Set(inputs)].map((input) => inputs.filter((each) => each === input).length)
  }

  const CAREFUL = { groupMetadata: true, rewindOnAbort: true, abort: 0 }

  test('makes one output of each input, through crashes of itself and of a broker', () => {
    const plan = [crash('biller#0', 7500, 1500), { ...crash('broker-1', 9000, 12_000), entry: 1 }]
    const one = run(processing(CAREFUL, 2), plan)
    expect(one.result.ended).toBe('settled')
    expect(copies(one)).toEqual(Array.from({ length: 60 }, () => 1))
  })

  test('an abort takes outputs and positions back', () => {
    const one = run(processing({ ...CAREFUL, abort: 0.4 }))
    expect(one.story.count(M.txnAborted)).toBeGreaterThan(3)
    expect(one.story.count(M.offsetDropped)).toBe(0)
    expect(copies(one)).toEqual(Array.from({ length: 60 }, () => 1))
  })

  test('without going back after an abort its input is skipped', () => {
    const one = run(processing({ ...CAREFUL, rewindOnAbort: false, abort: 0.4 }))
    expect(one.result.ended).toBe('settled')
    expect(copies(one).length).toBeLessThan(60)
  })

  test('a world copied at any event goes on as the world it was copied from', () => {
    const spec = processing({ ...CAREFUL, abort: 0.2 }, 2)
    const whole = runWorld(spec, ROUGH_PLAN, 's', { hasher: new TestHasher() })
    const draws = new Stream('transactions', 'events')
    for (let copies = 0; copies < 4; copies++) {
      const at = draws.below(whole.events)
      const original = new World(spec, ROUGH_PLAN, 's', { hasher: new TestHasher() })
      original.run(at)
      const copy = cloneGraph(original)
      copy.run()
      expect(copy.result().digest, `copied at event ${at}`).toBe(whole.digest)
    }
  })

  test('time 0 has no topic of transactions', () => {
    expect(run(world({ run: { forUs: SECOND, thenHealUs: null, maxEvents: 1000 } })).story.count(M.txnPrepared)).toBe(0)
  })
})
