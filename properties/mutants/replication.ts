import type { Mutant } from './mutant.ts'

const PARTITION = 'sim/kafka/broker/partition.ts'
const PRODUCE = 'sim/kafka/broker/delayed-produce.ts'

/** High watermark, in-sync set and acknowledgements on the leader. */
export const REPLICATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'high-watermark-at-log-end',
    rule: "the high watermark is the lowest log end of the maximal in-sync set, not the leader's own",
    file: PARTITION,
    anchor: 'if (remote.logEndOffset < candidate && this.holdsBack(remote, leaderEnd, now))',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'library/replication-survives-a-broker', runs: 20 },
  },
  {
    id: 'high-watermark-off-by-one',
    rule: 'a follower that fetches at an offset holds what is before it, and not the record there',
    file: PARTITION,
    anchor: 'candidate = remote.logEndOffset;',
    replacement: 'candidate = Math.min(leaderEnd, remote.logEndOffset + (MARK ? 1 : 0));',
    caughtBy: { scenario: 'library/replication-survives-a-broker', runs: 20 },
  },
  {
    id: 'strict-min-isr-of-hw-off',
    rule: 'below min.insync.replicas the high watermark does not move (KIP-966)',
    file: PARTITION,
    anchor: 'if (this.isr.length < this.effectiveMinIsr)',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'campaigns/safe-publishing', runs: 200 },
  },
  {
    id: 'ack-before-replication',
    rule: 'acks=all is answered when the high watermark covers the batch (`DelayedProduce.tryComplete`)',
    file: PRODUCE,
    anchor: 'else if (partition.log.highWatermark >= status.requiredOffset) {',
    replacement: 'else if (MARK) {',
    caughtBy: { scenario: 'library/replication-survives-a-broker', runs: 20 },
  },
]
