import type { RunResult } from '../properties/verdict.ts'
import { ScenarioAggregate } from '../reports/aggregate.ts'
import { type JudgedScenario, judgeFaults } from '../reports/inert-faults.ts'
import { type ReportEvent, summaryOf } from '../reports/report.ts'
import type { ScenarioResult, Stopped, Summary } from '../reports/result.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { sha256 } from './host/sha256.ts'

export interface SessionOptions {
  readonly scenarios: readonly PlannedScenario[]
  readonly sharded: boolean
  /** Ends after so many scenarios that are not met; null = never. */
  readonly bail: number | null
  readonly emit: (event: ReportEvent) => void
}

export interface PlannedScenario {
  readonly scenario: Scenario
  /** Runs of it in this shard. */
  readonly runs: number
  /** Whether everything of its file is judged, so that what never happened in the file can be told. */
  readonly wholeFile: boolean
}

/** Takes results in order, aggregates them and tells events. Scenarios of one file are told together: they share their faults. */
export class Session {
  private readonly options: SessionOptions
  private readonly results: ScenarioResult[] = []
  private current: { readonly task: number; readonly aggregate: ScenarioAggregate; runs: number } | null = null
  private file: (JudgedScenario & { readonly wholeFile: boolean })[] = []
  private notMet = 0

  constructor(options: SessionOptions) {
    this.options = options
  }

  begin(): void {
    const runs = this.options.scenarios.reduce((sum, { runs }) => sum + runs, 0)
    const scenarios = this.options.scenarios.filter(({ runs }) => runs > 0).length
    this.options.emit({ type: 'run-started', scenarios, runs })
  }

  /** Adds the next result in order. */
  add(task: number, result: RunResult): 'continue' | 'stop' {
    const planned = this.planned(task)
    this.current ??= { task, aggregate: new ScenarioAggregate(planned.scenario, sha256), runs: 0 }
    const { aggregate } = this.current
    const hadFailed = aggregate.failed()
    const added = aggregate.add(result)
    this.current.runs++
    for (const { expectation, violation } of added.violations) {
      const { file, title, variant } = planned.scenario
      const { guarantee, stage, subject, expected } = expectation
      this.options.emit({
        type: 'violation',
        file,
        scenario: title,
        variant,
        guarantee,
        stage,
        subject,
        expected,
        violation,
      })
    }
    if (added.failed && !hadFailed && this.bails()) return 'stop'
    return this.current.runs === planned.runs ? this.finishCurrent(null) : 'continue'
  }

  private planned(task: number): PlannedScenario {
    const planned = this.options.scenarios[task]
    if (planned === undefined) throw new RangeError(`no scenario ${task}`)
    return planned
  }

  /** Counts a scenario that is not met; true when that was the last one to wait for. */
  private bails(): boolean {
    this.notMet++
    return this.options.bail !== null && this.notMet >= this.options.bail
  }

  private finishCurrent(stopped: Stopped | null): 'continue' | 'stop' {
    if (this.current === null) return 'continue'
    const { task, aggregate, runs } = this.current
    const planned = this.planned(task)
    const cut = runs < planned.runs ? stopped : null
    const failedBefore = aggregate.failed()
    const result = aggregate.finish(planned.runs, cut ?? (this.options.sharded ? 'shard' : null))
    this.file.push({ scenario: planned.scenario, result, wholeFile: planned.wholeFile })
    this.current = null
    const bails = isNotMet(result) && !failedBefore && this.bails()
    const fileBails = this.fileAfter(task) !== planned.scenario.file && this.finishFile(true)
    return bails || fileBails ? 'stop' : 'continue'
  }

  /** File of the next scenario that has runs. */
  private fileAfter(task: number): string | null {
    let next = task + 1
    while (this.options.scenarios[next]?.runs === 0) next++
    return this.options.scenarios[next]?.scenario.file ?? null
  }

  /** True when an inert fault made one scenario too many not met. */
  private finishFile(allDone: boolean): boolean {
    const judged = this.file
    this.file = []
    const complete = allDone && judged.every(({ result, wholeFile }) => wholeFile && result.partial === null)
    const results = judgeFaults(judged, complete)
    let bails = false
    results.forEach((result, i) => {
      const before = judged[i]?.result
      if (before !== undefined && isNotMet(result) && !isNotMet(before)) bails = this.bails() || bails
      this.results.push(result)
      this.options.emit({ type: 'scenario', result })
    })
    return bails
  }

  /** Tells what was left open and sums up. */
  end(stopped: Stopped | null): { readonly summary: Summary; readonly exit: readonly ExitCode[] } {
    this.finishCurrent(stopped)
    if (this.file.length > 0) this.finishFile(false)
    const planned = this.options.scenarios.filter(({ runs }) => runs > 0).length
    const summary = summaryOf(this.results, planned - this.results.length, stopped)
    return { summary, exit: exitsOf(summary) }
  }
}

function isNotMet(result: ScenarioResult): boolean {
  return !result.met && !result.inconclusive
}

/** Every exit code that applies. */
function exitsOf(summary: Summary): readonly ExitCode[] {
  return [
    ...(summary.stopped === 'error' ? [EXIT.internal] : []),
    ...(summary.stopped === 'refused' ? [EXIT.usage] : []),
    ...(summary.stopped === 'interrupted' ? [EXIT.interrupted] : []),
    ...(summary.notMet > 0 ? [EXIT.notMet] : []),
    ...(summary.inconclusive > 0 || summary.notJudged > 0 ? [EXIT.inconclusive] : []),
  ]
}
