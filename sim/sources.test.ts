import { describe, expect, test } from 'vitest'
import type { SourceRules, TransactionBoundary } from './application/source-options.ts'
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
  readonly kinds = [M.recordSent, M.sourceFlushed, M.sourceResumed, M.txnCommitted]
  readonly sent: number[] = []
  readonly flushed: number[] = []
  readonly resumed: number[] = []
  committed = 0

  onMoment(kind: number, _time: number, _node: number, a: number): void {
    if (kind === M.recordSent) this.sent.push(recordOrdinal(a))
    if (kind === M.sourceFlushed) this.flushed.push(a)
    if (kind === M.sourceResumed) this.resumed.push(a)
    if (kind === M.txnCommitted) this.committed++
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

/** With `exactly.once.source.support`. */
function exactlyOnce(
  boundary: TransactionBoundary = { kind: 'poll' },
  config: Partial<ProducerConfig> = {},
): WorldSpec {
  const settings = { 'group.id': '', 'auto.offset.reset': 'latest', 'isolation.level': 'read_committed' } as const
  const offsetsConsumer = consumer('offsets', 'orders', {}, settings).config
  const id = { 'transactional.id': 'connect-cluster-import-0', 'max.block.ms': Number.MAX_SAFE_INTEGER, ...config }
  return worldOf({ exactlyOnce: boundary, offsetsConsumer }, id)
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

describe('a source with exactly-once', () => {
  test('commits rows and offset once per poll', () => {
    const { log, result } = run(exactlyOnce())
    expect(result.ended).toBe('settled')
    expect(log.sent).toEqual(Array.from({ length: ROWS }, (_, row) => row))
    expect(log.flushed).toEqual(Array.from({ length: ROWS / 2 }, (_, poll) => 2 * poll + 2))
    expect(log.committed).toBe(ROWS / 2)
  })

  test('commits once per interval, with the boundary of an interval', () => {
    const { log, result } = run(exactlyOnce({ kind: 'interval', intervalMs: 1000 }))
    expect(result.ended).toBe('settled')
    expect(log.committed).toBe(log.flushed.length)
    expect(log.committed).toBeLessThan(6)
    expect(log.flushed.at(-1)).toBe(ROWS)
  })

  test('that dies goes on behind its last commit, and sends again what it had not committed', () => {
    const { log, result } = run(exactlyOnce({ kind: 'interval', intervalMs: 1000 }), ends('crash'))
    expect(result.ended).toBe('settled')
    expect(log.flushed).toContain(log.resumed[1])
    expect(log.again[0]).toBe(log.resumed[1])
    expect(new Set(log.sent).size).toBe(ROWS)
  })

  test('that is stopped commits first, and sends nothing again', () => {
    const { log, result } = run(exactlyOnce({ kind: 'interval', intervalMs: 60_000 }), ends('stop'))
    expect(result.ended).toBe('settled')
    expect(log.resumed[1]).toBe(log.flushed[0])
    expect(log.again).toEqual([])
  })

  test('fails when its transaction was aborted meanwhile, and stays failed', () => {
    const groups = [[{ kind: 'node', name: 'import#0' }], [{ kind: 'role', role: 'brokers' }]] as const
    const cut: FaultPlan = [
      {
        entry: 0,
        forUs: 20 * SECOND,
        trigger: { kind: 'at', atUs: 2 * SECOND },
        action: { kind: 'partition', groups },
      },
    ]
    const timeout = { 'transaction.timeout.ms': 3000, 'request.timeout.ms': 1000 }
    const { log, result } = run(exactlyOnce({ kind: 'interval', intervalMs: 60_000 }, timeout), cut)
    expect(result.ended).toBe('heal-limit')
    expect(result.waiting.map(({ waitsFor }) => waitsFor).join()).toContain('which failed with a transaction')
    expect(log.committed).toBe(0)
  })

  test('is the same in every run of a seed', () => {
    const digests = [1, 2].map(() => run(exactlyOnce(), ends('crash'), '7').result.digest)
    expect(digests[0]).toBe(digests[1])
  })
})
