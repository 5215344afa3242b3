import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { cloneGraph } from './kernel/clone.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { Stream } from './kernel/stream.ts'
import { consumer } from './reading-world.test.support.ts'
import type { ConsumerSpec, WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, World, type WorldResult } from './world.ts'

class Seen implements MomentObserver {
  readonly kinds = [
    M.effectApplied,
    M.shareAcquired,
    M.shareReleased,
    M.shareArchived,
    M.shareLoaded,
    M.acknowledgeFailed,
  ]
  /** Effects by record. */
  readonly applied: Map<number, number> = new Map()
  readonly members: Set<number> = new Set()
  readonly causes: number[] = []
  archived = 0
  loaded = 0
  failed = 0

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    _b: number,
    _c: number,
    _d: number,
    _e: number,
    f: number,
    g: number,
  ): void {
    switch (kind) {
      case M.effectApplied:
        this.applied.set(a, (this.applied.get(a) ?? 0) + 1)
        this.members.add(node)
        break
      case M.shareReleased:
        this.causes.push(g)
        break
      case M.shareArchived:
        this.archived++
        break
      case M.shareLoaded:
        this.loaded++
        break
      case M.acknowledgeFailed:
        this.failed++
        break
      default:
        expect(f).toBeGreaterThan(0)
    }
  }

  get doubled(): number {
    return [...this.applied.values()].filter((count) => count > 1).length
  }
}

const RECORDS = 120
const EARLIEST = { 'share.auto.offset.reset': 'earliest' } as const
const EXPLICIT = { ...EARLIEST, 'share.acknowledgement.mode': 'explicit' } as const
const ACCEPTS = { releasePerMille: 0, rejectPerMille: 0 }

function spec(overrides: Partial<ConsumerSpec> = {}, config: ConsumerSpec['config'] | object = EARLIEST): WorldSpec {
  const workers = consumer('workers', 'orders', { commit: 'auto', instances: 3, share: ACCEPTS, ...overrides }, config)
  const every = constant(10 * MILLISECOND)
  const workload = { kind: 'send' as const, records: RECORDS, every, keys: 0, size: 100, transactions: null }
  return world({ producers: [producer('checkout', 'orders', { workload, startUs: 2 * SECOND })], consumers: [workers] })
}

function run(of: WorldSpec, plan: FaultPlan = []): { readonly result: WorldResult; readonly seen: Seen } {
  const seen = new Seen()
  const result = runWorld(of, plan, 's', { hasher: new TestHasher(), freeze: true, observers: [seen] })
  return { result, seen }
}

function fault(kind: 'crash' | 'stop', name: string, atUs: number, forUs: number | null): FaultPlan {
  return [{ entry: 0, forUs, trigger: { kind: 'at', atUs }, action: { kind, target: { kind: 'node', name } } }]
}

describe('a share group', () => {
  test.each([
    ['with the next poll', {}, EARLIEST],
    ['by a commit', { commit: 'after-processing' as const }, EARLIEST],
    ['record by record', { commit: 'after-processing' as const, commitEvery: 'record' as const }, EXPLICIT],
    ['asynchronously', { commit: 'after-processing' as const, commitCall: 'async' as const }, EARLIEST],
    ['before the work', { commit: 'before-processing' as const }, EARLIEST],
  ])('does every record once, acknowledged %s', (_, overrides, config) => {
    const { result, seen } = run(spec(overrides, config))
    expect(result.ended).toBe('settled')
    expect(seen.applied.size).toBe(RECORDS)
    expect(seen.doubled).toBe(0)
    expect(seen.members.size).toBeGreaterThan(1)
  })

  test('begins at the end unless it is told otherwise', () => {
    const { result, seen } = run(spec({ startUs: 2500 * MILLISECOND }, {}))
    expect(result.ended).toBe('settled')
    expect(seen.applied.size).toBeLessThan(RECORDS)
  })

  test('what members had acquired when they died is delivered again, before any lock ends', () => {
    const process = constant(20 * MILLISECOND)
    const plan = [0, 1, 2].flatMap((n) => fault('crash', `workers#${n}`, 2600 * MILLISECOND, SECOND))
    const { result, seen } = run(spec({ process }), plan)
    expect(result.ended).toBe('settled')
    expect(seen.applied.size).toBe(RECORDS)
    expect(seen.causes).toContain(2)
    expect(seen.causes).not.toContain(1)
  })

  test('close() releases what was delivered and not acknowledged by itself', () => {
    const at = 2600 * MILLISECOND
    const stopped = run(
      spec({ instances: 1, process: constant(20 * MILLISECOND) }),
      fault('stop', 'workers#0', at, SECOND),
    )
    expect(stopped.result.ended).toBe('settled')
    expect(stopped.seen.applied.size).toBe(RECORDS)
    expect(stopped.seen.doubled).toBeGreaterThan(0)
    const explicit = spec({ instances: 1, process: constant(20 * MILLISECOND) }, EXPLICIT)
    const { seen } = run(explicit, fault('stop', 'workers#0', at, SECOND))
    expect([seen.applied.size, seen.doubled]).toEqual([RECORDS, 0])
  })

  test('releases and rejects what the application says', () => {
    const share = { releasePerMille: 200, rejectPerMille: 100 }
    const { result, seen } = run(spec({ share }, EXPLICIT))
    expect(result.ended).toBe('settled')
    expect(seen.causes).toContain(0)
    expect(seen.archived).toBeGreaterThan(0)
    expect(seen.doubled).toBe(0)
  })

  test('goes on behind a new leader with what is persisted', () => {
    const { result, seen } = run(spec(), fault('crash', 'broker-1', 2600 * MILLISECOND, 5 * SECOND))
    expect(result.ended).toBe('settled')
    expect(seen.applied.size).toBe(RECORDS)
    expect(seen.loaded).toBeGreaterThan(1)
  })
})

test('a running world with a share group is plain data', () => {
  const plan = fault('crash', 'broker-1', 2600 * MILLISECOND, 5 * SECOND)
  const of = spec()
  const total = run(of, plan).result
  const draws = new Stream('clone', 'events')
  for (let i = 0; i < 4; i++) {
    const at = draws.below(total.events)
    const original = new World(of, plan, 's', { hasher: new TestHasher() })
    original.run(at)
    const copy = cloneGraph(original)
    copy.run()
    expect(copy.result().digest, `copied at event ${at}`).toBe(total.digest)
  }
})
