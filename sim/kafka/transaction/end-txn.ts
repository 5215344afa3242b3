import { Errors } from '../protocol/errors.ts'
import { MAX_EPOCH, type TransactionMetadata, type TransactionState } from './transaction-metadata.ts'

/** How a transaction is to end, and who says so. */
export interface EndTxnCall {
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  /** The coordinator itself aborts under the epoch it has just raised; clients must name the present one. */
  readonly isFromClient: boolean
}

/** A cell of the tables: the transaction is decided now, or what is answered without a change. */
export type EndTxnCell = 'prepare' | number

export type EndTxnDecision =
  | { readonly kind: 'prepare'; readonly state: 'PrepareCommit' | 'PrepareAbort' }
  /** NONE: it ended like this already. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly error: number }

const { NONE, INVALID_TXN_STATE, CONCURRENT_TRANSACTIONS, PRODUCER_FENCED } = Errors

interface ByResult<T> {
  readonly commit: T
  readonly abort: T
}

/** Up to EndTxn v4, when producer id and epoch are the present ones. */
export const END_TXN_V1: Readonly<Record<TransactionState, ByResult<EndTxnCell>>> = {
  Empty: { commit: INVALID_TXN_STATE, abort: INVALID_TXN_STATE },
  Ongoing: { commit: 'prepare', abort: 'prepare' },
  PrepareCommit: { commit: CONCURRENT_TRANSACTIONS, abort: INVALID_TXN_STATE },
  PrepareAbort: { commit: INVALID_TXN_STATE, abort: CONCURRENT_TRANSACTIONS },
  CompleteCommit: { commit: NONE, abort: INVALID_TXN_STATE },
  CompleteAbort: { commit: INVALID_TXN_STATE, abort: NONE },
}

/** Whether the request's epoch is the present one, or the one before the end that the request asks for again. */
type EpochKind = 'current' | 'retry'

/** From EndTxn v5 on: every end raises the epoch, so that a repetition is told from the next end (KIP-890 part 2). */
export const END_TXN_V2: Readonly<Record<TransactionState, ByResult<Readonly<Record<EpochKind, EndTxnCell>>>>> = {
  Empty: {
    commit: { current: INVALID_TXN_STATE, retry: PRODUCER_FENCED },
    abort: { current: 'prepare', retry: PRODUCER_FENCED },
  },
  Ongoing: {
    commit: { current: 'prepare', retry: PRODUCER_FENCED },
    abort: { current: 'prepare', retry: PRODUCER_FENCED },
  },
  PrepareCommit: {
    commit: { current: PRODUCER_FENCED, retry: CONCURRENT_TRANSACTIONS },
    abort: { current: PRODUCER_FENCED, retry: INVALID_TXN_STATE },
  },
  PrepareAbort: {
    commit: { current: PRODUCER_FENCED, retry: INVALID_TXN_STATE },
    abort: { current: PRODUCER_FENCED, retry: CONCURRENT_TRANSACTIONS },
  },
  CompleteCommit: {
    commit: { current: INVALID_TXN_STATE, retry: NONE },
    abort: { current: 'prepare', retry: INVALID_TXN_STATE },
  },
  CompleteAbort: {
    commit: { current: INVALID_TXN_STATE, retry: INVALID_TXN_STATE },
    abort: { current: 'prepare', retry: NONE },
  },
}

/** `TransactionCoordinator.endTransactionWithTV1`: who asks is looked at before anything that is pending. */
export function decideEndTxnV1(metadata: TransactionMetadata, call: EndTxnCall): EndTxnDecision {
  if (metadata.producerId !== call.producerId) return refused(Errors.INVALID_PRODUCER_ID_MAPPING)
  const { producerEpoch, isFromClient } = call
  if ((isFromClient && producerEpoch !== metadata.producerEpoch) || producerEpoch < metadata.producerEpoch) {
    return refused(PRODUCER_FENCED)
  }
  if (isBusy(metadata)) return refused(CONCURRENT_TRANSACTIONS)
  return decision(END_TXN_V1[metadata.state][resultOf(call)], call)
}

/**
 * `TransactionCoordinator.endTransaction`: what is pending comes first, for it may be about to change the producer id itself
 * (KAFKA-18660).
 */
export function decideEndTxnV2(metadata: TransactionMetadata, call: EndTxnCall): EndTxnDecision {
  if (isBusy(metadata)) return refused(CONCURRENT_TRANSACTIONS)
  const overflows = isRetryOnOverflow(metadata, call)
  if (metadata.producerId !== call.producerId && !overflows) return refused(Errors.INVALID_PRODUCER_ID_MAPPING)
  const kind = epochKindOf(metadata, call, overflows)
  if (kind === null) return refused(PRODUCER_FENCED)
  return decision(END_TXN_V2[metadata.state][resultOf(call)][kind], call)
}

function epochKindOf(metadata: TransactionMetadata, call: EndTxnCall, overflows: boolean): EpochKind | null {
  if (metadata.pendingState === 'PrepareEpochFence') {
    return !call.isFromClient && call.producerEpoch >= metadata.producerEpoch ? 'current' : null
  }
  if (call.producerEpoch === metadata.producerEpoch) return 'current'
  if (metadata.producerEpoch === call.producerEpoch + 1) return 'retry'
  // The producer id changes with the completion, not before.
  return overflows && metadata.state !== 'PrepareCommit' && metadata.state !== 'PrepareAbort' ? 'retry' : null
}

/** The answer that told of a new producer id was lost: the request still has the old one, with its last epoch. */
function isRetryOnOverflow(metadata: TransactionMetadata, { producerId, producerEpoch }: EndTxnCall): boolean {
  return metadata.previousProducerId === producerId && producerEpoch === MAX_EPOCH - 1 && metadata.producerEpoch === 0
}

/** Something is being written. A fence is no hindrance: the abort that follows it is what it is for. */
function isBusy({ pendingState }: TransactionMetadata): boolean {
  return pendingState !== null && pendingState !== 'PrepareEpochFence'
}

function resultOf(call: EndTxnCall): 'commit' | 'abort' {
  return call.committed ? 'commit' : 'abort'
}

function decision(cell: EndTxnCell, call: EndTxnCall): EndTxnDecision {
  if (cell === 'prepare') return { kind: 'prepare', state: call.committed ? 'PrepareCommit' : 'PrepareAbort' }
  return cell === NONE ? { kind: 'done' } : refused(cell)
}

function refused(error: number): EndTxnDecision {
  return { kind: 'refused', error }
}
