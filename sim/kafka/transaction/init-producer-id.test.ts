import { describe, expect, test } from 'vitest'
import { Errors } from '../protocol/errors.ts'
import { decideInitProducerId } from './init-producer-id.ts'
import { TransactionMetadata, type TransactionState } from './transaction-metadata.ts'

const PID = 1000
const NOBODY = { producerId: -1, producerEpoch: -1 }

function known(changes: Partial<TransactionMetadata> = {}): TransactionMetadata {
  const metadata = new TransactionMetadata('tx', PID, 60_000, 0)
  return Object.assign(metadata, { producerEpoch: 5, lastProducerEpoch: 4, ...changes })
}

function registered(producerEpoch: number, lastProducerEpoch: number, producerId = PID): object {
  return { kind: 'register', identity: { producerId, producerEpoch, lastProducerEpoch } }
}

const refused = (error: number): object => ({ kind: 'refused', error })
const IDLE: readonly TransactionState[] = ['Empty', 'CompleteCommit', 'CompleteAbort']

describe.each(IDLE)('in %s', (state) => {
  test('whoever comes without an identity gets the next epoch, and nobody may ask for the last one again', () => {
    expect(decideInitProducerId(known({ state }), NOBODY)).toEqual(registered(6, -1))
  })

  test('the producer itself gets the next epoch, and may ask again with the one it had', () => {
    expect(decideInitProducerId(known({ state }), { producerId: PID, producerEpoch: 5 })).toEqual(registered(6, 5))
    const after = known({ state, producerEpoch: 6, lastProducerEpoch: 5 })
    expect(decideInitProducerId(after, { producerId: PID, producerEpoch: 5 })).toEqual(registered(6, 5))
  })

  test('an older producer is fenced, and so is one that was passed by a successor', () => {
    const fenced = refused(Errors.PRODUCER_FENCED)
    expect(decideInitProducerId(known({ state }), { producerId: PID, producerEpoch: 3 })).toEqual(fenced)
    const passed = known({ state, producerEpoch: 6, lastProducerEpoch: -1 })
    expect(decideInitProducerId(passed, { producerId: PID, producerEpoch: 5 })).toEqual(fenced)
    expect(decideInitProducerId(known({ state }), { producerId: 7, producerEpoch: 5 })).toEqual(fenced)
  })

  test('epoch 32766 is the last: then there is a new producer id', () => {
    const exhausted = known({ state, producerEpoch: 32_766 })
    expect(decideInitProducerId(known({ state, producerEpoch: 32_765 }), NOBODY)).toEqual(registered(32_766, -1))
    expect(decideInitProducerId(exhausted, NOBODY)).toEqual({ kind: 'rotate', lastProducerEpoch: -1 })
    expect(decideInitProducerId(exhausted, { producerId: PID, producerEpoch: 32_766 })).toEqual({
      kind: 'rotate',
      lastProducerEpoch: 32_766,
    })
    expect(decideInitProducerId(known({ state, producerEpoch: 32_767 }), NOBODY)).toMatchObject({ kind: 'rotate' })
  })

  test('after a new producer id the old one may ask again with its last epoch', () => {
    const rotated = known({ state, producerEpoch: 0, lastProducerEpoch: 32_766, previousProducerId: 7 })
    expect(decideInitProducerId(rotated, { producerId: 7, producerEpoch: 32_766 })).toEqual(registered(0, 32_766))
    expect(decideInitProducerId(rotated, { producerId: 7, producerEpoch: 32_765 })).toEqual(
      refused(Errors.PRODUCER_FENCED),
    )
  })
})

test('where no epoch is left for a repetition Kafka fails with an exception', () => {
  const exhausted = known({ producerEpoch: 32_767 })
  expect(decideInitProducerId(exhausted, { producerId: PID, producerEpoch: 32_766 })).toEqual(
    refused(Errors.UNKNOWN_SERVER_ERROR),
  )
})

test('an id that nobody knew takes everybody, and begins with epoch 0', () => {
  const created = new TransactionMetadata('tx', PID, 60_000, 0)
  expect(decideInitProducerId(created, NOBODY)).toEqual(registered(0, -1))
  expect(decideInitProducerId(created, { producerId: 7, producerEpoch: 3 })).toEqual(registered(0, -1))
})

test('an open transaction is to be aborted first, whatever epoch asks; but not for another producer id', () => {
  for (const expected of [NOBODY, { producerId: PID, producerEpoch: 5 }, { producerId: PID, producerEpoch: 2 }]) {
    expect(decideInitProducerId(known({ state: 'Ongoing' }), expected)).toEqual({ kind: 'fence' })
  }
  const stranger = { producerId: 7, producerEpoch: 5 }
  expect(decideInitProducerId(known({ state: 'Ongoing' }), stranger)).toEqual(refused(Errors.PRODUCER_FENCED))
})

test.each(['PrepareCommit', 'PrepareAbort'] as const)('in %s everybody waits', (state) => {
  expect(decideInitProducerId(known({ state }), NOBODY)).toEqual(refused(Errors.CONCURRENT_TRANSACTIONS))
})

test('while something is pending everybody waits, a fenced one too', () => {
  const pending = known({ pendingState: 'Empty' })
  expect(decideInitProducerId(pending, NOBODY)).toEqual(refused(Errors.CONCURRENT_TRANSACTIONS))
  const stranger = { producerId: 7, producerEpoch: 0 }
  expect(decideInitProducerId(pending, stranger)).toEqual(refused(Errors.CONCURRENT_TRANSACTIONS))
})
