import { Errors, isRetriable } from '../../protocol/errors.ts'
import type { TxnRequestKind } from './txn-request.ts'

/** What an answer's error makes the client do with a transactional request. */
export type Reaction =
  | 'succeed'
  /** Look the coordinator up again, then the request again. */
  | 'find-coordinator'
  /** Again after `retry.backoff.ms`. */
  | 'retry'
  /** As `retry`, but sooner when it is the transaction's first partition: the previous one is just being completed. */
  | 'retry-concurrent'
  /** This partition is not added; the others tell what becomes of the request. */
  | 'partition-failed'
  /** The transaction has to be aborted. */
  | 'abortable'
  /** So has it, and the epoch has to be raised. */
  | 'abortable-new-epoch'
  /** Another producer has taken over: fatal, whichever of the two codes tells it. */
  | 'fenced'
  | 'fatal'

interface Rules {
  readonly special: Readonly<Partial<Record<keyof typeof Errors, Reaction>>>
  /** For errors that are neither special nor retriable. */
  readonly otherwise: Reaction
}

/** The handlers of `TransactionManager` (4.1), by request. What is retriable and not named here is tried again. */
export const REACTIONS: Readonly<Record<TxnRequestKind, Rules>> = {
  FindCoordinator: {
    special: { TRANSACTION_ABORTABLE: 'abortable' },
    otherwise: 'fatal',
  },
  InitProducerId: {
    special: {
      COORDINATOR_NOT_AVAILABLE: 'find-coordinator',
      NOT_COORDINATOR: 'find-coordinator',
      TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'abortable',
      CLUSTER_AUTHORIZATION_FAILED: 'abortable',
      INVALID_PRODUCER_EPOCH: 'fenced',
      PRODUCER_FENCED: 'fenced',
      TRANSACTION_ABORTABLE: 'abortable',
    },
    otherwise: 'fatal',
  },
  AddPartitionsToTxn: {
    special: {
      COORDINATOR_NOT_AVAILABLE: 'find-coordinator',
      NOT_COORDINATOR: 'find-coordinator',
      CONCURRENT_TRANSACTIONS: 'retry-concurrent',
      INVALID_PRODUCER_EPOCH: 'fenced',
      PRODUCER_FENCED: 'fenced',
      TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'fatal',
      INVALID_TXN_STATE: 'fatal',
      INVALID_PRODUCER_ID_MAPPING: 'fatal',
      UNKNOWN_PRODUCER_ID: 'abortable-new-epoch',
      TRANSACTION_ABORTABLE: 'abortable',
    },
    otherwise: 'partition-failed',
  },
  AddOffsetsToTxn: {
    special: {
      COORDINATOR_NOT_AVAILABLE: 'find-coordinator',
      NOT_COORDINATOR: 'find-coordinator',
      UNKNOWN_PRODUCER_ID: 'abortable-new-epoch',
      INVALID_PRODUCER_EPOCH: 'fenced',
      PRODUCER_FENCED: 'fenced',
      TRANSACTION_ABORTABLE: 'abortable',
    },
    otherwise: 'fatal',
  },
  TxnOffsetCommit: {
    special: {
      COORDINATOR_NOT_AVAILABLE: 'find-coordinator',
      NOT_COORDINATOR: 'find-coordinator',
      REQUEST_TIMED_OUT: 'find-coordinator',
      FENCED_INSTANCE_ID: 'abortable',
      TRANSACTION_ABORTABLE: 'abortable',
      UNKNOWN_MEMBER_ID: 'abortable',
      ILLEGAL_GENERATION: 'abortable',
      INVALID_PRODUCER_EPOCH: 'fenced',
      PRODUCER_FENCED: 'fenced',
    },
    otherwise: 'fatal',
  },
  EndTxn: {
    special: {
      COORDINATOR_NOT_AVAILABLE: 'find-coordinator',
      NOT_COORDINATOR: 'find-coordinator',
      INVALID_PRODUCER_EPOCH: 'fenced',
      PRODUCER_FENCED: 'fenced',
      UNKNOWN_PRODUCER_ID: 'abortable-new-epoch',
      TRANSACTION_ABORTABLE: 'abortable',
    },
    otherwise: 'fatal',
  },
}

const BY_CODE: ReadonlyMap<TxnRequestKind, ReadonlyMap<number, Reaction>> = new Map(
  (Object.keys(REACTIONS) as TxnRequestKind[]).map((kind) => [
    kind,
    new Map(
      Object.entries(REACTIONS[kind].special).map(([name, reaction]) => [
        Errors[name as keyof typeof Errors],
        reaction,
      ]),
    ),
  ]),
)

/** What a request's error makes the client do. */
export function reactionTo(kind: TxnRequestKind, error: number): Reaction {
  if (error === Errors.NONE) return 'succeed'
  return BY_CODE.get(kind)?.get(error) ?? (isRetriable(error) ? 'retry' : REACTIONS[kind].otherwise)
}

/** Refusals of EndTxn before anything is written: the coordinator has not decided because of this request. */
const REFUSED: ReadonlySet<number> = new Set([
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.INVALID_PRODUCER_EPOCH,
  Errors.INVALID_TXN_STATE,
  Errors.INVALID_PRODUCER_ID_MAPPING,
  Errors.CONCURRENT_TRANSACTIONS,
  Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  Errors.UNKNOWN_PRODUCER_ID,
  Errors.PRODUCER_FENCED,
  Errors.TRANSACTION_ABORTABLE,
])

/**
 * Whether an EndTxn that was answered so may have been carried out all the same: its record may be committed though its
 * coordinator could not wait for that (15, 16), and an unknown error says nothing.
 */
export function leavesEndInDoubt(error: number): boolean {
  return !REFUSED.has(error)
}
