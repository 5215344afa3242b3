import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import { constant } from '../../kernel/spread.ts'
import { testKernel } from '../../kernel/world.test.support.ts'
import { Links } from '../../network/links.ts'
import { Network } from '../../network/network.ts'
import { Disk } from '../../storage/disk.ts'
import { Env } from '../../kafka/env.ts'
import { StatefulTask, type TaskRules } from './stateful-task.ts'

const INPUT = tpOf(1, 0)
const CHANGELOG = tpOf(2, 0)

class Opened implements MomentObserver {
  readonly kinds = [M.stateOpened, M.stateClosed]
  readonly wiped: number[] = []
  onMoment(kind: number, _time: number, _node: number, _a: number, b: number, c: number): void {
    this.wiped.push(kind === M.stateOpened ? c : b)
  }
}

/** An instance's disk, on which one process after the other opens the task. */
function instance(
  exactlyOnce: boolean,
  uncleanStore: TaskRules['uncleanStore'] = 'wiped',
): { readonly open: (collected?: number) => StatefulTask; readonly seen: Opened } {
  const kernel = testKernel()
  const recorder = new Recorder(kernel)
  const network = new Network(kernel, recorder, new Links(1, constant(0)), true)
  const seen = new Opened()
  recorder.observe(seen)
  const disk = new Disk()
  const env = new Env(0, kernel, network, recorder)
  const rules = { exactlyOnce, uncleanStore }
  return { open: (collected) => new StatefulTask(env, disk, INPUT, CHANGELOG, rules, collected), seen }
}

/** Counts so many records of one key, all of them written to the changelog. */
function counted(task: StatefulTask, records: number): StatefulTask {
  for (let record = 0; record < records; record++) {
    task.count('k', record, record)
    task.onWritten(record)
  }
  return task
}

describe('the local state of a task', () => {
  test('that was closed in good order is there for the next, which restores only what came since', () => {
    for (const exactlyOnce of [true, false]) {
      const { open } = instance(exactlyOnce)
      counted(open(), 3).close('clean')
      const next = open()
      expect(next.entries.get('k')).toEqual({ count: 3, record: 2 })
      expect(next.restoresFrom).toBe(3)
    }
  })

  test('dies with its process but for what a checkpoint has flushed, at least once', () => {
    const { open } = instance(false)
    const task = open()
    task.replay('k', { count: 1, record: 7 }, 0)
    task.restored()
    counted(task, 2)
    // No word of its end.
    const next = open()
    expect(next.entries.get('k')).toEqual({ count: 1, record: 7 })
    expect(next.restoresFrom).toBe(1)
  })

  test('is wiped after the death of its process, exactly once: nobody knows what is of an open transaction', () => {
    const { open, seen } = instance(true)
    counted(open(), 2).close('clean')
    // The file is gone while the task works.
    expect(open().restoresFrom).toBe(2)
    const next = open()
    expect([next.entries.size, next.restoresFrom]).toEqual([0, 0])
    expect(seen.wiped).toEqual([0, 0, 0, 1])
  })

  test('that is closed as it is stays at least once, and is wiped exactly once', () => {
    const least = instance(false)
    counted(least.open(), 2).close('dirty')
    const kept = least.open()
    expect(kept.entries.get('k')?.count).toBe(2)
    expect(kept.restoresFrom).toBe(0)
    const most = instance(true)
    counted(most.open(), 2).close('dirty')
    expect(most.open().entries.size).toBe(0)
  })

  test('that is corrupted is restored from the beginning', () => {
    const { open } = instance(false)
    const task = open()
    task.restored()
    counted(task, 2).close('corrupted')
    expect(open().restoresFrom).toBe(0)
  })

  test('a checkpoint that says nothing is one: what was opened and closed at once is not wiped', () => {
    const { open, seen } = instance(true)
    open().close('clean')
    open()
    expect(seen.wiped).toEqual([0, 0, 0])
  })

  test('commits write a checkpoint only when the last is 10,000 records behind, and never exactly once', () => {
    for (const [exactlyOnce, offset, from] of [
      [false, 10_000, 0],
      [false, 10_001, 10_002],
      [true, 10_001, 0],
    ] as const) {
      const { open } = instance(exactlyOnce)
      const task = open()
      task.onWritten(offset)
      task.committed()
      expect(open().restoresFrom).toBe(from)
    }
  })

  test('streams.unclean-store: what is closed as it is was restored over before KAFKA-7192 (S02)', () => {
    const { open, seen } = instance(true, 'restored-over')
    counted(open(), 2).close('dirty')
    const next = open()
    expect([next.entries.get('k')?.count, next.restoresFrom]).toEqual([2, 0])
    expect(seen.wiped).toEqual([0, 1, 0])
  })

  test('streams.written-offsets: a revived task that is closed while it is restored says how far that came, not what it wrote (S03)', () => {
    for (const [kept, from] of [
      [-1, 1],
      [7, 8],
    ] as const) {
      const { open } = instance(true)
      const first = open()
      first.onWritten(7)
      expect(first.written).toBe(7)
      first.close('corrupted')
      const revived = open(kept)
      revived.replay('k', { count: 1, record: 0 }, 0)
      revived.close('clean')
      expect(open().restoresFrom).toBe(from)
    }
  })
})
