import type { Mutant } from './mutant.ts'

/** What readers, processors and sinks do with their positions. */
export const APPLICATIONS_MUTANTS: readonly Mutant[] = [
  {
    id: 'output-not-waited-for',
    rule: 'a processor waits for its output before it commits',
    file: 'sim/application/processor-output.ts',
    anchor: 'settle() {\n        this.settling = true;\n        this.producer.flush();\n        return false;',
    replacement: 'settle() {\n        return MARK;',
    caughtBy: { scenario: 'library/input-waits-for-output', variant: null, runs: 50 },
  },
]
