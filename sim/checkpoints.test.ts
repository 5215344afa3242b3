import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import type { MomentObserver } from './history/recorder.ts'
import { SECOND } from './kernel/time.ts'
import { processor, store } from './reading-world.test.support.ts'
import type { WorldSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld, type WorldResult } from './world.ts'

/** What became of the job's transactions, by their numbers. */
class Log implements MomentObserver {
  readonly kinds = [M.checkpointSaved, M.txnBegan, M.txnCommitted, M.txnFailed, M.txnUnknown]
  readonly saved: number[] = []
  readonly began: number[] = []
  readonly committed: number[] = []
  readonly failed: number[] = []

  onMoment(kind: number, _time: number, _node: number, _a: number, b: number): void {
    if (kind === M.checkpointSaved) this.saved.push(b)
    else if (kind === M.txnBegan) this.began.push(b)
    else if (kind === M.txnCommitted) this.committed.push(b)
    else this.failed.push(b)
  }

  /** Checkpoints whose transaction nobody has committed. */
  get lost(): readonly number[] {
    return this.saved.filter((transaction) => !this.committed.includes(transaction))
  }
}

function worldOf(timeoutMs = 900_000): WorldSpec {
  const id = { 'transactional.id': 'job', 'transaction.timeout.ms': timeoutMs }
  const { config: producerConfig } = producer('job', 'payments', {}, id)
  const transactions = { groupMetadata: false, rewindOnAbort: true, abort: 0 }
  const over = { commit: 'two-phase', transactions, checkpoints: 'checkpoints', producerConfig } as const
  const job = processor('job', 'orders', 'payments', over, { 'max.poll.records': 10 })
  const base = world({ producers: [producer('checkout', 'orders')] })
  const [orders] = base.topics
  if (orders === undefined) throw new Error('the world has no topic')
  return {
    ...base,
    topics: [orders, { ...orders, name: 'payments' }],
    processors: [job],
    stores: [store('checkpoints')],
  }
}

function run(spec: WorldSpec, plan: FaultPlan = []): { readonly log: Log; readonly result: WorldResult } {
  const log = new Log()
  const result = runWorld(spec, plan, '1', { hasher: new TestHasher(), observers: [log] })
  return { log, result }
}

/** The job dies at the nth such moment. */
function diesAt(moment: string, nth: number, seconds: number): FaultPlan {
  const target = { kind: 'node', name: 'job#0' } as const
  const trigger = {
    kind: 'when',
    match: { moment, fields: {} },
    nth,
    everyMatch: false,
    times: null,
    afterUs: 0,
  } as const
  return [{ entry: 0, forUs: seconds * SECOND, trigger, action: { kind: 'crash', target } }]
}

describe('a job that commits in two phases with Kafka as the second participant', () => {
  test('commits each transaction when its checkpoint is complete', () => {
    const { log, result } = run(worldOf())
    expect(result.ended).toBe('settled')
    expect(log.saved.length).toBeGreaterThan(1)
    expect(log.committed).toEqual(log.saved)
  })

  test('that dies with a complete checkpoint commits its transaction when it is back, before it begins another', () => {
    const { log, result } = run(worldOf(), diesAt('checkpoint.saved', 2, 20))
    expect(result.ended).toBe('settled')
    expect(log.lost).toEqual([])
    expect(log.committed).toEqual(log.saved)
  })

  test('that dies before the checkpoint leaves a transaction that is aborted, and works on its records again', () => {
    const { log, result } = run(worldOf(), diesAt('txn.began', 2, 1))
    expect(result.ended).toBe('settled')
    expect(log.lost).toEqual([])
    expect(log.began.filter((transaction) => !log.saved.includes(transaction))).toHaveLength(1)
  })

  test('loses what it had prepared when the coordinator has aborted it meanwhile', () => {
    const { log, result } = run(worldOf(5000), diesAt('checkpoint.saved', 2, 30))
    expect(result.ended).toBe('settled')
    expect(log.lost).toEqual([log.saved[1]])
    expect(log.failed).toEqual(log.lost)
  })
})
