import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { recordOf, tpOf } from '../../sim/history/ids.ts'
import type { RecordBatch } from '../../sim/kafka/protocol/batch.ts'
import type { FinalLog } from '../../sim/final-state.ts'
import { History } from '../testing/history.test.helper.ts'
import { INVARIANTS } from './names.ts'

const history = (): History => new History({ minIsr: 2 }).formed()

/** What a correct run does, twice over: no invariant may object. */
function correct(): History {
  const h = history().published(0).published(1)
  h.isr([1, 2], 1, 0).adopted(1, [1, 2], 1, 0).published(2, 2, 1, 0, [2])
  h.crashed(1).elect(2, 1, 2, [2]).began(2, 1, 3, 3, [2], 2)
  h.followed(3, 2, 1, 2).appended(3, 2, 2, 0).fetched(2, 3, 3, 1).isr([2, 3], 3, 1).adopted(2, [2, 3], 3, 1)
  h.sent(3).appended(2, 3, 3, 1).appended(3, 3, 3, 1).fetched(2, 3, 4, 1).high(2, 4, 1).answered(2, 3, 3).acked(3, 3)
  h.started(1).loaded(1, 3, 2).registered(1).unfenced(1).followed(1, 2, 1, 3).appended(1, 3, 3, 1).high(1, 4, 1, false)
  return h.fetched(2, 1, 4, 1).isr([1, 2, 3], 4, 1)
}

test('a correct history breaks nothing', () => {
  expect(correct().ended().breaches).toEqual([])
})

describe('one-leader-per-epoch', () => {
  test('two brokers begin in one epoch', () => {
    expect(history().began(2, 0, 0, 0, [1, 2, 3]).ended().breaches[0]).toEqual({
      invariant: 'one-leader-per-epoch',
      atUs: 0,
      message: 'broker-1 and broker-2 both lead orders-0 in epoch 0',
    })
  })
  test('two brokers are elected for one epoch', () => {
    expect(history().elect(2, 1, 1, [1, 2]).elect(3, 1, 2, [1, 3]).ended().broken()).toContain('one-leader-per-epoch')
  })
  test('a broker leads that was not elected', () => {
    const [breach] = history().elect(2, 1, 1, [1, 2, 3]).began(3, 1, 0, 0, [1, 2, 3]).ended().breaches
    expect(breach?.message).toBe('broker-3 leads orders-0 in epoch 1, for which broker-2 was elected')
  })
  test('a broker that leads again after a restart is the same one', () => {
    expect(history().crashed(1).started(1).began(1, 0, 0, 0, [1, 2, 3]).ended().breaches).toEqual([])
  })
})

describe('epochs', () => {
  test('a leader epoch that does not grow', () => {
    expect(history().elect(2, 0, 1, [1, 2]).ended().broken()).toEqual([
      'leader-epoch-monotonic',
      'one-leader-per-epoch',
    ])
  })
  test('a broker that goes back to an older epoch, unless it restarted', () => {
    const ahead = (): History => history().followed(3, 1, 4, 0)
    expect(ahead().followed(3, 1, 3, 0).ended().broken()).toEqual(['leader-epoch-monotonic'])
    expect(ahead().crashed(3).started(3).followed(3, 1, 3, 0).ended().broken()).toEqual([])
  })
  test('a partition epoch that does not grow', () => {
    expect(history().isr([1, 2], 1, 0).isr([1, 2, 3], 1, 0).ended().broken()).toEqual(['partition-epoch-monotonic'])
    expect(history().isr([1, 2], 1, 0).isr([1, 2, 3], 2, 0).ended().broken()).toEqual([])
  })
  test('a controller that lost its disk begins anew', () => {
    expect(history().isr([1, 2], 1, 0).wiped(0).elect(1, 0, 0, [1, 2, 3]).ended().broken()).toEqual([])
  })
})

describe('in-sync sets', () => {
  test('isr-within-replicas', () => {
    const four = new History({ brokers: 4 }).formed()
    expect(four.isr([1, 2, 3, 4], 1, 0).ended().broken()).toEqual([])
    expect(history().isr([1, 2, 5], 1, 0).ended().breaches[0]).toMatchObject({
      invariant: 'isr-within-replicas',
      message:
        'the in-sync set of orders-0 became {broker-1, broker-2, audit#0}, but its replicas are {broker-1, broker-2, broker-3}',
    })
  })
  test('leader-in-isr', () => {
    expect(history().elect(3, 1, 1, [1, 2]).ended().broken()).toEqual(['leader-in-isr'])
    expect(history().elect(-1, 1, 1, []).ended().broken()).toEqual([])
  })
})

describe('logs', () => {
  test('log-matching', () => {
    const [breach] = history().appended(1, 0, 0, 0).appended(2, 1, 0, 0).ended('max-events').breaches
    expect(breach).toMatchObject({
      invariant: 'log-matching',
      message:
        'broker-2 has an entry at offset 0 of leader epoch 0 that contradicts broker-1: the batch differs (orders-0)',
    })
  })
  test('offsets-contiguous', () => {
    expect(history().appended(1, 0, 0, 0).appended(1, 1, 2, 0).ended().broken()).toEqual(['offsets-contiguous'])
    expect(history().appended(1, 0, 0, 0, 2).appended(1, 1, 1, 0).ended().broken()).toEqual(['offsets-contiguous'])
    expect(history().appended(1, 0, 0, 0, 3).appended(1, 1, 3, 0).ended().broken()).toEqual([])
  })
  test('log-start-within-hw', () => {
    const published = (): History => history().published(0).published(1).published(2)
    const of = (h: History): readonly string[] => h.ended('settled', { logs: [] }).broken()
    expect(of(published().startMoved(1, 2, 0))).toEqual([])
    expect(of(published().startMoved(1, 4, 0))).toEqual(['log-start-within-hw'])
    expect(of(published().startMoved(1, 2, 0).startMoved(1, 1, 2))).toEqual(['log-start-within-hw'])
  })
  test('no-append-while-down', () => {
    expect(history().crashed(1).appended(1, 0, 0, 0).ended().broken()).toEqual(['no-append-while-down'])
    expect(history().crashed(1).started(1).appended(1, 0, 0, 0).ended().broken()).toEqual([])
  })
})

describe('high watermarks', () => {
  test('hw-within-log', () => {
    const two = (): History => history().published(0).published(1).truncated(2, 1, 2)
    expect(two().high(2, 2, 0, false).ended().broken()).toEqual(['hw-within-log'])
    expect(two().appended(2, 1, 1, 0).high(2, 2, 0, false).ended().broken()).toEqual([])
  })
  test('leader-hw-monotonic within one leadership', () => {
    const two = (): History => history().published(0).published(1)
    expect(two().high(1, 1, 0).ended().broken()).toEqual(['leader-hw-monotonic'])
    expect(two().high(1, 2, 0).ended().broken()).toEqual(['leader-hw-monotonic'])
    expect(two().high(2, 1, 0, false).ended().broken()).toEqual([])
    const next = two().elect(2, 1, 1, [1, 2, 3]).began(2, 1, 2, 1, [1, 2, 3]).fetched(2, 1, 2, 1).fetched(2, 3, 2, 1)
    expect(next.high(2, 2, 1).ended().broken()).toEqual([])
  })
  test('hw-covered-by-isr', () => {
    const h = (): History =>
      history().appended(1, 0, 0, 0).appended(2, 0, 0, 0).appended(3, 0, 0, 0).fetched(1, 2, 1, 0)
    expect(h().high(1, 1, 0).ended().breaches[0]).toMatchObject({
      invariant: 'hw-covered-by-isr',
      message:
        'broker-1 moved its high watermark to 1, but broker-3 is in its in-sync set and has not fetched from it yet (orders-0)',
    })
    expect(h().fetched(1, 3, 0, 0).high(1, 1, 0).ended().breaches[0]?.message).toContain('has fetched up to 0 only')
    expect(h().fetched(1, 3, 1, 0).high(1, 1, 0).ended().broken()).toEqual([])
    expect(h().isr([1, 2], 1, 0).adopted(1, [1, 2], 1, 0).high(1, 1, 0).ended().broken()).toEqual([])
  })
  test('a new leader must hear of every follower again, one elected in place need not', () => {
    const known = (): History =>
      history().appended(1, 0, 0, 0).appended(2, 0, 0, 0).appended(3, 0, 0, 0).fetched(1, 2, 1, 0).fetched(1, 3, 1, 0)
    expect(known().elect(1, 1, 1, [1, 2, 3]).began(1, 1, 1, 0, [1, 2, 3]).high(1, 1, 1).ended().broken()).toEqual([])
    const away = known().followed(1, 2, 1, 1).elect(1, 2, 1, [1, 2, 3]).began(1, 2, 1, 0, [1, 2, 3])
    expect(away.high(1, 1, 2).ended().broken()).toEqual(['hw-covered-by-isr'])
    const restarted = known().crashed(1).started(1).elect(1, 1, 1, [1, 2, 3]).began(1, 1, 1, 0, [1, 2, 3])
    expect(restarted.high(1, 1, 1).ended().broken()).toEqual(['hw-covered-by-isr'])
  })
  test('hw-not-below-min-isr', () => {
    expect(history().adopted(1, [1], 1, 0).appended(1, 0, 0, 0).high(1, 1, 0).ended().breaches[0]).toMatchObject({
      invariant: 'hw-not-below-min-isr',
      message: 'broker-1 moved its high watermark to 1 with 1 in sync, and min.insync.replicas is 2 (orders-0)',
    })
    const one = new History({ minIsr: 1 })
      .formed()
      .isr([1], 1, 0)
      .adopted(1, [1], 1, 0)
      .appended(1, 0, 0, 0)
      .high(1, 1, 0)
    expect(one.ended().broken()).toEqual([])
  })
  test('hw-not-below-min-isr goes by what the broker knows of an altered min ISR, not by what is committed', () => {
    const alone = (): History =>
      history().emit(M.configCommitted, 0, 0, 1, 1, 0).isr([1], 1, 0).adopted(1, [1], 1, 0).appended(1, 0, 0, 0)
    expect(alone().high(1, 1, 0).ended().broken()).toContain('hw-not-below-min-isr')
    expect(alone().emit(M.configApplied, 2, 0, 1, 1, 0).high(1, 1, 0).ended().broken()).toContain(
      'hw-not-below-min-isr',
    )
    expect(alone().emit(M.configApplied, 1, 0, 1, 1, 0).high(1, 1, 0).ended().broken()).toEqual([])
    const raised = alone().emit(M.configApplied, 1, 0, 1, 1, 0).emit(M.configApplied, 1, 0, 1, 2, 0)
    expect(raised.high(1, 1, 0).ended().broken()).toContain('hw-not-below-min-isr')
  })
})

describe('answers', () => {
  test('ack-after-hw', () => {
    const h = (): History => history().published(0).appended(1, 1, 1, 0)
    expect(h().answered(1, 1, 1).ended().breaches[0]).toMatchObject({
      invariant: 'ack-after-hw',
      message: 'broker-1 answered acks=all for offsets 1 to 1, but its high watermark is 1 (orders-0)',
    })
    expect(h().answered(1, 1, 1, 1).ended().broken()).toEqual([])
    expect(h().answered(1, 1, 1, -1, 7).ended().broken()).toEqual([])
  })
  test('ack-after-append', () => {
    expect(history().answered(1, 0, 0, 1).ended().breaches[0]).toMatchObject({
      invariant: 'ack-after-append',
      message: 'broker-1 answered acks=1 for offset 0, but its log ends at 0 (orders-0)',
    })
    expect(history().answered(1, 0, 0, -1).ended().broken()).toEqual(['ack-after-append'])
    expect(history().appended(1, 5, 0, 0).answered(1, 0, 0, 1).ended().broken()).toEqual(['ack-after-append'])
    expect(history().appended(1, 0, 0, 0).answered(1, 0, 0, 1).ended().broken()).toEqual([])
    expect(history().answered(1, 0, -1, 0).ended().broken()).toEqual([])
  })
})

describe('shadow-audit', () => {
  const h = (): History => history().published(0)
  const tp = tpOf(1, 0)
  const batch: RecordBatch = {
    id: recordOf(4, 0),
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    isTransactional: false,
    marker: null,
    records: [],
    size: 0,
    maxTimestamp: 0,
  }
  const entry = { baseOffset: 0, lastOffset: 0, leaderEpoch: 0, batch }
  const real = (change: Partial<FinalLog>): FinalLog[] => [
    { node: 1, tp, logStartOffset: 0, entries: [entry], highWatermark: 1, ...change },
  ]
  const audited = (change: Partial<FinalLog>): readonly string[] =>
    h()
      .ended('settled', { logs: real(change) })
      .breaches.map((breach) => `${breach.invariant}: ${breach.message}`)

  test('equal logs', () => {
    expect(audited({})).toEqual([])
  })
  test('a difference in any part', () => {
    expect(audited({ entries: [] })).toEqual([
      'shadow-audit: the log of orders-0 on broker-1 has 0 batches, moments told of 1',
    ])
    expect(audited({ entries: [{ ...entry, batch: { ...batch, id: 9 } }] })[0]).toContain(
      'holds offsets 0 to 0 of epoch 0, where moments told',
    )
    expect(audited({ entries: [{ ...entry, leaderEpoch: 1 }] })).toHaveLength(1)
    expect(audited({ logStartOffset: 1 })).toEqual([
      'shadow-audit: the log of orders-0 on broker-1 starts at offset 1, where moments told 0',
    ])
    expect(audited({ highWatermark: 0 })).toEqual([
      'shadow-audit: the log of orders-0 on broker-1 has the high watermark 0, moments told 1',
    ])
  })
  test('a process that is down is not asked', () => {
    expect(
      h()
        .crashed(1)
        .ended('max-events', { logs: real({ entries: [] }) }).breaches,
    ).toEqual([])
  })
  test('a log that is longer after its restart than moments told', () => {
    expect(h().crashed(1).started(1).loaded(1, 3, 0).ended().broken()).toEqual(['shadow-audit'])
    expect(h().crashed(1).started(1).loaded(1, 1, 0).ended().broken()).toEqual([])
  })
})

test('every breach is a named invariant', () => {
  const names = INVARIANTS.map((invariant) => invariant.name)
  const broken = new Set([
    ...history().began(2, 0, 0, 0, [1]).elect(3, 0, 0, [9]).appended(2, 0, 3, 0).answered(2, 0, 9).ended().broken(),
    ...history()
      .crashed(2)
      .appended(2, 0, 0, 0)
      .high(2, 9, 0)
      .emit(M.hwAdvanced, 1, tpOf(1, 0), 4, 0, 1)
      .ended()
      .broken(),
  ])
  expect(broken.size).toBeGreaterThan(6)
  for (const name of broken) expect(names).toContain(name)
})
