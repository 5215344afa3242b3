import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { tpOf } from '../../sim/history/ids.ts'
import { CoordinatedHistory, OFFSETS } from '../testing/transactional.test.helper.ts'

const history = (): CoordinatedHistory => new CoordinatedHistory().registers(0)
const open = (): CoordinatedHistory => history().opens().adds().begins()

/** Two transactions under one epoch, as with transaction version 1. */
const correct = (): CoordinatedHistory => {
  const h = open().writes(0).prepares(true).marker(true).stable(2).completes(true).ends(M.txnCommitted)
  h.opens().adds().adds(OFFSETS).begins().writes(1).waits(4).prepares(false).marker(false).stable(4)
  return h.marksOffsets(false).drops(4).completes(false).ends(M.txnAborted)
}

test('a correct history breaks nothing', () => {
  expect(correct().ended('max-events').broken()).toEqual([])
})

describe('last stable offsets', () => {
  test('lso-within-hw', () => {
    expect(history().stable(1).said('lso-within-hw')).toEqual([
      'broker-1 moved its last stable offset to 1, but its high watermark is 0 (orders-0)',
    ])
    expect(open().writes(0).marker(true).stable(2).said('lso-within-hw')).toEqual([])
  })

  test('lso-monotonic, within one leadership', () => {
    const two = (): CoordinatedHistory => open().writes(0).marker(true).stable(2)
    expect(two().stable(0).said('lso-monotonic')).toEqual([
      'broker-1 moved its last stable offset from 2 to 0 within one leadership (orders-0)',
    ])
    const next = two()
    next.elect(2, 1, 1, [1, 2, 3]).began(2, 1, 2, 0, [1, 2, 3])
    expect(next.stable(0, 2).said('lso-monotonic')).toEqual([])
    const again = two()
    again.elect(1, 1, 1, [1, 2, 3]).began(1, 1, 2, 2, [1, 2, 3])
    expect(again.stable(0).said('lso-monotonic')).toEqual([])
  })

  test('lso-before-open-transaction', () => {
    const said = [
      'broker-1 moved its last stable offset to 1, but producer id 1000 has an open transaction there from offset 0 (orders-0)',
    ]
    expect(open().writes(0).stable(1).said('lso-before-open-transaction')).toEqual(said)
    expect(open().writes(0).stable(0).said('lso-before-open-transaction')).toEqual([])
    expect(open().writes(0).marker(true).writes(1).stable(2).said('lso-before-open-transaction')).toEqual([])
    expect(open().writes(0).marker(true).writes(1).stable(3).said('lso-before-open-transaction')).toHaveLength(1)
  })

  test('a marker above the high watermark ends nothing yet', () => {
    const h = open().writes(0).marker(true)
    // Nobody has replicated the marker, says the leader.
    h.emit(M.hwAdvanced, 1, h.tp, 1, 0, 1)
    expect(h.stable(1).said('lso-before-open-transaction')).toHaveLength(1)
    // One that leads again after a clean shutdown no longer knows that it waits for that.
    h.elect(1, 1, 1, [1, 2, 3]).began(1, 1, 2, 1, [1, 2, 3])
    expect(h.stable(1).said('lso-before-open-transaction')).toHaveLength(1)
  })
})

describe('producer-epoch-monotonic', () => {
  test('an older epoch behind a newer one', () => {
    expect(open().writes(0, 3).writes(1, 2).said('producer-epoch-monotonic')[0]).toBe(
      'broker-1 appended epoch 2 of producer id 1000 at offset 1, after epoch 3 at offset 0 (orders-0)',
    )
  })
  test('the same epoch, a newer one, and an older one once the newer was truncated', () => {
    expect(open().writes(0, 3).writes(1, 3).writes(2, 4).said('producer-epoch-monotonic')).toEqual([])
    const cut = open().writes(0, 3)
    for (const node of cut.brokers) cut.truncated(node, 0, 1)
    cut.end = 0
    expect(cut.writes(1, 2).said('producer-epoch-monotonic')).toEqual([])
  })
  test('a partition may have forgotten who was idle for too long', () => {
    expect(open().writes(0, 3).at(86_400_000).writes(1, 2).said('producer-epoch-monotonic')).toEqual([])
  })
})

describe('marker-as-decided', () => {
  test('a marker with the other end', () => {
    expect(open().writes(0).prepares(true).marker(false).said('marker-as-decided')).toEqual([
      'broker-1 wrote ABORT for producer id 1000 and epoch 0 to orders-0, but the coordinator had decided to commit',
    ])
    expect(open().writes(0).prepares(false).marker(true).said('marker-as-decided')).toHaveLength(1)
  })
  test('of a decision that nobody told, or of an earlier one of the same epoch, nothing is said', () => {
    expect(open().writes(0).marker(false).said('marker-as-decided')).toEqual([])
    expect(open().prepares(false, 1).writes(0).marker(true).said('marker-as-decided')).toEqual([])
    expect(correct().opens().prepares(true).marker(false).said('marker-as-decided')).toEqual([])
  })
  test('a completion with the other end', () => {
    expect(open().prepares(true).completes(false).said('marker-as-decided')).toEqual([
      'broker-2 completed the transaction of producer id 1000 and epoch 0 as aborted, but had decided otherwise',
    ])
  })
})

describe('completed-after-markers', () => {
  const OTHER = tpOf(1, 1)
  test('a partition without a marker', () => {
    expect(open().writes(0).prepares(true).completes(true).said('completed-after-markers')).toEqual([
      'broker-2 completed the transaction of producer id 1000 and epoch 0, but orders-0, which belongs to it, has got no marker',
    ])
  })
  test('a marker of the transaction before does not count', () => {
    const h = open().prepares(true).marker(true).completes(true).opens().adds()
    expect(h.prepares(true).completes(true).said('completed-after-markers')).toHaveLength(1)
  })
  test('nor does what a coordinator tells late that was replaced', () => {
    const h = history().coordinatedBy(3, 1).opens(2).prepares(true, 2).coordinatedBy(2, 0).opens(1).adds(undefined, 1)
    expect(h.coordinatedBy(3, 1).completes(true, 2).said('completed-after-markers')).toEqual([])
    const over = open().coordinatedBy(3, 1).opens().adds(OTHER).coordinatedBy(2, 0)
    expect(over.prepares(true).completes(true).said('completed-after-markers')).toEqual([])
  })
  test('of a decision that a coordinator found in its log it tells the partitions itself', () => {
    const found = (): CoordinatedHistory => open().coordinatedBy(3, 1).prepares(true).adds()
    expect(found().marker(true).completes(true).said('completed-after-markers')).toEqual([])
    expect(found().completes(true).said('completed-after-markers')).toEqual([
      'broker-3 completed the transaction of producer id 1000 and epoch 0, but orders-0, which belongs to it, has got no marker',
    ])
  })
  test('what an earlier coordinator told of may never have been replicated', () => {
    const found = open().adds(OTHER).coordinatedBy(3, 1).prepares(true).adds()
    expect(found.marker(true).completes(true).said('completed-after-markers')).toEqual([])
    const opened = open().adds(OTHER).coordinatedBy(3, 1).opens().adds().prepares(true)
    expect(opened.marker(true).completes(true).said('completed-after-markers')).toEqual([])
  })
  test('a completion that is found in the log is none of what was open', () => {
    expect(open().coordinatedBy(3, 1).completes(true).said('completed-after-markers')).toEqual([])
    const again = open().prepares(true).coordinatedBy(3, 1).completes(true)
    expect(again.said('completed-after-markers')).toEqual([])
  })
  test('a transaction without partitions, and one that only another coordinator told', () => {
    expect(history().opens().prepares(true).completes(true).said('completed-after-markers')).toEqual([])
    expect(history().adds().completes(true).said('completed-after-markers')).toEqual([])
  })
})

describe('txn-offset-by-marker', () => {
  const waiting = (): CoordinatedHistory => open().adds(OFFSETS).waits(4)
  test('an offset that is current without a COMMIT', () => {
    const said =
      'broker-2 made offset 4 of orders-0 current, which waited for the end of a transaction of producer id 1000, although no COMMIT had been written among offsets'
    expect(waiting().takes(4).said('txn-offset-by-marker')).toEqual([said])
    expect(waiting().marksOffsets(false).takes(4).said('txn-offset-by-marker')).toEqual([said])
    expect(waiting().marker(true).takes(4).said('txn-offset-by-marker')).toEqual([said])
    expect(waiting().marksOffsets(true).takes(4).said('txn-offset-by-marker')).toEqual([])
  })
  test('one that is dropped without an ABORT', () => {
    expect(waiting().marksOffsets(true).drops(4).said('txn-offset-by-marker')).toHaveLength(1)
    expect(waiting().marksOffsets(false).drops(4).said('txn-offset-by-marker')).toEqual([])
  })
  test('a request that was sent again has left its offset twice: one marker decides both', () => {
    const twice = (): CoordinatedHistory => waiting().waits(4)
    expect(twice().marksOffsets(true).takes(4).opens().takes(4).said('txn-offset-by-marker')).toEqual([])
    expect(twice().marksOffsets(false).drops(4).opens().drops(4).said('txn-offset-by-marker')).toEqual([])
    // What waits since then waits for a marker of its own.
    const next = twice().marksOffsets(true).takes(4).opens(2).waits(4, 2)
    expect(next.takes(4).said('txn-offset-by-marker')).toHaveLength(1)
  })
  test('a coordinator that finds after a loss what is long over does not undo its markers', () => {
    const h = open().opens(2).adds(OFFSETS, 2).waits(4).marksOffsets(true, 3)
    expect(h.coordinatedBy(3, 1).opens(1).takes(4).said('txn-offset-by-marker')).toEqual([])
  })
  test('what the log decided long ago is told once more when all brokers have restarted', () => {
    const again = (): CoordinatedHistory => waiting().marksOffsets(true).takes(4).opens(2).waits(4)
    expect(again().takes(4).said('txn-offset-by-marker')).toEqual([])
    expect(again().drops(4).said('txn-offset-by-marker')).toHaveLength(1)
    const dropped = waiting().marksOffsets(false).drops(4).opens(2).waits(4)
    expect(dropped.drops(4).said('txn-offset-by-marker')).toEqual([])
  })
  test('a plain commit of another member is none of it, and what is taken over later is told again', () => {
    const h = waiting()
    expect(h.takes(4, h.checkout).said('txn-offset-by-marker')).toEqual([])
    expect(waiting().marksOffsets(true).takes(4).opens().takes(4).said('txn-offset-by-marker')).toEqual([])
  })
})
