import { describe, expect, it, test } from 'vitest'
import { Errors } from '../../protocol/errors.ts'
import { CLIENT_PROFILES } from '../../protocol/profile.ts'
import type { InitProducerIdRequest } from '../../protocol/messages.ts'
import type { AddPartitionsToTxnRequest } from '../../protocol/transaction-messages.ts'
import { batch, bench, ID, inTransaction, MEMBER, ready, SECOND, send } from './fake-coordinator.test.support.ts'

const OFFSETS = [{ topicId: 1, partition: 0, committedOffset: 7, committedLeaderEpoch: -1 }]

describe('initTransactions', () => {
  it('finds the coordinator, fetches the identity and makes the producer ready', () => {
    const { app, coordinator, run } = bench()
    expect(app.producer.transactions.initTransactions()).toBeNull()
    run()
    expect(app.calls).toEqual(['initTransactions ok'])
    expect(coordinator.asked.map(({ api }) => api)).toEqual(['FindCoordinator', 'InitProducerId'])
    expect(coordinator.of('InitProducerId')[0]?.body).toEqual({
      transactionalId: ID,
      transactionTimeoutMs: 60_000,
      producerId: -1,
      producerEpoch: -1,
    })
  })

  it('waits retry.backoff.ms after the coordinator was found, for the request counts as a retry', () => {
    const { app, coordinator, run } = bench()
    app.producer.transactions.initTransactions()
    run()
    const [found, initialized] = coordinator.asked.map(({ time }) => time) as [number, number]
    expect(initialized - found).toBeGreaterThanOrEqual(100_000)
    expect(initialized - found).toBeLessThan(110_000)
  })

  it('repeats the request while the previous transaction of the id is being completed', () => {
    const { app, coordinator, run } = bench()
    coordinator.react = (api, n) => (api === 'InitProducerId' && n < 3 ? Errors.CONCURRENT_TRANSACTIONS : 0)
    app.producer.transactions.initTransactions()
    run(2 * SECOND)
    expect(app.calls).toEqual(['initTransactions ok'])
    expect(coordinator.of('InitProducerId')).toHaveLength(4)
    expect(coordinator.of('FindCoordinator')).toHaveLength(1)
  })

  it('times out after max.block.ms and may be called again', () => {
    const { app, coordinator, run } = bench({ config: { 'max.block.ms': 500 } })
    coordinator.react = (api) => (api === 'FindCoordinator' ? Errors.COORDINATOR_NOT_AVAILABLE : 0)
    app.producer.transactions.initTransactions()
    run()
    expect(app.producer.transactions.beginTransaction(1)).toMatchObject({ kind: 'illegal' })
    coordinator.react = () => 0
    run()
    expect(app.producer.transactions.initTransactions()).toBeNull()
    expect(app.calls).toEqual(['initTransactions timeout TimeoutException', 'initTransactions ok'])
    expect(app.producer.transactions.beginTransaction(1)).toBeNull()
  })
})

describe('a transaction, version 2', () => {
  it('asks for nothing before it ends, and goes on under the epoch that comes with the end', () => {
    const b = ready()
    const { transactions } = b.app.producer
    for (let n = 0; n < 2; n++) {
      expect(transactions.beginTransaction(n)).toBeNull()
      send(b)
      transactions.commitTransaction()
      b.run()
    }
    expect(b.coordinator.summary()).toBe('Produce EndTxn-5 Produce EndTxn-5')
    expect(b.coordinator.decided).toEqual(['commit 0', 'commit 1'])
    expect(batch(b, 0)).toMatchObject({ isTransactional: true, producerEpoch: 0, baseSequence: 0 })
    expect(batch(b, 1)).toMatchObject({ isTransactional: true, producerEpoch: 1, baseSequence: 0 })
    expect(b.cluster.produces[0]?.request.transactionalId).toBe(ID)
    expect(b.app.calls).toEqual(['commitTransaction ok', 'commitTransaction ok'])
  })

  it('costs four events more than the records alone', () => {
    const events = (transactional: boolean): number => {
      const b = transactional ? ready() : ready({ config: { 'transactional.id': '' } })
      const { transactions } = b.app.producer
      if (transactional) transactions.beginTransaction(100)
      send(b)
      if (transactional) transactions.commitTransaction()
      b.run()
      const before = b.cluster.kernel.events
      for (let n = 0; n < 20; n++) {
        if (transactional) transactions.beginTransaction(n)
        for (let i = 0; i < 5; i++) send(b)
        if (transactional) transactions.commitTransaction()
        else b.app.producer.flush()
        b.run()
      }
      return b.cluster.kernel.events - before
    }
    expect((events(true) - events(false)) / 20).toBeLessThanOrEqual(4)
  })
})

describe('a transaction, version 1', () => {
  it('adds partitions before their batches leave, in old versions, and keeps epoch and sequences', () => {
    const b = ready({ version: 1 })
    const { transactions } = b.app.producer
    for (let n = 0; n < 2; n++) {
      transactions.beginTransaction(n)
      send(b)
      transactions.commitTransaction()
      b.run()
    }
    const once = 'AddPartitionsToTxn-3 Produce EndTxn-4'
    expect(b.coordinator.summary()).toBe(`${once} ${once}`)
    expect(batch(b, 0)).toMatchObject({ producerEpoch: 0, baseSequence: 0 })
    expect(batch(b, 1)).toMatchObject({ producerEpoch: 0, baseSequence: 1 })
  })

  it('is what an older client speaks to brokers of version 2', () => {
    const b = ready({ profile: CLIENT_PROFILES['kafka-2.8'], config: { acks: 'all', 'enable.idempotence': true } })
    b.app.producer.transactions.beginTransaction(1)
    send(b)
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('AddPartitionsToTxn-3 Produce EndTxn-4')
  })

  it('adds several partitions with one request', () => {
    const topics = [{ name: 'orders', topicId: 1, partitions: 3 }]
    const b = ready({ version: 1, topics, brokers: 1 })
    b.app.producer.transactions.beginTransaction(1)
    send(b, { partition: 0 })
    b.run()
    send(b, { partition: 1 })
    send(b, { partition: 2 })
    b.app.producer.transactions.commitTransaction()
    b.run()
    const added = b.coordinator.of('AddPartitionsToTxn').map(({ body }) => {
      const [transaction] = (body as AddPartitionsToTxnRequest).transactions
      return transaction?.partitions.map(({ partition }) => partition)
    })
    expect(added).toEqual([[0], [1, 2]])
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('repeats the first partition after 20 ms while the transaction before is being completed, later ones after retry.backoff.ms', () => {
    const b = ready({ version: 1, topics: [{ name: 'orders', topicId: 1, partitions: 2 }], brokers: 1 })
    b.coordinator.react = (api, n) => (api === 'AddPartitionsToTxn' && n % 2 === 0 ? Errors.CONCURRENT_TRANSACTIONS : 0)
    b.app.producer.transactions.beginTransaction(1)
    send(b, { partition: 0 })
    b.run()
    send(b, { partition: 1 })
    b.run()
    const times = b.coordinator.of('AddPartitionsToTxn').map(({ time }) => time) as [number, number, number, number]
    expect(times[1] - times[0]).toBeGreaterThanOrEqual(20_000)
    expect(times[1] - times[0]).toBeLessThan(30_000)
    expect(times[3] - times[2]).toBeGreaterThanOrEqual(100_000)
  })
})

describe('a transaction', () => {
  test.each([1, 2] as const)('of nothing has no end to be told, version %i', (version) => {
    const b = ready({ version })
    const { transactions } = b.app.producer
    transactions.beginTransaction(1)
    transactions.commitTransaction()
    transactions.beginTransaction(2)
    transactions.abortTransaction()
    expect(b.app.calls).toEqual(['commitTransaction ok', 'abortTransaction ok'])
    expect(b.coordinator.asked).toHaveLength(0)
  })

  it('is committed only when every batch is answered, and what lingers leaves at once', () => {
    const b = ready({ config: { 'linger.ms': 60_000, 'delivery.timeout.ms': 120_000 } })
    b.cluster.react = (n) => (n < 2 ? { error: Errors.NOT_ENOUGH_REPLICAS } : 'ok')
    b.app.producer.transactions.beginTransaction(1)
    send(b)
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('Produce Produce Produce EndTxn-5')
    expect(b.app.callbacks).toEqual(['0 acked@0'])
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('that is aborted sends nothing that has not left yet', () => {
    const b = inTransaction({ config: { 'linger.ms': 100 } })
    send(b)
    b.app.producer.transactions.abortTransaction()
    b.run()
    expect(b.app.callbacks).toEqual(['0 acked@0', '1 failed:-1'])
    expect(b.cluster.produces).toHaveLength(0)
    expect(b.coordinator.decided).toEqual(['abort 0'])
    expect(b.app.calls).toEqual(['abortTransaction ok'])
  })

  it('that is aborted waits for what is under way', () => {
    const b = inTransaction()
    b.cluster.react = (n) => (n === 0 ? { error: Errors.NOT_ENOUGH_REPLICAS } : 'ok')
    send(b)
    b.run(20_000)
    b.app.producer.transactions.abortTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('Produce Produce EndTxn-5')
  })

  it('tells its moments', () => {
    const b = ready()
    const { transactions } = b.app.producer
    transactions.beginTransaction(8)
    send(b)
    transactions.commitTransaction()
    b.run()
    transactions.beginTransaction(9)
    transactions.abortTransaction()
    expect(b.moments()).toEqual(['txn.began', 'txn.ending', 'txn.committed', 'txn.began', 'txn.ending', 'txn.aborted'])
    expect(b.cluster.of('txn.began').map(({ fields }) => fields.slice(1, 4))).toEqual([
      [8, 4000, 0],
      [9, 4000, 1],
    ])
    expect(b.cluster.of('txn.ending').map(({ fields }) => fields.slice(1, 3))).toEqual([
      [8, 1],
      [9, 0],
    ])
  })
})

describe('a batch that fails', () => {
  const fail = (error: number) => (n: number) => (n === 0 ? { error } : ('ok' as const))

  test.each([
    ['MESSAGE_TOO_LARGE', 'RecordTooLargeException'],
    ['INVALID_PRODUCER_EPOCH', 'InvalidProducerEpochException'],
    ['INVALID_TXN_STATE', 'TransactionAbortableException'],
    ['TRANSACTION_ABORTABLE', 'TransactionAbortableException'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'OutOfOrderSequenceException'],
  ] as const)('with %s fails its transaction, which is aborted and followed by another', (error, exception) => {
    const b = ready()
    const { transactions } = b.app.producer
    b.cluster.react = fail(Errors[error])
    transactions.beginTransaction(1)
    send(b)
    b.run()
    expect(b.app.callbacks).toHaveLength(1)
    const refusal = transactions.commitTransaction()
    expect(refusal).toMatchObject({ kind: 'abortable' })
    expect(refusal?.exception).toBe(error === 'INVALID_PRODUCER_EPOCH' ? exception : 'KafkaException')
    transactions.abortTransaction()
    b.run()
    transactions.beginTransaction(2)
    send(b)
    transactions.commitTransaction()
    b.run()
    expect(b.app.calls).toEqual(['abortTransaction ok', 'commitTransaction ok'])
    expect(b.app.callbacks.at(-1)).toContain('acked')
  })

  test.each(['INVALID_PRODUCER_ID_MAPPING', 'PRODUCER_FENCED', 'UNSUPPORTED_VERSION'] as const)(
    'with %s ends the producer',
    (error) => {
      const b = ready()
      const { transactions } = b.app.producer
      b.cluster.react = fail(Errors[error])
      transactions.beginTransaction(1)
      send(b)
      b.run()
      expect(transactions.commitTransaction()).toMatchObject({ kind: 'fatal', error: Errors[error] })
      expect(transactions.abortTransaction()).toMatchObject({ kind: 'fatal' })
      send(b)
      expect(b.app.calls).toEqual([expect.stringContaining('send fatal')])
      expect(b.moments()).toEqual(['txn.began', 'txn.failed'])
      expect(b.coordinator.of('EndTxn')).toHaveLength(0)
    },
  )

  it('drops what has not left, and later sends are refused until the abort', () => {
    const b = ready({ config: { 'max.in.flight.requests.per.connection': 1 } })
    b.cluster.react = fail(Errors.INVALID_TXN_STATE)
    b.app.producer.transactions.beginTransaction(1)
    send(b)
    b.run(6000)
    send(b)
    b.run()
    send(b)
    expect(b.app.callbacks).toEqual(['0 unknown:48', '1 failed:120', '2 failed:120'])
    expect(b.app.calls).toEqual(['send abortable KafkaException'])
    expect(b.cluster.produces).toHaveLength(1)
  })

  it('while the commit waits for it makes the commit fail, though the next call is the abort', () => {
    const b = ready()
    const { transactions } = b.app.producer
    b.cluster.react = fail(Errors.INVALID_PRODUCER_EPOCH)
    transactions.beginTransaction(1)
    send(b)
    transactions.commitTransaction()
    b.run()
    expect(b.app.calls).toEqual(['commitTransaction abortable InvalidProducerEpochException'])
    expect(b.moments()).toEqual(['txn.began', 'txn.ending', 'txn.failed'])
    transactions.abortTransaction()
    b.run()
    expect(b.coordinator.decided).toEqual(['abort 0'])
    expect(b.moments().at(-1)).toBe('txn.aborted')
  })

  it('gives its sequences to those behind it when it is certainly not in the log', () => {
    const b = ready({ version: 1 })
    const { transactions } = b.app.producer
    b.cluster.react = fail(Errors.INVALID_RECORD)
    transactions.beginTransaction(1)
    send(b)
    b.run(20_000)
    transactions.abortTransaction()
    b.run()
    expect(b.app.producer.hasPending()).toBe(false)
    expect(b.coordinator.summary()).toBe('AddPartitionsToTxn-3 Produce EndTxn-4 InitProducerId-5')
  })

  it('under version 1 takes a new epoch after the abort (KIP-360), which the abort waits for', () => {
    const b = inTransaction({ version: 1 })
    const { transactions } = b.app.producer
    b.cluster.react = fail(Errors.INVALID_TXN_STATE)
    send(b)
    b.run()
    transactions.abortTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('Produce EndTxn-4 InitProducerId-5')
    expect(b.coordinator.of('InitProducerId')[0]?.body as InitProducerIdRequest).toMatchObject({
      producerId: 4000,
      producerEpoch: 0,
    })
    expect(b.app.calls).toEqual(['abortTransaction ok'])
    transactions.beginTransaction(2)
    send(b)
    b.run()
    expect(b.cluster.produces.at(-1)?.request.partitionData[0]?.records).toMatchObject({
      producerEpoch: 1,
      baseSequence: 0,
    })
  })

  it('under version 1 needs no EndTxn when no partition was added, but the new epoch', () => {
    const b = ready({ version: 1 })
    b.coordinator.react = (api) => (api === 'AddPartitionsToTxn' ? Errors.UNKNOWN_PRODUCER_ID : 0)
    b.app.producer.transactions.beginTransaction(1)
    send(b)
    b.run()
    b.app.producer.transactions.abortTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('AddPartitionsToTxn-3 InitProducerId-5')
    expect(b.app.calls).toEqual(['abortTransaction ok'])
  })

  it('by its delivery timeout fails the transaction; the abort overtakes what is still on its way (KAFKA-14053)', () => {
    const b = inTransaction({ config: { 'delivery.timeout.ms': 2000, 'request.timeout.ms': 1500 } })
    b.cluster.react = () => 'silent'
    send(b)
    b.run(2100_000)
    expect(b.app.callbacks.at(-1)).toBe('1 unknown:7')
    b.app.producer.transactions.abortTransaction()
    b.run(5 * SECOND)
    expect(b.coordinator.decided).toEqual(['abort 0'])
    expect(b.app.calls).toEqual(['abortTransaction ok'])
  })

  it('that expires while version 1 aborts leaves a producer that nothing can be begun with', () => {
    // The client asks for a new epoch too late to have InitProducerId sent: it stays INITIALIZING.
    const b = inTransaction({ version: 1, config: { 'delivery.timeout.ms': 2000, 'request.timeout.ms': 500 } })
    b.cluster.react = () => 'silent'
    send(b)
    b.run(1000_000)
    b.app.producer.transactions.abortTransaction()
    b.run(10 * SECOND)
    expect(b.app.calls).toEqual(['abortTransaction ok'])
    expect(b.app.producer.transactions.beginTransaction(2)).toMatchObject({ kind: 'illegal' })
  })
})

describe('sendOffsetsToTransaction', () => {
  it('is one request under version 2, with what the group member tells of itself', () => {
    const b = inTransaction()
    b.app.producer.transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)
    b.run()
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('FindCoordinator-6 TxnOffsetCommit-5 EndTxn-5')
    expect(b.coordinator.of('TxnOffsetCommit')[0]?.body).toMatchObject({
      transactionalId: ID,
      groupId: 'payments',
      producerId: 4000,
      producerEpoch: 0,
      generationIdOrMemberEpoch: 3,
      memberId: 'member-1',
      partitions: OFFSETS,
    })
    expect(b.app.calls).toEqual(['sendOffsetsToTransaction ok', 'commitTransaction ok'])
    expect(b.cluster.of('txn.offsets-sent')[0]?.fields.slice(1, 5)).toEqual([1, expect.any(Number), 65_536, 7])
  })

  it("adds the group's partition first under version 1", () => {
    const b = ready({ version: 1 })
    const { transactions } = b.app.producer
    transactions.beginTransaction(1)
    transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)
    b.run()
    transactions.commitTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('AddOffsetsToTxn-4 FindCoordinator-6 TxnOffsetCommit-4 EndTxn-4')
    expect(b.app.calls).toEqual(['sendOffsetsToTransaction ok', 'commitTransaction ok'])
  })

  it('alone is something to commit', () => {
    const b = ready()
    const { transactions } = b.app.producer
    transactions.beginTransaction(1)
    transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)
    b.run()
    transactions.commitTransaction()
    b.run()
    expect(b.coordinator.decided).toEqual(['commit 0'])
  })

  it('of nothing asks nobody', () => {
    const b = inTransaction()
    b.app.producer.transactions.sendOffsetsToTransaction([], MEMBER)
    expect(b.app.calls).toEqual(['sendOffsetsToTransaction ok'])
    expect(b.coordinator.asked).toHaveLength(0)
  })

  test.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID', 'TRANSACTION_ABORTABLE'] as const)(
    'refused with %s leaves a transaction that can only be aborted',
    (error) => {
      const b = inTransaction()
      const { transactions } = b.app.producer
      b.coordinator.react = (api) => (api === 'TxnOffsetCommit' ? Errors[error] : 0)
      transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)
      b.run()
      expect(b.app.calls[0]).toContain('sendOffsetsToTransaction abortable')
      expect(transactions.commitTransaction()).toMatchObject({ kind: 'abortable' })
      transactions.abortTransaction()
      b.run()
      expect(b.coordinator.decided).toEqual(['abort 0'])
    },
  )

  it('looks for the group again when its coordinator has moved, and sends what is open', () => {
    const b = inTransaction()
    b.coordinator.react = (api, n) => (api === 'TxnOffsetCommit' && n === 0 ? Errors.NOT_COORDINATOR : 0)
    b.app.producer.transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)
    b.run()
    expect(b.coordinator.summary()).toBe('FindCoordinator-6 TxnOffsetCommit-5 FindCoordinator-6 TxnOffsetCommit-5')
    expect(b.app.calls).toEqual(['sendOffsetsToTransaction ok'])
  })

  it('that was given up leaves its offsets to the next transaction that sends some, as in Kafka', () => {
    const b = inTransaction()
    const { transactions } = b.app.producer
    b.coordinator.react = (api) => (api === 'TxnOffsetCommit' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : 0)
    b.cluster.react = () => ({ error: Errors.INVALID_TXN_STATE })
    send(b)
    transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)
    b.run()
    b.coordinator.react = () => 0
    b.cluster.react = () => 'ok'
    transactions.abortTransaction()
    b.run()
    transactions.beginTransaction(2)
    const other = [{ topicId: 1, partition: 5, committedOffset: 1, committedLeaderEpoch: -1 }]
    transactions.sendOffsetsToTransaction(other, MEMBER)
    b.run()
    expect([...b.coordinator.offsets.keys()]).toEqual([65_536, 65_541])
  })
})

describe('the end of a transaction', () => {
  it('is asked for again when the connection is lost, and may have been decided by the first request', () => {
    const b = inTransaction()
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n === 0 ? 'done-reset' : 0)
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.summary()).toMatch(/^EndTxn-5( FindCoordinator-6)+ EndTxn-5$/)
    expect(b.coordinator.decided).toEqual(['commit 0'])
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('is asked for again when the answer does not come in request.timeout.ms', () => {
    const b = inTransaction({ config: { 'request.timeout.ms': 1000, 'delivery.timeout.ms': 5000 } })
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n === 0 ? 'silent' : 0)
    b.app.producer.transactions.commitTransaction()
    b.run(3 * SECOND)
    expect(b.coordinator.of('EndTxn')).toHaveLength(2)
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('goes to the new coordinator when the old one says that it is none any more', () => {
    const b = inTransaction()
    b.coordinator.node = b.cluster.brokers[1] as number
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.asked.map(({ api, broker }) => `${api}@${broker}`)).toEqual([
      'EndTxn@1',
      expect.stringContaining('FindCoordinator'),
      'EndTxn@2',
    ])
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('is looked for again and again, but not without a pause, while its coordinator cannot be reached', () => {
    const b = inTransaction()
    b.cluster.crashBroker(b.cluster.brokers[0] as number)
    b.app.producer.transactions.commitTransaction()
    b.run(5 * SECOND)
    expect(b.app.calls).toEqual([])
    expect(b.coordinator.of('FindCoordinator').length).toBeGreaterThan(3)
    expect(b.coordinator.of('FindCoordinator').length).toBeLessThan(60)
    b.coordinator.node = b.cluster.brokers[1] as number
    b.run(2 * SECOND)
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('waits while the previous request of the id is pending', () => {
    const b = inTransaction()
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n < 2 ? Errors.CONCURRENT_TRANSACTIONS : 0)
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.of('EndTxn')).toHaveLength(3)
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('that was not seen in max.block.ms can only be asked for again', () => {
    const b = inTransaction({ config: { 'max.block.ms': 500 } })
    const { transactions } = b.app.producer
    b.coordinator.react = (api) => (api === 'EndTxn' ? Errors.COORDINATOR_LOAD_IN_PROGRESS : 0)
    transactions.commitTransaction()
    b.run()
    for (const call of [
      () => transactions.abortTransaction(),
      () => transactions.beginTransaction(2),
      () => transactions.sendOffsetsToTransaction(OFFSETS, MEMBER),
    ]) {
      expect(call()).toMatchObject({ kind: 'illegal', exception: 'IllegalStateException' })
    }
    send(b)
    expect(b.app.calls).toEqual(['commitTransaction timeout TimeoutException', 'send illegal IllegalStateException'])
    b.coordinator.react = () => 0
    transactions.commitTransaction()
    b.run()
    expect(b.app.calls.at(-1)).toBe('commitTransaction ok')
    expect(b.coordinator.decided).toEqual(['commit 0'])
    expect(b.moments().slice(1)).toEqual(['txn.ending', 'txn.unknown', 'txn.committed'])
  })

  it('that came after the timeout is told at once when it is asked for again', () => {
    const b = inTransaction({ config: { 'max.block.ms': 500 } })
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n < 8 ? Errors.COORDINATOR_LOAD_IN_PROGRESS : 0)
    b.app.producer.transactions.commitTransaction()
    b.run(3 * SECOND)
    b.app.producer.transactions.commitTransaction()
    expect(b.app.calls).toEqual(['commitTransaction timeout TimeoutException', 'commitTransaction ok'])
  })

  test.each(['PRODUCER_FENCED', 'INVALID_TXN_STATE', 'INVALID_PRODUCER_ID_MAPPING'] as const)(
    'refused with %s means that nothing is committed, when there was no request before it',
    (error) => {
      const b = inTransaction()
      b.coordinator.react = (api) => (api === 'EndTxn' ? Errors[error] : 0)
      b.app.producer.transactions.commitTransaction()
      b.run()
      expect(b.app.calls[0]).toContain('commitTransaction fatal')
      expect(b.moments().at(-1)).toBe('txn.failed')
    },
  )

  test.each([
    ['a lost answer', 'reset'],
    ['COORDINATOR_NOT_AVAILABLE', Errors.COORDINATOR_NOT_AVAILABLE],
  ] as const)('refused after %s leaves the outcome open', (_, first) => {
    const b = inTransaction()
    b.coordinator.react = (api, n) => (api !== 'EndTxn' ? 0 : n === 0 ? first : Errors.PRODUCER_FENCED)
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.app.calls).toEqual(['commitTransaction fatal ProducerFencedException'])
    expect(b.moments().at(-1)).toBe('txn.unknown')
  })

  it('that aborts in vain is fatal (TRANSACTION_ABORTABLE, KIP-1050)', () => {
    const b = inTransaction()
    b.coordinator.react = (api) => (api === 'EndTxn' ? Errors.TRANSACTION_ABORTABLE : 0)
    b.app.producer.transactions.abortTransaction()
    b.run()
    expect(b.app.calls).toEqual(['abortTransaction fatal TransactionAbortableException'])
  })

  it('that commits in vain can still be an abort (TRANSACTION_ABORTABLE)', () => {
    const b = inTransaction()
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n === 0 ? Errors.TRANSACTION_ABORTABLE : 0)
    b.app.producer.transactions.commitTransaction()
    b.run()
    b.app.producer.transactions.abortTransaction()
    b.run()
    expect(b.app.calls).toEqual(['commitTransaction abortable TransactionAbortableException', 'abortTransaction ok'])
    expect(b.coordinator.of('EndTxn').at(-1)?.body).toMatchObject({ committed: false })
  })
})

describe('a call that Kafka does not allow', () => {
  it('of any transactional kind is refused without a transactional.id', () => {
    const { producer } = bench({ config: { 'transactional.id': '' } }).app
    const { transactions } = producer
    for (const refusal of [
      transactions.initTransactions(),
      transactions.beginTransaction(1),
      transactions.sendOffsetsToTransaction(OFFSETS, MEMBER),
      transactions.commitTransaction(),
      transactions.abortTransaction(),
    ]) {
      expect(refusal).toMatchObject({ kind: 'illegal', exception: 'IllegalStateException' })
      expect(refusal?.message).toContain('transactional.id')
    }
  })

  test.each([
    ['beginTransaction before initTransactions', bench, 'beginTransaction'],
    ['commitTransaction without beginTransaction', ready, 'commitTransaction'],
    ['abortTransaction without beginTransaction', ready, 'abortTransaction'],
    ['initTransactions twice', ready, 'initTransactions'],
    ['beginTransaction twice', inTransaction, 'beginTransaction'],
  ] as const)('%s is an IllegalStateException, and the producer works on', (_, start, call) => {
    const b = start()
    const refusal = b.app.producer.transactions[call](2)
    expect(refusal).toMatchObject({ kind: 'illegal', exception: 'IllegalStateException' })
    expect(b.moments().filter((name) => name !== 'txn.began')).toEqual([])
  })

  test.each([
    ['before initTransactions', bench],
    ['before beginTransaction', ready],
  ])('send %s fails the record, which never leaves', (_, start) => {
    const b = start()
    send(b)
    b.run()
    expect(b.app.calls).toEqual(['send illegal IllegalStateException'])
    expect(b.app.callbacks).toEqual(['0 failed:-1'])
    expect(b.cluster.produces).toHaveLength(0)
  })

  it('sendOffsetsToTransaction outside a transaction is refused', () => {
    expect(ready().app.producer.transactions.sendOffsetsToTransaction(OFFSETS, MEMBER)).toMatchObject({
      kind: 'illegal',
      exception: 'IllegalStateException',
    })
  })

  it('with a generation and no member is refused', () => {
    const group = { ...MEMBER, memberId: '' }
    expect(inTransaction().app.producer.transactions.sendOffsetsToTransaction(OFFSETS, group)).toMatchObject({
      exception: 'IllegalArgumentException',
    })
  })

  it('after close is refused', () => {
    const b = ready()
    b.app.producer.close()
    b.run()
    expect(b.app.producer.transactions.beginTransaction(1)).toMatchObject({ exception: 'IllegalStateException' })
  })

  it('a record that is too large fails its transaction', () => {
    const b = inTransaction()
    send(b, { size: 2_000_000 })
    expect(b.app.callbacks.at(-1)).toBe('1 failed:10')
    expect(b.app.producer.transactions.commitTransaction()).toMatchObject({ kind: 'abortable' })
  })
})

describe('closing', () => {
  it('aborts what is open, after what has been sent', () => {
    const b = inTransaction()
    send(b)
    b.app.producer.close()
    b.run()
    expect(b.coordinator.summary()).toBe('Produce EndTxn-5')
    expect(b.coordinator.decided).toEqual(['abort 0'])
    expect(b.app.events.at(-1)).toContain('closed')
    expect(b.moments().at(-1)).toBe('txn.failed')
  })

  it('waits for a commit that timed out', () => {
    const b = inTransaction({ config: { 'max.block.ms': 500 } })
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n < 10 ? Errors.COORDINATOR_LOAD_IN_PROGRESS : 0)
    b.app.producer.transactions.commitTransaction()
    b.run(600_000)
    b.app.producer.close()
    b.run(2 * SECOND)
    expect(b.coordinator.decided).toEqual(['commit 0'])
    expect(b.app.events.at(-1)).toContain('closed')
  })

  it('at once leaves the end to the coordinator', () => {
    const b = inTransaction()
    b.app.producer.closeNow()
    b.run(5 * SECOND)
    expect(b.coordinator.asked).toHaveLength(0)
    expect(b.moments()).toEqual(['txn.began', 'txn.failed'])
  })

  it('at once with the commit under way leaves its outcome open', () => {
    const b = inTransaction()
    b.coordinator.react = () => 'silent'
    b.app.producer.transactions.commitTransaction()
    b.run(100_000)
    b.app.producer.closeNow()
    expect(b.moments().at(-1)).toBe('txn.unknown')
  })
})

describe('clients other than the Java client', () => {
  it('KAFKA-12671 `txn.end: after-sends` lets EndTxn overtake the answers to batches', () => {
    const profile = { ...CLIENT_PROFILES['kafka-4.1'], 'txn.end': 'after-sends' } as const
    const b = ready({ version: 1, coordinator: 1, profile })
    b.cluster.react = () => 'silent'
    b.app.producer.transactions.beginTransaction(1)
    send(b)
    b.run(100_000)
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.decided).toEqual(['commit 0'])
    expect(b.app.calls).toEqual(['commitTransaction ok'])
    expect(b.app.callbacks).toEqual([])
  })

  it('and of a batch that fails while its commit is under way nothing is made', () => {
    const profile = { ...CLIENT_PROFILES['kafka-4.1'], 'txn.end': 'after-sends' } as const
    const b = ready({ version: 1, coordinator: 1, profile })
    b.cluster.react = () => ({ error: Errors.INVALID_RECORD })
    b.coordinator.react = (api, n) => (api === 'EndTxn' && n < 4 ? Errors.COORDINATOR_LOAD_IN_PROGRESS : 0)
    b.app.producer.transactions.beginTransaction(1)
    send(b)
    b.app.producer.transactions.commitTransaction()
    b.run(2 * SECOND)
    expect(b.app.callbacks.at(-1)).toContain('failed')
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('librdkafka before 1.8.2 `txn.gap: new-epoch` goes on after a gap, and commits the second half', () => {
    const profile = { ...CLIENT_PROFILES['kafka-4.1'], 'txn.gap': 'new-epoch' } as const
    const b = inTransaction({ version: 1, profile })
    b.cluster.react = (n) => (n === 0 ? { error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER } : 'ok')
    send(b)
    b.run()
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.coordinator.summary()).toBe('Produce InitProducerId-5 AddPartitionsToTxn-3 Produce EndTxn-4')
    expect(batch(b, 1)).toMatchObject({ producerEpoch: 1, baseSequence: 0 })
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })

  it('librdkafka before 1.7 `txn.failed-record: commit` commits a transaction though a record of it failed', () => {
    const profile = { ...CLIENT_PROFILES['kafka-4.1'], 'txn.failed-record': 'commit' } as const
    const b = inTransaction({ profile })
    b.cluster.react = (n) => (n === 0 ? { error: Errors.INVALID_RECORD } : 'ok')
    send(b)
    b.run()
    b.app.producer.transactions.commitTransaction()
    b.run()
    expect(b.app.callbacks.at(-1)).toContain('failed')
    expect(b.app.calls).toEqual(['commitTransaction ok'])
  })
})
