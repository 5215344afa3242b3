import { describe, expect, test } from 'vitest'
import { samplerOf } from '../../kernel/sampler.ts'
import { constant } from '../../kernel/spread.ts'
import { SECOND } from '../../kernel/time.ts'
import { Errors } from '../protocol/errors.ts'
import { type Identity, TransactionCluster } from './transaction-cluster.test.support.ts'

function open(): [TransactionCluster, Identity, number] {
  const cluster = new TransactionCluster()
  const who = cluster.init()
  cluster.add(who, [0, 1, 2])
  return [cluster, who, cluster.coordinator]
}

/** Runs until somebody else coordinates. */
function successor(cluster: TransactionCluster, old: number): void {
  cluster.crash(old)
  cluster.runFor(15)
  expect(cluster.coordinator).not.toBe(old)
}

describe('a new coordinator', () => {
  test('knows an idle id, and gives it its next epoch; what was answered before is forgotten', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    const next = cluster.init(who)
    successor(cluster, cluster.coordinator)
    expect(cluster.state).toMatchObject({ state: 'Empty', producerEpoch: 1, lastProducerEpoch: -1 })
    // A repetition across a change of coordinators fails.
    const call = cluster.initialising(who)
    cluster.runFor(0.1)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.init(next).producerEpoch).toBe(2)
  })

  test('goes on with an open transaction', () => {
    const [cluster, who, old] = open()
    successor(cluster, old)
    expect(cluster.state).toMatchObject({ state: 'Ongoing', partitions: [0, 1, 2].map((each) => cluster.orders(each)) })
    expect(cluster.story.lines.slice(-5)).toEqual([
      `loaded 1 at n${cluster.coordinator}`,
      'opened epoch 0',
      'added 0',
      'added 1',
      'added 2',
    ])
    expect(cluster.end(who, true)).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    cluster.runFor(1)
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test.each([true, false])('completes what was decided (commit: %s), under its own epoch', (committed) => {
    const [cluster, who, old] = open()
    cluster.script.silent = true
    const next = cluster.end(who, committed)
    cluster.script.silent = false
    cluster.script.seen.length = 0
    successor(cluster, old)
    expect(cluster.state.state).toBe(committed ? 'CompleteCommit' : 'CompleteAbort')
    for (const marker of cluster.script.seen) {
      expect(marker).toMatchObject({ transactionResult: committed, producerEpoch: 1, coordinatorEpoch: 1 })
    }
    expect(cluster.script.seen.flatMap(({ partitions }) => partitions)).toHaveLength(3)
    // The producer whose answer was lost is told.
    expect(cluster.end(who, committed)).toEqual({ ...next, errorCode: 0 })
  })

  test('completes a decision that was replicated though its coordinator never knew', () => {
    const [cluster, who, old] = open()
    const call = cluster.ending(who, true)
    const others = [1, 2, 3].filter((id) => id !== old)
    while (!others.every((id) => cluster.written(id).at(-1) === 'PrepareCommit 1')) cluster.kernel.step()
    expect(cluster.broker(old).transactions.states.find('checkout-tx').metadata?.state).toBe('Ongoing')
    successor(cluster, old)
    expect(cluster.answer(call)).toBeNull()
    expect(cluster.state.state).toBe('CompleteCommit')
    expect(cluster.story.lines).toContain('prepared commit epoch 1')
    expect(cluster.end(who, true)).toMatchObject({ errorCode: 0, producerEpoch: 1 })
  })

  test('knows nothing of a decision that was not replicated, and takes it once more', () => {
    const [cluster, who, old] = open()
    cluster.isolate(
      old,
      [1, 2, 3].filter((id) => id !== old),
    )
    const call = cluster.ending(who, true)
    cluster.runFor(0.1)
    expect(cluster.written(old).at(-1)).toBe('PrepareCommit 1')
    expect(cluster.answer(call)).toBeNull()
    successor(cluster, old)
    expect(cluster.state.state).toBe('Ongoing')
    expect(cluster.end(who, false)).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    cluster.runFor(1)
    expect(cluster.written().slice(-2)).toEqual(['PrepareAbort 1', 'CompleteAbort 1'])
  })

  test('may be the old one in a new epoch: it reads anew, and what it had begun to write is for its log to tell', () => {
    const [cluster, who, old] = open()
    const call = cluster.ending(who, true)
    while (cluster.written(old).at(-1) !== 'PrepareCommit 1') cluster.kernel.step()
    cluster.broker(old).transactions.onElection(cluster.logTp, 1)
    expect(cluster.state).toMatchObject({ state: 'PrepareCommit', pendingState: 'CompleteCommit' })
    cluster.runFor(1)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.NOT_COORDINATOR)
    expect(cluster.written().filter((each) => each.startsWith('Complete'))).toHaveLength(1)
    expect(cluster.state.state).toBe('CompleteCommit')
  })

  test('puts everybody off while it reads', () => {
    const [cluster, who, old] = open()
    for (const disk of cluster.disks) disk.beginSlow(samplerOf(constant(5 * SECOND)))
    cluster.crash(old)
    const loading = (): boolean =>
      cluster.up.some((id) => cluster.broker(id).transactions.states.partition(cluster.logTp)?.loading === true)
    while (!loading()) cluster.kernel.step()
    const reader = cluster.up.find(
      (id) => cluster.broker(id).transactions.states.partition(cluster.logTp) !== undefined,
    )
    const body = { transactionalId: 'checkout-tx', ...who, committed: true }
    expect(cluster.ask(reader as number, 26, body, 5)?.errorCode).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS)
  })
})

describe('a coordinator that is none any more', () => {
  test('sends away whoever waits, and keeps nothing', () => {
    const [cluster, who, old] = open()
    const others = [0, 1, 2, 3].filter((id) => id !== old)
    cluster.isolate(old, others)
    const call = cluster.ending(who, true)
    cluster.runFor(20)
    expect(cluster.answer(call)).toBeNull()
    cluster.heal(old, others)
    cluster.runFor(5)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.NOT_COORDINATOR)
    expect(cluster.broker(old).transactions.states.partition(cluster.logTp)).toBeUndefined()
    expect(cluster.coordinator).not.toBe(old)
    expect(cluster.state.state).toBe('Ongoing')
    expect(cluster.story.lines.some((line) => line.startsWith('unloaded'))).toBe(true)
  })

  test('does not complete what its successor completes', () => {
    const [cluster, who, old] = open()
    cluster.script.silent = true
    cluster.end(who, true)
    const others = [0, 1, 2, 3].filter((id) => id !== old)
    cluster.isolate(old, others)
    cluster.runFor(12)
    cluster.script.silent = false
    cluster.runFor(30)
    cluster.heal(old, others)
    cluster.runFor(45)
    expect(cluster.state.state).toBe('CompleteCommit')
    expect(cluster.written().filter((each) => each.startsWith('Complete'))).toHaveLength(1)
    expect(cluster.broker(old).transactions.markers.size).toBe(0)
  })
})
