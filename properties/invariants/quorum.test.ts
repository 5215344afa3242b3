import { expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import type { BrokerConfig } from '../../sim/kafka/protocol/config/broker.ts'
import { History } from '../testing/history.test.helper.ts'

/** Three brokers at 1 to 3; the voters at 0 and behind them. */
function history(): History {
  const cluster = {
    perfect: false,
    brokers: [1, 2, 3].map(() => ({}) as BrokerConfig),
    controllers: 3,
    controllerConfig: {} as BrokerConfig,
  }
  return new History({ minIsr: 2, world: { cluster } }).formed()
}

/** What a quorum does that changes its leader. */
function correct(): History {
  return history()
    .emit(M.quorumElected, 0, 1, 0)
    .emit(M.quorumCommitted, 0, 10, 1, 77)
    .emit(M.metadataApplied, 1, 10, 77)
    .emit(M.quorumVoted, 5, 4, 2)
    .emit(M.quorumElected, 4, 2, 10)
    .emit(M.quorumCommitted, 4, 11, 2, 78)
    .emit(M.metadataApplied, 1, 11, 78)
}

test('a quorum that changes its leader breaks nothing', () => {
  expect(correct().ended().breaches).toEqual([])
})

test('one-leader-per-quorum-epoch', () => {
  expect(correct().emit(M.quorumElected, 5, 2, 11).ended().broken()).toEqual(['one-leader-per-quorum-epoch'])
  expect(correct().emit(M.quorumElected, 4, 2, 11).ended().broken()).toEqual([])
})

test('one-vote-per-quorum-epoch', () => {
  expect(correct().emit(M.quorumVoted, 5, 0, 2).ended().broken()).toEqual(['one-vote-per-quorum-epoch'])
  expect(correct().emit(M.quorumVoted, 5, 0, 3).ended().broken()).toEqual([])
})

test('committed-metadata-kept: another log, or a shorter one', () => {
  expect(correct().emit(M.quorumCommitted, 5, 11, 3, 99).ended().broken()).toEqual(['committed-metadata-kept'])
  expect(correct().emit(M.quorumCommitted, 5, 5, 3, 50).ended().broken()).toEqual(['committed-metadata-kept'])
  expect(correct().emit(M.quorumCommitted, 5, 12, 3, 79).ended().broken()).toEqual([])
})

test('metadata-prefix: what a broker applies is committed', () => {
  expect(correct().emit(M.metadataApplied, 2, 12, 79).ended().broken()).toEqual(['metadata-prefix'])
  expect(correct().emit(M.metadataApplied, 2, 11, 99).ended().broken()).toEqual(['metadata-prefix'])
})
