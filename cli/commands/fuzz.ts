import { Chalk } from 'chalk'
import { frameOfRun, scenarioWithSaved } from '../../properties/search/case.ts'
import { huntedScenario } from '../../properties/search/hunt.ts'
import { remedies } from '../../properties/search/remedies.ts'
import { firstShown } from '../../properties/search/signature.ts'
import type { RunResult } from '../../properties/verdict.ts'
import { ScenarioAggregate } from '../../reports/aggregate.ts'
import { colorLevel } from '../../reports/color.ts'
import { jsonReporter } from '../../reports/json.ts'
import { type Paint, paintWith } from '../../reports/paint.ts'
import { summaryOf } from '../../reports/report.ts'
import type { ScenarioResult, Stopped } from '../../reports/result.ts'
import { counted, shellQuoted } from '../../reports/words.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import { sha256 } from '../host/sha256.ts'
import { failureText } from '../internal-error.ts'
import { untilInterrupted } from '../interrupt.ts'
import { loadScenarios } from '../load.ts'
import { StopSignal } from '../pool/stop.ts'
import { Progress } from '../progress.ts'
import { Retelling } from '../retell.ts'
import { adviceLines } from '../search/advice.ts'
import { SearchBench } from '../search/bench.ts'
import { Corpus } from '../search/corpus.ts'
import { Documents } from '../search/documents.ts'
import { findViolation, type FoundRun } from '../search/find.ts'
import { HuntClock } from '../search/hunt-clock.ts'
import { preserve } from '../search/preserve.ts'
import { type SearchFlags, worldFlags } from '../search/search-flags.ts'
import { StatusLine } from '../search/status-line.ts'
import { foundLines, fuzzSummaryLine, nothingFoundLine } from '../search/tell.ts'
import { select } from '../select.ts'
import { UsageError } from '../usage-error.ts'

export interface FuzzRequest {
  readonly paths: readonly string[]
  readonly flags: SearchFlags
  readonly globals: GlobalFlags
}

/** Runs of each scenario when neither `--runs` nor `--time-budget` says how long to search. */
const DEFAULT_RUNS = 1000
/** With a time budget alone, runs are no limit. */
const MANY_RUNS = 1_000_000_000

/** `twiceshy fuzz`: searches fault plans until one breaks a guarantee, saves it, shrinks it, and says what to change. */
export async function fuzz(request: FuzzRequest, context: Context): Promise<ExitCode> {
  const { flags, globals } = request
  const loaded = await loadScenarios({ paths: request.paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const chosen = select(loaded.scenarios, { ...flags, runs: 1, shard: null }).planned.map(({ scenario }) => scenario)
  if (chosen.length === 0) {
    context.console.err.write('nothing matched: there is no scenario to search\n')
    return EXIT.nothingMatched
  }
  const fuzzing = new Fuzzing(request, context, chosen, await SearchBench.with(context), await Retelling.with(context))
  return fuzzing.run()
}

/** What came of one scenario. */
interface Searched {
  readonly found: FoundRun | null
  /** Where the counterexample is saved, and whether it was known before. */
  readonly path: string | null
}

class Fuzzing {
  private readonly request: FuzzRequest
  private readonly context: Context
  private readonly chosen: readonly Scenario[]
  private readonly bench: SearchBench
  private readonly retelling: Retelling
  private readonly documents: Documents
  private readonly corpus: Corpus
  private readonly interrupt: StopSignal = new StopSignal()
  private readonly clock: HuntClock
  private readonly status: StatusLine
  private readonly results: ScenarioResult[] = []
  private readonly paint: Paint
  private readonly width: number
  private told = 0

  constructor(
    request: FuzzRequest,
    context: Context,
    chosen: readonly Scenario[],
    bench: SearchBench,
    retelling: Retelling,
  ) {
    const { flags, globals } = request
    const { cwd, err, out, env } = context.console
    this.request = request
    this.context = context
    this.chosen = chosen
    this.bench = bench
    this.retelling = retelling
    this.documents = new Documents(cwd, flags)
    this.corpus = new Corpus(flags.corpus, cwd)
    this.clock = new HuntClock(flags.timeBudgetMs)
    this.status = new StatusLine(err, !globals.quiet)
    this.paint = paintWith(new Chalk({ level: colorLevel({ flag: globals.color, env, isTTY: out.isTTY }) }))
    this.width = Math.min(120, Math.max(80, out.columns ?? 100))
  }

  async run(): Promise<ExitCode> {
    const release = untilInterrupted(this.interrupt, null, () => this.status.clear())
    const reporter = jsonReporter({ name: 'twiceshy', version: this.context.version }, 'fuzz')
    let failure: unknown = null
    try {
      for (const [at, scenario] of this.chosen.entries()) {
        if (this.interrupt.reason !== null) break
        const result = await this.search(scenario, this.chosen.length - at)
        this.results.push(result)
        reporter.report({ type: 'scenario', result })
      }
    } catch (error) {
      if (error instanceof UsageError) throw error
      failure = error
    } finally {
      release()
      this.status.clear()
    }
    const stopped: Stopped | null = failure !== null ? 'error' : this.interrupt.reason
    const summary = summaryOf(this.results, this.chosen.length - this.results.length, stopped)
    const exit = exitOf([
      ...(failure === null ? [] : [EXIT.internal]),
      ...(this.interrupt.reason === null ? [] : [EXIT.interrupted]),
      ...(summary.notMet > 0 ? [EXIT.notMet] : []),
      ...(summary.inconclusive > 0 ? [EXIT.inconclusive] : []),
    ])
    const { out, err } = this.context.console
    const error = failure === null ? null : failure instanceof Error ? failure.message : String(failure)
    const document = reporter.report({ type: 'summary', summary, exit, error })
    if (this.request.flags.json) out.write(document)
    else this.tell([fuzzSummaryLine(summary, this.results, exit, this.paint)])
    if (failure !== null) err.write(await failureText(failure, this.context, this.request.globals.verbose))
    return exit
  }

  /** @param left scenarios that share what is left of the time, this one counted. */
  private async search(scenario: Scenario, left: number): Promise<ScenarioResult> {
    const raw = await this.documents.of(scenario)
    const hunted = huntedScenario(scenario)
    const aggregate = new ScenarioAggregate(hunted, sha256)
    const known = await this.knownStill(hunted, raw)
    let searched: Searched
    if (known === null) searched = await this.hunt(hunted, raw, aggregate, left)
    else {
      aggregate.add({ ...known.found.result, run: 0 })
      searched = known
      const { result, shown } = known.found
      const facts = [['known', known.path] as const, this.again(known.path)]
      this.tellFound(hunted, foundLines(hunted, { result, shown }, null, facts, this.paint, this.width))
    }
    const finished = finish(aggregate, searched.found !== null, this.interrupt.reason)
    if (searched.found === null) this.tellNothing(finished)
    return { ...finished, counterexample: searched.path }
  }

  /** What was saved of the scenario before is tried first, with the scenario as it is now. */
  private async knownStill(
    hunted: Scenario,
    raw: RawScenario,
  ): Promise<{ readonly found: FoundRun; readonly path: string } | null> {
    const documents = new Documents(this.context.console.cwd, { set: [], profile: null })
    for (const path of this.corpus.filesOf(hunted)) {
      const saved = await documents.first(path)
      const scenario = saved === null ? null : scenarioWithSaved(path, raw, saved)
      if (scenario === null) continue
      const result = await this.bench.judge({ ...scenario, expect: hunted.expect }, 0)
      const shown = firstShown(result)
      if (shown !== null) return { found: { result, shown }, path }
    }
    return null
  }

  private async hunt(
    hunted: Scenario,
    raw: RawScenario,
    aggregate: ScenarioAggregate,
    left: number,
  ): Promise<Searched> {
    const { flags, globals } = this.request
    const runs = flags.runs ?? (flags.timeBudgetMs === null ? DEFAULT_RUNS : MANY_RUNS)
    const progress = new Progress(this.context.console.err, runs, !globals.quiet)
    const stop = this.clock.begin(left, this.interrupt)
    let found: FoundRun | null
    try {
      found = await findViolation(
        {
          scenario: hunted,
          runs,
          jobs: flags.jobs,
          stop,
          onResult: (result: RunResult) => void aggregate.add(result),
          onProgress: (result) => progress.ran(result.virtualUs / 1000),
        },
        this.context,
      )
    } finally {
      this.clock.end()
      progress.clear()
    }
    return found === null ? { found, path: null } : { found, path: await this.keep(hunted, raw, found) }
  }

  /** Saves what was found, makes it smaller, tells it, and asks what would have prevented it. */
  private async keep(hunted: Scenario, raw: RawScenario, found: FoundRun): Promise<string> {
    const { flags, globals } = this.request
    const { result, shown } = found
    const frame = frameOfRun(hunted, raw, result, shown)
    const command = ['twiceshy', 'fuzz', hunted.file, '--seed', hunted.seed, ...worldFlags(flags)].map(shellQuoted)
    const options = {
      bench: this.bench,
      slot: this.corpus.slot(hunted),
      version: this.context.version,
      shrinkBudgetMs: flags.shrinkBudgetMs,
      interrupted: () => this.interrupt.reason !== null,
      onProgress: (line: () => string) => this.status.show(line),
    }
    const foundBy = `${command.join(' ')} (run ${result.run})`
    const {
      path,
      shrinking,
      counterexample: small,
      ...saved
    } = await preserve({ frame, scenario: hunted, run: result.run, foundBy }, options)
    this.status.clear()
    if (flags.json) return path
    const facts = [
      ...(shrinking === '' ? [] : [['shrunk', shrinking] as const]),
      ['saved', path] as const,
      this.again(path),
    ]
    const judged = await this.loadedAgain(path)
    const story = judged === null ? null : this.retelling.story(judged, 0, small.shown.violation)
    this.tellFound(hunted, foundLines(hunted, { result, shown: small.shown }, story, facts, this.paint, this.width))
    if (globals.quiet) return path
    const advice = await this.bench.drive(remedies({ frame: saved.frame, raw: small.raw }), (runs) => {
      this.status.show(() => `what would prevent it · ${counted(runs, 'run')}`)
      return this.interrupt.reason === null
    })
    this.status.clear()
    if (advice !== null) this.context.console.out.write(`${adviceLines(advice, this.paint, this.width).join('\n')}\n`)
    return path
  }

  /** The saved file, through the loader: what is told is what it says. */
  private async loadedAgain(path: string): Promise<Scenario | null> {
    const request = { paths: [path], set: [], profile: null, quiet: true, verbose: false, color: null }
    const { scenarios } = await loadScenarios(request, this.context)
    return scenarios[0] ?? null
  }

  private again(path: string): readonly [string, string] {
    return ['again', `npx twiceshy replay ${shellQuoted(path)}`]
  }

  private tellFound(_: Scenario, lines: readonly string[]): void {
    if (!this.request.flags.json) this.tell(lines)
  }

  private tellNothing(result: ScenarioResult): void {
    const { flags, globals } = this.request
    if (!flags.json && !(globals.quiet && result.met)) this.tell(nothingFoundLine(result, this.paint, this.width))
  }

  private tell(lines: readonly string[]): void {
    this.status.clear()
    this.context.console.out.write(`${this.told++ === 0 ? '' : '\n'}${lines.join('\n')}\n`)
  }
}

/** A search is over whenever it ends; only one that was interrupted, or had no run at all, is left open. */
function finish(aggregate: ScenarioAggregate, found: boolean, interrupted: Stopped | null): ScenarioResult {
  if (found) return aggregate.finish(1, 'bail')
  if (interrupted !== null) return aggregate.finish(Number.MAX_SAFE_INTEGER, interrupted)
  const judged = aggregate.finish(1, 'time-budget').runs
  return judged === 0 ? aggregate.finish(1, 'time-budget') : searched(aggregate.finish(judged, null))
}

/**
 * A search in vain is as good as the runs that could be judged: chaos may leave a run with nothing to judge, and that says
 * nothing against the others. It is open only when a guarantee was decided in none of them.
 */
function searched(result: ScenarioResult): ScenarioResult {
  if (!result.inconclusive || result.problems.length > 0) return result
  const expectations = result.expectations.map((each) => ({ ...each, met: each.met || each.runsUnknown < result.runs }))
  const met = expectations.every((each) => each.met)
  return { ...result, expectations, met, inconclusive: !met }
}
