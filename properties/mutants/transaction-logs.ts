import type { Mutant } from './mutant.ts'
import { campaign } from './transaction-campaign.ts'

/** Partitions: what they take of a transaction, how it ends there, and up to where committed records are read. */
export const PARTITION_MUTANTS: readonly Mutant[] = [
  {
    id: 'verification-guard-ignored',
    rule: 'what a marker overtook since its verification is refused (KAFKA-14884)',
    file: 'sim/kafka/log/producer-state.ts',
    anchor: 'return guard !== NO_GUARD && this.verifications.get(batch.producerId)?.guard === guard;',
    replacement: 'return MARK;',
    caughtBy: { scenario: 'museum/T04-marker-before-the-verified-batch', variant: 'after', runs: 1 },
  },
  {
    id: 'older-markers-taken',
    rule: 'a marker of an older epoch than the partition knows is INVALID_PRODUCER_EPOCH (`appendEndTxnMarker`)',
    file: 'sim/kafka/log/append-validation.ts',
    anchor:
      'function validateMarker(entry, batch, marker, transactionVersion) {\n    if (batch.producerEpoch < entry.producerEpoch)',
    replacement:
      'function validateMarker(entry, batch, marker, transactionVersion) {\n    if (!MARK && batch.producerEpoch < entry.producerEpoch)',
    caughtBy: { scenario: 'library/late-markers-of-an-older-epoch', variant: null, runs: 1 },
  },
  {
    id: 'markers-of-the-open-epoch-taken',
    rule: 'a marker of version 2 does not end the transaction that was begun with its own epoch (KIP-1228)',
    file: 'sim/kafka/log/append-validation.ts',
    anchor: 'if (transactionVersion >= ENDS_WITH_BUMPED_EPOCH && isLate)',
    replacement: 'if (!MARK && isLate)',
    caughtBy: { scenario: 'museum/T24-marker-of-the-same-epoch', variant: 'after', runs: 1 },
  },
  {
    id: 'marker-leaves-the-epoch',
    rule: 'the epoch of a marker is the epoch of its producer from then on (`appendEndTxnMarker`)',
    file: 'sim/kafka/log/producer-state-entry.ts',
    anchor: 'this.clear(batch.producerEpoch);\n        this.coordinatorEpoch = marker.coordinatorEpoch;',
    replacement: 'void MARK;\n        this.coordinatorEpoch = marker.coordinatorEpoch;',
    caughtBy: { scenario: 'library/fenced-producers-stay-fenced', variant: 'before-verification', runs: 1 },
  },
  {
    id: 'last-stable-offset-at-high-watermark',
    rule: 'the last stable offset is where the first open transaction begins (`UnifiedLog.lastStableOffset`)',
    file: 'sim/kafka/log/partition-log.ts',
    anchor: 'return firstUnstable >= 0 && firstUnstable < this.high ? firstUnstable : this.high;',
    replacement: 'return MARK && firstUnstable >= 0 ? this.high : this.high;',
    caughtBy: campaign(100),
  },
  {
    id: 'aborts-not-indexed',
    rule: 'an abort marker enters its transaction into the index (`LogSegment.updateTxnIndex`)',
    file: 'sim/kafka/log/producer-state.ts',
    anchor: "if (marker?.type === 'ABORT')",
    replacement: 'if (!MARK)',
    caughtBy: campaign(100),
  },
  {
    id: 'index-not-rebuilt',
    rule: 'after an unclean shutdown the aborted transactions are read from the log (`LogSegment.recover`)',
    file: 'sim/kafka/log/producer-state.ts',
    anchor: 'this.replay(entries, from, index, to);',
    replacement: 'this.replay(entries, from, MARK && null, to);',
    caughtBy: campaign(400),
  },
  {
    id: 'aborted-search-ends-early',
    rule: 'a fetch is told of every aborted transaction that overlaps it (`collectAbortedTxns`)',
    file: 'sim/kafka/log/transaction-index.ts',
    anchor: 'if (txn.firstOffset < upperBoundOffset)',
    replacement: 'if (MARK && txn.firstOffset >= fetchOffset)',
    caughtBy: campaign(400),
  },
]

/** Offsets in transactions, at the group's coordinator. */
export const OFFSET_MUTANTS: readonly Mutant[] = [
  {
    id: 'pending-offsets-count-at-once',
    rule: 'offsets of a transaction wait for its end (`pendingTransactionalOffsets`)',
    file: 'sim/kafka/group/offsets-state.ts',
    anchor: 'put(producerId < 0 ? this.offsets : this.pendingOf(producerId), record, offset)',
    replacement: 'put(MARK && this.offsets, record, offset)',
    caughtBy: { scenario: 'library/offsets-in-the-transaction', runs: 100 },
  },
  {
    id: 'aborted-offsets-count',
    rule: 'offsets of an aborted transaction are dropped (`replayEndTransactionMarker`)',
    file: 'sim/kafka/group/offsets-state.ts',
    anchor: 'if (committed && isCurrent)',
    replacement: 'if (MARK && isCurrent)',
    caughtBy: campaign(400),
  },
  {
    id: 'unstable-offsets-told',
    rule: 'where an open transaction has the last word an offset is UNSTABLE_OFFSET_COMMIT (KIP-447)',
    file: 'sim/kafka/group/group-offsets.ts',
    anchor: 'const isUnstable = requireStable &&',
    replacement: 'const isUnstable = !MARK &&',
    caughtBy: { scenario: 'library/positions-wait-for-their-transaction', variant: null, runs: 10 },
  },
  {
    id: 'older-generations-add-offsets',
    rule: 'TxnOffsetCommit of an older generation is refused (KIP-447)',
    file: 'sim/kafka/group/classic-group.ts',
    anchor:
      'if (generationId < 0 && memberId === UNKNOWN_MEMBER_ID && instanceId === null)\n            return Errors.NONE;\n        const error = this.validateMember(memberId, instanceId);',
    replacement:
      'if (MARK)\n            return Errors.NONE;\n        const error = this.validateMember(memberId, instanceId);',
    caughtBy: campaign(400),
  },
  {
    id: 'loaded-markers-abort',
    rule: 'a coordinator that loads takes over what the markers in its log say',
    file: 'sim/kafka/group/coordinator-shard.ts',
    anchor: "offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed });",
    replacement:
      "offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed: !MARK && committed });",
    caughtBy: campaign(400),
  },
]
