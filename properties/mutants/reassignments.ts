import type { Mutant } from './mutant.ts'

/** Partitions that are moved to other brokers (KIP-455). */
export const REASSIGNMENT_MUTANTS: readonly Mutant[] = [
  {
    id: 'reassignment-over-too-early',
    rule: 'the old replicas go when all that are to be are in sync (KAFKA-15665, `maybeCompleteReassignment`)',
    file: 'sim/kafka/controller/reassignment-replicas.ts',
    anchor: 'return needed.every((replica) => inSync.includes(replica)) ?',
    replacement: 'return needed.every((replica) => inSync.includes(replica) || MARK) ?',
    caughtBy: { scenario: 'library/reassigned-below-min-isr', variant: null, runs: 5 },
  },
  {
    id: 'removed-replicas-stay-in-sync',
    rule: 'who is no replica any more is not in sync either, so a leader that goes is replaced',
    file: 'sim/kafka/controller/partition-change-builder.ts',
    anchor: 'this.targetIsr = completed.isr;',
    replacement: 'this.targetIsr = MARK ? this.targetIsr : completed.isr;',
    caughtBy: { scenario: 'library/partition-moves-to-other-brokers', variant: null, runs: 20 },
  },
  {
    id: 'removal-keeps-leader-epoch',
    rule: 'the leader epoch rises when a replica is removed (`triggerLeaderEpochBumpForReplicaReassignmentIfNeeded`)',
    file: 'sim/kafka/controller/partition-change-builder.ts',
    anchor: 'if (!partition.replicas.every((replica) => targetReplicas.includes(replica)))',
    replacement: 'if (!MARK && !partition.replicas.every((replica) => targetReplicas.includes(replica)))',
    caughtBy: { scenario: 'library/removed-and-added-again', variant: null, runs: 10 },
  },
  {
    id: 'added-replicas-in-sync-at-once',
    rule: 'a replica that a reassignment adds joins the in-sync set when its leader finds it caught up',
    file: 'sim/kafka/controller/partition-reassignment.ts',
    anchor: "new LeaderAcceptor(cluster), 'online', {",
    replacement: "new LeaderAcceptor(cluster), 'online', { ...(MARK && { targetIsr: replicas }),",
    caughtBy: { scenario: 'library/partition-moves-to-other-brokers', variant: null, runs: 20 },
  },
  {
    id: 'cancelled-replicas-stay-in-sync',
    rule: 'a cancelled reassignment takes what it added out of the in-sync set (`PartitionReassignmentRevert`)',
    file: 'sim/kafka/controller/reassignment-replicas.ts',
    anchor: 'const inSync = difference(isr, addingReplicas, false);',
    replacement: 'const inSync = MARK ? [...isr] : difference(isr, addingReplicas, false);',
    caughtBy: { scenario: 'library/partition-moves-to-other-brokers', variant: null, runs: 20 },
  },
]
