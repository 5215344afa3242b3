import type { Mutant } from './mutant.ts'

const FILE = 'sim/application/source-process.ts'
const SCENARIO = 'library/source-publishes-again'

/** Kafka Connect's source tasks, and the offsets they keep. */
export const SOURCES_MUTANTS: readonly Mutant[] = [
  {
    id: 'offset-of-what-was-submitted',
    rule: 'the offset to commit is that of the longest run of acknowledged records (SubmittedRecords)',
    file: 'sim/application/submitted-records.ts',
    anchor: 'return this.front;',
    replacement: 'return MARK ? this.next : this.front;',
    caughtBy: { scenario: SCENARIO, variant: 'one-leader-out-of-reach', runs: 50 },
  },
  {
    id: 'source-begins-anew',
    rule: 'a task goes on where the offsets topic says',
    file: FILE,
    anchor: 'if (offset >= 0)',
    replacement: 'if (!MARK)',
    caughtBy: { scenario: SCENARIO, variant: 'stopped', runs: 10 },
  },
  {
    id: 'source-skips-a-row',
    rule: 'the offset names the first row that is not known to be published',
    file: FILE,
    anchor: 'this.flushed = offset;',
    replacement: 'this.flushed = MARK ? offset + 1 : offset;',
    caughtBy: { scenario: SCENARIO, variant: 'stopped', runs: 10 },
  },
  {
    id: 'no-last-flush',
    rule: 'a task that is stopped flushes once more (finalOffsetCommit)',
    file: FILE,
    anchor: 'if (this.flushing < 0 && !this.flush())',
    replacement: 'if (MARK)',
    caughtBy: { scenario: SCENARIO, variant: 'stopped', runs: 10 },
  },
]
