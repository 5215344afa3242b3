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
import { judge, nothingMatched } from '../judging.ts'
import { loadScenarios } from '../load.ts'
import { checkWritable, chosenReporters, folderInCheckout } from '../outputs.ts'
import type { AdviceOf } from '../search/advice-for-results.ts'
import { type Selection, select } from '../select.ts'
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
  const nothing = nothingMatched(flags, loaded.emptyFolders, selection)
  for (const line of nothing) context.console.err.write(`${line}\n`)
  if (selection.tasks.every(({ count }) => count === 0)) return EXIT.nothingMatched
  const added = globals.verbose ? await addedFor(selection, flags, context) : NOTHING_ADDED
  const outputs = choices.map((choice) => ({
    file: choice.file,
    reporter: reporterFor(choice, request, context, added),
  }))
  const exit = await judge({ selection, flags, globals, outputs }, context)
  return exitOf(nothing.length > 0 ? [exit, EXIT.nothingMatched] : [exit])
}

type StoryOf = NonNullable<PrettyOptions['story']>

/** What `-v` adds. */
interface Added {
  readonly story: StoryOf | null
  readonly advice: AdviceOf | null
}

const NOTHING_ADDED: Added = { story: null, advice: null }

/** Loaded only when it is asked for: advice brings the whole search, a story the judge. */
async function addedFor(selection: Selection, flags: JudgingFlags, context: Context): Promise<Added> {
  const story = await storiesOf(selection, context)
  if (context.judgeModule !== undefined) return { story, advice: null }
  const { adviceForResults } = await import('../search/advice-for-results.ts')
  const scenarios = selection.planned.map(({ scenario }) => scenario)
  return { story, advice: await adviceForResults(scenarios, flags, context) }
}

/** Judges the run that a scenario's report shows once more, and tells what happened in it. */
async function storiesOf({ planned }: Selection, context: Context): Promise<StoryOf> {
  const { Retelling } = await import('../retell.ts')
  const retelling = await Retelling.with(context)
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

function reporterFor(
  choice: ReporterChoice,
  request: RunRequest,
  context: Context,
  { story, advice }: Added,
): Reporter {
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
        ...(advice === null ? {} : { advice }),
      })
    }
  }
}
