import type { Mutant } from './mutant.ts'

/** Share groups (KIP-932): states, locks and deliveries of records, and what is persisted of them. */
export const SHARES_MUTANTS: readonly Mutant[] = [
  {
    id: 'share-start-passes-unfinished',
    rule: 'the start of a share partition passes only what is acknowledged or archived (`canMoveStartOffset`)',
    file: 'sim/kafka/share/share-partition.ts',
    anchor: 'if (!isTerminal(state) || inTransition)',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'library/share-leader-moves', variant: null, runs: 10 },
  },
  {
    id: 'share-end-persisted-as-start',
    rule: 'what is persisted as the start of a share partition is its start, not its end (SPSO, SPEO)',
    file: 'sim/kafka/share/led-share-partition.ts',
    anchor: 'leaderEpoch, stateEpoch, startOffset, stateBatches });',
    replacement: 'leaderEpoch, stateEpoch, startOffset: MARK ? shared.endOffset : startOffset, stateBatches });',
    caughtBy: { scenario: 'library/share-leader-moves', variant: null, runs: 10 },
  },
  {
    id: 'share-gaps-are-done',
    rule: 'what a new leader reads no state of was only acquired, and is available again',
    file: 'sim/kafka/share/share-partition.ts',
    anchor:
      'while (startOffset + records.length < firstOffset)\n            records.push(new InFlightRecord(RecordState.AVAILABLE, 0));',
    replacement:
      'while (startOffset + records.length < firstOffset)\n            records.push(new InFlightRecord(MARK ? RecordState.ARCHIVED : 0, 0));',
    caughtBy: { scenario: 'library/share-leader-moves', variant: null, runs: 30 },
  },
  {
    id: 'share-lock-archives',
    rule: 'a lock that ends makes its record available again, until the delivery limit',
    file: 'sim/kafka/share/in-flight-record.ts',
    anchor: "op !== 'decrease' && this.deliveryCount >= maxDeliveryCount",
    replacement: "op !== 'decrease' && MARK",
    caughtBy: { scenario: 'library/share-locks-end-before-the-work', variant: null, runs: 10 },
  },
  {
    id: 'share-delivers-without-limit',
    rule: 'a record is delivered group.share.delivery.count.limit times at most, by the word of one leader',
    file: 'sim/kafka/share/in-flight-record.ts',
    anchor: 'this.deliveryCount >= maxDeliveryCount',
    replacement: 'this.deliveryCount >= maxDeliveryCount && !MARK',
    caughtBy: { scenario: 'library/share-groups-give-up', variant: null, runs: 10 },
  },
  {
    id: 'share-session-counts',
    rule: 'what a member had acquired when its share session ended counts as not delivered (KAFKA-17541)',
    file: 'sim/kafka/share/share-partition.ts',
    anchor: "RecordState.AVAILABLE, 'decrease',",
    replacement: "RecordState.AVAILABLE, MARK ? 'keep' : 'decrease',",
    caughtBy: { scenario: 'library/share-crashes-are-no-deliveries', variant: null, runs: 10 },
  },
  {
    id: 'share-commit-accepts-all',
    rule: 'with share.acknowledgement.mode=explicit a commit acknowledges only what the application has acknowledged',
    file: 'sim/kafka/client/share/kafka-share-consumer.ts',
    anchor: 'commit(deadline) {\n        if (this.isImplicit)',
    replacement: 'commit(deadline) {\n        if (MARK)',
    caughtBy: { scenario: 'library/share-commit-accepts-the-batch', variant: 'explicit', runs: 20 },
  },
  {
    id: 'share-locks-never-end',
    rule: 'an acquisition lock ends after group.share.record.lock.duration.ms',
    file: 'sim/kafka/share/share-partition.ts',
    anchor: 'record.lockedUntil > now',
    replacement: 'MARK',
    caughtBy: { scenario: 'library/share-crashes-are-no-deliveries', variant: 'host-dies', runs: 10 },
  },
]
