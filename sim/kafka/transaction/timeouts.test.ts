import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { type Identity, TransactionCluster } from './transaction-cluster.test.support.ts'

const V1 = { 'transaction.version': 1 } as const

describe('a transaction that takes too long', () => {
  test('is aborted at the next scan after its timeout, counted from its begin', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init({ transactionTimeoutMs: 15_000 })
    cluster.add(who, [0])
    cluster.runFor(14)
    cluster.add(who, [1])
    while (cluster.kernel.now < 19_900_000) cluster.kernel.step()
    expect(cluster.state.state).toBe('Ongoing')
    cluster.runFor(0.5)
    expect(cluster.written().slice(-2)).toEqual(['PrepareAbort 1', 'CompleteAbort 1'])
    expect(cluster.story.lines).toContain('prepared abort epoch 1 timed out')
  })

  test('before its time is left alone', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init({ transactionTimeoutMs: 60_000 })
    cluster.add(who, [0])
    cluster.runFor(59)
    expect(cluster.state.state).toBe('Ongoing')
    cluster.runFor(12)
    expect(cluster.state.state).toBe('CompleteAbort')
  })

  test('by version 2 lets its producer abort and go on, but not commit', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init({ transactionTimeoutMs: 1000 })
    cluster.add(who)
    cluster.runFor(12)
    expect(cluster.add(who, [1])).toBe(Errors.PRODUCER_FENCED)
    expect(cluster.end(who, true).errorCode).toBe(Errors.INVALID_TXN_STATE)
    const next = cluster.end(who, false)
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 1 })
    expect(cluster.add(next)).toBe(0)
  })

  test('by version 1 fences its producer for good', () => {
    const cluster = new TransactionCluster({ profile: V1 })
    const who = cluster.init({ transactionTimeoutMs: 1000 })
    cluster.add(who, [0], 3)
    cluster.runFor(12)
    for (const committed of [true, false]) {
      expect(cluster.end(who, committed, 4).errorCode).toBe(Errors.PRODUCER_FENCED)
    }
  })

  test('before fencing lets its producer commit the rest of what it lost (KAFKA-6119)', () => {
    const cluster = new TransactionCluster({ profile: { ...V1, 'transaction.timeout.fencing': 'off' } })
    const who = cluster.init({ transactionTimeoutMs: 1000 })
    cluster.add(who, [0], 3)
    cluster.runFor(12)
    expect(cluster.written().slice(-2)).toEqual(['PrepareAbort 0', 'CompleteAbort 0'])
    expect(cluster.add(who, [0], 3)).toBe(0)
    expect(cluster.end(who, true, 4).errorCode).toBe(0)
  })

  test('is found by a new coordinator too', () => {
    const cluster = new TransactionCluster()
    const who = cluster.init({ transactionTimeoutMs: 30_000 })
    cluster.add(who)
    cluster.crash(cluster.coordinator)
    cluster.runFor(25)
    expect(cluster.state.state).toBe('Ongoing')
    cluster.runFor(20)
    expect(cluster.state.state).toBe('CompleteAbort')
  })
})

describe('a transactional id that nobody uses', () => {
  const SOON = {
    broker: {
      'transactional.id.expiration.ms': 2000,
      'transaction.remove.expired.transaction.cleanup.interval.ms': 5000,
    },
  }

  test('is forgotten, in the log as well; who comes later is new', () => {
    const cluster = new TransactionCluster(SOON)
    const who = cluster.init()
    cluster.runFor(8)
    const { coordinator } = cluster
    expect(cluster.written().at(-1)).toBe('tombstone')
    expect(cluster.broker(coordinator).transactions.states.find('checkout-tx').metadata).toBeNull()
    expect(cluster.add(who)).toBe(Errors.INVALID_PRODUCER_ID_MAPPING)
    cluster.crash(coordinator)
    cluster.runFor(15)
    expect(cluster.broker(cluster.coordinator).transactions.states.find('checkout-tx').metadata).toBeNull()
    const later = cluster.init()
    expect(later.producerEpoch).toBe(0)
    expect(later.producerId).not.toBe(who.producerId)
  })

  test('is kept while its transaction is open, or not complete', () => {
    const cluster = new TransactionCluster(SOON)
    const who = cluster.init()
    cluster.add(who)
    cluster.runFor(8)
    expect(cluster.state.state).toBe('Ongoing')
    cluster.script.silent = true
    cluster.end(who, true)
    cluster.runFor(8)
    expect(cluster.state.state).toBe('PrepareCommit')
  })

  test('whose end cannot be written is kept', () => {
    const cluster = new TransactionCluster({ broker: { ...SOON.broker, 'transaction.state.log.min.isr': 3 } })
    cluster.init()
    cluster.crash(cluster.coordinator === 3 ? 2 : 3)
    // The set has not shrunk yet: the first tombstone waits for its replicas and is given up, later ones are refused.
    cluster.runFor(45)
    expect(cluster.state).toMatchObject({ state: 'Empty', pendingState: null })
  })
})

describe('a coordinator whose clock is set back', () => {
  /** Two transactions; between them the clock is set back by an hour. */
  function setBack(profile: Partial<ClusterProfile> = {}): {
    cluster: TransactionCluster
    second: number
    who: Identity
  } {
    const cluster = new TransactionCluster({ profile: { ...V1, ...profile } })
    const who = cluster.init({ transactionTimeoutMs: 15_000 })
    cluster.add(who, [0], 3)
    cluster.end(who, true, 4)
    cluster.kernel.nodes[cluster.coordinator]?.wall.step(-3_600_000_000)
    return { cluster, second: cluster.add(who, [0], 3), who }
  }

  test('begins the next transaction before the last one, and times it out by the same clock', () => {
    const { cluster, second } = setBack()
    expect(second).toBe(0)
    cluster.runFor(14)
    expect(cluster.state.state).toBe('Ongoing')
    cluster.runFor(12)
    expect(cluster.state.state).toBe('CompleteAbort')
  })

  test('set forward again in a transaction finds that it has taken too long', () => {
    const { cluster } = setBack()
    cluster.kernel.nodes[cluster.coordinator]?.wall.step(3_600_000_000)
    cluster.runFor(10.5)
    expect(cluster.state.state).toBe('CompleteAbort')
  })

  test('before KAFKA-8803 never begins it: nobody is answered, and it never times out, until another coordinator reads the log', () => {
    const { cluster, second, who } = setBack({ 'transaction.start.timestamp': 'increasing' })
    expect(second).toBe(-99)
    cluster.runFor(40)
    expect(cluster.state).toMatchObject({ state: 'CompleteCommit', pendingState: 'Ongoing' })
    expect(cluster.add(who, [0], 3)).toBe(Errors.CONCURRENT_TRANSACTIONS)
    expect(cluster.end(who, false, 4).errorCode).toBe(Errors.CONCURRENT_TRANSACTIONS)
    cluster.crash(cluster.coordinator)
    cluster.runFor(40)
    expect(cluster.state.state).toBe('CompleteAbort')
  })
})
