import type { Mutant } from './mutant.ts'

/** Sequences, retries, timeouts and what an application is told. */
export const PRODUCER_MUTANTS: readonly Mutant[] = [
  {
    id: 'retries-reorder',
    rule: 'an idempotent producer puts a batch back in the order of its sequences (`insertInSequenceOrder`)',
    file: 'sim/kafka/client/record-accumulator.ts',
    anchor: 'for (; at < queue.length; at++) {',
    replacement: 'for (; !MARK;) {',
    caughtBy: { scenario: 'library/gives-up-in-doubt', variant: 'patient', runs: 10 },
  },
  {
    id: 'retry-takes-new-sequence',
    rule: 'a retry keeps the sequence of the first attempt',
    file: 'sim/kafka/client/sequences.ts',
    anchor: 'if (batch.hasSequence())\n            return;',
    replacement: 'if (!MARK)\n            return;',
    caughtBy: { scenario: 'library/acks-0-loses', variant: 'acks-all', runs: 10 },
  },
  {
    id: 'delivery-timeout-not-enforced',
    rule: 'delivery.timeout.ms bounds the time from send() to its outcome',
    file: 'sim/kafka/client/batch-expiry.ts',
    anchor: 'if (now < this.dueAt)',
    replacement: 'if (MARK)',
    caughtBy: { scenario: 'library/gives-up-in-doubt', variant: null, runs: 20 },
  },
  {
    id: 'doubt-counts-as-refusal',
    rule: 'after a disconnect or timeout nobody knows whether the batch was appended',
    file: 'sim/kafka/client/batch-completion.ts',
    anchor: "if (appendOutcome(error) === 'in-doubt')",
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'library/gives-up-in-doubt', variant: null, runs: 10 },
  },
  {
    id: 'disconnect-counts-as-acked',
    rule: 'a request that ends without an answer is no acknowledgement',
    file: 'sim/kafka/client/batch-completion.ts',
    anchor: 'this.answered(batch, error, null);',
    replacement: 'MARK && this.acknowledged(batch, -1);',
    caughtBy: { scenario: 'library/acks-1-leader-dies', variant: 'acks-all', runs: 10 },
  },
  {
    id: 'error-counts-as-acked',
    rule: 'a batch that is answered with an error is not acknowledged',
    file: 'sim/kafka/client/batch-completion.ts',
    anchor: 'if (answer.errorCode === Errors.NONE)',
    replacement: 'if (MARK)',
    caughtBy: { scenario: 'library/committed-survives-on-one-replica', variant: null, runs: 20 },
  },
  {
    id: 'retries-without-end',
    rule: 'a batch is sent again `retries` times at most',
    file: 'sim/kafka/client/batch-completion.ts',
    anchor: 'if (batch.done || batch.attempts >= this.settings.retries)',
    replacement: 'if (batch.done || !MARK)',
    caughtBy: { scenario: 'library/no-retries-is-at-most-once', variant: null, runs: 20 },
  },
]
