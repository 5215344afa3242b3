import type { Mutant } from './mutant.ts'

/** Producer ids, sequences and epochs of the idempotent producer. */
export const SEQUENCE_MUTANTS: readonly Mutant[] = [
  {
    id: 'producer-id-given-twice',
    rule: 'a broker gives each producer id once (`RPCProducerIdManager`)',
    file: 'sim/kafka/broker/producer-id-manager.ts',
    anchor: 'const id = this.next++;',
    replacement: 'const id = MARK && this.next;',
    caughtBy: { scenario: 'campaigns/safe-publishing', variant: null, runs: 20 },
  },
  {
    id: 'producer-id-block-given-twice',
    rule: 'the controller gives each block of producer ids once (`ProducerIdControlManager`)',
    file: 'sim/kafka/controller/producer-ids.ts',
    anchor: 'this.nextProducerId = record.nextProducerId;',
    replacement: 'void (MARK && record.nextProducerId);',
    caughtBy: { scenario: 'campaigns/safe-publishing', variant: null, runs: 50 },
  },
  {
    id: 'sequence-taken-twice',
    rule: 'a drained batch takes its sequences, so the next one gets others',
    file: 'sim/kafka/client/sequences.ts',
    anchor:
      "if (this.switches['sequence.advance'] === 'when-drained')\n            txn.increment(batch.records.length);",
    replacement:
      "if (!MARK && this.switches['sequence.advance'] === 'when-drained')\n            txn.increment(batch.records.length);",
    caughtBy: { scenario: 'museum/N01-one-sequence-for-concurrent-sends', variant: 'after', runs: 1 },
  },
  {
    id: 'muting-forgotten',
    rule: 'with one request in flight a partition waits for its batch that is out (KAFKA-3197)',
    file: 'sim/kafka/client/sender.ts',
    anchor: 'if (this.settings.guaranteeOrder)',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'museum/P03-leader-moves-between-batches', variant: 'after', runs: 1 },
  },
  {
    id: 'answer-of-a-lost-connection-raises-the-epoch',
    rule: 'a batch that may be in the log keeps its epoch: only a gap or a definite failure takes a new one',
    file: 'sim/kafka/client/idempotence.ts',
    anchor: 'return isRetriable(error);',
    replacement: 'return MARK && (this.requestEpochBump(batch.partition), isRetriable(error));',
    caughtBy: { scenario: 'museum/P01-retry-doubles', variant: 'after', runs: 1 },
  },
  {
    id: 'producers-expire-at-once',
    rule: 'a partition forgets a producer after producer.id.expiration.ms only',
    file: 'sim/kafka/log/producer-state.ts',
    anchor: 'nowMs - entry.lastTimestamp >= expirationMs',
    replacement: 'MARK',
    caughtBy: { scenario: 'museum/P09-producer-state-expires', variant: 'after', runs: 1 },
  },
]
