import { Errors } from '../../protocol/errors.ts'
import { illegalState, type TransactionError } from './transaction-error.ts'

/** What a transactional call is refused with by the producer itself. */

export const TIMEOUT: TransactionError = {
  kind: 'timeout',
  exception: 'TimeoutException',
  error: Errors.REQUEST_TIMED_OUT,
  message: 'max.block.ms is over',
}

export const NO_TRANSACTIONAL_ID: TransactionError = {
  ...illegalState('transactional methods need a transactional.id in the configuration'),
  kind: 'illegal',
}
export const CLOSED: TransactionError = { ...illegalState('the producer has been closed'), kind: 'illegal' }
export const NO_MEMBER: TransactionError = {
  kind: 'illegal',
  exception: 'IllegalArgumentException',
  error: Errors.UNKNOWN_SERVER_ERROR,
  message: 'a group generation without a member id was given to sendOffsetsToTransaction',
}
