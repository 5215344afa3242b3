import type { Mutant } from './mutant.ts'

/** Positions, commits and rebalances in the consumer. */
export const CONSUMER_MUTANTS: readonly Mutant[] = [
  {
    id: 'positions-not-validated',
    rule: 'a position is checked against the log of a new leader (KIP-320)',
    file: 'sim/kafka/client/consumer/topic-partition-state.ts',
    anchor: 'this.fetchState = this.offsetEpoch >= 0 && this.leaderEpoch >= 0 ? AWAIT_VALIDATION : FETCHING;',
    replacement: 'this.fetchState = MARK ? FETCHING : 0;',
    caughtBy: { scenario: 'library/readers-notice-truncation', variant: null, runs: 10 },
  },
  {
    id: 'truncation-seen-and-ignored',
    rule: 'a position beyond what the new leader has of its epoch goes back (`maybeCompleteValidation`)',
    file: 'sim/kafka/client/consumer/offset-fetcher.ts',
    anchor: 'if (!isUndefined && answer.endOffset >= state.offset) {',
    replacement: 'if (!isUndefined && MARK) {',
    caughtBy: { scenario: 'library/readers-notice-truncation', variant: null, runs: 10 },
  },
]
