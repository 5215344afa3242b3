import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { samplerOf } from '../../kernel/sampler.ts'
import { constant } from '../../kernel/spread.ts'
import { SECOND } from '../../kernel/time.ts'
import { partitionFor } from '../group/partition-for.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { InitProducerIdResponse } from '../protocol/messages.ts'
import { ID, TransactionCluster } from './transaction-cluster.test.support.ts'

const V1 = { profile: { 'transaction.version': 1 } } as const

describe('a transaction', () => {
  test('by version 2 goes through its states in the log, and goes on under the next epoch', () => {
    const cluster = new TransactionCluster()
    const first = cluster.init()
    expect(first.producerEpoch).toBe(0)
    expect(cluster.add(first, [0, 1])).toBe(0)
    expect(cluster.state).toMatchObject({ state: 'Ongoing', partitions: [cluster.orders(0), cluster.orders(1)] })
    const ended = cluster.end(first, true)
    expect(ended).toEqual({ errorCode: 0, producerId: first.producerId, producerEpoch: 1 })
    expect(cluster.written()).toEqual(['Empty 0', 'Ongoing 0', 'PrepareCommit 1', 'CompleteCommit 1'])
    expect(cluster.story.lines).toEqual([
      'registered epoch 0',
      'opened epoch 0',
      'added 0',
      'added 1',
      'prepared commit epoch 1',
      'completed commit epoch 1 by 0',
    ])
  })

  test('by version 1 keeps its epoch, and the answer names none', () => {
    const cluster = new TransactionCluster(V1)
    const who = cluster.init()
    for (const committed of [true, false]) {
      expect(cluster.add(who, [0], 3)).toBe(0)
      expect(cluster.end(who, committed, 4)).toEqual({ errorCode: 0, producerId: -1, producerEpoch: -1 })
    }
    expect(cluster.written()).toEqual([
      'Empty 0',
      'Ongoing 0',
      'PrepareCommit 0',
      'CompleteCommit 0',
      'Ongoing 0',
      'PrepareAbort 0',
      'CompleteAbort 0',
    ])
  })

  test('whose end is asked for again is told so, and nothing is written again', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    cluster.add(who)
    const ended = cluster.end(who, true)
    const { length } = cluster.written()
    expect(cluster.end(who, true)).toEqual(ended)
    expect(cluster.end(who, false).errorCode).toBe(Errors.INVALID_TXN_STATE)
    expect(cluster.written()).toHaveLength(length)
  })

  test('by version 1 a late repetition ends whatever is open now (T01)', () => {
    const cluster = new TransactionCluster(V1)
    const who = cluster.init()
    cluster.add(who, [0], 3)
    expect(cluster.end(who, true, 4).errorCode).toBe(0)
    cluster.add(who, [1], 3)
    expect(cluster.end(who, true, 4).errorCode).toBe(0)
    expect(cluster.written().filter((each) => each.startsWith('PrepareCommit'))).toHaveLength(2)
  })

  test('that nobody began may be aborted by version 2, which raises the epoch; committed it may not be', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    expect(cluster.end(who, true).errorCode).toBe(Errors.INVALID_TXN_STATE)
    const aborted = cluster.end(who, false)
    expect(aborted).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    expect(cluster.end(aborted, false)).toMatchObject({ errorCode: 0, producerEpoch: 2 })
    expect(cluster.written().slice(1)).toEqual([
      'PrepareAbort 1',
      'CompleteAbort 1',
      'PrepareAbort 2',
      'CompleteAbort 2',
    ])
    const old = new TransactionCluster(V1)
    expect(old.end(old.init(), false, 4).errorCode).toBe(Errors.INVALID_TXN_STATE)
  })

  test('is answered when it is decided, before any marker; until all are written everything else waits', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    cluster.add(who, [0, 1, 2])
    cluster.script.silent = true
    const next = cluster.end(who, true)
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    expect(cluster.state).toMatchObject({ state: 'PrepareCommit', pendingState: 'CompleteCommit' })
    const waiting = Errors.CONCURRENT_TRANSACTIONS
    expect(cluster.add(next)).toBe(waiting)
    expect(cluster.end(who, true).errorCode).toBe(waiting)
    expect(cluster.end(next, false).errorCode).toBe(waiting)
    const call = cluster.initialising()
    cluster.runFor(0.1)
    expect(cluster.answer(call)?.errorCode).toBe(waiting)
    // Who is fenced is told, but only by version 1 before what is pending.
    expect(cluster.end({ ...who, producerEpoch: 0 }, true, 4).errorCode).toBe(Errors.PRODUCER_FENCED)
  })

  test('belongs to its producer: others are fenced or unknown, by the names that old clients know', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    const newer = cluster.init()
    expect(newer.producerEpoch).toBe(1)
    expect(cluster.add(who)).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.add(who, [0], 1)).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(cluster.end(who, true, 4).errorCode).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.end(who, true, 1).errorCode).toBe(Errors.INVALID_PRODUCER_EPOCH)
    const stranger = { producerId: 77, producerEpoch: 1 }
    expect(cluster.add(stranger)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    expect(cluster.end(stranger, true).errorCode).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    expect(cluster.story.lines.slice(-2)).toEqual([
      `refused api ${Api.AddPartitionsToTxn} error 49`,
      `refused api ${Api.EndTxn} error 49`,
    ])
  })

  test("of an id that nobody registered is nobody's", () => {
    const cluster = new TransactionCluster()
    const nobody = { producerId: 5, producerEpoch: 0 }
    expect(cluster.add(nobody)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    expect(cluster.end(nobody, true).errorCode).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    expect(cluster.verify(nobody)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
  })

  test('is known to its coordinator only', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    const other = cluster.coordinator === 1 ? 2 : 1
    const body = { transactionalId: ID, ...who, committed: true }
    expect(cluster.ask(other, Api.EndTxn, body, 5)?.errorCode).toBe(Errors.NOT_COORDINATOR)
  })
})

describe('InitProducerId', () => {
  test.each([
    [{ transactionTimeoutMs: 0 }, Errors.INVALID_TRANSACTION_TIMEOUT],
    [{ transactionTimeoutMs: 900_001 }, Errors.INVALID_TRANSACTION_TIMEOUT],
    [{ transactionTimeoutMs: 900_000 }, Errors.NONE],
    [{ producerId: 7 }, Errors.INVALID_REQUEST],
    [{ producerEpoch: 7 }, Errors.INVALID_REQUEST],
    [{ transactionalId: '' }, Errors.INVALID_REQUEST],
  ])('with %o is answered by %i', (request, error) => {
    const cluster = new TransactionCluster()
    cluster.init()
    const call = cluster.initialising(request)
    cluster.runFor(0.1)
    expect(cluster.answer(call)?.errorCode).toBe(error)
  })

  test('aborts what is open under an epoch of its own, puts the caller off, and gives it the one after', () => {
    const cluster = new TransactionCluster()
    const zombie = cluster.init()
    cluster.add(zombie)
    const call = cluster.initialising()
    cluster.runFor(0.1)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.CONCURRENT_TRANSACTIONS)
    const successor = cluster.init()
    expect(successor).toMatchObject({ producerId: zombie.producerId, producerEpoch: 2 })
    expect(cluster.end(zombie, true).errorCode).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.written()).toEqual(['Empty 0', 'Ongoing 0', 'PrepareAbort 1', 'CompleteAbort 1', 'Empty 2'])
    expect(cluster.story.lines).toContain('prepared abort epoch 1')
  })

  test('does the same by version 1', () => {
    const cluster = new TransactionCluster(V1)
    const zombie = cluster.init()
    cluster.add(zombie, [0], 3)
    expect(cluster.init().producerEpoch).toBe(2)
    expect(cluster.written()).toEqual(['Empty 0', 'Ongoing 0', 'PrepareAbort 1', 'CompleteAbort 1', 'Empty 2'])
    expect(cluster.end(zombie, true, 4).errorCode).toBe(Errors.PRODUCER_FENCED)
  })

  test('of two at once one waits for the other, and the later fences the earlier', () => {
    const cluster = new TransactionCluster()
    cluster.init()
    const { coordinator } = cluster
    const body = { transactionalId: ID, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    // On connections that stand already: opening one takes the time in which the first would be through.
    const [first, second] = [cluster.open(coordinator), cluster.open(coordinator)]
    const calls = [first, second].map((connection) => ({
      connection,
      correlation: cluster.send(connection, coordinator, Api.InitProducerId, body, 5),
    }))
    cluster.runFor(0.1)
    expect(calls.map((call) => cluster.answer<InitProducerIdResponse>(call)?.errorCode)).toEqual([
      Errors.NONE,
      Errors.CONCURRENT_TRANSACTIONS,
    ])
    expect(cluster.init().producerEpoch).toBe(2)
  })

  test('goes on with what the producer has, once more after a lost answer, never after a successor', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    const next = cluster.init(who)
    expect(next.producerEpoch).toBe(1)
    expect(cluster.init(who)).toEqual(next)
    cluster.init()
    for (const [apiVersion, error] of [
      [5, Errors.PRODUCER_FENCED],
      [3, Errors.INVALID_PRODUCER_EPOCH],
    ] as const) {
      const call = cluster.initialising(who, apiVersion)
      cluster.runFor(0.1)
      expect(cluster.answer(call)?.errorCode).toBe(error)
    }
  })

  test('after the last epoch gives a new producer id; an end does the same by version 2', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    Object.assign(cluster.state, { producerEpoch: 32_766 })
    const rotated = cluster.init()
    expect(rotated.producerEpoch).toBe(0)
    expect(rotated.producerId).not.toBe(who.producerId)
    Object.assign(cluster.state, { producerEpoch: 32_766 })
    const last = { ...rotated, producerEpoch: 32_766 }
    cluster.add(last)
    const ended = cluster.end(last, true)
    expect(ended).toMatchObject({ errorCode: 0, producerEpoch: 0 })
    expect(ended.producerId).not.toBe(rotated.producerId)
    expect(cluster.end(last, true)).toEqual(ended)
    expect(cluster.written().slice(-2)).toEqual(['PrepareCommit 32767', 'CompleteCommit 0'])
  })
})

describe('the last epoch of all', () => {
  test('can neither be fenced nor ended: Kafka fails with an exception', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    cluster.add(who)
    Object.assign(cluster.state, { producerEpoch: 32_767 })
    const call = cluster.initialising()
    cluster.runFor(0.1)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.UNKNOWN_SERVER_ERROR)
    const last = { ...who, producerEpoch: 32_767 }
    expect(cluster.end(last, true).errorCode).toBe(Errors.UNKNOWN_SERVER_ERROR)
    expect(cluster.state).toMatchObject({ state: 'Ongoing', pendingState: null })
    cluster.runFor(70)
    expect(cluster.state.state).toBe('Ongoing')
  })
})

test('two live instances fence each other, again and again', () => {
  const cluster = new TransactionCluster()
  let other = cluster.init()
  for (let turn = 1; turn < 5; turn++) {
    const mine = cluster.init()
    expect(mine.producerEpoch).toBe(turn)
    expect(cluster.add(other)).toBe(Errors.PRODUCER_FENCED)
    other = mine
  }
})

test('on a slow disk what is written takes its time, in the order in which it came', () => {
  const cluster = new TransactionCluster()
  const who = cluster.init()
  for (const disk of cluster.disks) disk.beginSlow(samplerOf(constant(SECOND)))
  const adding = cluster.adding(who, [0])
  cluster.runFor(0.5)
  expect(cluster.addError(adding)).toBe(-99)
  const second = cluster.adding(who, [1])
  cluster.runFor(0.1)
  expect(cluster.addError(second)).toBe(Errors.CONCURRENT_TRANSACTIONS)
  cluster.runFor(20)
  expect(cluster.addError(adding)).toBe(0)
  expect(cluster.state.partitions).toEqual([cluster.orders(0)])
})

describe('partitions', () => {
  test('that are in already are not written again', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    cluster.add(who, [0, 1])
    const { length } = cluster.written()
    expect(cluster.add(who, [1, 0])).toBe(0)
    expect(cluster.written()).toHaveLength(length)
    expect(cluster.add(who, [1, 2])).toBe(0)
    expect(cluster.written()).toHaveLength(length + 1)
  })

  test('join all or none: one that does not exist fails the others', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    const call = cluster.adding(who, [0, 9])
    cluster.runFor(0.1)
    const errors = cluster.answer(call)?.resultsByTransaction[0]?.partitions.map((each) => each.partitionErrorCode)
    expect(errors).toEqual([Errors.OPERATION_NOT_ATTEMPTED, Errors.UNKNOWN_TOPIC_OR_PARTITION])
    expect(cluster.state.state).toBe('Empty')
  })

  test('of several transactions are decided one by one and answered together', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init()
    const partitions = [{ topicId: 1, partition: 0 }]
    const other = { transactionalId: 'unknown', producerId: 9, producerEpoch: 9, verifyOnly: false, partitions }
    const transactions = [{ ...other, ...who, transactionalId: ID }, other]
    const answer = cluster.ask(cluster.coordinator, Api.AddPartitionsToTxn, { transactions }, 5)
    expect(answer?.resultsByTransaction.map((each) => each.transactionalId)).toEqual([ID, 'unknown'])
    const errors = answer?.resultsByTransaction.map((each) => each.partitions[0]?.partitionErrorCode)
    expect(errors?.[0]).toBe(0)
    expect([Errors.NOT_COORDINATOR, Errors.INVALID_PRODUCER_ID_MAPPING]).toContain(errors?.[1])
  })

  test('are verified without a write: in the transaction, not in it, fenced, unknown, ending', () => {
    const cluster = new TransactionCluster(V1)
    const who = cluster.init()
    expect(cluster.verify(who, 0)).toBe(Errors.TRANSACTION_ABORTABLE)
    cluster.add(who, [0], 3)
    const { length } = cluster.written()
    expect(cluster.verify(who, 0)).toBe(Errors.NONE)
    expect(cluster.verify(who, 1)).toBe(Errors.TRANSACTION_ABORTABLE)
    expect(cluster.verify({ ...who, producerEpoch: 7 })).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.verify({ ...who, producerId: 7 })).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    expect(cluster.written()).toHaveLength(length)
    cluster.script.silent = true
    cluster.end(who, true, 4)
    expect(cluster.verify(who, 0)).toBe(Errors.CONCURRENT_TRANSACTIONS)
  })

  test('of the offsets topic join by the name of their group, once there is one', () => {
    const cluster = new TransactionCluster(V1)
    const who = cluster.init()
    expect(cluster.addOffsets(who, 'billing')).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    cluster.runFor(0.5)
    expect(cluster.addOffsets(who, 'billing')).toBe(0)
    const { offsetsTopicId } = cluster.broker(1).metadata
    expect(cluster.state.partitions).toEqual([tpOf(offsetsTopicId, partitionFor('billing', 50))])
    const newer = cluster.init()
    expect(cluster.addOffsets(who, 'billing')).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.addOffsets(who, 'billing', 1)).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(cluster.addOffsets(newer, 'billing')).toBe(0)
  })
})

describe('what cannot be written', () => {
  const STRICT = { broker: { 'transaction.state.log.min.isr': 3 } }

  test('for want of replicas is refused, and leaves nothing pending', () => {
    const cluster = new TransactionCluster(STRICT)
    const who = cluster.init()
    cluster.crash(cluster.coordinator === 3 ? 2 : 3)
    cluster.runFor(12)
    const { length } = cluster.written()
    expect(cluster.add(who)).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(cluster.written()).toHaveLength(length)
    expect(cluster.state).toMatchObject({ state: 'Empty', pendingState: null })
  })

  test('in time has failed, and may be found written after all', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init({ transactionTimeoutMs: 4000 })
    const { coordinator } = cluster
    const others = [1, 2, 3].filter((id) => id !== coordinator)
    cluster.isolate(coordinator, others)
    const call = cluster.adding(who, [0])
    cluster.runFor(3.9)
    expect(cluster.answer(call)).toBeNull()
    cluster.runFor(0.2)
    expect(cluster.addError(call)).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(cluster.state).toMatchObject({ state: 'Empty', pendingState: null })
    expect(cluster.written(coordinator).at(-1)).toBe('Ongoing 0')
    cluster.heal(coordinator, others)
    cluster.runFor(5)
    expect(cluster.state.state).toBe('Empty')
    for (const id of others) expect(cluster.written(id).at(-1)).toBe('Ongoing 0')
    // The next that looks into the log believes it, and finds that it has taken too long.
    cluster.crash(coordinator)
    cluster.runFor(15)
    expect(cluster.written().slice(-3)).toEqual(['Ongoing 0', 'PrepareAbort 1', 'CompleteAbort 1'])
  })

  test('as a fence by version 1 has raised the epoch in memory, and raises it only once', () => {
    const cluster = new TransactionCluster({ ...V1, ...STRICT })
    const who = cluster.init()
    cluster.add(who, [0], 3)
    const down = cluster.coordinator === 3 ? 2 : 3
    cluster.crash(down)
    cluster.runFor(12)
    for (let tries = 0; tries < 2; tries++) {
      const call = cluster.initialising()
      cluster.runFor(0.1)
      expect(cluster.answer(call)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
      expect(cluster.state).toMatchObject({ state: 'Ongoing', producerEpoch: 1, hasFailedEpochFence: true })
    }
    expect(cluster.add(who, [1], 3)).toBe(Errors.PRODUCER_FENCED)
    cluster.startBroker(down)
    cluster.runFor(15)
    expect(cluster.init().producerEpoch).toBe(2)
  })

  test('as a fence by version 2 raises nothing', () => {
    const cluster = new TransactionCluster(STRICT)
    const who = cluster.init()
    cluster.add(who)
    cluster.crash(cluster.coordinator === 3 ? 2 : 3)
    cluster.runFor(12)
    const call = cluster.initialising()
    cluster.runFor(0.1)
    expect(cluster.answer(call)?.errorCode).toBe(Errors.COORDINATOR_NOT_AVAILABLE)
    expect(cluster.state).toMatchObject({ state: 'Ongoing', producerEpoch: 0, hasFailedEpochFence: false })
  })
})
