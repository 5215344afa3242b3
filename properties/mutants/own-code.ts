import type { Mutant } from './mutant.ts'

/** What the world owes to a user's own code. */
export const OWN_CODE_MUTANTS: readonly Mutant[] = [
  {
    id: 'handler-outlives-its-process',
    rule: 'every process has a handler of its own, made afresh: what the last one kept in memory is gone',
    file: 'sim/application/handler-work.ts',
    anchor: 'this.handler = code.begin(',
    replacement: 'this.handler = incarnation > 1 && MARK ? 0 : code.begin(',
    caughtBy: { scenario: 'library/deduplicates-by-memory', variant: 'crashes', runs: 20 },
  },
  {
    id: 'step-is-not-told',
    rule: 'a step that a handler names is a point to crash at',
    file: 'sim/application/handler-work.ts',
    anchor: 'if (step !== null)',
    replacement: 'if (step !== null && !MARK)',
    caughtBy: { scenario: 'library/dead-letters', variant: 'commit-first', runs: 20 },
  },
  {
    id: 'output-goes-to-the-first-topic',
    rule: 'an output goes to the topic that its handler names',
    file: 'sim/application/processor-sends.ts',
    anchor: 'const topic = made?.topic ??',
    replacement: 'const topic = (made === null ? undefined : MARK ? 0 : 0) ??',
    caughtBy: { scenario: 'library/dead-letters', variant: 'commit-first', runs: 20 },
  },
  {
    id: 'row-under-the-key-of-its-record',
    rule: "a row stands under the key that the sink's handler names",
    file: 'sim/application/handled-sink-output.ts',
    anchor: 'key: effect.key }',
    replacement: 'key: MARK ? record.key : effect.key }',
    caughtBy: { scenario: 'library/keys-from-the-record', variant: null, runs: 20 },
  },
  {
    id: 'value-is-not-carried',
    rule: 'a record holds what the handler before it wrote',
    file: 'sim/application/processor-sends.ts',
    anchor: 'this.maker.values.set(record, made.value);',
    replacement: 'this.maker.values.set(record, MARK ? null : made.value);',
    caughtBy: { scenario: 'library/dead-letters', variant: null, runs: 20 },
  },
]
