import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import type { GenericMutant } from './sample.ts'

/** Why a drawn mutant survives, by its id. What is drawn changes with the code; whoever draws anew looks at what is new. */
const REASONS: ReadonlyMap<string, string> = new Map([
  [
    'log/producer-state-entry plus-one: export const NUM_BATCHES_TO_RETAIN = 5; -> export const NUM_BATCHES_TO_RETAIN = (6);',
    'Equivalent: five batches in flight at most, so a sixth is never asked for.',
  ],
  [
    'client/metadata negate: if (invalidatesMetadata(partition.errorCode)) -> if ((!(invalidatesMetadata(partition.errorCode))))',
    'Performance: metadata is asked for too often after good answers, and after bad ones by the error that follows.',
  ],
  [
    'client/txn-partition-entry plus-one: this.nextSequence = Math.max(0, this.nextSequence - by); -> this.nextSequence = Math.max((1), this.nextSequence - by);',
    "Not reached: only other clients' rules give a sequence back; the museum has them, the battery does not.",
  ],
  [
    "protocol/coordinator-records plus-one: return RECORD_OVERHEAD + 40 + value.groupId.length + (value.type === 'GroupMetadata' ? 150 * value.members.length : 0); -> return RECORD_OVERHEAD + (41) + value.groupId.length + (value.type === 'GroupMetadata' ? 150 * value.members.length : 0);",
    'Performance: the estimated size decides only how many records a coordinator writes together.',
  ],
  [
    'client/batch-completion drop: part.inDoubt = batch.inDoubt; -> ;',
    'Not reached: no scenario of the battery has a batch that is split (MESSAGE_TOO_LARGE). A hole.',
  ],
  [
    "client/consumer/consumer-coordinator drop: commits.abandon(commit, 'timed-out', commit.errorCode); -> ;",
    'Not reached: a commit before a rebalance that takes as long as max.poll.interval.ms. A hole.',
  ],
  [
    "transaction/init-producer-id-handler plus-one: const isValid = transactionTimeoutMs > 0 && transactionTimeoutMs <= this.parts.options['transaction.max.timeout.ms']; -> const isValid = transactionTimeoutMs > (1) && transactionTimeoutMs <= this.parts.options['transaction.max.timeout.ms'];",
    'Equivalent here: no scenario asks for a transaction timeout of 1 ms.',
  ],
  [
    'client/consumer/assignors/cooperative-sticky negate: if (first === undefined || !loads.every((load) => isSameSet(load.topics, first.topics))) -> if ((!(first === undefined || !loads.every((load) => isSameSet(load.topics, first.topics)))))',
    'Equivalent: balancing moves what trimming would have cut; only which partition moves may differ.',
  ],
  [
    'client/consumer/heartbeat drop: this.sessionEndsAt = now + settings.sessionTimeoutUs; -> ;',
    'Equivalent: finding the coordinator has begun the session, and the first answer begins it again.',
  ],
  [
    'client/transaction/transaction-manager plus-one: if (txn.unresolvedNext < 0 && !this.sequences.isGap(batch)) -> if (txn.unresolvedNext < (1) && !this.sequences.isGap(batch))',
    'Not reached: sequences that are unresolved in a transaction.',
  ],
  [
    'group/coordinator-writes plus-one: const NO_GUARD = 0; -> const NO_GUARD = (1);',
    'Equivalent: it is the guard of a marker, which needs none.',
  ],
  [
    "protocol/config/consumer plus-one: 'retry.backoff.max.ms': { type: 'ms', default: 1000, min: 0, max: NEVER }, -> 'retry.backoff.max.ms': { type: 'ms', default: 1000, min: (1), max: NEVER },",
    "Equivalent here: the bound of a setting that no scenario sets there; the format's own tests do.",
  ],
  [
    'group/classic-groups drop: this.groups.delete(groupId); -> ;',
    'Not reached: the first record of a group that cannot be written. A hole.',
  ],
  [
    'group/classic-group negate: if (member.awaitingJoin !== null) -> if ((!(member.awaitingJoin !== null)))',
    'Equivalent here: it is counted for group.max.size, which no scenario reaches. A hole.',
  ],
  [
    'client/consumer/consumer-topics plus-one: this.counts.push(0); -> this.counts.push((1));',
    'Equivalent: nobody asks for the count of a topic before metadata has told it.',
  ],
  [
    'broker/producer-id-manager minus-one: prefetchAt = 0; -> prefetchAt = (-1);',
    'Equivalent: before the first block there is nothing to compare it with.',
  ],
  [
    "protocol/config/producer plus-one: 'delivery.timeout.ms': { type: 'ms', default: 120_000, min: 0, max: INT_MAX }, -> 'delivery.timeout.ms': { type: 'ms', default: 120_000, min: (1), max: INT_MAX },",
    "Equivalent here: the bound of a setting that no scenario sets there; the format's own tests do.",
  ],
  [
    'broker/controller-channel plus-one: setupTimeoutMaxUs: ms(30_000), -> setupTimeoutMaxUs: ms((30001)),',
    'Timing only: a millisecond in the longest pause between attempts to connect.',
  ],
  [
    'client/record-accumulator drop: first.updateLeaderEpoch(partition.leaderEpoch); -> ;',
    'Performance: a retry waits for its back-off though the leader is a new one (KIP-951).',
  ],
  [
    'transaction/transaction-state-manager minus-one: if (log.logEndOffset(tp) === 0 || disk.admit(TransactionDisk.load, tp, partition.life, null)) { -> if (log.logEndOffset(tp) === (-1) || disk.admit(TransactionDisk.load, tp, partition.life, null)) {',
    'Timing only: a partition that is empty is read like others, which takes time on a slow disk.',
  ],
  [
    'client/transaction/txn-responses swap: manager.partitions.answered(request.partitions, added); -> manager.partitions.answered((added), request.partitions);',
    'Not reached: AddPartitionsToTxn answered with an error for some of its partitions.',
  ],
  [
    'client/metadata drop: partition.leaderEpoch = hint.leaderEpoch; -> ;',
    'Performance: the hint is taken again until metadata brings the epoch.',
  ],
  [
    'protocol/errors plus-one: MESSAGE_TOO_LARGE: 10, -> MESSAGE_TOO_LARGE: (11),',
    'Equivalent: both sides use the number by its name, and no scenario of the battery has a batch that is too large.',
  ],
  [
    'transaction/marker-channel minus-one: const RETRY_BACKOFF = ms(100); -> const RETRY_BACKOFF = ms((99));',
    'Timing only: a millisecond in a back-off.',
  ],
  [
    'protocol/api minus-one: [Api.Heartbeat]: { min: 0, max: 4 }, -> [Api.Heartbeat]: { min: (-1), max: 4 },',
    'Equivalent: nobody speaks a version below 0.',
  ],
  [
    'group/classic-groups minus-one: this.env.emit(M.memberRemoved, group.text, member.node, group.generationId, expired ? 1 : 0); -> this.env.emit(M.memberRemoved, group.text, member.node, group.generationId, expired ? 1 : (-1));',
    'Told only: a flag of a moment that no judge reads.',
  ],
  [
    'group/afterwards negate: if (group === undefined || member === undefined) -> if ((!(group === undefined || member === undefined)))',
    'Not reached: no scenario of the battery has static members. A hole.',
  ],
  [
    'broker/consumer-fetch swap: const tp = tpOf(wanted.topicId, wanted.partition); -> const tp = tpOf((wanted.partition), wanted.topicId);',
    'Performance: a parked fetch of a consumer is answered at once, and asks again.',
  ],
  [
    'client/sequences swap: txn.setIdentity(this.producerId, this.producerEpoch); -> txn.setIdentity((this.producerEpoch), this.producerId);',
    'Not reached: clients that remember epochs per producer; the museum has them, the battery does not.',
  ],
  [
    'client/consumer/assignors/cooperative-sticky minus-one: for (let at = from.tps.length - 1; at >= 0; at--) { -> for (let at = from.tps.length - (0); at >= 0; at--) {',
    'Equivalent: behind the last partition there is none, and none is moved.',
  ],
  [
    'client/consumer/assignors/cooperative-sticky plus-one: from.tps.splice(at, 1); -> from.tps.splice(at, (2));',
    'Not reached: with equal subscriptions trimming has balanced already. A hole: no scenario has unequal ones.',
  ],
  [
    'client/consumer/assignors/cooperative-sticky negate: else if (generation === claim.generation) -> else if ((!(generation === claim.generation)))',
    'Not reached: two members that claim a partition for the same generation. A hole.',
  ],
  [
    'group/coordinator-partition drop: env.emit(M.coordinatorUnloaded, this.tp, epoch); -> ;',
    'Told only: a moment that no judge reads.',
  ],
  [
    'group/coordinator-partition swap: env.setTimer(BrokerTimer.GroupMaterialize, env.decide(JITTER, SCHEDULER_LAG_US), this.tp, this.life); -> env.setTimer(BrokerTimer.GroupMaterialize, env.decide((SCHEDULER_LAG_US), JITTER), this.tp, this.life);',
    'Not reached: a rule of older brokers; the museum has it, the battery does not.',
  ],
  [
    "protocol/config/broker plus-one: 'default.replication.factor': { type: 'int', default: 1, min: 1, max: 32_767 }, -> 'default.replication.factor': { type: 'int', default: 1, min: 1, max: (32768) },",
    'Equivalent here: the bound of a setting that no scenario sets there.',
  ],
  [
    'broker/broker drop: this.replicas.appends.produce(verified.request, verified); -> ;',
    'Not reached: a batch that was verified and waits for a slow disk. A hole.',
  ],
  [
    "transaction/init-producer-id negate: return { kind: 'rotate', lastProducerEpoch: isAnonymous(expected) ? NO_PRODUCER_EPOCH : producerEpoch }; -> return { kind: 'rotate', lastProducerEpoch: (!(isAnonymous(expected))) ? NO_PRODUCER_EPOCH : producerEpoch };",
    'Not reached: a producer epoch that runs out; a unit test has it.',
  ],
  [
    'controller/cluster-formation minus-one: if (replicationFactor < 1 || replicationFactor > brokers.length) { -> if (replicationFactor < (0) || replicationFactor > brokers.length) {',
    'Equivalent: the format refuses a replication factor below 1.',
  ],
  [
    'client/murmur2 drop: bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)); -> ;',
    'Equivalent here: keys of scenarios are ASCII; the unit test has others.',
  ],
  [
    'protocol/errors minus-one: NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20, -> NOT_ENOUGH_REPLICAS_AFTER_APPEND: (19),',
    'Equivalent: since KIP-966 the high watermark waits for min.insync.replicas, and this error is never answered.',
  ],
  [
    'client/consumer/offset-commits plus-one: generationId = -1; -> generationId = -(2);',
    'Equivalent: it is set whenever the commit is sent.',
  ],
  [
    'group/group-errors swap: env.emitWide(M.commitRefused, group, tp, committedOffset, error, generation, request.source); -> env.emitWide((group), M.commitRefused, tp, committedOffset, error, generation, request.source);',
    'Judge lacking: a moment of a kind that does not exist is not noticed, and a refused commit is read by campaigns only.',
  ],
  [
    'broker/delayed-produce plus-one: if (next > 0) -> if (next > (1))',
    'Equivalent: a deadline of a microsecond after the beginning does not occur.',
  ],
  [
    'protocol/errors minus-one: 2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 72, 74, 75, 78, 88, 100, 103, -> 2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, (18), 20, 41, 51, 56, 72, 74, 75, 78, 88, 100, 103,',
    "Judge lacking: a send that fails honestly where a retry would have helped breaks no guarantee. Availability is nobody's promise here.",
  ],
  [
    'broker/idle-replicas drop: remote.updateFetchState(0, 0, last.time, 0, last.replicaEpoch); -> ;',
    'Performance: the follower counts from its next fetch on.',
  ],
  ['broker/replica-fetcher plus-one: if (leader < 0) -> if (leader < (1))', 'Equivalent: brokers are numbered from 1.'],
  [
    'client/consumer/fetcher swap: this.useLeaderHint(state, answer); -> this.useLeaderHint((answer), state);',
    'Performance: the hint is not used, and the new leader is learned from metadata.',
  ],
  [
    "protocol/profile minus-one: 'transaction.version': 2, -> 'transaction.version': (1),",
    'Equivalent here: it is the entry of kafka-4.0, under which no scenario of the battery has transactions.',
  ],
  [
    'protocol/api minus-one: OffsetCommit: 8, -> OffsetCommit: (7),',
    "Equivalent: both sides use the key by its name, and 7 is no other's.",
  ],
  [
    'broker/delayed-produce plus-one: timerAt = 0; -> timerAt = (1);',
    'Equivalent: it is set with the timer and read only while that runs.',
  ],
  [
    'transaction/init-producer-id negate: if (expected.producerId === metadata.producerId) -> if ((!(expected.producerId === metadata.producerId)))',
    'Not reached: a producer that comes back with an older producer id (KIP-360).',
  ],
  [
    'broker/delayed-fetch plus-one: this.nameless.splice(this.nameless.indexOf(operation), 1); -> this.nameless.splice(this.nameless.indexOf(operation), (2));',
    "Heals by itself: another follower's fetch is forgotten, and comes again after replica.socket.timeout.ms.",
  ],
  [
    'client/producer-batch drop: this.maxTimestamp = Math.max(-1, first.timestamp); -> ;',
    'Equivalent here: the largest timestamp serves look-ups by time and the expiry of producer ids, which no scenario has. A hole.',
  ],
  [
    'group/classic-groups drop: group.pendingSyncMembers.delete(memberId); -> ;',
    'Not reached in time: members that have synchronised are taken out after the rebalance timeout of five minutes, and runs are shorter. A hole.',
  ],
  ['broker/idle-replicas plus-one: since = 0; -> since = (1);', 'Equivalent: a microsecond.'],
  [
    'broker/metadata-fetcher minus-one: const MAX_WAIT_MS = 500; -> const MAX_WAIT_MS = (499);',
    "Timing only: a millisecond of the metadata log's long poll.",
  ],
  [
    'group/classic-groups swap: this.env.emit(M.memberJoined, group.text, node, group.generationId); -> this.env.emit((group.text), M.memberJoined, node, group.generationId);',
    'Not reached: no scenario of the battery has static members. A hole.',
  ],
])

/** Why a mutant survives: argued where somebody has looked at it. */
export function reasonFor({ id }: GenericMutant, { executed }: MutantOutcome): string {
  return REASONS.get(id) ?? (executed ? 'not looked at yet' : 'not reached by the battery; not looked at yet')
}
