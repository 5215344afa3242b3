import { describe, expect, test } from 'vitest'
import type { FaultPlan, Target } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { cloneGraph } from './kernel/clone.ts'
import type { WorldSpec } from './spec.ts'
import { World, type WorldResult } from './world.ts'
import { TestHasher, world } from './world.test.support.ts'

const ACTIVE: Target = { kind: 'active-controller' }

/** Three brokers and three controllers, nodes 0, 4 and 5. */
function quorum(overrides: Partial<WorldSpec> = {}): WorldSpec {
  const spec = world(overrides)
  return { ...spec, cluster: { ...spec.cluster, controllers: 3 } }
}

/** Writes down moments with their time in milliseconds. */
class Notes implements MomentObserver {
  readonly kinds: readonly number[]
  readonly lines: { readonly kind: number; readonly at: number; readonly node: number; readonly a: number }[] = []

  constructor(...kinds: readonly number[]) {
    this.kinds = kinds
  }

  onMoment(kind: number, time: number, node: number, a = 0): void {
    this.lines.push({ kind, at: Math.floor(time / MILLISECOND), node, a })
  }

  of(kind: number): readonly { readonly at: number; readonly node: number; readonly a: number }[] {
    return this.lines.filter((line) => line.kind === kind)
  }
}

function run(plan: FaultPlan, notes: Notes, spec: WorldSpec = quorum()): WorldResult {
  const built = new World(spec, plan, '1', { hasher: new TestHasher(), observers: [notes] })
  built.run()
  return built.result()
}

function at(seconds: number, action: FaultPlan[number]['action'], forSeconds: number | null = null): FaultPlan[number] {
  return {
    entry: 0,
    forUs: forSeconds === null ? null : forSeconds * SECOND,
    trigger: { kind: 'at', atUs: seconds * SECOND },
    action,
  }
}

const BUSY: Partial<WorldSpec> = {
  producers: world().producers.map((producer) => ({
    ...producer,
    workload: { ...producer.workload, kind: 'send', records: 600, every: { kind: 'constant', us: 50 * MILLISECOND } },
  })) as WorldSpec['producers'],
}

describe('a quorum of controllers', () => {
  test('stands at time 0 under its first voter, and settles', () => {
    const notes = new Notes(M.quorumElected, M.controllerStarted)
    const result = run([], notes)
    expect(result.ended).toBe('settled')
    expect(notes.of(M.controllerStarted)).toEqual([
      { kind: M.controllerStarted, at: 0, node: 0, a: expect.any(Number) },
    ])
  })

  test('when the active controller dies another one is elected, and brokers turn to it', () => {
    const notes = new Notes(M.quorumElected, M.controllerStarted, M.brokerFenced, M.leaderElected)
    const plan = [
      at(3, { kind: 'crash', target: ACTIVE }),
      at(9, { kind: 'crash', target: { kind: 'node', name: 'broker-1' } }, 15),
    ]
    const result = run(plan, notes, quorum(BUSY))
    expect(result.ended).toBe('settled')
    const [, second] = notes.of(M.controllerStarted)
    expect(second?.node).not.toBe(0)
    expect(second?.at).toBeLessThan(9000)
    // It fences the broker that died then, and nobody else: sessions began afresh with it.
    const fenced = notes.of(M.brokerFenced)
    expect(fenced.map(({ a }) => a)).toEqual([1])
    expect(fenced[0]?.node).toBe(second?.node)
  })

  test('one that is cut off gives up after 1.5 fetch timeouts, and what it decided alone is forgotten', () => {
    const notes = new Notes(
      M.controllerDeposed,
      M.quorumResigned,
      M.controllerStarted,
      M.quorumTruncated,
      M.brokerFenced,
    )
    const alone: FaultPlan[number]['action'] = {
      kind: 'isolate',
      target: { kind: 'node', name: 'controller-1' },
      direction: 'both',
      from: null,
    }
    // Brokers' sessions at the controller that is cut off lapse while it still believes that it leads.
    const spec = quorum(BUSY)
    const impatient = { ...spec.cluster.controllerConfig, 'broker.session.timeout.ms': 2500 }
    const cluster = { ...spec.cluster, controllerConfig: impatient }
    const result = run([at(3, alone, 12)], notes, { ...spec, cluster })
    expect(result.ended).toBe('settled')
    expect(notes.of(M.controllerDeposed)[0]).toMatchObject({ node: 0 })
    const resigned = notes.of(M.quorumResigned)[0]?.at ?? 0
    expect(resigned).toBeGreaterThanOrEqual(5500)
    expect(resigned).toBeLessThanOrEqual(6500)
    // It fenced brokers, but nobody else ever heard of that.
    expect(notes.of(M.quorumTruncated)).toHaveLength(1)
    expect(notes.of(M.brokerFenced).filter(({ node }) => node === 0)).toEqual([])
  })

  test('a controller that is stopped hands over without waiting for a timeout', () => {
    const notes = new Notes(M.controllerStarted, M.nodeStopped)
    run([at(3, { kind: 'stop', target: ACTIVE }, 5)], notes, quorum(BUSY))
    const [, second] = notes.of(M.controllerStarted)
    expect(second?.node).not.toBe(0)
    expect(second?.at).toBeLessThan(6000)
    expect(notes.of(M.nodeStopped)[0]).toMatchObject({ node: 0 })
  })

  test('a minority elects nobody and a majority that comes back goes on', () => {
    const notes = new Notes(M.controllerStarted)
    const two: Target = { kind: 'node', name: 'controller-2' }
    const three: Target = { kind: 'node', name: 'controller-3' }
    const plan = [at(2, { kind: 'crash', target: two }, 10), at(2, { kind: 'power-loss', target: three }, 12)]
    const result = run(plan, notes, quorum(BUSY))
    expect(result.ended).toBe('settled')
    expect(notes.of(M.controllerStarted).filter(({ at: when }) => when > 2000 && when < 12_000)).toEqual([])
    expect(notes.of(M.controllerStarted).length).toBeGreaterThan(1)
  })

  test('disks of a majority lost: what was committed is gone, and moments say so', () => {
    const notes = new Notes(M.metadataLost)
    const wiped = ['controller-1', 'controller-2', 'controller-3'].map((name) =>
      at(2, { kind: 'wipe-disk', target: { kind: 'node', name } }, 1),
    )
    const spec = quorum(BUSY)
    run(wiped, notes, { ...spec, run: { ...spec.run, thenHealUs: 20 * SECOND } })
    expect(notes.lines.length).toBeGreaterThan(0)
  })

  test('is plain data: a copy made in the middle of an election goes the same way', () => {
    const original = new World(quorum(BUSY), [at(1, { kind: 'crash', target: ACTIVE }, 4)], '1', {
      hasher: new TestHasher(),
    })
    original.run(6000)
    const copy = cloneGraph(original)
    original.run()
    copy.run()
    expect(copy.result().digest).toBe(original.result().digest)
  })
})
