import type { RunResult, Verdict } from '../../properties/verdict.ts'
import type { Expectation, Scenario } from '../../scenarios/format/scenario.ts'
import { seedOf } from '../seed.ts'
import type { HuntProgress } from './messages.ts'
import type { Catch, Crash } from './outcome.ts'

type JudgeOnce = (scenario: Scenario, run: number) => RunResult

/** The judges of a hunt, and the clock. */
export interface HuntTools {
  /** In the mutated copy. */
  readonly mutated: JudgeOnce
  /** The product's; asked only when the mutated one found something. */
  readonly baseline: () => Promise<JudgeOnce>
  /** Whether the patched place was reached. */
  readonly executed: () => boolean
  /** Milliseconds. */
  readonly now: () => number
}

export interface HuntLimits {
  /** Runs altogether; scenarios take turns. */
  readonly runs: number
  /** When to begin no further run, in milliseconds from the start. */
  readonly timeoutMs: number
  /** Ends after so many runs when none has reached the patched place: it takes more than chance to reach it. */
  readonly unreachedRuns?: number
}

/**
 * Judges runs with mutated rules until something shows that they are: an expectation that is not met, or an invariant that is
 * broken, where the product does better in the very same run. So a rare violation that is Kafka's own is never taken for a catch.
 */
export class Hunt {
  caught: Catch | null = null
  outOfTime = false
  private readonly scenarios: readonly Scenario[]
  private readonly limits: HuntLimits
  private readonly tools: HuntTools
  private readonly deadline: number
  private runs = 0
  private events = 0
  private crashes = 0
  private firstCrash: Crash | null = null
  private baseline: JudgeOnce | null = null
  /** By scenario and expectation: whether a run has shown the violation that is expected. */
  private readonly shown: readonly boolean[][]

  constructor(scenarios: readonly Scenario[], limits: HuntLimits, tools: HuntTools) {
    this.scenarios = scenarios
    this.limits = limits
    this.tools = tools
    this.deadline = tools.now() + limits.timeoutMs
    this.shown = scenarios.map(({ expect }) => expect.map(({ expected }) => expected === 'holds'))
  }

  /** Judges until something is caught or the runs or the time are used up. `told` is called after each run. */
  async judge(told: () => void): Promise<void> {
    while (this.runs < this.limits.runs && this.isWorthIt() && this.hasTime()) {
      const run = Math.floor(this.runs / this.scenarios.length)
      await this.judgeOne(this.runs % this.scenarios.length, run)
      told()
      if (this.caught !== null) return
    }
    await this.missSomething()
  }

  progress(): HuntProgress {
    const { runs, events, crashes, firstCrash } = this
    return { executed: this.tools.executed(), runs, events, crashes, firstCrash }
  }

  private isWorthIt(): boolean {
    return this.runs < (this.limits.unreachedRuns ?? Infinity) || this.tools.executed()
  }

  private hasTime(): boolean {
    this.outOfTime = this.tools.now() >= this.deadline
    return !this.outOfTime
  }

  private async judgeOne(place: number, run: number): Promise<void> {
    const scenario = this.scenarios[place] as Scenario
    this.runs++
    let result: RunResult
    try {
      result = this.tools.mutated(scenario, run)
    } catch (error) {
      this.crashes++
      this.firstCrash ??= { message: messageOf(error), scenario: titleOf(scenario), run, seed: seedOf(scenario, run) }
      return
    }
    this.events += result.events
    this.noteShown(place, result)
    this.caught = brokenInvariant(scenario, result) ?? (await this.violation(scenario, result))
  }

  private noteShown(place: number, result: RunResult): void {
    const shown = this.shown[place] as boolean[]
    ;(this.scenarios[place] as Scenario).expect.forEach((expectation, at) => {
      if (shows(expectation, result.verdicts[at])) shown[at] = true
    })
  }

  /** A guarantee that this run violates and the product's own does not. */
  private async violation(scenario: Scenario, result: RunResult): Promise<Catch | null> {
    const broken = scenario.expect.flatMap(({ expected }, at) =>
      expected === 'holds' && result.verdicts[at]?.observed === 'violated' ? [at] : [],
    )
    if (broken.length === 0) return null
    const { verdicts } = (await this.product())(scenario, result.run)
    const at = broken.find((each) => verdicts[each]?.observed !== 'violated')
    if (at === undefined) return null
    const verdict = result.verdicts[at] as Verdict
    const first = verdict.violations[0]
    return {
      ...whereOf(scenario, result.run),
      kind: 'violation',
      what: `${nameOf(scenario.expect[at] as Expectation)}: ${first?.kind ?? 'violated'}`,
      message: first?.message ?? '',
    }
  }

  /** Violations that are expected, that no run has shown, and that the product shows in the same runs. */
  private async missSomething(): Promise<void> {
    // A run that crashed shows nothing either, and that is no catch. Code that is not reached changes nothing.
    if (this.crashes > 0 || !this.tools.executed()) return
    for (let place = 0; place < this.scenarios.length && this.caught === null; place++) {
      const at = (this.shown[place] as boolean[]).indexOf(false)
      if (at >= 0) await this.miss(place, at)
    }
  }

  private async miss(place: number, at: number): Promise<void> {
    const scenario = this.scenarios[place] as Scenario
    const expectation = scenario.expect[at] as Expectation
    const product = await this.product()
    const runs = Math.ceil((this.runs - place) / this.scenarios.length)
    for (let run = 0; run < runs && this.hasTime(); run++) {
      if (!shows(expectation, product(scenario, run).verdicts[at])) continue
      const message = `the product shows it in run ${run}, the mutant in none of ${runs}`
      this.caught = { ...whereOf(scenario, run), kind: 'no longer shown', what: nameOf(expectation), message }
      return
    }
  }

  private async product(): Promise<JudgeOnce> {
    this.baseline ??= await this.tools.baseline()
    return this.baseline
  }
}

function brokenInvariant(scenario: Scenario, { run, breaches }: RunResult): Catch | null {
  const breach = breaches.find(({ invariant }) => !Object.hasOwn(scenario.voids, invariant))
  if (breach === undefined) return null
  return { ...whereOf(scenario, run), kind: 'invariant', what: breach.invariant, message: breach.message }
}

/** Whether a run shows the violation that is expected, of the kind that is expected if one is. */
function shows({ expected, kinds }: Expectation, verdict: Verdict | undefined): boolean {
  if (expected !== 'violated' || verdict?.observed !== 'violated') return false
  return kinds.length === 0 || verdict.violations.some(({ kind }) => kinds.includes(kind))
}

/** As a scenario file writes it. */
function nameOf({ guarantee, stage, subject }: Expectation): string {
  return `${subject === null ? '' : `${subject}:`}${stage === null ? '' : `${stage}/`}${guarantee}`
}

function titleOf({ title, variant }: Scenario): string {
  return variant === null ? title : `${title} (${variant})`
}

function whereOf(scenario: Scenario, run: number): Pick<Catch, 'file' | 'scenario' | 'variant' | 'run' | 'seed'> {
  const { file, title, variant } = scenario
  return { file, scenario: title, variant, run, seed: seedOf(scenario, run) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
