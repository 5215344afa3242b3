import type { Mutant } from './mutant.ts'

/** What stores remember, and how sinks write into them. */
export const STORES_MUTANTS: readonly Mutant[] = [
  {
    id: 'idempotency-key-not-kept',
    rule: 'an endpoint keeps the idempotency key of what it does',
    file: 'sim/application/endpoint.ts',
    anchor: 'keys.put(record, now);',
    replacement: 'MARK;',
    caughtBy: { scenario: 'library/calls-are-made-again', variant: 'idempotency-key', runs: 10 },
  },
  {
    id: 'rows-not-marked',
    rule: 'what is written is marked in the transaction of the rows',
    file: 'sim/application/database-store.ts',
    anchor: 'marks.put(record, now);',
    replacement: 'MARK;',
    caughtBy: { scenario: 'library/marks-of-what-is-done', variant: null, runs: 10 },
  },
  {
    id: 'marks-forgotten-early',
    rule: 'a mark is remembered for the whole window',
    file: 'sim/application/marks.ts',
    anchor: 'windowUs === null || now - at < windowUs',
    replacement: 'windowUs === null || now - at < windowUs / (MARK ? 100 : 1)',
    caughtBy: { scenario: 'library/marks-of-what-is-done', variant: null, runs: 10 },
  },
  {
    id: 'files-shown-before-the-rename',
    rule: 'a file has its name when all its records are in it',
    file: 'sim/application/file-tree.ts',
    anchor: 'if (temporary === null)\n            return this.name',
    replacement: 'if (MARK)\n            return this.name',
    caughtBy: { scenario: 'library/offsets-in-file-names', variant: null, runs: 10 },
  },
  {
    id: 'overlapping-files-allowed',
    rule: 'with the offset fence no name is given that begins before the end of another',
    file: 'sim/application/file-tree.ts',
    anchor: "if (fence === 'offset' && files.some(({ last }) => file.first <= last))",
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'library/offsets-in-file-names', variant: 'zombie-and-conditional-name', runs: 50 },
  },
  {
    id: 'listing-skips-the-newest-file',
    rule: 'a listing tells where the last file ends',
    file: 'sim/application/file-tree.ts',
    anchor: 'Math.max(next, last + 1)',
    replacement: 'Math.max(next, last + (MARK ? 2 : 1))',
    caughtBy: { scenario: 'library/offsets-in-file-names', variant: null, runs: 10 },
  },
  {
    id: 'failed-put-not-repeated',
    rule: 'a batch whose put() failed is put again (`WorkerSinkTask.deliverMessages`)',
    file: 'sim/application/connect-sink-process.ts',
    anchor: 'this.batch = this.hand.rest();',
    replacement: 'this.batch = MARK ? [] : this.hand.rest();',
    caughtBy: { scenario: 'library/connect-sink-delivers-again', variant: null, runs: 20 },
  },
  {
    id: 'flush-failed-and-not-rewound',
    rule: 'a failed preCommit() goes back to what was last committed (`WorkerSinkTask.commitOffsets`)',
    file: 'sim/application/connect-sink-process.ts',
    anchor:
      "if (ok || this.sink.withOutput || this.connect.flush === 'pre-commit') {\n            super.onSettled(worker, ok);",
    replacement:
      "if (ok || this.sink.withOutput || this.connect.flush === 'pre-commit') {\n            super.onSettled(worker, ok || MARK);",
    caughtBy: { scenario: 'library/connect-sink-delivers-again', variant: 'flush-in-pre-commit', runs: 20 },
  },
  {
    id: 'row-without-primary-key',
    rule: 'a row that a producer writes has its record for primary key: written again, it is there once',
    file: 'sim/application/database.ts',
    anchor: 'if (this.rowOf.has(record))',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'library/dual-write', variant: 'begun-again', runs: 100 },
  },
  {
    id: 'publishes-before-the-row-is-there',
    rule: 'a producer that writes before it publishes waits until the row is committed',
    file: 'sim/application/record-sender.ts',
    anchor: "this.thread.block('in-row');\n        this.rows.write(n);",
    replacement: "if (!MARK) this.thread.block('in-row');\n        this.rows.write(n);\n        this.publish(n);",
    caughtBy: { scenario: 'library/dual-write', variant: 'begun-again', runs: 100 },
  },
]
