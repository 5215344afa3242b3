import { describe, expect, it, test } from 'vitest'
import { Env } from '../../env.ts'
import { NO_SWITCHES } from '../../protocol/client-switches.ts'
import { type ErrorName, Errors } from '../../protocol/errors.ts'
import { FakeCluster } from '../fake-cluster.test.support.ts'
import { PartitionState } from '../partition-state.ts'
import { leavesEndInDoubt, reactionTo } from './reactions.ts'
import { TransactionManager } from './transaction-manager.ts'
import { TransactionalRequestResult } from './transactional-request-result.ts'
import type { TxnRequest, TxnRequestKind } from './txn-request.ts'
import { handleDisconnect, handleResponse } from './txn-responses.ts'

const KINDS: readonly TxnRequestKind[] = [
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
]

/** What may be seen of the producer after an answer: sent again, looked for and sent again, or an error state. */
type Seen = 'again' | 'look-up' | 'ABORTABLE_ERROR' | 'FATAL_ERROR'

/** Errors by what they do, per request; all others are fatal, or fail the partition. As the 4.1 client has it. */
const TABLE: Readonly<Record<TxnRequestKind, Readonly<Partial<Record<ErrorName, Seen>>>>> = {
  FindCoordinator: {
    COORDINATOR_NOT_AVAILABLE: 'again',
    NOT_COORDINATOR: 'again',
    TRANSACTION_ABORTABLE: 'ABORTABLE_ERROR',
  },
  InitProducerId: {
    COORDINATOR_NOT_AVAILABLE: 'look-up',
    NOT_COORDINATOR: 'look-up',
    CLUSTER_AUTHORIZATION_FAILED: 'ABORTABLE_ERROR',
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'ABORTABLE_ERROR',
    TRANSACTION_ABORTABLE: 'ABORTABLE_ERROR',
  },
  AddPartitionsToTxn: {
    COORDINATOR_NOT_AVAILABLE: 'look-up',
    NOT_COORDINATOR: 'look-up',
    INVALID_PRODUCER_EPOCH: 'FATAL_ERROR',
    PRODUCER_FENCED: 'FATAL_ERROR',
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'FATAL_ERROR',
    INVALID_TXN_STATE: 'FATAL_ERROR',
    INVALID_PRODUCER_ID_MAPPING: 'FATAL_ERROR',
  },
  AddOffsetsToTxn: {
    COORDINATOR_NOT_AVAILABLE: 'look-up',
    NOT_COORDINATOR: 'look-up',
    UNKNOWN_PRODUCER_ID: 'ABORTABLE_ERROR',
    TRANSACTION_ABORTABLE: 'ABORTABLE_ERROR',
  },
  TxnOffsetCommit: {
    COORDINATOR_NOT_AVAILABLE: 'look-up',
    NOT_COORDINATOR: 'look-up',
    REQUEST_TIMED_OUT: 'look-up',
    UNKNOWN_MEMBER_ID: 'ABORTABLE_ERROR',
    ILLEGAL_GENERATION: 'ABORTABLE_ERROR',
    FENCED_INSTANCE_ID: 'ABORTABLE_ERROR',
    TRANSACTION_ABORTABLE: 'ABORTABLE_ERROR',
  },
  EndTxn: {
    COORDINATOR_NOT_AVAILABLE: 'look-up',
    NOT_COORDINATOR: 'look-up',
    UNKNOWN_PRODUCER_ID: 'ABORTABLE_ERROR',
    TRANSACTION_ABORTABLE: 'ABORTABLE_ERROR',
  },
}

/** Appendix B: what the Java client tries again. */
const RETRIABLE: ReadonlySet<number> = new Set([
  2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 72, 74, 75, 78, 88, 100, 103, 122, 123,
])

function expected(kind: TxnRequestKind, error: ErrorName): Seen {
  const special = TABLE[kind][error]
  if (special !== undefined) return special
  if (RETRIABLE.has(Errors[error])) return 'again'
  return kind === 'AddPartitionsToTxn' ? 'ABORTABLE_ERROR' : 'FATAL_ERROR'
}

const PARTITION = new PartitionState(1, 0)

function manager(): TransactionManager {
  const cluster = new FakeCluster()
  const { kernel, network, recorder } = cluster
  const env = new Env(cluster.client, kernel, network, recorder)
  const created = new TransactionManager(env, {
    transactionalId: 'payments-0',
    transactionTimeoutMs: 60_000,
    switches: NO_SWITCHES,
    partitions: [PARTITION],
  })
  created.setIdentity(7, 3)
  created.core.coordinators.transaction = 1
  created.core.coordinators.group = 1
  return created
}

/** A manager with a request of this kind just sent, in the state in which Kafka sends it. */
function sent(kind: TxnRequestKind): { readonly m: TransactionManager; readonly request: TxnRequest } {
  const m = manager()
  const { core } = m
  core.state =
    kind === 'InitProducerId' ? 'INITIALIZING' : kind === 'EndTxn' ? 'COMMITTING_TRANSACTION' : 'IN_TRANSACTION'
  const group = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
  const offsets = [{ topicId: 1, partition: 0, committedOffset: 5, committedLeaderEpoch: -1 }]
  const identity = { transactionalId: 'payments-0', producerId: 7, producerEpoch: 3 }
  const rest = { result: new TransactionalRequestResult(), isRetry: false }
  switch (kind) {
    case 'FindCoordinator':
      return { m, request: { kind, body: { keyType: 'transaction', key: 'payments-0' }, ...rest } }
    case 'InitProducerId': {
      const body = { transactionalId: 'payments-0', transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 }
      return { m, request: { kind, body, purpose: 'first', ...rest } }
    }
    case 'AddPartitionsToTxn':
      return { m, request: { kind, partitions: [PARTITION], soon: false, ...rest } }
    case 'AddOffsetsToTxn':
      return { m, request: { kind, body: { ...identity, groupId: 'g' }, offsets, group, ...rest } }
    case 'TxnOffsetCommit': {
      m.enqueueTxnOffsetCommit(rest.result, offsets, group)
      return { m, request: core.queue.poll() as TxnRequest }
    }
    case 'EndTxn':
      return { m, request: { kind, body: { ...identity, committed: true }, ...rest } }
  }
}

function answer(kind: TxnRequestKind, errorCode: number): object {
  switch (kind) {
    case 'FindCoordinator':
      return { errorCode, nodeId: 2 }
    case 'InitProducerId':
      return { errorCode, producerId: 7, producerEpoch: 4 }
    case 'AddPartitionsToTxn': {
      const partitions = [{ topicId: 1, partition: 0, partitionErrorCode: errorCode }]
      return { errorCode: 0, resultsByTransaction: [{ transactionalId: 'payments-0', partitions }] }
    }
    case 'AddOffsetsToTxn':
      return { errorCode }
    case 'TxnOffsetCommit':
      return { partitions: [{ topicId: 1, partition: 0, errorCode }] }
    case 'EndTxn':
      return { errorCode, producerId: 7, producerEpoch: 4 }
  }
}

function seen({ core }: TransactionManager, request: TxnRequest): Seen | 'none' {
  if (core.state === 'ABORTABLE_ERROR' || core.state === 'FATAL_ERROR') return core.state
  const first = core.queue.poll()
  const second = core.queue.poll()
  if (first?.kind === 'FindCoordinator' && second === request) return 'look-up'
  return first === request ? 'again' : 'none'
}

const NAMES = (Object.keys(Errors) as ErrorName[]).filter((name) => name !== 'NONE')

describe.each(KINDS)('%s answered with', (kind) => {
  test.each(NAMES)('%s', (name) => {
    const { m, request } = sent(kind)
    handleResponse(m, request, answer(kind, Errors[name]))
    const state = seen(m, request)
    expect(state).toBe(expected(kind, name))
    const failed = state === 'ABORTABLE_ERROR' || state === 'FATAL_ERROR'
    expect(request.result.error !== null).toBe(failed)
    expect(request.isRetry).toBe(!failed)
  })

  it('success does what it asked for', () => {
    const { m, request } = sent(kind)
    handleResponse(m, request, answer(kind, Errors.NONE))
    // Offsets are there only when the group has them too.
    expect(request.result).toMatchObject({ completed: kind !== 'AddOffsetsToTxn', error: null })
    const { core } = m
    const done: Readonly<Record<TxnRequestKind, unknown>> = {
      FindCoordinator: core.coordinators.transaction === 2,
      InitProducerId: core.state === 'READY' && m.sequences.producerEpoch === 4,
      AddPartitionsToTxn: core.started && PARTITION.inTransaction,
      AddOffsetsToTxn: core.started && core.queue.peek()?.kind === 'TxnOffsetCommit',
      TxnOffsetCommit: m.pendingOffsets.size === 0,
      EndTxn: core.state === 'READY' && m.sequences.producerEpoch === 4,
    }
    expect(done[kind]).toBe(true)
    PARTITION.inTransaction = false
  })

  it('no answer at all looks for its coordinator and sends it again', () => {
    const { m, request } = sent(kind)
    handleDisconnect(m, request)
    expect(seen(m, request)).toBe(kind === 'FindCoordinator' ? 'again' : 'look-up')
  })
})

describe('a fenced producer', () => {
  test.each(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'] as const)('is told the same by %s', (name) => {
    for (const kind of KINDS.filter((each) => each !== 'FindCoordinator')) {
      const { m, request } = sent(kind)
      handleResponse(m, request, answer(kind, Errors[name]))
      expect(m.core.lastError).toMatchObject({ exception: 'ProducerFencedException', error: Errors.PRODUCER_FENCED })
    }
  })
})

describe('EndTxn that aborts', () => {
  it('is fatal where the transaction should be aborted instead', () => {
    const { m, request } = sent('EndTxn')
    m.core.state = 'ABORTING_TRANSACTION'
    const abort = { ...request, body: { ...(request as { body: object }).body, committed: false } } as TxnRequest
    handleResponse(m, abort, answer('EndTxn', Errors.TRANSACTION_ABORTABLE))
    expect(m.core.state).toBe('FATAL_ERROR')
  })
})

describe('EndTxn of version 1', () => {
  it('brings no epoch, and sequences go on', () => {
    const { m, request } = sent('EndTxn')
    handleResponse(m, request, { errorCode: 0, producerId: -1, producerEpoch: -1 })
    expect(m.core.state).toBe('READY')
    expect(m.sequences).toMatchObject({ producerId: 7, producerEpoch: 3 })
  })
})

describe('the first partition of a transaction', () => {
  test.each([
    [false, true],
    [true, false],
  ])('is asked for again soon, later ones are not (another is in: %s)', (another, soon) => {
    const { m, request } = sent('AddPartitionsToTxn')
    if (another) m.partitions.join(new PartitionState(1, 1))
    handleResponse(m, request, answer('AddPartitionsToTxn', Errors.CONCURRENT_TRANSACTIONS))
    expect(request).toMatchObject({ isRetry: true, soon })
  })
})

describe('a new epoch', () => {
  test.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn'] as const)(
    'is asked for by the client after UNKNOWN_PRODUCER_ID for %s, but in version 2 it comes with the end',
    (kind) => {
      for (const isV2 of [false, true]) {
        const { m, request } = sent(kind)
        m.core.isV2 = isV2
        handleResponse(m, request, answer(kind, Errors.UNKNOWN_PRODUCER_ID))
        expect(m.core).toMatchObject({ state: 'ABORTABLE_ERROR', epochBumpRequired: !isV2 })
      }
    },
  )
})

describe('doubt', () => {
  test.each([
    ['COORDINATOR_NOT_AVAILABLE', true],
    ['NOT_COORDINATOR', true],
    ['REQUEST_TIMED_OUT', true],
    ['UNKNOWN_SERVER_ERROR', true],
    ['COORDINATOR_LOAD_IN_PROGRESS', false],
    ['CONCURRENT_TRANSACTIONS', false],
    ['INVALID_TXN_STATE', false],
    ['INVALID_PRODUCER_ID_MAPPING', false],
    ['PRODUCER_FENCED', false],
    ['TRANSACTION_ABORTABLE', false],
  ] as const)('about an EndTxn answered with %s: %s', (name, inDoubt) => {
    expect(leavesEndInDoubt(Errors[name])).toBe(inDoubt)
    expect(reactionTo('EndTxn', Errors[name])).not.toBe('succeed')
  })
})
