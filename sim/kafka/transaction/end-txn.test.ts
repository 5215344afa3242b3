import { describe, expect, test } from 'vitest'
import type { TransactionStateName } from '../protocol/transaction-records.ts'
import { decideEndTxnV1, decideEndTxnV2, type EndTxnCall, type EndTxnDecision } from './end-txn.ts'
import { TransactionMetadata, type TransactionState } from './transaction-metadata.ts'

const PID = 1000
const EPOCH = 5

function metadataIn(
  state: TransactionState,
  pendingState: TransactionStateName | null = null,
  changes: Partial<TransactionMetadata> = {},
): TransactionMetadata {
  const metadata = new TransactionMetadata('tx', PID, 60_000, 0)
  return Object.assign(metadata, { state, pendingState, producerEpoch: EPOCH, ...changes })
}

function call(committed: boolean, changes: Partial<EndTxnCall> = {}): EndTxnCall {
  return { producerId: PID, producerEpoch: EPOCH, committed, isFromClient: true, ...changes }
}

/** A decision in one word: what it becomes, or the error that is answered. */
function word(decision: EndTxnDecision): string {
  switch (decision.kind) {
    case 'prepare':
      return decision.state === 'PrepareCommit' ? 'commit' : 'abort'
    case 'done':
      return 'NONE'
    case 'refused':
      return String(decision.error)
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

// Errors: 48 INVALID_TXN_STATE, 49 INVALID_PRODUCER_ID_MAPPING, 51 CONCURRENT_TRANSACTIONS, 90 PRODUCER_FENCED.
describe('EndTxn up to v4', () => {
  test.each([
    // state, commit, abort
    ['Empty', '48', '48'],
    ['Ongoing', 'commit', 'abort'],
    ['PrepareCommit', '51', '48'],
    ['PrepareAbort', '48', '51'],
    ['CompleteCommit', 'NONE', '48'],
    ['CompleteAbort', '48', 'NONE'],
  ] as const)('in %s a commit gives %s, an abort %s', (state, commit, abort) => {
    expect([true, false].map((committed) => word(decideEndTxnV1(metadataIn(state), call(committed))))).toEqual([
      commit,
      abort,
    ])
  })

  test.each(STATES)('in %s another epoch, older or newer, is fenced, whatever it asks', (state) => {
    for (const producerEpoch of [EPOCH - 1, EPOCH + 1]) {
      for (const committed of [true, false]) {
        expect(word(decideEndTxnV1(metadataIn(state), call(committed, { producerEpoch })))).toBe('90')
      }
    }
  })

  test.each(STATES)('in %s another producer id is not mapped', (state) => {
    expect(word(decideEndTxnV1(metadataIn(state), call(true, { producerId: 7 })))).toBe('49')
  })

  test('who asks is looked at before what is pending', () => {
    const metadata = metadataIn('PrepareCommit', 'CompleteCommit')
    expect(word(decideEndTxnV1(metadata, call(true)))).toBe('51')
    expect(word(decideEndTxnV1(metadata, call(false)))).toBe('51')
    expect(word(decideEndTxnV1(metadata, call(true, { producerEpoch: EPOCH - 1 })))).toBe('90')
    expect(word(decideEndTxnV1(metadata, call(true, { producerId: 7 })))).toBe('49')
  })

  test('the coordinator aborts under an epoch that it has raised, not under an older one', () => {
    const metadata = metadataIn('Ongoing', 'PrepareEpochFence')
    const own = (producerEpoch: number): EndTxnCall => call(false, { producerEpoch, isFromClient: false })
    expect(word(decideEndTxnV1(metadata, own(EPOCH + 1)))).toBe('abort')
    expect(word(decideEndTxnV1(metadata, own(EPOCH - 1)))).toBe('90')
  })
})

describe('EndTxn from v5 on', () => {
  test.each([
    // state, abort retry, abort current, commit retry, commit current
    ['Ongoing', '90', 'abort', '90', 'commit'],
    ['PrepareAbort', '51', '90', '48', '90'],
    ['PrepareCommit', '48', '90', '51', '90'],
    ['Empty', '90', 'abort', '90', '48'],
    ['CompleteAbort', 'NONE', 'abort', '48', '48'],
    ['CompleteCommit', '48', 'abort', 'NONE', '48'],
  ] as const)('in %s: abort again %s, abort %s; commit again %s, commit %s', (state, ...cells) => {
    const calls = [
      call(false, { producerEpoch: EPOCH - 1 }),
      call(false),
      call(true, { producerEpoch: EPOCH - 1 }),
      call(true),
    ]
    expect(calls.map((each) => word(decideEndTxnV2(metadataIn(state), each)))).toEqual(cells)
  })

  test.each(STATES)('in %s an epoch that is older still, or newer, is fenced', (state) => {
    for (const producerEpoch of [EPOCH - 2, EPOCH + 1]) {
      for (const committed of [true, false]) {
        expect(word(decideEndTxnV2(metadataIn(state), call(committed, { producerEpoch })))).toBe('90')
      }
    }
  })

  test.each(STATES)('in %s another producer id is not mapped', (state) => {
    expect(word(decideEndTxnV2(metadataIn(state), call(true, { producerId: 7 })))).toBe('49')
  })

  test('what is pending comes before who asks: the producer id itself may be about to change', () => {
    const metadata = metadataIn('PrepareCommit', 'CompleteCommit')
    for (const changes of [{}, { producerEpoch: EPOCH - 1 }, { producerEpoch: 1 }, { producerId: 7 }]) {
      expect(word(decideEndTxnV2(metadata, call(true, changes)))).toBe('51')
    }
  })

  test('the coordinator aborts under its own fence; a client cannot in that moment', () => {
    const metadata = metadataIn('Ongoing', 'PrepareEpochFence')
    expect(word(decideEndTxnV2(metadata, call(false, { producerEpoch: EPOCH + 1, isFromClient: false })))).toBe('abort')
    expect(word(decideEndTxnV2(metadata, call(false)))).toBe('90')
  })

  test.each([
    ['CompleteCommit', true, 'NONE'],
    ['CompleteAbort', false, 'NONE'],
    ['CompleteCommit', false, '48'],
    ['CompleteAbort', true, '48'],
    ['Ongoing', true, '90'],
    ['Empty', false, '90'],
  ] as const)(
    'in %s, after epochs ran out, the last of the old producer id asks again: %s gives %s',
    (state, committed, cell) => {
      const metadata = metadataIn(state, null, { producerEpoch: 0, previousProducerId: 7 })
      expect(word(decideEndTxnV2(metadata, call(committed, { producerId: 7, producerEpoch: 32_766 })))).toBe(cell)
      expect(word(decideEndTxnV2(metadata, call(committed, { producerId: 7, producerEpoch: 32_765 })))).toBe('49')
      expect(word(decideEndTxnV2(metadata, call(committed, { producerId: 8, producerEpoch: 32_766 })))).toBe('49')
    },
  )
})
