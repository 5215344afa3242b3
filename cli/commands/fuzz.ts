import { frameOfRun } from '../../properties/search/case.ts'
import { huntedScenario } from '../../properties/search/hunt.ts'
import { remedies } from '../../properties/search/remedies.ts'
import type { RunResult } from '../../properties/verdict.ts'
import { ScenarioAggregate } from '../../reports/aggregate.ts'
import { jsonReporter } from '../../reports/json.ts'
import { summaryOf } from '../../reports/report.ts'
import type { ScenarioResult } from '../../reports/result.ts'
import type { Story } from '../../reports/story.ts'
import { counted, shellQuoted } from '../../reports/words.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import { sha256 } from '../host/sha256.ts'
import { failureText } from '../internal-error.ts'
import { untilInterrupted } from '../interrupt.ts'
import { loadScenarios } from '../load.ts'
import { leavesNothing, stoppedBy } from '../pool/failures.ts'
import { StopSignal } from '../pool/stop.ts'
import { Progress } from '../progress.ts'
import { Retelling } from '../retell.ts'
import { adviceLines } from '../search/advice.ts'
import { SearchBench } from '../search/bench.ts'
import { Corpus } from '../search/corpus.ts'
import { Documents } from '../search/documents.ts'
import { findViolation, type FoundRun } from '../search/find.ts'
import { HuntClock } from '../search/hunt-clock.ts'
import { knownStill } from '../search/known.ts'
import { preserve, type Preserved } from '../search/preserve.ts'
import { type SearchFlags, worldFlags } from '../search/search-flags.ts'
import { searchResult } from '../search/search-result.ts'
import { type Fact, foundLines, fuzzSummaryLine, nothingFoundLine, replayFact } from '../search/tell.ts'
import { Voice } from '../search/voice.ts'
import { select } from '../select.ts'

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
  const { cwd, err } = context.console
  const corpus = new Corpus(flags.corpus, cwd)
  corpus.checkWritable()
  const loaded = await loadScenarios({ paths: request.paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const chosen = select(loaded.scenarios, { ...flags, runs: 1, shard: null }).planned.map(({ scenario }) => scenario)
  if (chosen.length === 0) {
    err.write('nothing matched: there is no scenario to search\n')
    return EXIT.nothingMatched
  }
  const [bench, retelling] = [await SearchBench.with(context), await Retelling.with(context)]
  return new Fuzzing(request, context, corpus, bench, retelling).run(chosen)
}

class Fuzzing {
  private readonly request: FuzzRequest
  private readonly context: Context
  private readonly corpus: Corpus
  private readonly bench: SearchBench
  private readonly retelling: Retelling
  private readonly documents: Documents
  private readonly voice: Voice
  private readonly clock: HuntClock
  private readonly interrupt: StopSignal = new StopSignal()

  constructor(request: FuzzRequest, context: Context, corpus: Corpus, bench: SearchBench, retelling: Retelling) {
    const { flags, globals } = request
    this.request = request
    this.context = context
    this.corpus = corpus
    this.bench = bench
    this.retelling = retelling
    this.documents = new Documents(context.console.cwd, flags, context.workerScript)
    this.voice = new Voice(context, globals, flags.json)
    this.clock = new HuntClock(flags.timeBudgetMs)
  }

  async run(scenarios: readonly Scenario[]): Promise<ExitCode> {
    const release = untilInterrupted(this.interrupt, null, () => this.voice.status.clear())
    const results: ScenarioResult[] = []
    let failure: Error | null = null
    try {
      for (const [at, scenario] of scenarios.entries()) {
        if (this.interrupt.reason !== null) break
        results.push(await this.search(scenario, scenarios.length - at))
      }
    } catch (error) {
      if (leavesNothing(error)) throw error
      failure = error instanceof Error ? error : new Error(String(error))
    } finally {
      release()
      this.voice.status.clear()
    }
    const exit = this.sumUp(results, scenarios.length - results.length, failure)
    if (failure !== null) {
      this.context.console.err.write(await failureText(failure, this.context, this.request.globals.verbose))
    }
    return exit
  }

  private sumUp(results: readonly ScenarioResult[], notSearched: number, failure: Error | null): ExitCode {
    const summary = summaryOf(results, notSearched, stoppedBy(failure) ?? this.interrupt.reason)
    const exit = exitOf([
      ...(summary.stopped === 'error' ? [EXIT.internal] : []),
      ...(summary.stopped === 'refused' ? [EXIT.usage] : []),
      ...(this.interrupt.reason === null ? [] : [EXIT.interrupted]),
      ...(summary.notMet > 0 ? [EXIT.notMet] : []),
      ...(summary.inconclusive > 0 ? [EXIT.inconclusive] : []),
    ])
    const reporter = jsonReporter({ name: 'twiceshy', version: this.context.version }, 'fuzz')
    for (const result of results) reporter.report({ type: 'scenario', result })
    const document = reporter.report({ type: 'summary', summary, exit, error: failure?.message ?? null })
    if (this.request.flags.json) this.context.console.out.write(document)
    this.voice.tell([fuzzSummaryLine(summary, results, exit, this.voice.paint)])
    return exit
  }

  /** @param left scenarios that share what is left of the time, this one counted. */
  private async search(scenario: Scenario, left: number): Promise<ScenarioResult> {
    const raw = await this.documents.of(scenario)
    const hunted = huntedScenario(scenario)
    const aggregate = new ScenarioAggregate(hunted, sha256)
    const known = await knownStill(hunted, raw, this.corpus, this.bench, this.context.console.cwd)
    if (known !== null) {
      aggregate.add({ ...known.found.result, run: 0 })
      this.tellFound(hunted, known.found, null, [['known', known.path], replayFact(known.path)])
      return { ...searchResult(aggregate, true, null), counterexample: known.path }
    }
    const found = await this.hunt(hunted, aggregate, left)
    if (found !== null) {
      const path = await this.keep(hunted, raw, found)
      return { ...searchResult(aggregate, true, null), counterexample: path }
    }
    const result = searchResult(aggregate, false, this.interrupt.reason)
    const { paint, width } = this.voice
    if (!this.request.globals.quiet || !result.met) this.voice.tell(nothingFoundLine(result, paint, width))
    return result
  }

  private async hunt(scenario: Scenario, aggregate: ScenarioAggregate, left: number): Promise<FoundRun | null> {
    const { flags, globals } = this.request
    const runs = flags.runs ?? (flags.timeBudgetMs === null ? DEFAULT_RUNS : MANY_RUNS)
    const progress = new Progress(this.context.console.err, runs, !globals.quiet)
    const stop = this.clock.begin(left, this.interrupt)
    const onResult = (result: RunResult): void => void aggregate.add(result)
    const onProgress = (result: RunResult): void => progress.ran(result.virtualUs / 1000)
    try {
      return await findViolation({ scenario, runs, jobs: flags.jobs, stop, onResult, onProgress }, this.context)
    } finally {
      this.clock.end()
      progress.clear()
    }
  }

  /** Saves what was found, makes it smaller, tells it, and asks what would have prevented it. */
  private async keep(hunted: Scenario, raw: RawScenario, { result, shown }: FoundRun): Promise<string> {
    const { flags, globals } = this.request
    const { status } = this.voice
    const command = ['twiceshy', 'fuzz', hunted.file, '--seed', hunted.seed, ...worldFlags(flags)].map(shellQuoted)
    const preserved = await preserve(
      {
        frame: frameOfRun(hunted, raw, result, shown),
        scenario: hunted,
        run: result.run,
        foundBy: `${command.join(' ')} (run ${result.run})`,
      },
      {
        bench: this.bench,
        slot: this.corpus.slot(hunted),
        version: this.context.version,
        shrinkBudgetMs: flags.shrinkBudgetMs,
        interrupted: () => this.interrupt.reason !== null,
        onProgress: (line: () => string) => status.show(line),
      },
    )
    const { path, shrinking, frame, counterexample } = preserved
    if (flags.json) return path
    const facts: readonly Fact[] = [
      ...(shrinking === '' ? [] : [['shrunk', shrinking] as const]),
      ['saved', path],
      replayFact(path),
    ]
    this.tellFound(hunted, { result, shown: counterexample.shown }, await this.storyOf(preserved), facts)
    if (globals.quiet) return path
    const advice = await this.bench.drive(remedies({ frame, raw: counterexample.raw }), (runs) => {
      status.show(() => `what would prevent it · ${counted(runs, 'run')}`)
      return this.interrupt.reason === null
    })
    if (advice !== null) this.voice.add(adviceLines(advice, this.voice.paint, this.voice.width))
    return path
  }

  /** The story of the saved file, through the loader: what is told is what it says. */
  private async storyOf({ path, counterexample }: Preserved): Promise<Story | null> {
    const request = { paths: [path], set: [], profile: null, quiet: true, verbose: false, color: null }
    const [scenario] = (await loadScenarios(request, this.context)).scenarios
    return scenario === undefined ? null : this.retelling.story(scenario, 0, counterexample.shown.violation)
  }

  private tellFound(scenario: Scenario, found: FoundRun, story: Story | null, facts: readonly Fact[]): void {
    this.voice.tell(foundLines(scenario, found, story, facts, this.voice.paint, this.voice.width))
  }
}
