import { Chalk } from 'chalk'
import { colorLevel } from '../../reports/color.ts'
import { githubReporter } from '../../reports/github.ts'
import { jsonReporter } from '../../reports/json.ts'
import { junitReporter } from '../../reports/junit.ts'
import { markdownReporter } from '../../reports/markdown.ts'
import { ndjsonReporter } from '../../reports/ndjson.ts'
import { violationToRepeat } from '../../reports/expectation-words.ts'
import { type PrettyOptions, prettyReporter } from '../../reports/pretty.ts'
import type { Reporter } from '../../reports/report.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import type { ReporterChoice } from '../flags.ts'
import { failureText } from '../internal-error.ts'
import { untilInterrupted } from '../interrupt.ts'
import { loadScenarios } from '../load.ts'
import { checkWritable, chosenReporters, folderInCheckout, type Output, Outputs } from '../outputs.ts'
import { judgeAll } from '../pool/judge-all.ts'
import { StopSignal } from '../pool/stop.ts'
import { Progress } from '../progress.ts'
import { Retelling } from '../retell.ts'
import { type Selection, select } from '../select.ts'
import { Session } from '../session.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface RunRequest {
  readonly paths: readonly string[]
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
  /** End with the table of guarantees: the main job. */
  readonly table: boolean
}

/** `twiceshy run`: judges scenarios. */
export async function run(request: RunRequest, context: Context): Promise<ExitCode> {
  const { flags, globals } = request
  const choices = chosenReporters(flags.reporters, flags.json, context.console.env)
  for (const { file } of choices) if (file !== null) checkWritable(file, context.console.cwd)
  const loaded = await loadScenarios({ paths: request.paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const selection = select(loaded.scenarios, flags)
  const nothing = nothingMatched(request, loaded.emptyFolders, selection)
  for (const line of nothing) context.console.err.write(`${line}\n`)
  if (selection.tasks.every(({ count }) => count === 0)) return EXIT.nothingMatched
  const story = globals.verbose ? storiesOf(selection, await Retelling.with(context)) : null
  const outputs = choices.map((choice) => ({
    file: choice.file,
    reporter: reporterFor(choice, request, context, story),
  }))
  const exit = await judge(selection, request, context, outputs)
  return exitOf(nothing.length > 0 ? [exit, EXIT.nothingMatched] : [exit])
}

/** Why nothing can be judged, or a part of it; empty when all is well. */
function nothingMatched(request: RunRequest, emptyFolders: readonly string[], selection: Selection): readonly string[] {
  const { filter, shard } = request.flags
  const lines = emptyFolders.map((folder) => `nothing matched: ${folder} has no scenario file`)
  if (lines.length > 0) return lines
  if (selection.tasks.length === 0) {
    return [
      filter === null
        ? 'nothing matched: no file has a scenario to judge'
        : `nothing matched: no scenario contains ${JSON.stringify(filter)}`,
    ]
  }
  if (shard !== null && selection.tasks.every(({ count }) => count === 0)) {
    return [`nothing matched: shard ${shard.index}/${shard.of} has no run`]
  }
  return []
}

async function judge(
  selection: Selection,
  request: RunRequest,
  context: Context,
  outputs: readonly Output[],
): Promise<ExitCode> {
  const { flags, globals } = request
  const { out, err, cwd } = context.console
  const total = selection.tasks.reduce((sum, { count }) => sum + count, 0)
  const progress = new Progress(err, total, !globals.quiet)
  const places = new Outputs(outputs, cwd, (text) => {
    progress.clear()
    out.write(text)
  })
  const session = new Session({
    scenarios: selection.planned,
    sharded: flags.shard !== null && flags.shard.of > 1,
    bail: flags.bail,
    emit: (event) => {
      if (event.type === 'violation') progress.violated()
      places.report(event)
    },
  })
  const stop = new StopSignal()
  const release = untilInterrupted(stop, flags.timeBudgetMs, () => progress.clear())
  const judging = {
    tasks: selection.tasks,
    jobs: flags.jobs,
    stop,
    onResult: session.add.bind(session),
    onProgress: (_: number, result: { readonly virtualUs: number }) => progress.ran(result.virtualUs / 1000),
    ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
    ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
  }
  session.begin()
  let failure: unknown = null
  let end: ReturnType<Session['end']>
  try {
    end = session.end((await judgeAll(judging)).stopped, null)
  } catch (error) {
    if (error instanceof UsageError) throw error
    failure = error
    end = session.end('error', error instanceof Error ? error.message : String(error))
  } finally {
    release()
    progress.clear()
  }
  const exit = exitOf(end.exit)
  places.report({ type: 'summary', summary: end.summary, exit, error: failure === null ? null : messageOf(failure) })
  places.close()
  if (failure !== null) err.write(await failureText(failure, context, globals.verbose))
  return exit
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type StoryOf = NonNullable<PrettyOptions['story']>

/** Judges the run that a scenario's report shows once more, and tells what happened in it. */
function storiesOf({ planned }: Selection, retelling: Retelling): StoryOf {
  return (result) => {
    const violation = violationToRepeat(result)
    const judged = planned.find(
      ({ scenario }) =>
        scenario.file === result.file && scenario.title === result.scenario && scenario.variant === result.variant,
    )
    if (violation === null || judged === undefined) return null
    return retelling.story(judged.scenario, violation.run, violation)
  }
}

function reporterFor(choice: ReporterChoice, request: RunRequest, context: Context, story: StoryOf | null): Reporter {
  const tool = { name: 'twiceshy', version: context.version } as const
  const { set, profile } = request.flags
  const again = [...set.flatMap((value) => ['--set', value]), ...(profile === null ? [] : ['--profile', profile])]
  switch (choice.name) {
    case 'json':
      return jsonReporter(tool, 'run')
    case 'ndjson':
      return ndjsonReporter(tool, 'run')
    case 'junit':
      return junitReporter()
    case 'github':
      return githubReporter({ folder: folderInCheckout(context.console.cwd, context.console.env) })
    case 'markdown':
      return markdownReporter({ again })
    case 'pretty': {
      const { out, env } = context.console
      const { color, quiet, verbose } = request.globals
      const level = choice.file === null ? colorLevel({ flag: color, env, isTTY: out.isTTY }) : 0
      const width = out.columns ?? 100
      return prettyReporter({
        chalk: new Chalk({ level }),
        width,
        quiet,
        verbose,
        table: request.table,
        again,
        ...(story === null ? {} : { story }),
      })
    }
  }
}
