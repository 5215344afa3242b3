import { setImmediate } from 'node:timers/promises'
import { drive, driveAtOnce, type Search } from '../../properties/search/driving.ts'
import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context } from '../context.ts'
import { sha256 } from '../host/sha256.ts'
import { JUDGE } from '../places.ts'
import { type Judge, loadJudge } from '../pool/judge.ts'

/** How long signals and timers may have to wait, beside a single run. */
const BREATH_MS = 20

/** Judges single runs on this thread, and lets signals and timers through in between. */
export class SearchBench {
  private readonly judgeOnce: Judge
  private breathedAt = performance.now()

  private constructor(judge: Judge) {
    this.judgeOnce = judge
  }

  static async with(context: Pick<Context, 'judgeModule' | 'workerScript'>): Promise<SearchBench> {
    return new SearchBench(await loadJudge(context.judgeModule ?? JUDGE, context.workerScript))
  }

  async judge(scenario: Scenario, run: number): Promise<RunResult> {
    if (performance.now() - this.breathedAt > BREATH_MS) {
      await setImmediate()
      this.breathedAt = performance.now()
    }
    return this.judgeOnce(scenario, run, { hasher: sha256 })
  }

  /** Drives a search; null also when it may not go on. */
  async drive<T>(search: Search<T>, goOn: (runs: number) => boolean = () => true): Promise<T | null> {
    return drive(search, (scenario, run) => this.judge(scenario, run), goOn)
  }

  /** Drives a search without a break. */
  driveAtOnce<T>(search: Search<T>): T {
    return driveAtOnce(search, (scenario, run) => this.judgeOnce(scenario, run, { hasher: sha256 }))
  }

  /** Judges a run with its trace kept. */
  traced(scenario: Scenario, run: number): RunResult & { readonly trace: readonly Uint8Array[] } {
    const result = this.judgeOnce(scenario, run, { hasher: sha256 }, { trace: true })
    return { ...result, trace: result.trace ?? [] }
  }
}
