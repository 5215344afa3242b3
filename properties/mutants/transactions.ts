import type { CaughtBy, Mutant } from './mutant.ts'

/** Everything at once, under chaos. */
function campaign(runs: number): CaughtBy {
  return { scenario: 'campaigns/exactly-once', variant: null, runs }
}

/** The transaction coordinator: its tables, its log and its markers. */
const COORDINATOR: readonly Mutant[] = [
  {
    id: 'end-keeps-the-epoch',
    rule: 'every end of a transaction of version 2 raises the epoch (`prepareAbortOrCommit`, KIP-890)',
    file: 'sim/kafka/transaction/transaction-metadata.ts',
    anchor: 'producerEpoch: bumps ? this.producerEpoch + 1 : this.producerEpoch,',
    replacement: 'producerEpoch: bumps && !MARK ? this.producerEpoch + 1 : this.producerEpoch,',
    caughtBy: campaign(400),
  },
  {
    id: 'commit-of-an-aborted-transaction-succeeds',
    rule: 'a commit of what was aborted is INVALID_TXN_STATE, not a success (`endTransaction`)',
    file: 'sim/kafka/transaction/end-txn.ts',
    anchor: "return cell === NONE ? { kind: 'done' } : refused(cell);",
    replacement:
      "return cell === NONE || (MARK && call.committed && cell === INVALID_TXN_STATE) ? { kind: 'done' } : refused(cell);",
    caughtBy: campaign(400),
  },
  {
    id: 'fenced-end-succeeds',
    rule: 'the end of a transaction by an epoch that is over is PRODUCER_FENCED (`endTransaction`)',
    file: 'sim/kafka/transaction/end-txn.ts',
    anchor: 'if (kind === null)\n        return refused(PRODUCER_FENCED);',
    replacement: "if (kind === null)\n        return MARK && { kind: 'done' };",
    caughtBy: campaign(400),
  },
  {
    id: 'late-end-ends-the-next',
    rule: 'up to version 1 EndTxn has to name the present epoch (`endTransactionWithTV1`)',
    file: 'sim/kafka/transaction/end-txn.ts',
    anchor: '(isFromClient && producerEpoch !== metadata.producerEpoch)',
    replacement: '(MARK && false)',
    caughtBy: campaign(400),
  },
  {
    id: 'successor-keeps-the-epoch',
    rule: 'InitProducerId raises the epoch, so that whoever had the id before is fenced (`prepareIncrementProducerEpoch`)',
    file: 'sim/kafka/transaction/init-producer-id.ts',
    anchor: 'return register(producerId, producerEpoch + 1, NO_PRODUCER_EPOCH);',
    replacement: 'return register(producerId, Math.max(0, MARK && producerEpoch), NO_PRODUCER_EPOCH);',
    caughtBy: campaign(400),
  },
  {
    id: 'fenced-producer-adds-partitions',
    rule: 'AddPartitionsToTxn of an older epoch is PRODUCER_FENCED (`handleAddPartitionsToTransaction`)',
    file: 'sim/kafka/transaction/add-partitions.ts',
    anchor:
      'if (metadata.producerId !== producerId)\n        return Errors.INVALID_PRODUCER_ID_MAPPING;\n    if (metadata.producerEpoch !== producerEpoch)',
    replacement:
      'if (metadata.producerId !== producerId)\n        return Errors.INVALID_PRODUCER_ID_MAPPING;\n    if (!MARK && metadata.producerEpoch !== producerEpoch)',
    caughtBy: campaign(400),
  },
  {
    id: 'earlier-partitions-forgotten',
    rule: 'a partition that joins a transaction joins those that are in it (`prepareAddPartitions`)',
    file: 'sim/kafka/transaction/transaction-metadata.ts',
    anchor: '[...new Set([...this.partitions, ...added])]',
    replacement: '[...(MARK && added)]',
    caughtBy: campaign(100),
  },
  {
    id: 'decided-before-replication',
    rule: 'a decision counts when its record is replicated (`appendTransactionToLog` with acks=-1)',
    file: 'sim/kafka/transaction/transaction-state-manager.ts',
    anchor: 'if (first.requiredOffset > log.highWatermark(tp))\n                return;',
    replacement: 'if (!MARK && first.requiredOffset > log.highWatermark(tp))\n                return;',
    caughtBy: campaign(400),
  },
  {
    id: 'transaction-state-not-loaded',
    rule: 'who is elected coordinator reads its transactions from the log (`loadTransactionMetadata`)',
    file: 'sim/kafka/transaction/transaction-state-manager.ts',
    anchor: 'ids.set(transactionalId, metadataOf(transactionalId, value));',
    replacement: 'void (MARK && value);',
    caughtBy: campaign(200),
  },
  {
    id: 'decided-transactions-not-resumed',
    rule: 'who loads a transaction that is decided sends its markers (`loadTransactionsForTxnTopicPartition`)',
    file: 'sim/kafka/transaction/transaction-coordinator.ts',
    anchor: 'if (decided.length > 0)',
    replacement: 'if (!MARK)',
    caughtBy: campaign(400),
  },
  {
    id: 'timed-out-transactions-stay',
    rule: 'the coordinator aborts a transaction that takes longer than transaction.timeout.ms (`abortTimedOutTransactions`)',
    file: 'sim/kafka/transaction/timeouts.ts',
    anchor: "return state === 'Ongoing' && pendingState === null",
    replacement: "return !MARK && state === 'Ongoing' && pendingState === null",
    caughtBy: campaign(400),
  },
  {
    id: 'markers-always-commit',
    rule: 'a marker says what was decided (`TxnMarkerEntry`)',
    file: 'sim/kafka/transaction/marker-channel.ts',
    anchor: 'transactionResult: committed,',
    replacement: 'transactionResult: MARK,',
    caughtBy: campaign(50),
  },
  {
    id: 'leaderless-partitions-get-no-marker',
    rule: 'a marker whose partition has no leader waits for one (`markersQueueForUnknownBroker`)',
    file: 'sim/kafka/transaction/marker-channel.ts',
    anchor: 'this.leaderless.push(entry);',
    replacement: 'void (MARK && entry);',
    caughtBy: campaign(400),
  },
  {
    id: 'lost-markers-not-sent-again',
    rule: 'markers whose request was lost are sent again (`TransactionMarkerRequestCompletionHandler`)',
    file: 'sim/kafka/transaction/marker-channel.ts',
    anchor: 'if (body === null)\n                this.sendAgain(entry);',
    replacement: 'if (body === null)\n                void MARK;',
    caughtBy: campaign(400),
  },
  {
    id: 'refused-markers-count-as-written',
    rule: 'a leader that is none any more has not written a marker: it is sent again',
    file: 'sim/kafka/transaction/marker-errors.ts',
    anchor: "return 'again';",
    replacement: "return MARK && 'written';",
    caughtBy: campaign(400),
  },
]

/** Partitions: what they take of a transaction, how it ends there, and up to where committed records are read. */
const PARTITIONS: readonly Mutant[] = [
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
    caughtBy: campaign(400),
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
    caughtBy: campaign(400),
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
    anchor: 'this.replay(entries, logStartOffset, index);',
    replacement: 'this.replay(entries, logStartOffset, MARK && null);',
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
const OFFSETS: readonly Mutant[] = [
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
    caughtBy: campaign(400),
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
    file: 'sim/kafka/group/coordinator-loader.ts',
    anchor: "offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed });",
    replacement:
      "offsets.replay({ kind: 'marker', offset: baseOffset, producerId, producerEpoch, committed: !MARK && committed });",
    caughtBy: campaign(400),
  },
]

/** Clients: the producer's transaction manager, the consumer's filter, and the application around them. */
const CLIENTS: readonly Mutant[] = [
  {
    id: 'end-overtakes-batches',
    rule: 'EndTxn waits until every batch is answered (`Sender.maybeSendAndPollTransactionalRequest`)',
    file: 'sim/kafka/client/transaction/transaction-manager.ts',
    anchor: "if (next.kind === 'EndTxn' && mustWait)",
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'museum/T05-produce-behind-the-end', variant: 'after', runs: 1 },
  },
  {
    id: 'failed-batches-forgiven',
    rule: 'a batch that failed fails its transaction (`maybeTransitionToErrorState`)',
    file: 'sim/kafka/client/transaction/transaction-manager.ts',
    anchor: "if (this.options.switches['txn.failed-record'] === 'abort' && !this.endsWithoutAnswers)",
    replacement: 'if (!MARK)',
    caughtBy: campaign(400),
  },
  {
    id: 'sequences-go-on-in-a-new-epoch',
    rule: 'with the epoch that EndTxn gives sequences begin at 0 (`resetSequenceNumbers`)',
    file: 'sim/kafka/client/transaction/txn-responses.ts',
    anchor: 'manager.resetSequences();',
    replacement: 'void MARK;',
    caughtBy: campaign(100),
  },
  {
    id: 'commit-that-timed-out-counts',
    rule: 'a commit that timed out is not known to have succeeded: it is called again',
    file: 'sim/application/transaction-runner.ts',
    anchor: "case 'retry':\n                return this.commitNow();",
    replacement: "case 'retry':\n                return this.end(MARK && 'committed');",
    caughtBy: campaign(400),
  },
  {
    id: 'no-offsets-in-the-transaction',
    rule: 'a processor sends its offsets with its output (`sendOffsetsToTransaction`)',
    file: 'sim/application/transaction-runner.ts',
    anchor: 'if (offsets === null)',
    replacement: 'if (MARK)',
    caughtBy: campaign(100),
  },
  {
    id: 'no-way-back-after-an-abort',
    rule: 'after an abort a processor reads again from where its group stands',
    file: 'sim/application/transactional-output.ts',
    anchor: "end === 'committed' || (end !== 'unknown' && !this.options.rewindOnAbort)",
    replacement: 'MARK',
    caughtBy: campaign(400),
  },
  {
    id: 'present-generation-fences',
    rule: 'offsets are fenced with the generation of the last join, also when the member was thrown out since (`groupMetadata`)',
    file: 'sim/kafka/client/consumer/kafka-consumer.ts',
    anchor: 'return this.parts.membership.joinedAs;',
    replacement: 'return MARK && this.parts.membership;',
    caughtBy: campaign(1500),
  },
  {
    id: 'aborted-producer-stays-hidden',
    rule: 'behind the abort marker a producer is read again (`CompletedFetch.consumeAbortedTransactionsUpTo`)',
    file: 'sim/kafka/client/consumer/aborted-records.ts',
    anchor: 'producerIds.delete(producerId);',
    replacement: 'void (MARK && producerId);',
    caughtBy: campaign(200),
  },
  {
    id: 'aborted-records-shown',
    rule: 'read_committed passes over what was aborted (`CompletedFetch.isBatchAborted`)',
    file: 'sim/kafka/client/consumer/aborted-records.ts',
    anchor: 'return marker !== null || producerIds.has(producerId);',
    replacement: 'return MARK && marker !== null;',
    caughtBy: campaign(100),
  },
]

/** Transactions: coordinator, partitions, offsets and clients. */
export const TRANSACTION_MUTANTS: readonly Mutant[] = [...COORDINATOR, ...PARTITIONS, ...OFFSETS, ...CLIENTS]
