import { errorName, Errors, isRetriable } from '../../protocol/errors.ts'

/** The exceptions of the Java client that its transactional calls throw. */
export type ProducerExceptionName =
  | 'IllegalStateException'
  | 'IllegalArgumentException'
  | 'KafkaException'
  | 'TimeoutException'
  | 'ClusterAuthorizationException'
  | 'CommitFailedException'
  | 'FencedInstanceIdException'
  | 'InvalidPidMappingException'
  | 'InvalidProducerEpochException'
  | 'InvalidTxnStateException'
  | 'InvalidTxnTimeoutException'
  | 'OutOfOrderSequenceException'
  | 'ProducerFencedException'
  | 'RecordTooLargeException'
  | 'TransactionAbortableException'
  | 'TransactionalIdAuthorizationException'
  | 'UnknownProducerIdException'
  | 'UnsupportedVersionException'

/** Why something failed. `error` is the broker's or the client's code, UNKNOWN_SERVER_ERROR where Kafka has none. */
export interface Cause {
  readonly exception: ProducerExceptionName
  readonly error: number
  readonly message: string
}

/**
 * How a transactional call ended that did not succeed, by what the application can do about it: nothing, for it was wrong to
 * call (`illegal`); call the same again, and nothing else (`timeout`); abort and go on (`abortable`); close (`fatal`).
 */
export interface TransactionError extends Cause {
  readonly kind: 'illegal' | 'timeout' | 'abortable' | 'fatal'
}

const EXCEPTIONS: ReadonlyMap<number, ProducerExceptionName> = new Map([
  [Errors.REQUEST_TIMED_OUT, 'TimeoutException'],
  [Errors.MESSAGE_TOO_LARGE, 'RecordTooLargeException'],
  [Errors.ILLEGAL_GENERATION, 'CommitFailedException'],
  [Errors.UNKNOWN_MEMBER_ID, 'CommitFailedException'],
  [Errors.CLUSTER_AUTHORIZATION_FAILED, 'ClusterAuthorizationException'],
  [Errors.UNSUPPORTED_VERSION, 'UnsupportedVersionException'],
  [Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, 'OutOfOrderSequenceException'],
  [Errors.INVALID_PRODUCER_EPOCH, 'InvalidProducerEpochException'],
  [Errors.INVALID_TXN_STATE, 'InvalidTxnStateException'],
  [Errors.INVALID_PRODUCER_ID_MAPPING, 'InvalidPidMappingException'],
  [Errors.INVALID_TRANSACTION_TIMEOUT, 'InvalidTxnTimeoutException'],
  [Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'TransactionalIdAuthorizationException'],
  [Errors.UNKNOWN_PRODUCER_ID, 'UnknownProducerIdException'],
  [Errors.FENCED_INSTANCE_ID, 'FencedInstanceIdException'],
  [Errors.PRODUCER_FENCED, 'ProducerFencedException'],
  [Errors.TRANSACTION_ABORTABLE, 'TransactionAbortableException'],
])

/** The exception that stands for an error code; `where` tells what met it. */
export function causeOf(error: number, where: string): Cause {
  return { exception: EXCEPTIONS.get(error) ?? 'KafkaException', error, message: `${where}: ${errorName(error)}` }
}

/** A `KafkaException` with a text only. */
export function kafkaException(message: string): Cause {
  return { exception: 'KafkaException', error: Errors.UNKNOWN_SERVER_ERROR, message }
}

export function illegalState(message: string): Cause {
  return { exception: 'IllegalStateException', error: Errors.UNKNOWN_SERVER_ERROR, message }
}

/** What a call throws inside the client; the outermost call makes a {@link TransactionError} of it. */
export class ProducerException extends Error {
  readonly reason: Cause

  constructor(reason: Cause) {
    super(`${reason.exception}: ${reason.message}`)
    this.reason = reason
  }
}

/** Errors of batches after which no producer goes on (`maybeTransitionToErrorState`). */
const FATAL: ReadonlySet<number> = new Set([
  Errors.CLUSTER_AUTHORIZATION_FAILED,
  Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  Errors.PRODUCER_FENCED,
  Errors.UNSUPPORTED_VERSION,
  Errors.INVALID_PRODUCER_ID_MAPPING,
])

export function isFatalForBatches(error: number): boolean {
  return FATAL.has(error)
}

/** KIP-1050: what was tried to no avail, and a transaction that is not open, tell the application to abort. */
export function batchFailure(error: number): Cause {
  const cause = causeOf(error, 'Produce')
  if (!isRetriable(error) && error !== Errors.INVALID_TXN_STATE) return cause
  return { ...causeOf(Errors.TRANSACTION_ABORTABLE, 'Produce'), message: cause.message }
}
