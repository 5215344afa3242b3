import { describe, expect, test } from 'vitest'
import type { StreamsRules } from './application/applications.ts'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { cloneGraph } from './kernel/clone.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { processor } from './reading-world.test.support.ts'
import type { ProcessorSpec, WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, World } from './world.ts'

const RECORDS = 100
const KEYS = 4

/** What became of local stores. */
class Log implements MomentObserver {
  readonly kinds = [M.stateOpened, M.stateReplayed, M.stateRestored, M.stateUpdated, M.stateClosed]
  readonly opened: { readonly from: number; readonly wiped: boolean }[] = []
  readonly closed: number[] = []
  /** Highest count by key. */
  readonly counts: Map<number, number> = new Map()
  replayed = 0
  restored = 0
  /** What local stores hold at the end. */
  shown = 0

  onMoment(
    kind: number,
    _time: number,
    _node: number,
    _a: number,
    b: number,
    c: number,
    d: number,
    _e: number,
    f: number,
  ): void {
    if (kind === M.stateOpened) this.opened.push({ from: b, wiped: c === 1 })
    if (kind === M.stateClosed) this.closed.push(b)
    if (kind === M.stateReplayed) this.replayed++
    if (kind === M.stateRestored) this.restored++
    if (kind === M.stateUpdated) this.counts.set(f, Math.max(d, this.counts.get(f) ?? 0))
  }

  get counted(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }
}

function worldOf(guarantee: StreamsRules['guarantee'], instances = 1): WorldSpec {
  const exact = guarantee === 'exactly_once_v2'
  const every = constant(200 * MILLISECOND)
  const workload = { kind: 'send', records: RECORDS, every, keys: KEYS, size: 100, transactions: null } as const
  const streams = { guarantee, commitIntervalMs: 1000, changelog: 'app-counts-changelog' }
  const isolation = { 'isolation.level': exact ? 'read_committed' : 'read_uncommitted' } as const
  const made = processor('app', 'orders', 'payments', { streams, transform: { kind: 'count-by-key' } }, isolation)
  const transactions = exact ? { groupMetadata: true, rewindOnAbort: true, abort: 0 } : null
  const id = { 'linger.ms': 5, 'transactional.id': exact ? 'app-${random}-1' : '', 'transaction.timeout.ms': 10_000 }
  const app: ProcessorSpec = {
    ...made,
    instances,
    transactions,
    commit: exact ? 'in-transaction' : 'after-output',
    producerConfig: { ...made.producerConfig, ...id },
  }
  const { topics } = world()
  const others = ['payments', 'app-counts-changelog'].flatMap((name) => topics.map((topic) => ({ ...topic, name })))
  return world({
    topics: [...topics, ...others],
    producers: [producer('checkout', 'orders', { workload })],
    processors: [app],
  })
}

function run(spec: WorldSpec, plan: FaultPlan = []): Log {
  const log = new Log()
  const { waiting, final } = runWorld(spec, plan, 's', { hasher: new TestHasher(), freeze: true, observers: [log] })
  expect(waiting).toEqual([])
  log.shown = final.states.reduce((sum, state) => sum + state.sum, 0)
  return log
}

function fault(kind: 'crash' | 'pause' | 'stop' | 'wipe-disk', atUs: number, forUs: number): FaultPlan {
  const target = { kind: 'node', name: 'app#0' } as const
  return [{ entry: 0, forUs, trigger: { kind: 'at', atUs }, action: { kind, target } }]
}

describe('a stream thread that counts by key', () => {
  test('counts every record once, with an empty changelog at first', () => {
    for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
      const log = run(worldOf(guarantee))
      expect([log.counted, log.shown, log.counts.size, log.replayed]).toEqual([RECORDS, RECORDS, KEYS, 0])
      expect(log.opened.every(({ from, wiped }) => from === -1 && !wiped)).toBe(true)
    }
  })

  test('whose process dies restores the changelog: exactly once from the beginning, with its store wiped', () => {
    const log = run(worldOf('exactly_once_v2'), fault('crash', 15 * SECOND, SECOND))
    expect(log.opened.at(-1)).toEqual({ from: -1, wiped: true })
    expect(log.replayed).toBeGreaterThan(0)
    expect([log.counted, log.shown]).toEqual([RECORDS, RECORDS])
  })

  test('at least once it counts again what it had not committed', () => {
    const log = run(worldOf('at_least_once'), fault('crash', 15 * SECOND + 600 * MILLISECOND, SECOND))
    expect(log.opened.some(({ wiped }) => wiped)).toBe(false)
    expect(log.counted).toBeGreaterThan(RECORDS)
    expect(log.shown).toBe(log.counted)
  })

  test('that stops in good order has nothing to restore when it comes back', () => {
    for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
      const log = run(worldOf(guarantee), fault('stop', 15 * SECOND, 2 * SECOND))
      expect(log.closed).toContain(0)
      expect(log.replayed).toBe(0)
      expect(log.opened.at(-1)?.from).toBeGreaterThan(0)
      expect(log.counted).toBe(RECORDS)
    }
  })

  test('that lost its disk restores everything, and nothing is wiped for there is nothing', () => {
    for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
      const log = run(worldOf(guarantee), fault('wipe-disk', 15 * SECOND, SECOND))
      expect(log.opened.at(-1)).toEqual({ from: -1, wiped: false })
      expect(log.replayed).toBeGreaterThan(0)
    }
  })

  test('that has lost its tasks closes their stores as they are: exactly once they are wiped', () => {
    for (const [guarantee, how] of [
      ['at_least_once', 1],
      ['exactly_once_v2', 2],
    ] as const) {
      const log = run(worldOf(guarantee, 2), fault('pause', 10 * SECOND, 15 * SECOND))
      expect(log.closed).toContain(how)
      expect(log.restored).toBeGreaterThan(1)
      // At least once a zombie's changelog records may come after those of its successor, and are what is restored.
      if (guarantee === 'exactly_once_v2') expect([log.counted, log.shown]).toEqual([RECORDS, RECORDS])
    }
  })

  test('a world that is copied at any event goes on alike', () => {
    const spec = worldOf('exactly_once_v2', 2)
    const plan = fault('crash', 10 * SECOND, SECOND)
    const total = runWorld(spec, plan, 's', { hasher: new TestHasher() })
    for (const share of [0.2, 0.5, 0.8]) {
      const original = new World(spec, plan, 's', { hasher: new TestHasher() })
      original.run(Math.floor(share * total.events))
      const copy = cloneGraph(original)
      copy.run()
      expect(copy.result().digest, `copied after ${share} of the events`).toBe(total.digest)
    }
  })
})
