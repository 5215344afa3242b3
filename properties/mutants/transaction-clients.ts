import type { Mutant } from './mutant.ts'
import { campaign } from './transaction-campaign.ts'

/** Clients: the producer's transaction manager, the consumer's filter, and the application around them. */
export const CLIENT_MUTANTS: readonly Mutant[] = [
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
    caughtBy: null,
    equivalent:
      'a partition without batches in flight begins at 0 by itself when its epoch is not the present one (`maybeUpdateProducerIdAndEpoch`, KAFKA-12152), and EndTxn waits until no partition has any',
  },
  {
    id: 'commit-that-timed-out-counts',
    rule: 'a commit that timed out is not known to have succeeded: it is called again',
    file: 'sim/application/transaction-runner.ts',
    anchor: "case 'retry':\n                return this.commitNow();",
    replacement: "case 'retry':\n                return this.end(MARK && 'committed');",
    caughtBy: { scenario: 'library/commit-that-timed-out-is-called-again', variant: null, runs: 5 },
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
    file: 'sim/kafka/client/consumer/classic-group-client.ts',
    anchor: 'return this.membership.joinedAs;',
    replacement: 'return MARK && this.membership;',
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
