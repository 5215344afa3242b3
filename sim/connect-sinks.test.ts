import { describe, expect, test } from 'vitest'
import type { ConnectSink } from './application/applications.ts'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { sink, store } from './reading-world.test.support.ts'
import type { SinkSpec, StoreSpec, WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

const RECORDS = 60
const FLUSH_MS = 4000

/** What a sink task did, and when. */
class Log implements MomentObserver {
  readonly kinds = [M.effectApplied, M.offsetCommitted, M.recordDelivered, M.memberRemoved]
  readonly commits: { readonly time: number; readonly offset: number }[] = []
  readonly effects: { readonly time: number; readonly record: number }[] = []
  delivered = 0
  expired = 0

  onMoment(kind: number, time: number, _node: number, a: number, _b: number, c: number, d: number): void {
    if (kind === M.offsetCommitted) this.commits.push({ time, offset: c })
    if (kind === M.effectApplied) this.effects.push({ time, record: a })
    if (kind === M.recordDelivered) this.delivered++
    if (kind === M.memberRemoved) this.expired += d
  }

  get times(): ReadonlyMap<number, number> {
    const times = new Map<number, number>()
    for (const { record } of this.effects) times.set(record, (times.get(record) ?? 0) + 1)
    return times
  }

  get doubled(): number {
    return [...this.times.values()].filter((count) => count > 1).length
  }
}

function worldOf(
  connect: Partial<ConnectSink>,
  of: Partial<SinkSpec> = {},
  kind: StoreSpec['kind'] = 'database',
): WorldSpec {
  const workload = {
    kind: 'send',
    records: RECORDS,
    every: constant(200 * MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const rules: ConnectSink = { flushIntervalMs: FLUSH_MS, flush: 'put', ...connect }
  return world({
    producers: [producer('checkout', 'orders', { workload })],
    stores: [store('ledger', { kind })],
    sinks: [sink('task', 'orders', 'ledger', { connect: rules, ...of }, { 'max.poll.interval.ms': 15_000 })],
  })
}

function run(spec: WorldSpec, plan: FaultPlan = []): { readonly result: WorldResult; readonly log: Log } {
  const log = new Log()
  const result = runWorld(spec, plan, 's', { hasher: new TestHasher(), freeze: true, observers: [log] })
  expect(result.waiting).toEqual([])
  return { result, log }
}

/** Nobody reaches the store. */
function unreachable(atUs: number, forUs: number): FaultPlan {
  const groups = [[{ kind: 'role', role: 'stores' }], [{ kind: 'role', role: 'rest' }]] as const
  return [{ entry: 0, forUs, trigger: { kind: 'at', atUs }, action: { kind: 'partition', groups } }]
}

function crash(atUs: number): FaultPlan {
  const target = { kind: 'node', name: 'task#0' } as const
  return [{ entry: 0, forUs: SECOND, trigger: { kind: 'at', atUs }, action: { kind: 'crash', target } }]
}

describe('a sink task of Kafka Connect', () => {
  test('puts at once, and commits what was put every offset.flush.interval.ms', () => {
    const { log } = run(worldOf({}))
    expect([log.effects.length, log.doubled]).toEqual([RECORDS, 0])
    const times = [...new Set(log.commits.map(({ time }) => time))]
    expect(times.length).toBeGreaterThan(2)
    for (let i = 1; i < times.length - 1; i++)
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThan((FLUSH_MS - 500) * MILLISECOND)
  })

  test('that dies puts again what was put since the last commit', () => {
    const { log } = run(worldOf({}), crash(11 * SECOND))
    expect(log.times.size).toBe(RECORDS)
    expect(log.doubled).toBeGreaterThan(0)
  })

  test('pauses and polls on while its store cannot be reached, so it stays a member, and loses nothing', () => {
    const { log } = run(worldOf({}), unreachable(9 * SECOND, 40 * SECOND))
    expect([log.times.size, log.expired]).toEqual([RECORDS, 0])
    expect(log.delivered).toBe(RECORDS)
    // Nothing is committed that was not put.
    for (const { time, offset } of log.commits) {
      const put = log.effects.filter((effect) => effect.time <= time).length
      expect(offset).toBeLessThanOrEqual(put)
    }
  })

  test('that flushes in preCommit() writes nothing before, and goes back to the last commit when a flush fails', () => {
    const calm = run(worldOf({ flush: 'pre-commit' })).log
    expect([calm.effects.length, calm.delivered]).toEqual([RECORDS, RECORDS])
    const flushes = new Set(calm.effects.map(({ time }) => time)).size
    expect(flushes).toBeLessThan(8)
    const { log } = run(worldOf({ flush: 'pre-commit' }), unreachable(9 * SECOND, 20 * SECOND))
    expect(log.times.size).toBe(RECORDS)
    expect(log.delivered).toBeGreaterThan(RECORDS)
  })

  test('that names its files by offsets takes its position from them, wherever the group stands', () => {
    const files = { write: 'file', commit: 'with-output' } as const
    const { log } = run(worldOf({}, files, 'files'), crash(11 * SECOND))
    expect([log.times.size, log.doubled]).toEqual([RECORDS, 0])
    // The group's offsets are told all the same.
    expect(log.commits.length).toBeGreaterThan(0)
    const group = run(worldOf({}, { ...files, commit: 'after-output' }, 'files'), crash(11 * SECOND)).log
    expect(group.doubled).toBeGreaterThan(0)
  })
})
