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
]
