import { describe, expect, test } from 'vitest'
import { NO_SWITCHES } from '../../protocol/client-switches.ts'
import { Sequences } from '../sequences.ts'
import { TransactionCore } from './transaction-core.ts'
import { causeOf, ProducerException } from './transaction-error.ts'
import { isTransitionValid, TRANSACTION_STATES, type TransactionState } from './transaction-state.ts'

/** What Kafka allows, from left to right; beside it anything may become FATAL_ERROR. */
const LEGAL: readonly string[] = [
  'UNINITIALIZED INITIALIZING',
  'INITIALIZING READY',
  'INITIALIZING ABORTABLE_ERROR',
  'READY IN_TRANSACTION',
  'READY UNINITIALIZED',
  'IN_TRANSACTION COMMITTING_TRANSACTION',
  'IN_TRANSACTION ABORTING_TRANSACTION',
  'IN_TRANSACTION ABORTABLE_ERROR',
  'COMMITTING_TRANSACTION READY',
  'COMMITTING_TRANSACTION INITIALIZING',
  'COMMITTING_TRANSACTION ABORTABLE_ERROR',
  'ABORTING_TRANSACTION READY',
  'ABORTING_TRANSACTION INITIALIZING',
  'ABORTABLE_ERROR ABORTING_TRANSACTION',
  'ABORTABLE_ERROR ABORTABLE_ERROR',
  'ABORTABLE_ERROR UNINITIALIZED',
]

const ALL: readonly (readonly [TransactionState, TransactionState])[] = TRANSACTION_STATES.flatMap((source) =>
  TRANSACTION_STATES.map((target) => [source, target] as const),
)
const isLegal = (source: TransactionState, target: TransactionState): boolean =>
  target === 'FATAL_ERROR' || LEGAL.includes(`${source} ${target}`)

function coreIn(state: TransactionState): TransactionCore {
  const core = new TransactionCore('payments-0', 60_000, new Sequences(NO_SWITCHES))
  core.state = state
  return core
}

describe('transitions', () => {
  test.each(ALL)('from %s to %s are as Kafka allows', (source, target) => {
    expect(isTransitionValid(source, target)).toBe(isLegal(source, target))
  })

  test.each(ALL.filter(([source, target]) => !isLegal(source, target)))(
    'from %s to %s are thrown at the application, whose producer stays as it is',
    (source, target) => {
      const core = coreIn(source)
      expect(() => core.transitionTo(target, 'application')).toThrow(ProducerException)
      expect(core.state).toBe(source)
    },
  )

  test.each(ALL.filter(([source, target]) => !isLegal(source, target)))(
    'from %s to %s end the producer when its own thread makes them',
    (source, target) => {
      const core = coreIn(source)
      expect(() => core.transitionTo(target, 'sender')).toThrow('IllegalStateException')
      expect(core).toMatchObject({ state: 'FATAL_ERROR', lastError: { exception: 'IllegalStateException' } })
    },
  )

  test('to an error keep why, and others forget it', () => {
    const core = coreIn('IN_TRANSACTION')
    core.abortableError(causeOf(47, 'Produce'), 'sender')
    expect(core.lastError).toMatchObject({ exception: 'InvalidProducerEpochException', error: 47 })
    core.transitionTo('ABORTING_TRANSACTION', 'application')
    expect(core.lastError).toBeNull()
  })

  test('to an abortable error are passed over while the transaction is being aborted', () => {
    const core = coreIn('ABORTING_TRANSACTION')
    core.abortableError(causeOf(120, 'Produce'), 'sender')
    expect(core).toMatchObject({ state: 'ABORTING_TRANSACTION', lastError: null })
  })
})
