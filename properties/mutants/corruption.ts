import type { Mutant } from './mutant.ts'

/** Who looks at checksums, and what then. */
export const CORRUPTION_MUTANTS: readonly Mutant[] = [
  {
    id: 'recovery-looks-at-no-checksum',
    rule: 'after an unclean shutdown a log is cut at the first batch whose checksum is wrong (`LogSegment.recover`)',
    file: 'sim/kafka/log/log-loader.ts',
    anchor: 'batch.isCorrupt === true);',
    replacement: 'batch.isCorrupt === true && !MARK);',
    caughtBy: { scenario: 'library/corrupt-copy-is-made-anew', variant: null, runs: 4 },
  },
  {
    id: 'recovery-reads-after-a-clean-stop',
    rule: 'a log that was closed in good order is not scanned (`LogLoader.recoverLog`)',
    file: 'sim/kafka/log/log-loader.ts',
    anchor: 'if (!hadCleanShutdown)\n        recover(',
    replacement: 'if (MARK)\n        recover(',
    caughtBy: { scenario: 'library/corrupt-copy-is-made-anew', variant: 'stops-in-good-order', runs: 4 },
  },
  {
    id: 'follower-looks-at-no-checksum',
    rule: 'a follower refuses what it fetched when a checksum is wrong (`UnifiedLog.analyzeAndValidateRecords`)',
    file: 'sim/kafka/log/follower-append.ts',
    anchor: 'if (entry.batch.isCorrupt !== true)',
    replacement: 'if (entry.batch.isCorrupt !== true || MARK)',
    caughtBy: { scenario: 'library/corrupt-leader-stops-its-readers', variant: 'unchecked', runs: 4 },
  },
  {
    id: 'reader-looks-at-no-checksum',
    rule: 'with check.crcs a consumer refuses a batch whose checksum is wrong (`CompletedFetch.maybeEnsureValid`)',
    file: 'sim/kafka/client/consumer/completed-fetch.ts',
    anchor: 'if (entry.batch.isCorrupt === true && this.checksCrcs) {',
    replacement: 'if (entry.batch.isCorrupt === true && this.checksCrcs && !MARK) {',
    caughtBy: { scenario: 'library/compaction-hides-corruption', variant: 'kept', runs: 4 },
  },
  {
    id: 'reader-passes-a-corrupt-batch',
    rule: 'the position of a reader stays before a corrupt batch (`corruptLastRecord`): only the application may pass it',
    file: 'sim/kafka/client/consumer/completed-fetch.ts',
    anchor: 'this.isStuck = true;\n                break;',
    replacement:
      'MARK;\n                this.nextFetchOffset = entry.lastOffset + 1;\n                this.entry++;\n                continue;',
    caughtBy: { scenario: 'library/corrupt-leader-stops-its-readers', variant: 'another-leads', runs: 4 },
  },
  {
    id: 'compaction-keeps-a-wrong-checksum',
    rule: 'what the cleaner writes anew has the checksum of what it writes (`MemoryRecords.buildRetainedRecordsInto`)',
    file: 'sim/kafka/log/corruption.ts',
    anchor: 'const { isCorrupt: _, ...rest } = batch;',
    replacement: 'const rest = MARK ? { ...batch } : batch;',
    caughtBy: { scenario: 'library/compaction-hides-corruption', variant: null, runs: 20 },
  },
  {
    id: 'coordinator-skips-what-it-cannot-read',
    rule: 'a record that cannot be deserialized fails the loading of a group coordinator (`CoordinatorLoaderImpl`)',
    file: 'sim/kafka/group/coordinator-partition.ts',
    anchor: "entries.length < all.length ? 'FAILED' : 'ACTIVE'",
    replacement: "entries.length < all.length && !MARK ? 'FAILED' : 'ACTIVE'",
    caughtBy: { scenario: 'library/corrupt-offsets-cannot-be-loaded', variant: null, runs: 4 },
  },
  {
    id: 'transactions-read-past-what-is-damaged',
    rule: 'a transaction coordinator knows nothing of what lies behind a record that it cannot read (`loadTransactionMetadata`)',
    file: 'sim/kafka/transaction/transaction-state-manager.ts',
    anchor: 'const entry of readable(',
    replacement: 'const entry of (MARK ? (_env, _tp, entries) => entries : readable)(',
    caughtBy: { scenario: 'library/forgotten-transaction-joins-the-next', variant: null, runs: 4 },
  },
]
