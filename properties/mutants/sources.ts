import type { Mutant } from './mutant.ts'

const FILE = 'sim/application/source-process.ts'
const TRANSACTIONAL = 'sim/application/transactional-publishing.ts'
const SCENARIO = 'library/source-publishes-again'
const EXACTLY_ONCE = 'library/source-exactly-once'

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
    anchor: 'this.offset = offset;',
    replacement: 'this.offset = MARK ? offset + 1 : offset;',
    caughtBy: { scenario: SCENARIO, variant: 'stopped', runs: 10 },
  },
  {
    id: 'no-last-flush',
    rule: 'a task that is stopped flushes once more (finalOffsetCommit)',
    file: 'sim/application/acknowledged-publishing.ts',
    anchor: 'if (this.flushing < 0 && !this.flush())',
    replacement: 'if (MARK)',
    caughtBy: { scenario: SCENARIO, variant: 'stopped', runs: 10 },
  },
  {
    id: 'source-transaction-without-its-offset',
    rule: 'with exactly-once the offset is part of the transaction of its rows (KIP-618)',
    file: TRANSACTIONAL,
    anchor: 'if (this.dispatched !== this.committed) {',
    replacement: 'if (!MARK && this.dispatched !== this.committed) {',
    caughtBy: { scenario: EXACTLY_ONCE, variant: null, runs: 10 },
  },
  {
    id: 'source-reads-uncommitted-offsets',
    rule: 'with exactly-once offsets are read with read_committed: an aborted one is none (KIP-618)',
    file: 'sim/application/offset-reader.ts',
    anchor: 'timerBase, config }, this)',
    replacement: 'timerBase, config: MARK ? everything : config }, this)',
    caughtBy: { scenario: EXACTLY_ONCE, variant: 'late-commit', runs: 10 },
  },
  {
    id: 'source-reads-to-the-last-stable-offset',
    rule: 'the end of the offsets topic is asked for with open transactions, whose end is waited for (KafkaBasedLog)',
    file: 'sim/application/offset-reader.ts',
    anchor: "config['isolation.level'] === 'read_committed'\n                ?",
    replacement: "config['isolation.level'] === 'read_committed' && !MARK\n                ?",
    caughtBy: { scenario: EXACTLY_ONCE, variant: 'two-tasks-one-partition', runs: 50 },
  },
]
