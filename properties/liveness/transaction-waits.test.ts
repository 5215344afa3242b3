import { describe, expect, test } from 'vitest'
import { tpOf } from '../../sim/history/ids.ts'
import { M } from '../../sim/history/catalogue.ts'
import { instanceId } from '../../sim/instance-ids.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import type { BrokerConfig } from '../../sim/kafka/protocol/config/broker.ts'
import { type History, type HistoryOptions, type Outcome, SEED, specOf } from '../testing/history.test.helper.ts'
import { CoordinatedHistory, OFFSETS } from '../testing/transactional.test.helper.ts'
import type { Wait } from './wait.ts'

const TRANSACTIONS = (index: number): number => tpOf(8, index)

const history = (options: HistoryOptions = {}): CoordinatedHistory => new CoordinatedHistory(options).registers(0)
const stuck = (h: History): readonly Wait[] =>
  h
    .at(90_000)
    .ended('heal-limit')
    .waiting.filter(({ kind }) => kind === 'stuck-transaction')
const ofProgress = (outcome: Outcome): readonly [string, boolean] => {
  const { observed, excused } = outcome.of('progress')
  return [observed, excused]
}

/** Record 0 is in a transaction that its application wants to commit. */
const committing = (options: HistoryOptions = {}, incarnation = 0): CoordinatedHistory => {
  const h = new CoordinatedHistory({ elr: false, ...options })
  h.emit(M.nodeStarted, h.checkout, incarnation).registers(0).begins().opens().adds().writes(0).at(20)
  return h.emit(M.txnEnding, h.checkout, 7, 1, 1)
}

describe('a call that does not return', () => {
  test('waits for the answer to EndTxn', () => {
    expect(stuck(committing())[0]).toEqual({
      kind: 'stuck-transaction',
      who: 'checkout#0',
      waitsFor: 'commitTransaction() to return',
      sinceUs: 20_000,
      rule: 'it returns with the answer to EndTxn, which the client asks for again and again; for broker-2 the transaction is open',
      excuse: null,
      records: [],
    })
    expect(stuck(committing().prepares(true))[0]?.rule).toContain('broker-2 has decided to commit it')
  })

  test('is over once it returned, failed or its process died', () => {
    for (const kind of [M.txnCommitted, M.txnFailed, M.txnUnknown])
      expect(stuck(committing().prepares(true).marker(true).completes(true).ends(kind))).toEqual([])
    const crashed = committing()
    crashed.crashed(crashed.checkout)
    expect(stuck(crashed).map(({ who }) => who)).toEqual(['the transaction of checkout#0'])
  })
})

describe("a coordinator's transaction", () => {
  test('that is open waits for its end', () => {
    expect(stuck(history().at(30).opens())).toEqual([
      {
        kind: 'stuck-transaction',
        who: 'the transaction of checkout#0',
        waitsFor: 'its end',
        sinceUs: 30_000,
        rule: 'broker-2 aborts it once it has been open for transaction.timeout.ms, if its producer does not end it',
        excuse: null,
        records: [],
      },
    ])
  })

  test('that is decided waits for the markers that are missing', () => {
    const h = history().opens().adds().adds(OFFSETS).at(40).prepares(false).marker(false)
    expect(stuck(h)).toMatchObject([
      {
        waitsFor: 'the marker in __consumer_offsets-3',
        sinceUs: 40_000,
        rule: 'broker-2 sends WriteTxnMarkers to the leader until it is acknowledged',
      },
    ])
    const outcome = h.ended('heal-limit')
    expect(ofProgress(outcome)).toEqual(['violated', false])
    expect(outcome.of('progress').violations.map(({ kind }) => kind)).toContain('stuck-transaction')
  })

  test('with all markers waits for its completion, and then for nothing', () => {
    const marked = (): CoordinatedHistory => history().opens().adds().prepares(true).marker(true)
    expect(stuck(marked()).map(({ waitsFor }) => waitsFor)).toEqual(['its completion'])
    expect(stuck(marked().completes(true))).toEqual([])
  })

  test('tells why a partition gets no marker, and is excused where nobody may lead it', () => {
    const leaderless = (): CoordinatedHistory => history({ elr: false }).opens().adds().prepares(true)
    const may = leaderless()
    may.crashed(1).elect(-1, 1, 1, [1])
    const [wait] = stuck(may)
    expect(wait?.rule).toContain('orders-0 has no leader, although broker-1 may lead it')
    expect(wait?.excuse).toBeNull()
    const never = leaderless()
    never.elect(-1, 1, 1, [])
    expect(stuck(never)[0]?.excuse).toContain('nobody may lead orders-0')
    expect(ofProgress(never.ended('heal-limit'))).toEqual(['unknown', true])
  })
})

describe('nobody may coordinate', () => {
  const TEMPLATE = 'checkout-${random}'
  /** `__transaction_state` without a leader in some partitions. */
  const without = (h: CoordinatedHistory, isr: number, indices: readonly number[]): CoordinatedHistory => {
    for (const index of indices) {
      h.emit(M.leaderElected, 0, TRANSACTIONS(index), 1, 0, 0, 0b10, 0, 0)
      h.emit(M.coordinatorLoaded, 1, TRANSACTIONS(index), 0, 0, 1)
      h.emit(M.leaderElected, 0, TRANSACTIONS(index), -1, 1, 1, isr, 0, 0)
    }
    return h
  }
  const ALL = Array.from({ length: 50 }, (_, index) => index)
  const { cluster } = specOf({})
  const broker = { 'transaction.state.log.num.partitions': ALL.length } as BrokerConfig
  /** The id is drawn, and one of many partitions keeps it. */
  const drawn = (): CoordinatedHistory =>
    committing({ transactionalId: TEMPLATE, world: { cluster: { ...cluster, brokers: [broker, broker, broker] } } }, 1)
  const keptIn = (incarnation: number): number =>
    partitionFor(instanceId(TEMPLATE, 'checkout#0', incarnation, SEED), ALL.length)

  test('an excuse where __transaction_state can have no leader', () => {
    const never = without(committing(), 0, ALL)
    expect(stuck(never).map(({ excuse }) => excuse?.includes('nobody may lead __transaction_state-'))).toEqual([
      true,
      true,
    ])
    expect(stuck(without(committing(), 0b10, ALL)).map(({ excuse }) => excuse)).toEqual([null, null])
  })

  test('of an id that is drawn only the partition that keeps it is an excuse', () => {
    const kept = keptIn(1)
    const excuse = `nobody may lead __transaction_state-${kept}: no replica that certainly holds all committed records is left, and unclean.leader.election.enable is false`
    expect(stuck(without(drawn(), 0, [kept])).map((wait) => wait.excuse)).toEqual([excuse, excuse])
    const others = ALL.filter((index) => index !== kept)
    expect(stuck(without(drawn(), 0, others)).map((wait) => wait.excuse)).toEqual([null, null])
  })

  test('a transaction is kept by the id of who began it, and not by that of a later life', () => {
    const [first, second] = [keptIn(1), keptIn(2)]
    expect(first).not.toBe(second)
    const died = (): CoordinatedHistory => {
      const h = drawn()
      h.crashed(h.checkout)
      return h.emit(M.nodeStarted, h.checkout, 2)
    }
    expect(stuck(without(died(), 0, [first])).map(({ excuse }) => excuse !== null)).toEqual([true])
    expect(stuck(without(died(), 0, [second])).map(({ excuse }) => excuse !== null)).toEqual([false])
  })
})
