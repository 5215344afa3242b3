import { describe, expect, test } from 'vitest'
import type { FinalOffset, FinalPartition, FinalTable } from '../sim/final-state.ts'
import { tpOf } from '../sim/history/ids.ts'
import { ConsumingHistory, ORDERS, PAYMENTS } from './testing/consuming.test.helper.ts'
import { History } from './testing/history.test.helper.ts'

const TP = tpOf(1, 0)

describe('what the controller has', () => {
  const all = [1, 2, 3]
  const formed: FinalPartition = {
    tp: TP,
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    replicas: all,
    isr: all,
    elr: [],
  }
  const audited = (change: Partial<FinalPartition>, h: History = new History({ minIsr: 2 }).formed()): string[] =>
    h.ended('settled', { partitions: [{ ...formed, ...change }] }).breaches.map((breach) => breach.message)

  test('as moments told', () => {
    expect(audited({})).toEqual([])
  })
  test('another leader, epoch, in-sync set', () => {
    expect(audited({ leader: 2 })).toEqual([
      'the controller has the leader broker-2 for orders-0, moments told broker-1',
    ])
    expect(audited({ leaderEpoch: 3 })).toEqual(['the controller has leader epoch 3 for orders-0, moments told 0'])
    expect(audited({ partitionEpoch: 1 })).toEqual([
      'the controller has partition epoch 1 for orders-0, moments told 0',
    ])
    expect(audited({ isr: [1, 2] })).toEqual([
      'the in-sync set of orders-0 is {broker-1, broker-2}, moments told another',
    ])
  })
  test('other replicas', () => {
    expect(audited({ replicas: [1, 2] })).toEqual([
      'the replicas of orders-0 are at {broker-1, broker-2}, moments told others',
    ])
  })
  test('eligible leader replicas follow from elections by their rule', () => {
    const h = (): History => new History({ minIsr: 2 }).formed().elect(2, 1, 1, [2])
    const elected = { leader: 2, leaderEpoch: 1, partitionEpoch: 1, isr: [2] }
    expect(audited({ ...elected, elr: [1, 3] }, h())).toEqual([])
    expect(audited({ ...elected, elr: [] }, h())).toEqual([
      'the eligible leader replicas of orders-0 are {}, by moments others',
    ])
  })
  test('a controller that lost the metadata is not asked', () => {
    expect(audited({ leader: 3 }, new History().formed().wiped(0))).toEqual([])
  })
})

describe('where groups stand', () => {
  const committed = (): ConsumingHistory => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0)
    const [member = -1] = h.billing
    return h.rebalanced('billing', 1).assigned('billing', member, 1).commits('billing', member, 1)
  }
  const audited = (change: Partial<FinalOffset>, h: ConsumingHistory = committed()): string[] =>
    h
      .ended('max-events', { offsets: [{ groupId: 'billing-group', tp: ORDERS, offset: 1, ...change }] })
      .breaches.map((breach) => breach.message)

  test('as moments told', () => {
    expect(audited({})).toEqual([])
  })
  test('elsewhere', () => {
    expect(audited({ offset: 0 })).toEqual(['group billing-group stands at offset 0 of orders-0, moments told 1'])
    expect(audited({ tp: tpOf(1, 1) })).toEqual(['group billing-group stands at offset 1 of orders-1, moments told -1'])
  })
  test('a group of nobody is not asked', () => {
    expect(audited({ groupId: 'others', offset: 9 })).toEqual([])
  })
  test('a new coordinator that has yet to catch up may know less', () => {
    const [member = -1] = committed().billing
    const behind = committed().commits('billing', member, 0, 1, ORDERS, 2).loads('billing', 2, 1)
    expect(audited({ offset: 0 }, behind)).toEqual([])
  })
  test('nor may one that found nothing in the log, but it may not stand where nothing was told', () => {
    expect(audited({ offset: -1 }, committed().loads('billing', 2, 1))).toEqual([])
    expect(audited({ offset: 0 }, committed().loads('billing', 2, 1))).toHaveLength(1)
    expect(audited({ offset: -1 })).toHaveLength(1)
  })
  test('one that catches up with several commits at once stands at the last of them', () => {
    const h = committed().at(2000)
    const [member = -1] = h.billing
    for (const n of [1, 2]) h.put(n)
    h.commits('billing', member, 2).commits('billing', member, 3)
    h.at(3000).commits('billing', member, 1, 1, ORDERS, 2).loads('billing', 2, 1)
    h.at(4000).commits('billing', member, 2, 1, ORDERS, 2).commits('billing', member, 3, 1, ORDERS, 2)
    expect(audited({ offset: 3 }, h.at(5000))).toEqual([])
  })
})

describe('what stores have taken', () => {
  const stored = (write: 'insert' | 'increment'): ConsumingHistory => {
    const h = new ConsumingHistory({ readers: ['writer'], write })
    const offset = h.put(0, { tp: PAYMENTS })
    h.works(h.writer[0] as number, h.record(0), offset, PAYMENTS)
    return h.stored(h.record(0), offset, write === 'insert' ? 1 : 3)
  }
  const audited = (h: ConsumingHistory, change: Partial<FinalTable>): string[] =>
    h
      .ended('max-events', {
        tables: [
          { store: h.ledger, groupId: 'writer-group', inserted: 0, incremented: 0, filed: 0, called: 0, ...change },
        ],
      })
      .breaches.map((breach) => breach.message)

  test('rows', () => {
    expect(audited(stored('insert'), { inserted: 1 })).toEqual([])
    expect(audited(stored('insert'), { inserted: 2 })).toEqual([
      'ledger holds 2 rows of group writer-group, moments told of 1',
    ])
  })
  test('counters', () => {
    expect(audited(stored('increment'), { incremented: 1 })).toEqual([])
    expect(audited(stored('increment'), { incremented: 0 })).toEqual([
      'ledger was incremented 0 times by group writer-group, moments told of 1',
    ])
  })
  test('a store that lost its disk is not asked', () => {
    const h = stored('insert')
    expect(audited(h.wiped(h.ledger), {})).toEqual([])
  })
})
