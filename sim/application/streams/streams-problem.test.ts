import { describe, expect, test } from 'vitest'
import { causeOf } from '../../kafka/client/transaction/transaction-error.ts'
import { Errors } from '../../kafka/protocol/errors.ts'
import { problemOfCommit, problemOfSend, problemOfTransaction } from './streams-problem.ts'

describe('what a stream thread makes of errors', () => {
  test('a send that failed: fenced tasks have migrated, what is retriable is done again, all else ends the client', () => {
    const { PRODUCER_FENCED, INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, OUT_OF_ORDER_SEQUENCE_NUMBER } =
      Errors
    for (const error of [
      PRODUCER_FENCED,
      INVALID_PRODUCER_EPOCH,
      INVALID_PRODUCER_ID_MAPPING,
      OUT_OF_ORDER_SEQUENCE_NUMBER,
    ])
      expect(problemOfSend(error)).toBe('migrated')
    expect(problemOfSend(Errors.REQUEST_TIMED_OUT)).toBe('corrupted')
    expect(problemOfSend(Errors.NOT_ENOUGH_REPLICAS)).toBe('corrupted')
    expect(problemOfSend(Errors.MESSAGE_TOO_LARGE)).toBe('fatal')
  })

  test('a transaction: a commit that timed out may have happened, and a member that was replaced has migrated', () => {
    const of = (error: number, kind: 'timeout' | 'abortable' | 'fatal') =>
      problemOfTransaction({ ...causeOf(error, 'commit'), kind })
    expect(of(Errors.REQUEST_TIMED_OUT, 'timeout')).toBe('corrupted')
    expect(of(Errors.ILLEGAL_GENERATION, 'abortable')).toBe('migrated')
    expect(of(Errors.UNKNOWN_MEMBER_ID, 'abortable')).toBe('migrated')
    expect(of(Errors.PRODUCER_FENCED, 'fatal')).toBe('migrated')
    expect(of(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'fatal')).toBe('fatal')
  })

  test('a commit of positions: only a member that was replaced has lost its tasks', () => {
    expect(problemOfCommit('commit-failed')).toBe('migrated')
    expect(problemOfCommit('timed-out')).toBeNull()
    expect(problemOfCommit('rebalance-in-progress')).toBeNull()
    expect(problemOfCommit('fenced')).toBe('fatal')
  })
})
