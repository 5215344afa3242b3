import type { Mutant } from './mutant.ts'

const SINK = 'sim/application/two-phase/two-phase-sink.ts'
const CHECKPOINTED = 'sim/application/two-phase/checkpointed-output.ts'
const KAFKA = 'library/kafka-as-second-participant'
const SCENARIO = 'library/two-phase-commit'

/** Sinks that commit in two phases, and jobs with checkpoints. */
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
    id: 'two-phase-commits-positions',
    rule: 'the decision names the offsets that are prepared: commitSync() passes over what is being validated (`hasValidPosition`)',
    file: SINK,
    anchor: 'commitsPositions() {\n        return false;',
    replacement: 'commitsPositions(after) {\n        return MARK ? super.commitsPositions(after) : false;',
    caughtBy: { scenario: 'campaigns/two-phase', variant: null, runs: 500 },
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
  {
    id: 'checkpointed-transaction-not-resumed',
    rule: 'what the newest checkpoint names is committed before initTransactions() would abort it',
    file: CHECKPOINTED,
    anchor: 'if (checkpoint === null)',
    replacement: 'if (MARK || checkpoint === null)',
    caughtBy: { scenario: KAFKA, variant: 'dies-decided', runs: 10 },
  },
  {
    id: 'checkpoint-without-positions',
    rule: 'a checkpoint has the positions behind what its transaction holds',
    file: CHECKPOINTED,
    anchor: 'positions: [...others, ...next]',
    replacement: 'positions: MARK ? others : [...others, ...next]',
    caughtBy: { scenario: KAFKA, variant: 'dies-decided', runs: 10 },
  },
  {
    id: 'committed-before-the-checkpoint',
    rule: 'the transaction is committed when the checkpoint is complete, not before',
    file: CHECKPOINTED,
    anchor: "this.state = 'flushing';\n        this.producer.flush();",
    replacement:
      "this.state = 'flushing';\n        if (MARK) {\n            this.state = 'decided';\n            this.runner.commit(null, 'retry');\n        }\n        else\n            this.producer.flush();",
    caughtBy: { scenario: KAFKA, variant: null, runs: 50 },
  },
]
