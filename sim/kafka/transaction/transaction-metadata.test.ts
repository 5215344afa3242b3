import { describe, expect, test } from 'vitest'
import type { TransactionStateName } from '../protocol/transaction-records.ts'
import {
  logValueOf,
  metadataOf,
  TransactionMetadata,
  type TransactionState,
  VALID_PREVIOUS_STATES,
} from './transaction-metadata.ts'

function known(state: TransactionState, changes: Partial<TransactionMetadata> = {}): TransactionMetadata {
  const metadata = new TransactionMetadata('tx', 1000, 60_000, 1)
  return Object.assign(metadata, { state, producerEpoch: 5, lastProducerEpoch: 4, partitions: [1], ...changes })
}

/** Prepares a change to a state. */
function prepare(metadata: TransactionMetadata, to: TransactionStateName): unknown {
  switch (to) {
    case 'Empty':
      return metadata.prepareInit({ producerId: 1000, producerEpoch: 6, lastProducerEpoch: -1 }, 60_000, 9)
    case 'Ongoing':
      return metadata.prepareAddPartitions([2], 2, 9)
    case 'PrepareCommit':
    case 'PrepareAbort':
      return metadata.prepareAbortOrCommit(to, 2, -1, 9)
    case 'CompleteCommit':
    case 'CompleteAbort':
      return metadata.prepareComplete(9)
    case 'Dead':
      return metadata.prepareDead()
    case 'PrepareEpochFence':
      return metadata.prepareFenceProducerEpoch()
  }
}

const STATES: readonly TransactionState[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
]
const TARGETS: readonly TransactionStateName[] = [...STATES, 'Dead', 'PrepareEpochFence']

describe('transitions', () => {
  test.each([
    // from, and all it may become
    ['Empty', ['Empty', 'Ongoing', 'PrepareAbort', 'Dead']],
    ['Ongoing', ['Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareEpochFence']],
    ['PrepareCommit', ['CompleteCommit']],
    ['PrepareAbort', ['CompleteAbort']],
    ['CompleteCommit', ['Empty', 'Ongoing', 'PrepareAbort', 'Dead']],
    ['CompleteAbort', ['Empty', 'Ongoing', 'PrepareAbort', 'Dead']],
  ] as const)('%s may become %s and nothing else', (from, targets) => {
    expect(TARGETS.filter((to) => VALID_PREVIOUS_STATES[to].includes(from))).toEqual(targets)
    for (const to of TARGETS) {
      // A completion is always of the kind that was prepared.
      if (to.startsWith('Complete')) continue
      const allowed = (targets as readonly TransactionStateName[]).includes(to)
      if (allowed) expect(() => prepare(known(from), to)).not.toThrow()
      else expect(() => prepare(known(from), to)).toThrow('cannot become')
    }
  })

  test('one change at a time', () => {
    const metadata = known('Empty')
    prepare(metadata, 'Ongoing')
    expect(() => prepare(metadata, 'Empty')).toThrow('already Ongoing')
  })

  test('a change is made only when it was prepared, and only what is ever written', () => {
    const metadata = known('Empty')
    const transit = metadata.prepareAddPartitions([2], 2, 9)
    metadata.pendingState = null
    expect(() => metadata.completeTransitionTo(transit)).toThrow('while null was pending')
    const fence = known('Ongoing')
    const fenced = fence.prepareFenceProducerEpoch()
    expect(() => fence.completeTransitionTo(fenced)).toThrow('never written')
  })
})

describe('an end', () => {
  test('below version 2 keeps the epoch, with version 2 raises it and remembers the one before', () => {
    expect(known('Ongoing').prepareAbortOrCommit('PrepareCommit', 0, -1, 9)).toMatchObject({
      producerEpoch: 5,
      lastProducerEpoch: 4,
      clientTransactionVersion: 0,
    })
    expect(known('Ongoing').prepareAbortOrCommit('PrepareCommit', 2, -1, 9)).toMatchObject({
      producerEpoch: 6,
      lastProducerEpoch: 5,
      clientTransactionVersion: 2,
    })
  })

  test('without epochs left hands over to the next producer id with its completion', () => {
    const metadata = known('Ongoing', { producerEpoch: 32_766 })
    metadata.completeTransitionTo(metadata.prepareAbortOrCommit('PrepareCommit', 2, 2000, 9))
    expect(metadata).toMatchObject({ producerId: 1000, producerEpoch: 32_767, nextProducerId: 2000 })
    metadata.completeTransitionTo(metadata.prepareComplete(10))
    expect(metadata).toMatchObject({ producerId: 2000, previousProducerId: 1000, producerEpoch: 0, nextProducerId: -1 })
    expect(metadata.lastProducerEpoch).toBe(32_766)
  })

  test('keeps its partitions until their markers are written', () => {
    const metadata = known('Ongoing', { partitions: [1, 2] })
    expect(() => metadata.removePartition(1)).toThrow('loses a partition while Ongoing')
    metadata.completeTransitionTo(metadata.prepareAbortOrCommit('PrepareAbort', 2, -1, 9))
    metadata.removePartition(1)
    expect(metadata.partitions).toEqual([2])
    metadata.completeTransitionTo(metadata.prepareComplete(10))
    expect(metadata.partitions).toEqual([])
  })
})

test('a transaction begins with its first partition, and not again with the second', () => {
  const metadata = known('CompleteCommit', { partitions: [] })
  metadata.completeTransitionTo(metadata.prepareAddPartitions([7], 2, 100))
  metadata.completeTransitionTo(metadata.prepareAddPartitions([7, 8], 2, 200))
  expect(metadata).toMatchObject({ startTimestampMs: 100, lastUpdateTimestampMs: 200, partitions: [7, 8] })
})

test('a fence that could not be written is not raised again, until something is', () => {
  const metadata = known('Ongoing', { hasFailedEpochFence: true })
  expect(metadata.prepareFenceProducerEpoch().producerEpoch).toBe(5)
  metadata.pendingState = null
  metadata.completeTransitionTo(metadata.prepareAbortOrCommit('PrepareAbort', 0, -1, 9))
  metadata.prepareComplete(10)
  expect(metadata.hasFailedEpochFence).toBe(false)
})

test('the log gives back all but the last epoch; before version 1 it has no room for the newer fields', () => {
  const metadata = known('Ongoing', { producerEpoch: 32_766, previousProducerId: 900 })
  const transit = metadata.prepareAbortOrCommit('PrepareCommit', 2, 2000, 9)
  metadata.completeTransitionTo(transit)
  expect(metadataOf('tx', logValueOf(transit, 2))).toEqual(Object.assign(metadata, { lastProducerEpoch: -1 }))
  expect(metadataOf('tx', logValueOf(transit, 0))).toMatchObject({
    previousProducerId: -1,
    nextProducerId: -1,
    clientTransactionVersion: 0,
    producerEpoch: 32_767,
  })
})
