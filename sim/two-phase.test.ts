import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { PreparedTransactions } from './application/two-phase/prepared-transactions.ts'
import type { StorePrepareRequest } from './application/store-messages.ts'
import { SECOND } from './kernel/time.ts'
import { sink, store } from './reading-world.test.support.ts'
import type { SinkSpec, WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

/** What became of the transactions, and of the records. */
class Log implements MomentObserver {
  readonly kinds = [M.storePrepared, M.storeFinished, M.effectApplied]
  prepared = 0
  readonly ended: number[] = []
  readonly applied: number[] = []

  onMoment(kind: number, _time: number, _node: number, a: number, _b: number, c: number): void {
    if (kind === M.storePrepared) this.prepared++
    if (kind === M.storeFinished) this.ended.push(c)
    if (kind === M.effectApplied) this.applied.push(a)
  }

  get committed(): number {
    return this.ended.filter((commit) => commit === 1).length
  }

  get rolledBack(): number {
    return this.ended.length - this.committed
  }
}

function worldOf(over: Partial<SinkSpec> = {}): WorldSpec {
  const config = { 'max.poll.records': 5 }
  const writer = sink(
    'writer',
    'orders',
    'ledger',
    { commit: 'two-phase', twoPhase: { recover: true }, ...over },
    config,
  )
  return { ...world({ producers: [producer('checkout', 'orders')] }), sinks: [writer], stores: [store('ledger')] }
}

function run(spec: WorldSpec, plan: FaultPlan = []): { readonly log: Log; readonly result: WorldResult } {
  const log = new Log()
  const result = runWorld(spec, plan, '1', { hasher: new TestHasher(), observers: [log] })
  return { log, result }
}

/** The sink dies at a step of its third transaction, for a second. */
function diesAt(step: 'before-commit' | 'after-commit'): FaultPlan {
  const name = 'writer#0'
  const match = { moment: `step.${step}`, fields: { node: name } }
  const trigger = { kind: 'when', match, nth: 3, everyMatch: false, times: null, afterUs: 0 } as const
  return [{ entry: 0, forUs: SECOND, trigger, action: { kind: 'crash', target: { kind: 'node', name } } }]
}

describe('a sink that commits in two phases', () => {
  test('prepares, decides and commits, once per poll', () => {
    const { log, result } = run(worldOf())
    expect(result.ended).toBe('settled')
    expect(new Set(log.applied).size).toBe(log.applied.length)
    expect(log.committed).toBe(log.prepared)
    expect(log.rolledBack).toBe(0)
  })

  test('prepares what it commits, however many polls that is', () => {
    const { log, result } = run(worldOf({ commitEvery: 20 }))
    expect(result.ended).toBe('settled')
    expect(log.committed).toBe(log.prepared)
    expect(log.prepared).toBeLessThan(log.applied.length / 10)
  })

  test('that dies before the decision finds its transaction, rolls it back and reads its records again', () => {
    const { log, result } = run(worldOf(), diesAt('before-commit'))
    expect(result.ended).toBe('settled')
    expect(log.rolledBack).toBe(1)
    expect(new Set(log.applied).size).toBe(log.applied.length)
  })

  test('that dies after the decision finds its transaction, and commits it', () => {
    const { log, result } = run(worldOf(), diesAt('after-commit'))
    expect(result.ended).toBe('settled')
    expect(log.rolledBack).toBe(0)
    expect(log.committed).toBe(log.prepared)
    expect(new Set(log.applied).size).toBe(log.applied.length)
  })

  test('that looks for nothing leaves it in doubt for ever', () => {
    const { log, result } = run(worldOf({ twoPhase: { recover: false } }), diesAt('after-commit'))
    expect(result.ended).toBe('heal-limit')
    expect(log.committed).toBe(log.prepared - 1)
    expect(result.waiting).toContainEqual(
      expect.objectContaining({ kind: 'transaction', who: 'ledger', waitsFor: 'the end of 1 prepared transactions' }),
    )
  })
})

describe('prepared transactions', () => {
  const request = (
    id: number,
    key: string | null,
    write: StorePrepareRequest['write'] = 'upsert',
  ): StorePrepareRequest => ({
    id,
    group: 'g',
    generation: 1,
    fence: 'none',
    write,
    rows: [{ record: id, tp: 65536, offset: id, key }],
    ends: [{ tp: 65536, next: id + 1 }],
    offsets: null,
    deduplicate: null,
  })

  test('keep the locks of their keys until they are ended', () => {
    const prepared = new PreparedTransactions()
    prepared.prepare(request(1, 'a'))
    expect(prepared.isLocked(request(2, 'a'))).toBe(true)
    expect(prepared.isLocked(request(2, 'b'))).toBe(false)
    expect(prepared.isLocked(request(1, 'a'))).toBe(false)
    expect(prepared.take(1)?.id).toBe(1)
    expect(prepared.isLocked(request(2, 'a'))).toBe(false)
  })

  test('of inserts lock nothing: each has a row of its own', () => {
    const prepared = new PreparedTransactions()
    prepared.prepare(request(1, 'a', 'insert'))
    expect(prepared.isLocked(request(2, 'a', 'insert'))).toBe(false)
  })

  test('are ended once, and found by the partitions of their rows', () => {
    const prepared = new PreparedTransactions()
    prepared.prepare(request(1, 'a'))
    prepared.prepare(request(1, 'a'))
    expect(prepared.count).toBe(1)
    expect(prepared.in([65536])).toEqual([{ id: 1, ends: [{ tp: 65536, next: 2 }] }])
    expect(prepared.in([65537])).toEqual([])
    expect(prepared.take(1)).not.toBeNull()
    expect(prepared.take(1)).toBeNull()
  })
})
