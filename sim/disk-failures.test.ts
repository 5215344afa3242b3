import { describe, expect, test } from 'vitest'
import type { Action, FaultPlan, Target } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import type { WorldSpec } from './spec.ts'
import { World, type WorldResult } from './world.ts'
import { TestHasher, world } from './world.test.support.ts'

const BROKER_2: Target = { kind: 'node', name: 'broker-2' }
const CONTROLLERS: Target = { kind: 'role', role: 'controllers' }

/** A world with work for half a minute. */
function busy(controllers = 1): WorldSpec {
  const spec = world()
  const producers = spec.producers.map((producer) => ({
    ...producer,
    workload: { ...producer.workload, kind: 'send', records: 600, every: { kind: 'constant', us: 50 * MILLISECOND } },
  })) as WorldSpec['producers']
  return { ...spec, producers, cluster: { ...spec.cluster, controllers } }
}

/** Writes down moments by kind: milliseconds and node. */
class Notes implements MomentObserver {
  readonly kinds: readonly number[] = [M.logDirFailed, M.nodeCrashed, M.nodeStarted, M.nodeStopped, M.nodePowerLost]
  readonly lines: { readonly kind: number; readonly at: number; readonly node: number }[] = []

  onMoment(kind: number, time: number, node: number): void {
    if (time > 0) this.lines.push({ kind, at: Math.floor(time / MILLISECOND), node })
  }

  of(kind: number, node: number): readonly number[] {
    return this.lines.filter((line) => line.kind === kind && line.node === node).map(({ at }) => at)
  }
}

function run(plan: FaultPlan, notes: Notes = new Notes(), spec: WorldSpec = busy(), seed = '1'): WorldResult {
  const built = new World(spec, plan, seed, { hasher: new TestHasher(), observers: [notes] })
  built.run()
  return built.result()
}

function at(seconds: number, action: Action, forSeconds: number | null = null): FaultPlan[number] {
  const forUs = forSeconds === null ? null : forSeconds * SECOND
  return { entry: 0, forUs, trigger: { kind: 'at', atUs: seconds * SECOND }, action }
}

const broken = (target: Target): Action => ({ kind: 'disk-error', target, of: 'everything', directory: null })
const full = (target: Target): Action => ({ kind: 'disk-full', target, directory: null })

describe('a broker whose only log directory fails', () => {
  test('halts within half a second, busy or not, and starts again when the disk is whole', () => {
    for (const action of [broken(BROKER_2), full(BROKER_2)]) {
      const notes = new Notes()
      const result = run([at(2, action, 10)], notes)
      const [failed] = notes.of(M.logDirFailed, 2)
      expect(failed).toBeGreaterThanOrEqual(2000)
      expect(failed).toBeLessThanOrEqual(2500)
      expect(notes.of(M.nodeCrashed, 2)).toEqual([failed])
      expect(notes.of(M.nodeStarted, 2)).toEqual([12_000])
      expect([result.ended, result.faults]).toEqual(['settled', [{ entry: 0, fired: 1, touched: 1 }]])
    }
  })

  test('is started again by healing when nothing mends the disk before', () => {
    const notes = new Notes()
    expect(run([at(1, broken(BROKER_2))], notes).ended).toBe('settled')
    expect(notes.of(M.nodeStarted, 2)).toHaveLength(1)
  })

  test('does not come up while the disk fails: whoever starts it sees it end', () => {
    const notes = new Notes()
    const crash: Action = { kind: 'crash', target: BROKER_2 }
    expect(run([at(1, crash, 3), at(2, broken(BROKER_2), 8)], notes).ended).toBe('settled')
    expect(notes.of(M.nodeStarted, 2)).toEqual([4000, 10_000])
    expect(notes.of(M.nodeCrashed, 2)).toEqual([1000, 4000])
  })

  test('goes on where nothing but flushes fails, until something is flushed', () => {
    const notes = new Notes()
    run([at(1, { kind: 'disk-error', target: BROKER_2, of: 'flushes', directory: null }, 20)], notes)
    expect(notes.of(M.nodeCrashed, 2)).toEqual([5000])
  })

  test('stops in good order where a disk fails in the end, and counts as unclean', () => {
    const notes = new Notes()
    const stop: Action = { kind: 'stop', target: BROKER_2 }
    const flushes: Action = { kind: 'disk-error', target: BROKER_2, of: 'flushes', directory: null }
    const result = run([at(1, flushes, 2), at(1.5, stop, 6)], notes)
    expect(notes.of(M.nodeStopped, 2)).toHaveLength(1)
    expect(notes.of(M.nodeCrashed, 2)).toEqual([])
    expect(result.ended).toBe('settled')
  })
})

describe('a controller whose disk fails', () => {
  test('ends within half a second, and is back with the disk', () => {
    for (const controllers of [1, 3]) {
      const notes = new Notes()
      const result = run([at(1, broken(CONTROLLERS), 5)], notes, busy(controllers))
      for (const node of controllers === 1 ? [0] : [0, 4, 5]) {
        const [died = 0] = notes.of(M.nodeCrashed, node)
        expect(died).toBeGreaterThanOrEqual(1000)
        expect(died).toBeLessThanOrEqual(1500)
        expect(notes.of(M.nodeStarted, node)).toEqual([6000])
      }
      expect([result.ended, result.faults]).toEqual(['settled', [{ entry: 0, fired: 1, touched: 1 }]])
    }
  })
})

test('the same seed gives the same digest, and a disk that is mended at once changes nothing', () => {
  const plan = [at(2, full(BROKER_2), 4)]
  expect(run(plan).digest).toBe(run(plan).digest)
  const mended = run([at(2, full(BROKER_2), 0)])
  expect(mended.faults).toEqual([{ entry: 0, fired: 1, touched: 0 }])
})
