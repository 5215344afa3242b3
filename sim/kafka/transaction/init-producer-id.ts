import { Errors } from '../protocol/errors.ts'
import {
  isEpochExhausted,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TransactionMetadata,
  type TxnTransitMetadata,
} from './transaction-metadata.ts'

/** Who asks: nobody known (-1, -1), or a producer that wants to go on with what it has (KIP-360). */
export interface ExpectedIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

type Identity = Pick<TxnTransitMetadata, 'producerId' | 'producerEpoch' | 'lastProducerEpoch'>

/** What InitProducerId asks for. */
export type InitDecision =
  | { readonly kind: 'refused'; readonly error: number }
  /** A transaction is open: abort it under a new epoch, and let the producer ask again. */
  | { readonly kind: 'fence' }
  | { readonly kind: 'register'; readonly identity: Identity }
  /** As `register`, with a producer id that is still to be drawn: the present one has no epochs left. */
  | { readonly kind: 'rotate'; readonly lastProducerEpoch: number }

/** `TransactionCoordinator.prepareInitProducerIdTransit`; changes nothing. */
export function decideInitProducerId(metadata: TransactionMetadata, expected: ExpectedIdentity): InitDecision {
  if (metadata.pendingState !== null) return { kind: 'refused', error: Errors.CONCURRENT_TRANSACTIONS }
  if (!isValidProducerId(metadata, expected)) return { kind: 'refused', error: Errors.PRODUCER_FENCED }
  switch (metadata.state) {
    case 'PrepareAbort':
    case 'PrepareCommit':
      return { kind: 'refused', error: Errors.CONCURRENT_TRANSACTIONS }
    case 'Ongoing':
      // The caller's epoch is not compared: whoever comes with the right producer id ends the transaction.
      return { kind: 'fence' }
    case 'Empty':
    case 'CompleteAbort':
    case 'CompleteCommit':
      return nextIdentity(metadata, expected)
  }
}

function isAnonymous(expected: ExpectedIdentity): boolean {
  return expected.producerId === NO_PRODUCER_ID && expected.producerEpoch === NO_PRODUCER_EPOCH
}

/** A new id takes everybody. Else it is the present producer id, or the one before whose epochs had run out, asking again. */
function isValidProducerId(metadata: TransactionMetadata, expected: ExpectedIdentity): boolean {
  if (isAnonymous(expected) || metadata.producerEpoch === NO_PRODUCER_EPOCH) return true
  if (expected.producerId === metadata.producerId) return true
  return expected.producerId === metadata.previousProducerId && isEpochExhausted(expected.producerEpoch)
}

/** `prepareIncrementProducerEpoch` and `prepareProducerIdRotation` */
function nextIdentity(metadata: TransactionMetadata, expected: ExpectedIdentity): InitDecision {
  const { producerId, producerEpoch, lastProducerEpoch } = metadata
  const isCurrent = expected.producerEpoch === producerEpoch
  if (isEpochExhausted(producerEpoch) && (isAnonymous(expected) || isCurrent)) {
    return { kind: 'rotate', lastProducerEpoch: isAnonymous(expected) ? NO_PRODUCER_EPOCH : producerEpoch }
  }
  // "Cannot allocate any more producer epochs": Kafka fails with an exception here.
  if (isEpochExhausted(producerEpoch)) return { kind: 'refused', error: Errors.UNKNOWN_SERVER_ERROR }
  if (isAnonymous(expected)) return register(producerId, producerEpoch + 1, NO_PRODUCER_EPOCH)
  if (isCurrent || producerEpoch === NO_PRODUCER_EPOCH) return register(producerId, producerEpoch + 1, producerEpoch)
  // Asked before, and the answer was lost: nobody else has begun since, or the last epoch would be forgotten.
  if (expected.producerEpoch === lastProducerEpoch) return register(producerId, producerEpoch, lastProducerEpoch)
  return { kind: 'refused', error: Errors.PRODUCER_FENCED }
}

function register(producerId: number, producerEpoch: number, lastProducerEpoch: number): InitDecision {
  return { kind: 'register', identity: { producerId, producerEpoch, lastProducerEpoch } }
}
