import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { APPENDED_AS_LEADER, CONTROL_BATCH, recordOf, TRANSACTIONAL_BATCH } from '../../sim/history/ids.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import type { HistoryOptions } from '../testing/history.test.helper.ts'
import { ID, MARKERS, PRODUCER, TransactionalHistory } from '../testing/transactional.test.helper.ts'

/** With a consumer `billing`, whose node follows those of the producers. */
function reading(isolation: 'read_committed' | 'read_uncommitted'): HistoryOptions {
  const billing = {
    name: 'billing',
    from: ['orders'],
    instances: 1,
    commit: 'after-processing',
    assign: null,
    steps: null,
    config: { 'group.id': 'billing', 'isolation.level': isolation },
  } as unknown as WorldSpec['consumers'][number]
  return { world: { consumers: [billing] } }
}

/** Judged is the log alone. */
const publishing = (): TransactionalHistory => {
  const stage = 'publish' as const
  const of = (guarantee: 'at-most-once' | 'at-least-once') =>
    ({ guarantee, stage, subject: null, expected: 'holds', kinds: [], span: null }) as const
  return new TransactionalHistory({ expect: [of('at-most-once'), of('at-least-once')] }).registers(0)
}

const history = (): TransactionalHistory => new TransactionalHistory(reading('read_committed')).registers(0)

describe('what is right is never accused', () => {
  test('a committed and an aborted transaction', () => {
    const h = history().begins().writes(0).writes(1).committed()
    const outcome = h.reads(0, 0).reads(1, 1).begins().writes(2).marker(false).ends(M.txnAborted).ended()
    // Nobody works on what is read here.
    expect(outcome.violated().filter((name) => !['at-least-once', 'exactly-once'].includes(name))).toEqual([])
    expect(outcome.of('atomicity').judged).toBe(2)
    expect(outcome.of('isolation').judged).toBe(2)
  })

  test('a record that is sent again after its transaction was aborted is there once', () => {
    const h = publishing().begins().writes(0).marker(false).ends(M.txnAborted).begins().writes(0, 0, 1).committed()
    const outcome = h.ended()
    expect(outcome.of('at-most-once').observed).toBe('holds')
    expect(outcome.of('at-least-once')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('an unknown end may be either', () => {
    const either = (commit: boolean): string =>
      history().begins().writes(0).writes(1).ends(M.txnUnknown, 7).marker(commit).ended().of('atomicity').observed
    expect([either(true), either(false)]).toEqual(['holds', 'holds'])
  })

  test('the same epoch goes on after the end, and a newer one after a registration', () => {
    const h = history().begins().writes(0).committed().begins().writes(1).committed()
    expect(h.registers(1).begins(1).writes(2, 1).committed(1).ended().of('fencing').observed).toBe('holds')
  })
})

describe('atomicity', () => {
  test('a committed transaction of which a record was aborted is torn', () => {
    const h = history().begins().writes(0).marker(false).writes(1).committed()
    const { violations } = h.ended().of('atomicity')
    expect(violations.map(({ kind, records }) => [kind, records])).toEqual([
      ['torn-transaction', ['checkout#0/1', 'checkout#0/0']],
    ])
    expect(violations[0]?.message).toContain('aborted by the marker')
  })

  test('an aborted transaction of which anything is visible is torn', () => {
    const h = history().begins().writes(0).marker(true).ends(M.txnAborted)
    expect(h.ended().of('atomicity').observed).toBe('violated')
  })

  test('a transaction of unknown end is torn when readers see a part of it', () => {
    const h = history().begins().writes(0).marker(true).writes(1).marker(false).ends(M.txnUnknown, 7)
    expect(h.ended().of('atomicity').observed).toBe('violated')
  })

  test('offsets are a part of it', () => {
    const torn = (fate: number): string => {
      const h = history().begins().emit(M.txnOffsetsSent, 5, ID, 1, 9, 65_536, 5)
      h.emit(M.txnOffsetsSent, h.checkout, ID, 1, 9, h.tp, 5)
      h.emit(M.offsetPending, 1, 9, h.tp, 5, 1, h.checkout, PRODUCER, 0)
      h.writes(0).committed()
      if (fate === M.offsetDropped) h.emit(M.offsetDropped, 1, 9, h.tp, 5, PRODUCER, 0)
      else h.emit(M.offsetCommitted, 1, 9, h.tp, 5, 1, h.checkout, 0)
      return h.ended().of('atomicity').observed
    }
    expect([torn(M.offsetCommitted), torn(M.offsetDropped)]).toEqual(['holds', 'violated'])
  })

  test('what no marker has ended when the run is cut is open', () => {
    const h = history().begins().writes(0).ends(M.txnCommitted)
    expect(h.ended('max-events').of('atomicity').observed).toBe('unknown')
  })
})

describe('no-ghosts', () => {
  const uncommitted = (): TransactionalHistory => new TransactionalHistory(reading('read_uncommitted')).registers(0)

  test('a record of an aborted transaction is one at once, and the message says whose it was', () => {
    const h = uncommitted().begins().writes(0).reads(0, 0).at(30).marker(false)
    const { observed, violations } = h.at(50).ended('max-events').of('no-ghosts')
    expect(observed).toBe('violated')
    expect(violations).toMatchObject([
      {
        kind: 'ghost-record',
        atUs: 30_000,
        message:
          'billing#0 was given checkout#0/0 from offset 0 of orders-0 at 0.010s, but the transaction in which checkout#0 sent it was aborted by the marker of 0.030s',
      },
    ])
  })

  test('one of a committed transaction is none, one of an open transaction is not known yet', () => {
    const read = (): TransactionalHistory => uncommitted().begins().writes(0).reads(0, 0)
    expect(read().committed().ended('max-events').of('no-ghosts').observed).toBe('holds')
    expect(read().ended('max-events').of('no-ghosts').observed).toBe('unknown')
  })
})

describe('isolation', () => {
  test('a record of an aborted transaction', () => {
    const { violations } = history().begins().writes(0).marker(false).reads(0, 0).ended().of('isolation')
    expect(violations.map(({ kind }) => kind)).toEqual(['aborted-read'])
  })

  test('a record before its marker', () => {
    const { violations } = history().begins().writes(0).reads(0, 0).committed().ended().of('isolation')
    expect(violations.map(({ kind }) => kind)).toEqual(['uncommitted-read'])
    expect(violations[0]?.message).toContain('was committed only at')
  })

  test('what an old leader appends and is told, unaware of the newer one, is not what readers get', () => {
    const h = history().begins().writes(0)
    const { tp, checkout } = h
    const data = recordOf(checkout, 0)
    const marker = recordOf(1, MARKERS)
    const appends = (node: number, offset: number, epoch: number, batch: number, flags: number): void => {
      h.emit(M.logAppended, node, tp, offset, offset, epoch, batch, PRODUCER, flags | APPENDED_AS_LEADER, 0)
    }
    h.emit(M.leaderBegan, 2, tp, 1, 0, 0)
    appends(2, 0, 1, data, TRANSACTIONAL_BATCH)
    appends(2, 1, 1, marker, TRANSACTIONAL_BATCH | CONTROL_BATCH)
    h.emit(M.markerWritten, 2, tp, 1, PRODUCER, 0, 1, 0, marker)
    appends(1, 5, 0, data, TRANSACTIONAL_BATCH)
    h.emit(M.markerWritten, 1, tp, 6, PRODUCER, 0, 0, 0, marker)
    const { violations } = h.ends(M.txnCommitted).reads(0, 0).reads(0, 5).ended().of('isolation')
    expect(violations.map(({ kind, message }) => [kind, message.includes('offset 5')])).toEqual([
      ['uncommitted-read', true],
    ])
  })

  test('unless it leads again with what it appended: the next marker is about that too', () => {
    const h = history().begins().sent(0)
    const { tp, checkout } = h
    const appends = (node: number, offset: number, epoch: number, batch: number, flags: number): void => {
      const all = flags | TRANSACTIONAL_BATCH | APPENDED_AS_LEADER
      h.emit(M.logAppended, node, tp, offset, offset, epoch, batch, PRODUCER, all, 0)
    }
    h.emit(M.leaderBegan, 2, tp, 1, 0, 0)
    appends(1, 0, 0, recordOf(checkout, 0), 0)
    h.acked(0, 0).emit(M.leaderBegan, 1, tp, 2, 1, 0)
    appends(1, 1, 2, recordOf(1, MARKERS), CONTROL_BATCH)
    h.emit(M.markerWritten, 1, tp, 1, PRODUCER, 0, 1, 0, recordOf(1, MARKERS)).high(1, 2, 2)
    const { violations } = h.ends(M.txnCommitted).reads(0, 0).ended('max-events').of('isolation')
    expect(violations).toEqual([])
  })

  test('who reads uncommitted records is promised nothing', () => {
    const h = new TransactionalHistory(reading('read_uncommitted'))
      .registers(0)
      .begins()
      .writes(0)
      .reads(0, 0)
      .marker(false)
    expect(h.ended().of('isolation')).toMatchObject({ observed: 'unknown', reason: 'nothing to judge' })
  })
})

describe('fencing', () => {
  test('a leader appends what an older epoch wrote', () => {
    const h = history().begins().registers(1).sent(0, 0)
    const { violations } = h.data(0, 0).ended().of('fencing')
    expect(violations.map(({ kind }) => kind)).toEqual(['zombie-write'])
  })

  test('what a leader appends that was replaced is no success', () => {
    const h = history().begins().registers(1).sent(0, 0)
    h.elect(2, 1, 0, [2, 3]).began(2, 1, 0, 0, [2, 3])
    const { violations } = h.data(0, 0).ended().of('fencing')
    expect(violations).toEqual([])
  })

  test('what was appended before the newer registration is no zombie', () => {
    const h = history().begins().writes(0).marker(false, 1).registers(2)
    expect(h.ended().of('fencing').observed).toBe('holds')
  })

  test('an older identity is decided to be committed', () => {
    const h = history().begins().writes(0).registers(2).emit(M.txnPrepared, 1, ID, 1, PRODUCER, 0, 0, 0)
    expect(h.ended().of('fencing').observed).toBe('violated')
  })
})

describe('what applications conclude', () => {
  test('an acknowledgement counts when its transaction is committed', () => {
    const open = publishing().begins().writes(0)
    expect(open.ended('max-events').of('at-least-once').judged).toBe(0)
  })

  test('a committed transaction whose record is aborted loses it', () => {
    const h = publishing().begins().writes(0).marker(false).ends(M.txnCommitted)
    expect(h.ended().of('at-least-once').observed).toBe('violated')
  })

  test('a committed transaction whose record never left its client loses it', () => {
    const h = publishing().begins().writes(0)
    const ended = h.sent(1, 10, 0).committed().ended()
    const { violations } = ended.of('at-least-once')
    expect(violations.map(({ kind, records }) => [kind, records])).toEqual([['lost-record', ['checkout#0/1']]])
    expect(violations[0]?.message).toContain('with its transaction; no broker ever appended it')
  })

  test('an aborted transaction that readers see is a false failure', () => {
    const h = history().begins().writes(0).marker(true).ends(M.txnAborted)
    const { violations } = h.ended().of('outcome-honesty')
    expect(violations.map(({ kind }) => kind)).toEqual(['false-failure'])
  })
})

describe('progress', () => {
  test('a transaction that nobody will end hangs', () => {
    const h = history().begins().writes(0).marker(false).ends(M.txnAborted).sent(1, 1).data(1)
    const { violations } = h.ended().of('progress')
    expect(violations.map(({ kind }) => kind)).toEqual(['stuck-transaction'])
    expect(violations[0]?.message).toContain('stand before offset 2 of orders-0 for ever')
  })

  test('a transaction that ended does not', () => {
    const h = history().begins().writes(0).committed()
    expect(h.ended().of('progress').observed).toBe('holds')
  })
})
