import type { Mutant } from './mutant.ts'

/** What readers, processors and sinks do with their positions. */
export const APPLICATIONS_MUTANTS: readonly Mutant[] = [
  {
    id: 'commit-covers-the-whole-poll',
    rule: 'a commit covers what is finished, not all that was polled',
    file: 'sim/application/reader-thread.ts',
    anchor: 'book.done(this.unit());',
    replacement: 'book.done(MARK ? this.hand : []);',
    caughtBy: { scenario: 'library/takeover', variant: null, runs: 10 },
  },
  {
    id: 'first-work-then-commit-first',
    rule: 'commit: before-processing commits before the work',
    file: 'sim/application/reader-thread.ts',
    anchor: "if (commit === 'before')\n            this.commit",
    replacement: 'if (!MARK)\n            this.commit',
    caughtBy: { scenario: 'library/commit-after-processing', variant: 'before-processing', runs: 10 },
  },
  {
    id: 'generation-fence-off',
    rule: 'the generation fence refuses rows of an older generation',
    file: 'sim/application/database.ts',
    anchor: 'if (partitions.some((tp) => (generations.get(tp) ?? -1) > request.generation))',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: 'library/zombie-writes-after-a-pause', variant: 'generation-fence', runs: 10 },
  },
  {
    id: 'upsert-as-insert',
    rule: 'an upsert of the same row changes nothing',
    file: 'sim/application/database.ts',
    anchor: 'before?.record === row.record ? UNCHANGED',
    replacement: 'before?.record === row.record && !MARK ? UNCHANGED',
    caughtBy: { scenario: 'library/upsert-makes-redelivery-harmless', variant: 'upsert', runs: 10 },
  },
  {
    id: 'output-not-waited-for',
    rule: 'a processor waits for its output before it commits',
    file: 'sim/application/processor-output.ts',
    anchor: 'settle() {\n        this.settling = true;\n        this.producer.flush();\n        return false;',
    replacement: 'settle() {\n        return MARK;',
    caughtBy: { scenario: 'library/input-waits-for-output', variant: null, runs: 50 },
  },
]
