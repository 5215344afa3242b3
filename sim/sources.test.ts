import { describe, expect, test } from 'vitest'
import type { SourceRules } from './application/source-options.ts'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { recordOrdinal } from './history/ids.ts'
import type { MomentObserver } from './history/recorder.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { consumer, store } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

const ROWS = 60

/** What a source did. */
class Log implements MomentObserver {
  readonly kinds = [M.recordSent, M.sourceFlushed, M.sourceResumed]
  readonly sent: number[] = []
  readonly flushed: number[] = []
  readonly resumed: number[] = []

  onMoment(kind: number, _time: number, _node: number, a: number): void {
    if (kind === M.recordSent) this.sent.push(recordOrdinal(a))
    if (kind === M.sourceFlushed) this.flushed.push(a)
    if (kind === M.sourceResumed) this.resumed.push(a)
  }

  /** Rows that were sent more than once. */
  get again(): readonly number[] {
    return [...new Set(this.sent.filter((row, index) => this.sent.indexOf(row) !== index))]
  }
}

function worldOf(rules: Partial<SourceRules> = {}, config: Partial<ProducerConfig> = {}): WorldSpec {
  const offsets = producer('offsets', 'connect-offsets', {}, { 'enable.idempotence': false }).config
  const source: SourceRules = {
    from: 'customers',
    batch: 2,
    every: constant(100 * MILLISECOND),
    flushIntervalMs: 1000,
    offsetsTopic: 'connect-offsets',
    offsetsProducer: offsets,
    offsetsConsumer: consumer('offsets', 'orders', {}, { 'group.id': '', 'auto.offset.reset': 'latest' }).config,
    ...rules,
  }
  const base = world({ producers: [producer('import', 'orders', { source }, config)] })
  const [orders] = base.topics
  if (orders === undefined) throw new Error('the world has no topic')
  return {
    ...base,
    topics: [...base.topics, { ...orders, name: 'connect-offsets', partitions: 3 }],
    stores: [store('customers', { rows: ROWS })],
  }
}

function run(spec: WorldSpec, plan: FaultPlan = [], seed = '1'): { readonly log: Log; readonly result: WorldResult } {
  const log = new Log()
  const result = runWorld(spec, plan, seed, { hasher: new TestHasher(), observers: [log] })
  return { log, result }
}

/** The task dies, or is stopped, 2.5 s after its start, for a second. */
function ends(kind: 'crash' | 'stop'): FaultPlan {
  const target = { kind: 'node', name: 'import#0' } as const
  return [{ entry: 0, forUs: SECOND, trigger: { kind: 'at', atUs: 2500 * MILLISECOND }, action: { kind, target } }]
}

describe('a source without exactly-once', () => {
  test('sends each row once, in order, and says now and then how far it is', () => {
    const { log, result } = run(worldOf())
    expect(result.ended).toBe('settled')
    expect(log.sent).toEqual(Array.from({ length: ROWS }, (_, row) => row))
    expect(log.resumed).toEqual([0])
    expect(log.flushed.length).toBeGreaterThanOrEqual(2)
    expect(log.flushed.toSorted((a, b) => a - b)).toEqual(log.flushed)
  })

  test('that dies goes on where its topic says, and sends again what it had not flushed', () => {
    const { log, result } = run(worldOf(), ends('crash'))
    expect(result.ended).toBe('settled')
    const [, resumed = 0] = log.resumed
    expect(resumed).toBe(log.flushed[1])
    expect(log.again.length).toBeGreaterThan(0)
    expect(log.again[0]).toBe(resumed)
    expect(new Set(log.sent).size).toBe(ROWS)
  })

  test('that is stopped flushes first, and sends nothing again', () => {
    const { log, result } = run(worldOf(), ends('stop'))
    expect(result.ended).toBe('settled')
    expect(log.resumed).toHaveLength(2)
    expect(log.again).toEqual([])
    expect(new Set(log.sent).size).toBe(ROWS)
  })

  test('stays failed when its producer gives a record up', () => {
    const groups = [[{ kind: 'role', role: 'brokers' }], [{ kind: 'role', role: 'rest' }]] as const
    const cut: FaultPlan = [
      { entry: 0, forUs: 5 * SECOND, trigger: { kind: 'at', atUs: 2 * SECOND }, action: { kind: 'partition', groups } },
    ]
    const timeouts = { 'delivery.timeout.ms': 1000, 'request.timeout.ms': 500, 'linger.ms': 0 }
    const { log, result } = run(worldOf({}, timeouts), cut)
    expect(result.ended).toBe('heal-limit')
    expect(result.waiting.map(({ waitsFor }) => waitsFor).join()).toContain('restart its task')
    expect(new Set(log.sent).size).toBeLessThan(ROWS)
  })

  test('is the same in every run of a seed', () => {
    const digests = [1, 2].map(() => run(worldOf(), ends('crash'), '7').result.digest)
    expect(digests[0]).toBe(digests[1])
  })
})
