import { describe, expect, test } from 'vitest'
import type { StreamsRules } from './application/applications.ts'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { processor } from './reading-world.test.support.ts'
import type { ProcessorSpec, WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

const RECORDS = 60

/** What a thread of Kafka Streams did, and when. */
class Log implements MomentObserver {
  readonly kinds = [
    M.recordDerived,
    M.offsetCommitted,
    M.txnBegan,
    M.txnCommitted,
    M.memberRemoved,
    M.producerRestarted,
  ]
  readonly commits: { readonly time: number; readonly offset: number }[] = []
  readonly derived: { readonly time: number; readonly input: number }[] = []
  readonly began: number[] = []
  committed = 0
  left = 0
  restarts = 0

  onMoment(kind: number, time: number, _node: number, a: number, b: number, c: number): void {
    if (kind === M.recordDerived) this.derived.push({ time, input: b })
    if (kind === M.offsetCommitted) this.commits.push({ time, offset: c })
    if (kind === M.txnBegan) this.began.push(time)
    if (kind === M.txnCommitted) this.committed++
    if (kind === M.memberRemoved) this.left++
    if (kind === M.producerRestarted) this.restarts++
    void a
  }

  get commitTimes(): readonly number[] {
    return [...new Set(this.commits.map(({ time }) => time))]
  }

  get again(): number {
    return this.derived.length - new Set(this.derived.map(({ input }) => input)).size
  }
}

function worldOf(streams: StreamsRules, of: Partial<ProcessorSpec> = {}): WorldSpec {
  const workload = {
    kind: 'send',
    records: RECORDS,
    every: constant(200 * MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const exact = streams.guarantee === 'exactly_once_v2'
  const isolation = { 'isolation.level': exact ? 'read_committed' : 'read_uncommitted' } as const
  const made = processor('app', 'orders', 'payments', { streams, ...of }, isolation)
  const transactions = exact ? { groupMetadata: true, rewindOnAbort: true, abort: 0 } : null
  const id = { 'linger.ms': 100, 'transactional.id': exact ? 'app-${random}-1' : '', 'transaction.timeout.ms': 10_000 }
  const producerConfig = { ...made.producerConfig, ...id }
  const { topics } = world()
  return world({
    topics: [...topics, ...topics.map((topic) => ({ ...topic, name: 'payments' }))],
    producers: [producer('checkout', 'orders', { workload })],
    processors: [{ ...made, transactions, commit: exact ? 'in-transaction' : 'after-output', producerConfig }],
  })
}

function run(spec: WorldSpec, plan: FaultPlan = []): { readonly result: WorldResult; readonly log: Log } {
  const log = new Log()
  const result = runWorld(spec, plan, 's', { hasher: new TestHasher(), freeze: true, observers: [log] })
  expect(result.waiting).toEqual([])
  return { result, log }
}

const ALOS: StreamsRules = { guarantee: 'at_least_once', commitIntervalMs: 4000 }
const EOS: StreamsRules = { guarantee: 'exactly_once_v2', commitIntervalMs: 1000 }

function fault(kind: 'crash' | 'pause' | 'stop', atUs: number, forUs: number): FaultPlan {
  const target = { kind: 'node', name: 'app#0' } as const
  return [{ entry: 0, forUs, trigger: { kind: 'at', atUs }, action: { kind, target } }]
}

describe('a stream thread', () => {
  test('commits what it has worked off every commit.interval.ms, at least once', () => {
    const { log } = run(worldOf(ALOS))
    expect([log.derived.length, log.began.length]).toEqual([RECORDS, 0])
    const times = log.commitTimes
    expect(times.length).toBeGreaterThan(2)
    for (let i = 1; i < times.length - 1; i++)
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThan(4 * SECOND)
  })

  test('that dies works again on what was not committed, at least once', () => {
    const { log } = run(worldOf(ALOS), fault('crash', 11 * SECOND, SECOND))
    expect(log.again).toBeGreaterThan(0)
  })

  test('has one transaction for each commit, which begins with the first record that is sent', () => {
    const { log } = run(worldOf(EOS))
    expect(log.derived.length).toBe(RECORDS)
    expect(log.began.length).toBe(log.committed)
    expect(log.committed).toBe(log.commitTimes.length)
    expect(log.committed).toBeGreaterThan(5)
    // None is begun before there is something to send.
    const first = log.derived[0]?.time as number
    expect(log.began[0]).toBeLessThanOrEqual(first)
    expect((log.began[0] as number) + 200 * MILLISECOND).toBeGreaterThan(first)
  })

  test('that stops commits and stays a member: its group finds out by its session', () => {
    const { log } = run(worldOf(ALOS), fault('stop', 9 * SECOND, 20 * SECOND))
    expect(log.again).toBe(0)
    expect(log.left).toBeGreaterThan(0)
  })

  test('that was paused beyond its session has migrated: it closes its tasks, makes its producer anew and joins again', () => {
    for (const streams of [ALOS, EOS]) {
      const spec = worldOf(streams)
      const [only] = spec.processors as [ProcessorSpec]
      const two = { ...spec, processors: [{ ...only, instances: 2 }] }
      const { log } = run(two, fault('pause', 9 * SECOND, 12 * SECOND))
      expect(new Set(log.derived.map(({ input }) => input)).size).toBe(RECORDS)
      if (streams === EOS) expect(log.restarts).toBeGreaterThan(0)
    }
  })
})
