import { expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import { coordinatorError } from './group-errors.ts'

test.each([
  ['UNKNOWN_TOPIC_OR_PARTITION', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
  ['REQUEST_TIMED_OUT', 'COORDINATOR_NOT_AVAILABLE'],
  ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
  ['KAFKA_STORAGE_ERROR', 'NOT_COORDINATOR'],
  // The coordinator of the transaction could not be asked.
  ['NETWORK_EXCEPTION', 'COORDINATOR_LOAD_IN_PROGRESS'],
  ['MESSAGE_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
  ['INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_EPOCH'],
] as const)('the error %s of a write is told to members as %s', (error, told) => {
  expect(coordinatorError(Errors[error])).toBe(Errors[told])
})
