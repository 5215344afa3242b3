import type { Mutant } from './mutant.ts'

const SINK = 'sim/application/two-phase/two-phase-sink.ts'
const SCENARIO = 'library/two-phase-commit'

/** Sinks that commit in two phases. */
export const TWO_PHASE_MUTANTS: readonly Mutant[] = [
  {
    id: 'two-phase-always-commits',
    rule: 'what was prepared and not decided is rolled back (presumed abort)',
    file: SINK,
    anchor: 'commit: ends.some(',
    replacement: 'commit: MARK || ends.some(',
    caughtBy: { scenario: SCENARIO, variant: 'dies-undecided', runs: 10 },
  },
  {
    id: 'two-phase-always-rolls-back',
    rule: 'what was decided is committed by whoever finds it in doubt',
    file: SINK,
    anchor: 'commit: ends.some(',
    replacement: 'commit: !MARK && ends.some(',
    caughtBy: { scenario: SCENARIO, variant: 'dies-decided', runs: 10 },
  },
  {
    id: 'two-phase-forgives-the-decision',
    rule: 'a commit of positions that failed is no decision to commit',
    file: SINK,
    anchor: 'if (!ok)',
    replacement: 'if (!ok && !MARK)',
    caughtBy: { scenario: SCENARIO, variant: 'decision-times-out', runs: 20 },
  },
  {
    id: 'two-phase-finishes-once',
    rule: 'a decision is told to the store until it has answered',
    file: 'sim/application/two-phase/two-phase-output.ts',
    anchor: 'if (this.request !== null)\n                    this.finish(this.request.id, true, COMPLETING);',
    replacement:
      'if (MARK)\n                    this.completed();\n                else if (this.request !== null)\n                    this.finish(this.request.id, true, COMPLETING);',
    caughtBy: { scenario: SCENARIO, variant: 'finish-is-lost', runs: 10 },
  },
]
