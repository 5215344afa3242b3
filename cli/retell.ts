import type { RunResult, Violation } from '../properties/verdict.ts'
import type { FirstViolation } from '../reports/result.ts'
import { type Story, tellStory } from '../reports/story.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import type { Context } from './context.ts'
import { sha256 } from './host/sha256.ts'
import { JUDGE } from './places.ts'
import { type Judge, type JudgeOptions, loadJudge } from './pool/judge.ts'

/** Judges single runs again, on this thread and with their traces kept, to tell what happened in them. */
export class Retelling {
  private readonly judge: Judge

  private constructor(judge: Judge) {
    this.judge = judge
  }

  static async with(context: Pick<Context, 'judgeModule' | 'workerScript'>): Promise<Retelling> {
    return new Retelling(await loadJudge(context.judgeModule ?? JUDGE, context.workerScript))
  }

  /**
   * The story of a violation that a run has shown; null when the judge keeps no trace.
   *
   * @throws when the run does not show it again, which a deterministic one would
   */
  story(scenario: Scenario, run: number, shown: FirstViolation | Violation): Story | null {
    const result = this.again(scenario, run, {})
    if (result.trace === undefined) return null
    const same = result.verdicts
      .flatMap(({ violations }) => violations)
      .find(({ kind, message }) => kind === shown.kind && message === shown.message)
    if (same === undefined) {
      throw new Error(`run ${run} of ${scenario.file} was judged again and did not show its ${shown.kind} again`)
    }
    return tellStory(result.trace, { violation: same, faults: scenario.faults })
  }

  private again(scenario: Scenario, run: number, options: JudgeOptions): RunResult {
    return this.judge(scenario, run, { hasher: sha256 }, { ...options, trace: true })
  }
}
