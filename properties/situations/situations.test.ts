import { describe, expect, it, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { maskLow, recordOf, tpOf } from '../../sim/history/ids.ts'
import { Api } from '../../sim/kafka/protocol/api.ts'
import { Errors } from '../../sim/kafka/protocol/errors.ts'
import { ConsumingHistory, GROUPS, ORDERS, PAYMENTS } from '../testing/consuming.test.helper.ts'
import { History, specOf } from '../testing/history.test.helper.ts'
import { CoordinatedHistory, ID, PRODUCER } from '../testing/transactional.test.helper.ts'
import { S, SITUATIONS, situationsOf } from './names.ts'

const TP = tpOf(1, 0)

function history(minIsr = 2): History {
  return new History({ minIsr }).formed()
}

/** A leader's proposal of an in-sync set. */
function proposed(h: History, node: number, isr: readonly number[], epoch: number, partitionEpoch: number): History {
  return h.emit(M.isrProposed, node, TP, maskLow(isr), 0, epoch, partitionEpoch)
}

/** Each recognised, and a near miss that is not. */
interface Pair {
  readonly name: string
  readonly hit: () => History
  readonly miss: () => History
}

const REPLICAS: readonly Pair[] = [
  {
    name: 'unreplicated-data-at-leader-change',
    hit: () => history().published(0).sent(1).appended(1, 1, 1, 0).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3]),
    miss: () =>
      history()
        .published(0)
        .sent(1)
        .appended(1, 1, 1, 0)
        .appended(2, 1, 1, 0)
        .elect(2, 1, 1, [2, 3])
        .began(2, 1, 2, 1, [2, 3]),
  },
  {
    name: 'high-watermark-behind-at-leader-change',
    hit: () => history().published(0).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 0, [2, 3]),
    miss: () => history().published(0).elect(2, 1, 1, [2, 3]).began(2, 1, 1, 1, [2, 3]),
  },
  {
    name: 'truncation',
    hit: () => history().published(0).truncated(3, 0, 1),
    miss: () => history().published(0).truncated(3, 1, 1),
  },
  {
    name: 'isr-below-min',
    hit: () => history().isr([1], 1, 0, [2, 3]),
    miss: () => history().isr([1, 2], 1, 0),
  },
  {
    name: 'leaderless-partition',
    hit: () => history().elect(-1, 1, 1, []),
    miss: () => history().elect(2, 1, 1, [2]),
  },
  {
    name: 'election-during-isr-change',
    hit: () => proposed(history(), 1, [1, 2], 0, 0).elect(2, 1, 1, [2, 3]),
    miss: () => proposed(history(), 1, [1, 2], 0, 0).isr([1, 2], 1, 0).elect(2, 1, 2, [2]),
  },
  {
    name: 'unclean-election',
    hit: () => history().elect(3, 1, 1, [3], true),
    miss: () => history().elect(3, 1, 1, [3]),
  },
  {
    name: 'unclean-restart',
    hit: () => history().published(0).crashed(2).started(2).loaded(2, 1, 1),
    miss: () => history().published(0).crashed(2).started(2).emit(M.logLoaded, 2, TP, 1, 1, 1),
  },
  {
    name: 'power-loss-with-unflushed-data',
    hit: () => history().published(0).emit(M.logFlushed, 2, TP, 1).published(1).powerLost(2),
    miss: () => history().published(0).emit(M.logFlushed, 2, TP, 1).powerLost(2),
  },
  {
    name: 'log-shorter-after-restart',
    hit: () => history().published(0).powerLost(2).started(2).loaded(2, 0, 0),
    miss: () => history().published(0).powerLost(2).started(2).loaded(2, 1, 0),
  },
  {
    name: 'replaced-leader-appends',
    hit: () => history().elect(2, 1, 1, [2, 3]).sent(0).appended(1, 0, 0, 0),
    miss: () => history().elect(2, 1, 1, [2, 3]).followed(1, 2, 1, 0).sent(0).appended(1, 0, 0, 1),
  },
  {
    name: 'fenced-broker-appends',
    hit: () => history().emit(M.brokerFenced, 0, 1, 0).sent(0).appended(1, 0, 0, 0),
    miss: () => history().emit(M.brokerFenced, 0, 1, 0).emit(M.brokerUnfenced, 0, 1, 0).sent(0).appended(1, 0, 0, 0),
  },
]

const PRODUCERS: readonly Pair[] = [
  {
    name: 'not-enough-replicas',
    hit: () => history().sent(0).answered(1, 0, -1, -1, Errors.NOT_ENOUGH_REPLICAS),
    miss: () => history().sent(0).answered(1, 0, -1, -1, Errors.NOT_LEADER_OR_FOLLOWER),
  },
  {
    name: 'cut-link-with-work-in-flight',
    hit: () => history().sent(0).emit(M.linkCut, 1, 1, 2),
    miss: () => history().published(0).emit(M.linkCut, 1, 1, 2),
  },
  {
    name: 'dedup-hit',
    hit: () => history().published(0).emit(M.batchDeduplicated, 1, TP, 0, 0, 1, 7, 0, 0),
    miss: () => history().published(0),
  },
  {
    name: 'producer-epoch-bump',
    hit: () => history().emit(M.epochBumped, 4, 7, 1, TP),
    miss: () => history().emit(M.producerInitialized, 4, 7, 0),
  },
  {
    name: 'sequence-refused',
    hit: () => history().sent(0).answered(1, 0, -1, -1, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER),
    miss: () => history().sent(0).answered(1, 0, -1, -1, Errors.UNKNOWN_PRODUCER_ID),
  },
  {
    name: 'batch-expired-in-flight',
    hit: () => history().sent(0).emit(M.batchExpired, 4, recordOf(4, 0), TP, 1),
    miss: () => history().sent(0).emit(M.batchExpired, 4, recordOf(4, 0), TP, 0),
  },
  {
    name: 'unknown-outcome',
    hit: () => history().sent(0).emit(M.produceUnknown, 4, recordOf(4, 0), 0, TP, 7),
    miss: () => history().sent(0).emit(M.produceFailed, 4, recordOf(4, 0), 0, TP, 10),
  },
]

const IN_GROUPS: readonly Pair[] = [
  {
    name: 'coordinator-failover',
    hit: () => reading().joined(0).loads('billing', 1, 0).loads('billing', 2, 1),
    miss: () => reading().joined(0).loads('billing', 1, 0).loads('billing', 1, 1),
  },
  {
    name: 'member-expired',
    hit: () => reading().joined(0).removed(0, true),
    miss: () => reading().joined(0).removed(0, false),
  },
  {
    name: 'takeover',
    hit: () => reading().owns(0, 1).owns(1, 2),
    miss: () => reading().owns(0, 1).gives(0, 1).owns(1, 2),
  },
  {
    name: 'rebalance-with-uncommitted-work',
    hit: () => reading().owns(0, 1).reads(0, 0).rebalanced('billing', 2),
    miss: () => reading().owns(0, 1).reads(0, 0).commitsTo(0, 1, 1).rebalanced('billing', 2),
  },
  {
    name: 'redelivery',
    hit: () => reading().owns(0, 1).reads(0, 0).reads(1, 0),
    miss: () => reading().owns(0, 1).reads(0, 0).reads(0, 1),
  },
  {
    name: 'rejected-commit',
    hit: () => reading().owns(0, 1).refusedCommit(0, 1),
    miss: () => reading().owns(0, 1).commitsTo(0, 1, 1),
  },
  {
    name: 'commit-moves-back',
    hit: () => reading().owns(0, 1).commitsTo(0, 2, 1).refusedCommit(0, 1),
    miss: () => reading().owns(0, 1).commitsTo(0, 2, 1).refusedCommit(0, 3),
  },
  {
    name: 'zombie-work',
    hit: () => reading().joined(0).removed(0, true).reads(0, 0).worksOn(0, 0),
    miss: () => reading().joined(0).removed(0, true).joined(0).reads(0, 0).worksOn(0, 0),
  },
  {
    name: 'zombie-write',
    hit: () => reading().owns(0, 1).reads(0, 0).owns(1, 2).does(0, 0, 1),
    miss: () => reading().owns(0, 1).reads(0, 0).owns(1, 2).does(1, 0, 2),
  },
]

const IN_TRANSACTIONS: readonly Pair[] = [
  {
    name: 'open-transaction-moves',
    hit: () => txn().opens().emit(M.txnOpened, 3, ID, PRODUCER, 0, 1),
    miss: () => txn().opens().prepares(true).completes(true).emit(M.txnOpened, 3, ID, PRODUCER, 0, 1),
  },
  {
    name: 'prepared-transaction-moves',
    hit: () => txn().opens().prepares(true).emit(M.txnPrepared, 3, ID, 1, PRODUCER, 0, 1, 0),
    miss: () => txn().opens().emit(M.txnPrepared, 3, ID, 1, PRODUCER, 0, 1, 0),
  },
  {
    name: 'transaction-timed-out',
    hit: () => txn().opens().emit(M.txnPrepared, 2, ID, 0, PRODUCER, 1, 0, 1),
    miss: () => txn().opens().prepares(false),
  },
  {
    name: 'end-of-transaction-fenced',
    hit: () => txn().refuses(Api.EndTxn, Errors.PRODUCER_FENCED),
    miss: () => txn().refuses(Api.EndTxn, Errors.INVALID_TXN_STATE).refuses(Api.InitProducerId, Errors.PRODUCER_FENCED),
  },
  {
    name: 'produce-fenced',
    hit: () => txn().answered(1, 0, -1, -1, Errors.INVALID_PRODUCER_EPOCH),
    miss: () => txn().answered(1, 0, -1, -1, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER),
  },
  { name: 'transactional-producer-replaced', hit: () => txn().registers(1), miss: () => txn() },
  { name: 'epoch-raised-by-end', hit: () => txn().opens().prepares(true, 1), miss: () => txn().opens().prepares(true) },
  {
    name: 'marker-behind-next-transaction',
    hit: () => txn().opens().prepares(true).marker(true).completes(true).opens().marker(true),
    miss: () => txn().opens().prepares(true).marker(true).completes(true).marker(true),
  },
  {
    name: 'verification-refused',
    hit: () => txn().emit(M.txnVerified, 1, TP, PRODUCER, 0, Errors.INVALID_TXN_STATE),
    miss: () =>
      txn()
        .emit(M.txnVerified, 1, TP, PRODUCER, 0, Errors.NONE)
        .emit(M.txnVerified, 1, TP, PRODUCER, 0, Errors.CONCURRENT_TRANSACTIONS),
  },
  {
    name: 'unknown-end-of-transaction',
    hit: () => txn().begins().ends(M.txnUnknown, Errors.REQUEST_TIMED_OUT),
    miss: () => txn().begins().ends(M.txnFailed, Errors.PRODUCER_FENCED),
  },
  { name: 'pending-offset-dropped', hit: () => txn().opens().waits(1).drops(1), miss: () => txn().opens().waits(1) },
  {
    name: 'assigned-with-pending-offset',
    hit: () => txn().opens().waits(1).gets(),
    miss: () => txn().opens().waits(1).prepares(true).completes(true).gets(),
  },
  { name: 'hanging-transaction', hit: () => txn().emit(M.txnHung, 1, TP, 0, PRODUCER, 0), miss: () => txn().opens() },
]

class InTransaction extends CoordinatedHistory {
  refuses(api: number, error: number): this {
    return this.emit(M.producerRefused, 2, ID, api, error, PRODUCER, 0, this.checkout)
  }

  /** A member of the group whose offset waits. */
  gets(): this {
    return this.emit(M.partitionAssigned, this.audit, 8, TP, 2)
  }
}

function txn(): InTransaction {
  return new InTransaction().registers(0)
}

/** A group of two consumers over one partition with three records. */
class Reading extends ConsumingHistory {
  private readonly records: readonly number[]

  constructor() {
    super({ readers: ['billing'] })
    this.records = [0, 1, 2].map((n) => {
      this.put(n)
      return this.record(n)
    })
    // Members tell which reader the group's name stands for.
    this.rebalanced('billing', 1)
  }

  joined(instance: number): this {
    return this.emit(M.memberJoined, 1, GROUPS.billing, this.billing[instance], 1)
  }

  removed(instance: number, expired: boolean): this {
    return this.emit(M.memberRemoved, 1, GROUPS.billing, this.billing[instance], 1, expired ? 1 : 0)
  }

  owns(instance: number, generation: number): this {
    return this.assigned('billing', this.billing[instance] as number, generation)
  }

  gives(instance: number, generation: number): this {
    return this.revoked('billing', this.billing[instance] as number, generation)
  }

  reads(instance: number, offset: number): this {
    return this.got(this.billing[instance] as number, this.records[offset] as number, offset)
  }

  worksOn(instance: number, offset: number): this {
    return this.works(this.billing[instance] as number, this.records[offset] as number, offset)
  }

  does(instance: number, offset: number, generation: number): this {
    return this.processed(this.billing[instance] as number, this.records[offset] as number, offset, ORDERS, generation)
  }

  commitsTo(instance: number, offset: number, generation: number): this {
    return this.commits('billing', this.billing[instance] as number, offset, generation)
  }

  refusedCommit(instance: number, offset: number): this {
    const error = Errors.ILLEGAL_GENERATION
    return this.emit(M.commitRefused, 1, GROUPS.billing, ORDERS, offset, error, 1, this.billing[instance])
  }
}

function reading(): Reading {
  return new Reading()
}

/** Three controllers, at 0, 4 and 5. */
function quorum(): History {
  const { cluster } = specOf({})
  return new History({ world: { cluster: { ...cluster, controllers: 3 } } }).formed().emit(M.controllerStarted, 0, 9, 1)
}

const IN_QUORUMS = [
  {
    name: 'controller-failover',
    hit: () => quorum().emit(M.controllerStarted, 4, 10, 2),
    miss: () => quorum().emit(M.controllerStarted, 0, 10, 2),
  },
  {
    name: 'metadata-undecided',
    hit: () => quorum().emit(M.controllerDeposed, 0, 1, 9, 11),
    miss: () => quorum().emit(M.controllerDeposed, 0, 1, 9, 9),
  },
  {
    name: 'metadata-log-cut',
    hit: () => quorum().emit(M.quorumTruncated, 4, 9, 11),
    miss: () => quorum().truncated(3, 0, 1),
  },
]

describe('each situation is recognised, and a near miss of it is not', () => {
  test.each([...REPLICAS, ...PRODUCERS, ...IN_GROUPS, ...IN_TRANSACTIONS, ...IN_QUORUMS])(
    '$name',
    ({ name, hit, miss }) => {
      expect(hit().reached()).toContain(name)
      expect(miss().reached()).not.toContain(name)
    },
  )

  it("output-refused-by-fence: a store's refusal, not what it takes", () => {
    const store = (): ConsumingHistory => {
      const h = new ConsumingHistory({ readers: ['writer'], fence: 'offset' })
      h.put(0, { tp: PAYMENTS })
      return h
    }
    expect(store().refused(store().record(0), 0, 2).reached()).toContain('output-refused-by-fence')
    expect(store().stored(store().record(0), 0).reached()).not.toContain('output-refused-by-fence')
  })
})

test('the table has a row for every number, in order, and every row has a test', () => {
  expect(Object.values(S)).toEqual(SITUATIONS.map((_, number) => number))
  const tested = [...REPLICAS, ...PRODUCERS, ...IN_GROUPS, ...IN_TRANSACTIONS, ...IN_QUORUMS].map(({ name }) => name)
  expect(new Set([...tested, 'output-refused-by-fence'])).toEqual(new Set(SITUATIONS.map(({ name }) => name)))
})

test('an ordinary run without a fault comes into none', () => {
  expect(history().published(0).published(1).reached()).toEqual([])
})

test('only what a world can come into is asked of it', () => {
  const publishing = situationsOf(specOf({ minIsr: 2 }))
  expect(publishing).toContain('truncation')
  expect(publishing.filter((name) => /commit|member|takeover|zombie|fence$|transaction|pending/.test(name))).toEqual([])
  expect(publishing).not.toContain('unclean-election')
  expect(publishing).not.toContain('controller-failover')
  expect(situationsOf(specOf({ unclean: true }))).toContain('unclean-election')
  expect(situationsOf(specOf({ idempotence: false }))).not.toContain('dedup-hit')
  const inTransactions = situationsOf(specOf({ transactionalId: 'checkout' }))
  expect(inTransactions).toContain('prepared-transaction-moves')
  for (const not of ['pending-offset-dropped', 'hanging-transaction']) expect(inTransactions).not.toContain(not)
  const { spec } = new ConsumingHistory({ readers: ['writer'], fence: 'offset' })
  expect(situationsOf(spec)).toContain('output-refused-by-fence')
  const stored = { ...spec, sinks: spec.sinks.map((sink) => ({ ...sink, commit: 'with-output' as const })) }
  expect(
    situationsOf({ ...spec, sinks: spec.sinks.map((sink) => ({ ...sink, commit: 'after-output' as const })) }),
  ).toContain('rejected-commit')
  expect(situationsOf(stored)).not.toContain('rejected-commit')
})
