import type { Mutant } from './mutant.ts'

/** What a log does on its disk: flushing, truncation, epochs, producers' states. */
export const LOG_MUTANTS: readonly Mutant[] = [
  {
    id: 'flush-ignored',
    rule: 'a flush makes what was appended survive a loss of power (`flush.messages`)',
    file: 'sim/storage/append-file.ts',
    anchor: 'this.durable = this.written.length;\n    }\n    /** Keeps',
    replacement: 'MARK;\n    }\n    /** Keeps',
    caughtBy: { scenario: 'library/unflushed-data-dies-with-the-power', variant: 'flushed', runs: 50 },
  },
]
