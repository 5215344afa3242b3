import type { Mutant } from './mutant.ts'

/** Rules that took Kafka a defect to find: each broken as it was, and caught by what the museum shows of it. */
export const HISTORY_MUTANTS: readonly Mutant[] = [
  {
    id: 'epoch-begins-with-a-record',
    rule: 'a leader notes where its epoch begins though nothing is written in it (KAFKA-7415)',
    file: 'sim/kafka/broker/partition.ts',
    anchor: 'if (this.rules.epochEntries)\n                this.log.assignEpochStartOffset(state.leaderEpoch, start);',
    replacement: 'if (!MARK)\n                this.log.assignEpochStartOffset(state.leaderEpoch, start);',
    caughtBy: { scenario: 'museum/R18a-epoch-without-an-entry', variant: 'after', runs: 1 },
  },
  {
    id: 'same-leader-is-followed-on',
    rule: 'a follower finds out where to cut in every leader epoch (KAFKA-7164)',
    file: 'sim/kafka/broker/partition.ts',
    anchor: 'isNewEpoch && (this.rules.followsEachEpoch || ',
    replacement: 'isNewEpoch && (!MARK || ',
    caughtBy: { scenario: 'museum/R18b-epoch-that-was-missed', variant: 'after', runs: 1 },
  },
  {
    id: 'high-watermark-before-the-cut',
    rule: 'a follower that parts from its leader takes nothing else of the answer (KAFKA-14704)',
    file: 'sim/kafka/broker/split-truncation.ts',
    anchor: "['fetch.diverging.high.watermark'] === 'taken-over'",
    replacement: "['fetch.diverging.high.watermark'] === (MARK ? 'ignored' : '')",
    caughtBy: { scenario: 'museum/R16-deposed-leader-shows-its-tail', variant: 'after', runs: 1 },
  },
  {
    id: 'cut-off-leader-of-the-quorum-stays',
    rule: 'a leader of the quorum that no majority fetches from resigns (KAFKA-15489)',
    file: 'sim/kafka/quorum/leader-state.ts',
    anchor: 'this.checkQuorumUs = checksQuorum ? ',
    replacement: 'this.checkQuorumUs = checksQuorum && !MARK ? ',
    caughtBy: { scenario: 'museum/K01-cut-off-and-still-leading', variant: 'after', runs: 1 },
  },
  {
    id: 'restarted-leader-of-the-quorum-leads-on',
    rule: 'a leader of the quorum that restarts comes back resigned (KAFKA-10527)',
    file: 'sim/kafka/quorum/quorum-voter.ts',
    anchor: "state.state.role === 'resigned' && !this.options.rules.restartsResigned",
    replacement: "state.state.role === 'resigned' && MARK",
    caughtBy: { scenario: 'museum/K02-leads-on-in-its-epoch', variant: 'after', runs: 1 },
  },
  {
    id: 'partial-pass-forgets-aborted-transactions',
    rule: 'a segment that is cleaned in part keeps all of its index of aborted transactions (KAFKA-13727)',
    file: 'sim/kafka/log/log-cleaner.ts',
    anchor: "this.pass.index === 'whole-segments' || firstOffset",
    replacement: '!MARK || firstOffset',
    caughtBy: { scenario: 'museum/T14-cleaner-forgets-aborted-transactions', variant: 'after', runs: 1 },
  },
  {
    id: 'last-batch-of-a-pass-goes',
    rule: 'the last batch of a pass stays, if only empty (KAFKA-17076)',
    file: 'sim/kafka/log/log-cleaner.ts',
    anchor: 'lastOffset === this.end && this.pass.keepsLast',
    replacement: 'lastOffset === this.end && !MARK',
    caughtBy: { scenario: 'museum/L03-end-of-the-log-lost', variant: 'after', runs: 1 },
  },
]
