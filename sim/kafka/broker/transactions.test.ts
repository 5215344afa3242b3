import { describe, expect, test } from 'vitest'
import { M } from '../../history/catalogue.ts'
import { SECOND } from '../../kernel/time.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { OffsetFetchResponse } from '../protocol/group-messages.ts'
import type { ProduceResponse } from '../protocol/messages.ts'
import type { TxnOffsetCommitResponse } from '../protocol/transaction-messages.ts'
import { type Call, ID, type TransactionCluster } from '../transaction/transaction-cluster.test.support.ts'
import { Live, OLD, V1 } from './live-transactions.test.support.ts'

describe('a transactional batch', () => {
  test('of version 2 adds its partition, is appended, and ended by a marker of the next epoch', () => {
    const cluster = new Live()
    const who = cluster.init()
    const verified = cluster.watch(M.txnVerified)
    const markers = cluster.watch(M.markerWritten)
    expect([cluster.write(who, 0, 0), cluster.write(who, 0, 1), cluster.write(who, 1, 0)]).toEqual([0, 0, 0])
    // The coordinator is asked once per partition.
    expect(verified.seen.map(([tp, , , error]) => [tp, error])).toEqual([
      [cluster.orders(0), 0],
      [cluster.orders(1), 0],
    ])
    expect(cluster.state.partitions).toEqual([cluster.orders(0), cluster.orders(1)])
    expect(cluster.end(who, true)).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    cluster.runFor(1)
    expect(cluster.state.state).toBe('CompleteCommit')
    expect(markers.seen.map(([tp, offset, , epoch, commit]) => [tp, offset, epoch, commit])).toEqual(
      expect.arrayContaining([
        [cluster.orders(0), 2, 1, 1],
        [cluster.orders(1), 1, 1, 1],
      ]),
    )
    expect([cluster.stable(0), cluster.stable(1)]).toEqual([3, 2])
  })

  test('of version 1 needs its partition to be in the transaction, and says so in the words its client knows', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.add(who, [1], 3)
    expect(cluster.write(who, 0, 0, V1)).toBe(Errors.TRANSACTION_ABORTABLE)
    expect(cluster.write(who, 0, 0, OLD)).toBe(Errors.INVALID_TXN_STATE)
    expect(cluster.write(who, 1, 0, V1)).toBe(Errors.NONE)
    expect(cluster.write(who, 1, 1, OLD)).toBe(Errors.NONE)
  })

  test('of a fenced producer is refused as of an older epoch', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.init()
    expect(cluster.write(who, 0, 0)).toBe(Errors.INVALID_PRODUCER_EPOCH)
    expect(cluster.write({ ...who, producerId: 99 }, 0, 0)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
  })

  test('that is lost on the way to its coordinator is refused so that any client tries again', () => {
    const cluster = new Live()
    const who = cluster.init()
    const partition = [0, 1].find((each) => cluster.leaderOf(each) !== cluster.coordinator) as number
    const others = cluster.up.filter((id) => id !== cluster.coordinator)
    cluster.isolate(cluster.coordinator, others)
    const call = cluster.producing(who, partition, 0)
    cluster.runFor(60)
    expect(cluster.produceError(call)).toBe(Errors.NOT_ENOUGH_REPLICAS)
  })

  test('holds the later requests of its connection back until it is verified', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.delay(Api.AddPartitionsToTxn, true, 2 * SECOND)
    const first = cluster.producing(who, 0, 0)
    const leader = cluster.leaderOf(0)
    const second: Call<ProduceResponse> = { ...first, correlation: first.correlation + 1 }
    cluster.produce(first.connection, leader, -1)
    cluster.runFor(1)
    expect(cluster.answer(second)).toBeNull()
    cluster.runFor(2)
    expect([cluster.produceError(first), cluster.produceError(second)]).toEqual([0, 0])
    expect(cluster.log(leader)).toHaveLength(2)
  })

  test('goes with the others that wait to the same coordinator; of two about one transaction the later stays', () => {
    const cluster = new Live()
    const who = cluster.init()
    const partition = [0, 1].find((each) => cluster.leaderOf(each) !== cluster.coordinator) as number
    cluster.delay(Api.AddPartitionsToTxn, false, SECOND)
    const inFlight = cluster.producing(who, partition, 0)
    const replaced = cluster.producing(who, partition, 0)
    const later = cluster.producing(who, partition, 0)
    const fenced = cluster.producing({ ...who, producerEpoch: -1 }, partition, 0)
    cluster.runFor(0.5)
    expect([cluster.produceError(replaced), cluster.produceError(fenced)]).toEqual([
      Errors.NOT_ENOUGH_REPLICAS,
      Errors.INVALID_PRODUCER_EPOCH,
    ])
    cluster.runFor(2)
    expect([cluster.produceError(inFlight), cluster.produceError(later)]).toEqual([0, 0])
  })

  test('while the transaction before is being completed is asked about again, up to 100 ms', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.write(who, 0, 0)
    cluster.delay(Api.WriteTxnMarkers, false, 2 * SECOND)
    const next = cluster.end(who, true)
    expect(next.errorCode).toBe(Errors.NONE)
    const verified = cluster.watch(M.txnVerified)
    expect(cluster.write(next, 0, 0)).toBe(Errors.CONCURRENT_TRANSACTIONS)
    expect(verified.seen.length).toBeGreaterThanOrEqual(4)
    expect(verified.seen.length).toBeLessThanOrEqual(6)
    // The marker comes in time for the second try, within which the coordinator is asked once more.
    cluster.runFor(1.5)
    const call = cluster.producing(next, 0, 0)
    cluster.runFor(0.3)
    expect([cluster.produceError(call), cluster.stable(0)]).toEqual([Errors.NONE, 2])
    // A client of version 1 has added its partition itself and is told to try again in a word that it knows.
    cluster.delay(Api.WriteTxnMarkers, false, 2 * SECOND)
    const third = cluster.end(next, true)
    expect(cluster.write(third, 1, 0, V1)).toBe(Errors.NOT_ENOUGH_REPLICAS)
  })
})

describe('a batch that comes after its transaction has ended', () => {
  /** A transaction of version 1 that is aborted before its batch arrives. */
  function late(options: ConstructorParameters<typeof TransactionCluster>[0]): { cluster: Live; error: number } {
    const cluster = new Live(options)
    const who = cluster.init()
    cluster.add(who, [0], 3)
    expect(cluster.end(who, false, 4).errorCode).toBe(0)
    cluster.runFor(1)
    return { cluster, error: cluster.write(who, 0, 0, V1) }
  }

  test('is refused by verification', () => {
    const { cluster, error } = late({ profile: { 'transaction.version': 1 } })
    expect(error).toBe(Errors.TRANSACTION_ABORTABLE)
    expect(cluster.stable(0)).toBe(1)
  })

  test.each([
    ['before verification', { profile: { 'transaction.version': 0 } }],
    ['without verification', { broker: { 'transaction.partition.verification.enable': false } }],
  ] as const)('begins one that nobody ends: %s', (_name, options) => {
    const { cluster, error } = late(options)
    expect(error).toBe(Errors.NONE)
    const hung = cluster.watch(M.txnHung)
    expect(cluster.stable(0)).toBe(1)
    cluster.runFor(19 * 60)
    expect(hung.seen).toEqual([])
    cluster.runFor(2 * 60)
    expect(hung.seen.map(([tp, offset]) => [tp, offset])).toEqual([[cluster.orders(0), 1]])
    expect(cluster.stable(0)).toBe(1)
    cluster.runFor(60)
    expect(hung.seen).toHaveLength(1)
  })

  test.each([
    ['on', Errors.INVALID_TXN_STATE, 1],
    ['off', Errors.NONE, 2],
  ] as const)('though verified before is refused by its guard, if guards are %s (KAFKA-14884)', (guard, code, end) => {
    const cluster = new Live({ profile: { 'transaction.version': 1, 'transaction.verification.guard': guard } })
    const who = cluster.init()
    cluster.add(who, [0], 3)
    cluster.delay(Api.AddPartitionsToTxn, true, 2 * SECOND)
    const call = cluster.producing(who, 0, 0, V1)
    cluster.runFor(0.1)
    expect(cluster.end(who, false, 4).errorCode).toBe(0)
    cluster.runFor(4)
    expect(cluster.produceError(call)).toBe(code)
    expect(cluster.partition(cluster.leaderOf(0)).log.logEndOffset).toBe(end)
    expect(cluster.stable(0)).toBe(1)
  })
})

describe('a marker', () => {
  test('is for the leader to write', () => {
    const cluster = new Live()
    const leader = cluster.leaderOf(0)
    const follower = cluster.up.find((id) => id !== leader) as number
    expect(cluster.mark(follower, {})).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
    expect(cluster.mark(leader, { partitions: [{ topicId: 9, partition: 0 }] })).toEqual([
      Errors.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    expect(cluster.mark(leader, {})).toEqual([Errors.NONE])
    expect(cluster.mark(leader, { partitions: [] })).toEqual([])
  })

  test('of an older coordinator or producer epoch is refused', () => {
    const cluster = new Live()
    const leader = cluster.leaderOf(0)
    expect(cluster.mark(leader, { producerEpoch: 3, coordinatorEpoch: 4 })).toEqual([Errors.NONE])
    expect(cluster.mark(leader, { producerEpoch: 2, coordinatorEpoch: 5 })).toEqual([Errors.INVALID_PRODUCER_EPOCH])
    expect(cluster.mark(leader, { producerEpoch: 3, coordinatorEpoch: 3 })).toEqual([
      Errors.TRANSACTION_COORDINATOR_FENCED,
    ])
  })

  test('needs enough replicas, and waits for them', () => {
    const cluster = new Live({ topic: { 'min.insync.replicas': 2 } })
    const leader = cluster.leaderOf(0)
    const others = cluster.up.filter((id) => id !== leader)
    cluster.isolate(leader, others)
    const call = cluster.marking(leader, {})
    cluster.runFor(29)
    expect(cluster.markErrors(call)).toEqual([])
    cluster.runFor(2)
    expect(cluster.markErrors(call)).toEqual([Errors.REQUEST_TIMED_OUT])
  })

  test.each([
    ['lenient', Errors.NONE],
    ['strict', Errors.INVALID_PRODUCER_EPOCH],
  ] as const)('that comes late ends the next transaction, or not: markers are %s (KIP-1228)', (epochs, code) => {
    const cluster = new Live({ profile: { 'marker-epoch': epochs } })
    const who = cluster.init()
    cluster.write(who, 0, 0)
    const next = cluster.end(who, true)
    cluster.runFor(1)
    expect(cluster.write(next, 0, 0)).toBe(Errors.NONE)
    const again = { ...next, transactionResult: true, coordinatorEpoch: 9, transactionVersion: 2 }
    expect(cluster.mark(cluster.leaderOf(0), again)).toEqual([code])
    expect(cluster.stable(0)).toBe(code === Errors.NONE ? 4 : 2)
  })
})

describe('offsets in a transaction', () => {
  const GROUP = 'shipping'

  /** The coordinator of the group, once it has its topic. */
  function groupCoordinator(cluster: Live): number {
    for (let tries = 0; tries < 20; tries++) {
      const body = { keyType: 'group', key: GROUP }
      const found = cluster.ask(1, Api.FindCoordinator, body, 6, 0.25)
      if (found?.errorCode === Errors.NONE) return found.nodeId
    }
    return -1
  }

  test.each([
    [true, 5],
    [false, -1],
  ])('count when its marker is written, if it commits: %s', (committed, offset) => {
    const cluster = new Live()
    const coordinator = groupCoordinator(cluster)
    const who = cluster.init()
    const commit = { transactionalId: ID, groupId: GROUP, ...who, generationIdOrMemberEpoch: -1, memberId: '' }
    const partitions = [{ topicId: 1, partition: 0, committedOffset: 5, committedLeaderEpoch: -1 }]
    const connection = cluster.open(coordinator)
    const body = { ...commit, groupInstanceId: null, partitions }
    const call: Call<TxnOffsetCommitResponse> = {
      connection,
      correlation: cluster.send(connection, coordinator, Api.TxnOffsetCommit, body, 5),
    }
    cluster.runFor(0.5)
    expect(cluster.answer(call)?.partitions[0]?.errorCode).toBe(Errors.NONE)
    const offsetsTp = cluster.broker(coordinator).groups.tpFor(GROUP)
    expect(cluster.state.partitions).toEqual([offsetsTp])
    const markers = cluster.watch(M.markerWritten)
    expect(cluster.end(who, committed).errorCode).toBe(Errors.NONE)
    cluster.runFor(1)
    expect(markers.seen.map(([tp]) => tp)).toEqual([offsetsTp])
    expect(cluster.state.state).toBe(committed ? 'CompleteCommit' : 'CompleteAbort')
    const fetch = { groupId: GROUP, memberId: '', memberEpoch: -1, requireStable: true, partitions: null }
    const fetching: Call<OffsetFetchResponse> = {
      connection,
      correlation: cluster.send(connection, coordinator, Api.OffsetFetch, fetch, 9),
    }
    cluster.runFor(0.5)
    expect(cluster.answer(fetching)?.partitions[0]?.committedOffset ?? -1).toBe(offset)
  })

  test('are ended where the group is coordinated, and only there', () => {
    const cluster = new Live()
    const coordinator = groupCoordinator(cluster)
    const tp = cluster.broker(coordinator).groups.tpFor(GROUP)
    const partitions = [{ topicId: tp >>> 16, partition: tp & 0xffff }]
    const other = cluster.up.find((id) => id !== coordinator) as number
    expect(cluster.mark(coordinator, { partitions })).toEqual([Errors.NONE])
    expect(cluster.mark(other, { partitions })).toEqual([Errors.NOT_LEADER_OR_FOLLOWER])
  })
})

describe('who reads', () => {
  test('committed records sees a transaction when its marker is replicated, the others at once', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.write(who, 0, 0)
    expect(cluster.read(0, 'read_uncommitted')).toMatchObject({ highWatermark: 1, abortedTransactions: null })
    expect(cluster.read(0, 'read_uncommitted').records).toHaveLength(1)
    expect(cluster.read(0, 'read_committed')).toMatchObject({ lastStableOffset: 0, records: [] })
    expect([cluster.latest(0, 'read_uncommitted'), cluster.latest(0, 'read_committed')]).toEqual([1, 0])
    const parked = cluster.fetching(0, 0, 'read_committed', 10_000)
    cluster.runFor(1)
    expect(cluster.answer(parked)).toBeNull()
    cluster.end(who, true)
    cluster.runFor(0.5)
    expect(cluster.answer(parked)?.responses[0]?.records).toHaveLength(2)
    expect(cluster.latest(0, 'read_committed')).toBe(2)
  })

  test('committed records is told what was aborted', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.write(who, 0, 0)
    cluster.end(who, false)
    cluster.runFor(0.5)
    const { records, abortedTransactions } = cluster.read(0, 'read_committed')
    expect(records).toHaveLength(2)
    expect(abortedTransactions).toMatchObject([{ producerId: who.producerId, firstOffset: 0 }])
    expect(cluster.read(0, 'read_committed', 2).abortedTransactions).toEqual([])
  })

  test.each([
    [1, 0],
    [2, 1],
  ] as const)(
    'committed records never sees an open transaction, if the high watermark is read %s time(s) (KAFKA-9807)',
    (reads, least) => {
      const cluster = new Live({ profile: { 'fetch.high.watermark.reads': reads } })
      const { log } = cluster.partition(cluster.leaderOf(0))
      let who = cluster.init()
      let seen = 0
      for (let round = 0; round < 20; round++) {
        const end = log.logEndOffset
        const connection = cluster.open(cluster.leaderOf(0))
        cluster.producing(who, 0, 0)
        while (log.logEndOffset === end) cluster.kernel.step()
        // It is in the log, and not replicated yet.
        const fetch = cluster.fetching(0, end, 'read_committed', 0, connection)
        cluster.runFor(0.2)
        seen += cluster.answer(fetch)?.responses[0]?.records.length ?? 0
        who = cluster.end(who, false)
        cluster.runFor(0.2)
      }
      expect(seen).toBeGreaterThanOrEqual(least)
      if (least === 0) expect(seen).toBe(0)
    },
  )

  test('from the next leader sees what was to be seen at the last one', () => {
    const cluster = new Live()
    const who = cluster.init()
    cluster.write(who, 0, 0)
    const next = cluster.end(who, false)
    cluster.runFor(1)
    cluster.write(next, 0, 0)
    cluster.runFor(1)
    const before = cluster.leaderOf(0)
    const told = cluster.watch(M.lsoAdvanced)
    const { log } = cluster.partition(before)
    const known = { index: log.transactions.index.all, oldest: log.transactions.oldest }
    cluster.crash(before)
    cluster.runFor(20)
    const leader = cluster.leaderOf(0)
    expect(leader).not.toBe(before)
    const { transactions } = cluster.partition(leader).log
    expect({ index: transactions.index.all, oldest: transactions.oldest }).toEqual(known)
    expect(cluster.stable(0)).toBe(2)
    expect(told.seen.filter(([tp]) => tp === cluster.orders(0)).at(-1)?.[1]).toBe(2)
    cluster.startBroker(before)
    cluster.runFor(5)
    expect(cluster.partition(before).log.transactions.index.all).toEqual(known.index)
  })
})
