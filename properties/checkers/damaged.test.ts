import { describe, expect, test } from 'vitest'
import type { FinalLog } from '../../sim/final-state.ts'
import { M } from '../../sim/history/catalogue.ts'
import { recordOf } from '../../sim/history/ids.ts'
import { ConsumingHistory } from '../testing/consuming.test.helper.ts'
import { History } from '../testing/history.test.helper.ts'

/** The batch at an offset is not on a broker's disk any more what was written; after compaction nobody can tell. */
function damaged<H extends History>(h: H, node: number, offset: number, isHidden = false): H {
  h.emit(M.batchCorrupted, node, h.tp, offset, offset)
  return isHidden ? h.emit(M.batchRewritten, node, h.tp, offset, 0) : h
}

/** Two records on three replicas. */
function written(): History {
  return new History({ minIsr: 2 }).at(10).formed().published(0).published(1)
}

/** A broker found the damage when it started, and fetched what it cut from the leader. */
function recovered(h: History, node: number): History {
  h.crashed(node).started(node).emit(M.corruptionFound, node, h.tp, 1, -1)
  h.loaded(node, 1, 1).registered(node).unfenced(node).followed(node, 1, 0, 1)
  return h.appended(node, 1, 1, 0).fetched(1, node, 2, 0).high(node, 2, 0, false)
}

describe('a damaged batch', () => {
  test('of the leader is lost when the run ends with it, and other replicas hold something else', () => {
    const outcome = damaged(written().at(20), 1, 1).at(1000).ended()
    expect(outcome.violated()).toEqual([
      'at-least-once',
      'exactly-once',
      'durability',
      'committed-durability',
      'replica-agreement',
    ])
    expect(outcome.of('durability').violations).toEqual([
      {
        kind: 'lost-acked-write',
        atUs: 1_000_000,
        message:
          'checkout#0/1 was acknowledged at 0.010s at offset 1 of orders-0; broker-1 appended it at 0.010s as the leader of epoch 0; ' +
          'its bytes have changed on the disk of broker-1 (since 0.020s); only broker-2 and broker-3 still have what was written',
        records: ['checkout#0/1'],
      },
    ])
    expect(outcome.of('replica-agreement').violations).toEqual([
      {
        kind: 'diverged-replicas',
        atUs: 1_000_000,
        message:
          'broker-1 holds other bytes than were written at offset 1 of orders-0 since 0.020s; its checksum does not fit any more, ' +
          'and nothing has noticed by 1.000s',
        records: ['checkout#0/1'],
      },
    ])
    expect(outcome.breaches).toEqual([])
  })

  test('of every replica is lost', () => {
    const h = written().at(20)
    for (const node of [1, 2, 3]) damaged(h, node, 1)
    const [violation] = h.ended().of('durability').violations
    expect(violation?.message).toContain('on the disk of broker-1 (since 0.020s), broker-2 (since 0.020s) and broker-3')
    expect(violation?.message).toContain('; no other replica holds it')
  })

  test('of a follower is no loss, but it is another thing than the leader has', () => {
    const outcome = damaged(written().at(20), 3, 1, true).ended()
    expect(outcome.violated()).toEqual(['replica-agreement'])
    expect(outcome.of('replica-agreement').violations[0]?.message).toContain('its checksum fits what it holds now')
  })

  test('of a follower that cut it off and copied it anew is nothing', () => {
    const outcome = recovered(damaged(written().at(20), 3, 1), 3).ended()
    expect(outcome.violated()).toEqual([])
    expect(outcome.of('durability')).toMatchObject({ observed: 'holds', judged: 2 })
    expect(outcome.of('replica-agreement').observed).toBe('holds')
    expect(outcome.breaches).toEqual([])
  })

  test('of a follower that copied it from a leader where nobody could tell is lost too', () => {
    const h = new History({ minIsr: 1 }).at(10).formed().isr([1], 1, 0).adopted(1, [1], 1, 0).published(0, 0, 1, 0, [])
    damaged(h.at(20), 1, 0, true)
    h.emit(M.logAppended, 2, h.tp, 0, 0, 0, ~recordOf(h.checkout, 0), -1, 0xffff, -1)
    h.fetched(1, 2, 1, 0).isr([1, 2], 2, 0).at(1000)
    const [violation] = h.ended('max-events').of('durability').violations
    expect(violation?.message).toContain('on the disk of broker-1 (since 0.020s) and broker-2 (since 0.020s)')
  })

  test('that retention has deleted is no loss', () => {
    const h = damaged(written().at(20), 1, 0)
    for (const node of [1, 2, 3]) h.startMoved(node, 1, 0)
    expect(h.ended().of('durability').observed).toBe('holds')
  })

  test('that retention has deleted is there again where a restart goes by an older log start', () => {
    const h = damaged(written().at(20), 1, 1)
    for (const node of [1, 2, 3]) h.startMoved(node, 2, 0)
    expect(h.startMoved(1, 1, 2).ended('max-events').of('durability').observed).toBe('violated')
  })

  test('that compaction has healed is none', () => {
    const h = damaged(written().at(20), 1, 1).emit(M.batchRewritten, 1, written().tp, 1, 1)
    expect(h.ended().violated()).toEqual([])
  })

  test('that recovery has cut off is gone when that replica leads', () => {
    const h = damaged(new History({ minIsr: 1, acks: '1' }).at(10).formed().published(0).published(1).at(20), 2, 1)
    h.crashed(2).started(2).loaded(2, 1, 1).crashed(1).elect(2, 1, 1, [2]).began(2, 1, 1, 1, [2])
    const [violation] = h.ended('max-events').of('durability').violations
    expect(violation?.message).toContain(
      'broker-2 had held it, but when it restarted at 0.020s it found the batch at offset 1 corrupt, and cut its log from 2 back to there',
    )
  })
})

describe('readers', () => {
  function read(): { readonly h: ConsumingHistory; readonly node: number } {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.at(1000).put(0)
    h.put(1)
    return { h, node: h.billing[0] as number }
  }

  test('who were given a record before its bytes changed were given what had been sent', () => {
    const { h, node } = read()
    h.handles(node, h.record(0), 0).handles(node, h.record(1), 1)
    const outcome = damaged(h.at(2000), 1, 1).ended()
    expect(outcome.of('no-ghosts')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('who are given the changed record, and work on it, have seen a ghost', () => {
    const { h, node } = read()
    damaged(h, 1, 1).at(2000).handles(node, h.record(0), 0).handles(node, ~h.record(1), 1)
    const { violations } = h.ended().of('no-ghosts')
    expect(violations.map(({ kind }) => kind)).toEqual(['ghost-record', 'ghost-effect'])
    expect(violations[0]).toMatchObject({
      message:
        'billing#0 was given checkout#0/1 (damaged) from offset 1 of orders-0 at 2.000s, but nobody sent it so: its bytes had changed on ' +
        'the disk it was read from',
      records: ['checkout#0/1 (damaged)'],
    })
  })

  test('also when the log holds at the end what was sent', () => {
    const { h, node } = read()
    h.handles(node, h.record(0), 0).handles(node, ~h.record(1), 1)
    expect(h.ended().of('no-ghosts').violationCount).toBe(2)
  })
})

describe('the audit', () => {
  /** The leader's log as it really is; the second batch with this number, its checksum right or not. */
  function audited(h: History, id: number, isCorrupt: boolean): readonly string[] {
    const entry = (offset: number, number: number): FinalLog['entries'][number] => ({
      baseOffset: offset,
      lastOffset: offset,
      leaderEpoch: 0,
      batch: {
        id: number,
        producerId: -1,
        producerEpoch: -1,
        baseSequence: -1,
        isTransactional: false,
        marker: null,
        records: [],
        size: 100,
        maxTimestamp: 0,
        ...(offset === 1 && isCorrupt ? { isCorrupt: true as const } : {}),
      },
    })
    const entries = [entry(0, recordOf(h.checkout, 0)), entry(1, id)]
    const log: FinalLog = { node: 1, tp: h.tp, logStartOffset: 0, highWatermark: 2, entries }
    return h.ended('settled', { logs: [log] }).broken()
  }

  test('knows damage of which moments told, and finds what they did not', () => {
    const id = recordOf(written().checkout, 1)
    expect(audited(written(), id, false)).toEqual([])
    expect(audited(damaged(written(), 1, 1), ~id, true)).toEqual([])
    expect(audited(damaged(written(), 1, 1, true), ~id, false)).toEqual([])
    expect(audited(written(), ~id, true)).toEqual(['shadow-audit'])
    expect(audited(damaged(written(), 1, 1), id, false)).toEqual(['shadow-audit'])
    expect(audited(damaged(written(), 1, 1), ~id, false)).toEqual(['shadow-audit'])
  })
})
