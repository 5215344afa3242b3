import type { Mutant } from './mutant.ts'

/** What threads of Kafka Streams do. */
export const STREAMS_MUTANTS: readonly Mutant[] = [
  {
    id: 'streams-transaction-without-positions',
    rule: 'exactly_once_v2 commits the positions of all tasks in the transaction of their outputs',
    file: 'sim/application/streams/streams-transactions.ts',
    anchor: 'sendOffsetsToTransaction(offsets,',
    replacement: 'sendOffsetsToTransaction(MARK ? [] : offsets,',
    caughtBy: { scenario: 'library/streams-exactly-once', variant: null, runs: 10 },
  },
  {
    id: 'streams-transaction-without-generation',
    rule: 'what fences tasks that have migrated is the generation of their group, for every process has an id of its own',
    file: 'sim/application/streams/streams-process.ts',
    anchor: '...consumer.groupMetadata,',
    replacement: "...(MARK ? { generationId: -1, memberId: '' } : consumer.groupMetadata),",
    caughtBy: { scenario: 'library/streams-exactly-once', variant: null, runs: 20 },
  },
  {
    id: 'streams-lost-tasks-keep-their-transaction',
    rule: 'a thread that has lost its tasks makes its producer anew, and their transaction is aborted',
    file: 'sim/application/streams/streams-process.ts',
    anchor: 'this.tasks?.reset();\n        this.book.rewind();',
    replacement: 'if (!MARK)\n            this.tasks?.reset();\n        this.book.rewind();',
    caughtBy: { scenario: 'library/streams-exactly-once', variant: 'commits-rarely', runs: 20 },
  },
  {
    id: 'streams-commit-after-failed-sends',
    rule: 'a send that failed is noticed before any position is committed',
    file: 'sim/application/streams/streams-output.ts',
    anchor: 'this.problem ??= problemOfSend(error);',
    replacement: 'this.problem ??= MARK ? null : problemOfSend(error);',
    caughtBy: { scenario: 'library/streams-output-waits-for-replicas', variant: null, runs: 10 },
  },
]
