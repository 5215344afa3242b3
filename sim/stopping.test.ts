import { expect, test } from 'vitest'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { processor } from './reading-world.test.support.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

const RECORDS = 1000

/** Of which records something was published. */
class Log implements MomentObserver {
  readonly kinds = [M.recordDerived, M.produceAcked]
  readonly inputs: Set<number> = new Set()
  private readonly inputOf: Map<number, number> = new Map()

  onMoment(kind: number, _time: number, _node: number, record: number, input: number): void {
    if (kind === M.recordDerived) this.inputOf.set(record, input)
    const of = kind === M.produceAcked ? this.inputOf.get(record) : undefined
    if (of !== undefined) this.inputs.add(of)
  }
}

test('a processor that is stopped while it polls takes no record that it would not work on', () => {
  const workload = {
    kind: 'send',
    records: RECORDS,
    every: constant(5 * MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const { topics } = world()
  const made = processor('p', 'orders', 'payments', { commit: 'auto' }, { 'enable.auto.commit': true })
  const spec = world({
    topics: [...topics, ...topics.map((topic) => ({ ...topic, name: 'payments' }))],
    producers: [producer('checkout', 'orders', { workload })],
    // What lingers keeps close() from being over at once.
    processors: [{ ...made, producerConfig: { ...made.producerConfig, 'linger.ms': 20 } }],
  })
  for (let stop = 0; stop < 5; stop++) {
    const log = new Log()
    const target = { kind: 'node', name: 'p#0' } as const
    const trigger = { kind: 'at', atUs: 4 * SECOND + stop * 7 * MILLISECOND } as const
    runWorld(spec, [{ entry: 0, forUs: SECOND, trigger, action: { kind: 'stop', target } }], 's', {
      hasher: new TestHasher(),
      observers: [log],
    })
    expect(log.inputs.size).toBe(RECORDS)
  }
})

test('nothing is settled while a process that was stopped is on its way down and back', () => {
  const workload = {
    kind: 'send',
    records: 20,
    every: constant(MILLISECOND),
    keys: 0,
    size: 100,
    transactions: null,
  } as const
  const { topics } = world()
  const streams = { guarantee: 'at_least_once', commitIntervalMs: 1000 } as const
  const spec = world({
    topics: [...topics, ...topics.map((topic) => ({ ...topic, name: 'payments' }))],
    producers: [producer('checkout', 'orders', { workload })],
    processors: [processor('app', 'orders', 'payments', { streams })],
  })
  // Before the group has its first generation nobody has read anything; who leaves ends its poll() first.
  for (let stop = 0; stop < 50; stop += 5) {
    const log = new Log()
    const target = { kind: 'node', name: 'app#0' } as const
    const trigger = { kind: 'at', atUs: SECOND + stop * MILLISECOND } as const
    const { ended } = runWorld(spec, [{ entry: 0, forUs: 1, trigger, action: { kind: 'stop', target } }], 's', {
      hasher: new TestHasher(),
      observers: [log],
    })
    expect([ended, log.inputs.size]).toEqual(['settled', 20])
  }
})
