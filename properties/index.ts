/** Judging runs: what a scenario's expectations come to in one simulated world. */
export type { JudgeOptions } from './judge.ts'
export { judgeRun, seedOfRun } from './judge.ts'
export { Court } from './court.ts'
export { INVARIANTS } from './invariants/names.ts'
export { type Situation, SITUATIONS, situationsOf } from './situations/names.ts'
export type { InvariantBreach, RunResult, Verdict, Violation } from './verdict.ts'
