import { incrementSequence, type EndTransactionMarker, type RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { ProducerStateEntry } from './producer-state-entry.ts'
import type { ProducerStateManager } from './producer-state.ts'

/** Who wants a batch appended (`AppendOrigin`); what followers copy is not checked. */
export type AppendOrigin = 'CLIENT' | 'COORDINATOR'

/** From this version on every transaction ends with a higher epoch than it was written with. */
const ENDS_WITH_BUMPED_EPOCH = 2

/**
 * The checks of a client's batch that is no duplicate (`ProducerAppendInfo.maybeValidateDataBatch`, `appendDataBatch`): the
 * error code, or NONE. A producer id nobody knows may begin with any sequence; where `mustBegin`, as before 2.4, with 0 only.
 */
export function validateProducer(entry: ProducerStateEntry | undefined, batch: RecordBatch, mustBegin = false): number {
  const isKnown = entry !== undefined && (!entry.isEmpty || batch.producerEpoch !== entry.producerEpoch)
  if (mustBegin && !isKnown && batch.baseSequence !== 0) return Errors.UNKNOWN_PRODUCER_ID
  if (entry === undefined) return Errors.NONE
  if (batch.producerEpoch < entry.producerEpoch) return Errors.INVALID_PRODUCER_EPOCH
  const expected = batch.producerEpoch > entry.producerEpoch ? 0 : incrementSequence(entry.lastSequence, 1)
  if (batch.baseSequence !== expected) return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
  // Outside its transaction a producer writes nothing while it is open.
  const isMixed = entry.currentTxnFirstOffset >= 0 && !batch.isTransactional
  return isMixed ? Errors.INVALID_TXN_STATE : Errors.NONE
}

/**
 * The checks of a transactional batch or of a marker (`UnifiedLog.analyzeAndValidateProducerState`, `ProducerAppendInfo`).
 *
 * @param guard what {@link ProducerStateManager.startVerification} gave when the coordinator was asked, or `NO_GUARD`
 * @param transactionVersion of a marker, as the coordinator says it (KIP-1228); 0 where it says nothing
 */
export function validateTransactional(
  producers: ProducerStateManager,
  batch: RecordBatch,
  origin: AppendOrigin,
  guard: number,
  transactionVersion: number,
): number {
  const entry = producers.lastEntry(batch.producerId)
  const { marker } = batch
  if (marker !== null)
    return entry === undefined ? Errors.NONE : validateMarker(entry, batch, marker, transactionVersion)
  // Before the verification: who is fenced can abort and go on, who was not part of a transaction cannot.
  const isFenced = entry !== undefined && batch.producerEpoch < entry.producerEpoch
  if (isFenced) return Errors.INVALID_PRODUCER_EPOCH
  if (!producers.mayWriteTransaction(batch, guard)) return Errors.INVALID_TXN_STATE
  return origin === 'COORDINATOR' ? Errors.NONE : validateSequence(producers, entry, batch)
}

/** `ProducerAppendInfo.checkSequence`, with what it asks only of a batch that was verified. */
function validateSequence(
  producers: ProducerStateManager,
  entry: ProducerStateEntry | undefined,
  batch: RecordBatch,
): number {
  const verification = producers.verification(batch.producerId)
  if (verification !== undefined) {
    if (batch.baseSequence > verification.lowestSequence) return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
    const isFirst = entry === undefined || entry.isEmpty
    if (verification.supportsEpochBump && isFirst && batch.baseSequence !== 0)
      return Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
  }
  return validateProducer(entry, batch, producers.forgetsDeleted)
}

/** `ProducerAppendInfo.appendEndTxnMarker`: markers of older epochs come from a transaction, or a coordinator, that is over. */
function validateMarker(
  entry: ProducerStateEntry,
  batch: RecordBatch,
  marker: EndTransactionMarker,
  transactionVersion: number,
): number {
  if (batch.producerEpoch < entry.producerEpoch) return Errors.INVALID_PRODUCER_EPOCH
  // KIP-1228: the epoch of the transaction that is open now cannot end it; without one the marker comes once more.
  const isLate = batch.producerEpoch === entry.producerEpoch && entry.currentTxnFirstOffset >= 0
  if (transactionVersion >= ENDS_WITH_BUMPED_EPOCH && isLate) return Errors.INVALID_PRODUCER_EPOCH
  return marker.coordinatorEpoch < entry.coordinatorEpoch ? Errors.TRANSACTION_COORDINATOR_FENCED : Errors.NONE
}
