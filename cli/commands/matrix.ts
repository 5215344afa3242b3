import { Chalk } from 'chalk'
import { colorLevel } from '../../reports/color.ts'
import { jsonReporter } from '../../reports/json.ts'
import { matrixMarkdownReporter } from '../../reports/matrix-markdown.ts'
import { matrixReporter } from '../../reports/matrix.ts'
import { ndjsonReporter } from '../../reports/ndjson.ts'
import { Observations, observingAll } from '../../reports/observations.ts'
import { paintWith } from '../../reports/paint.ts'
import type { ReportEvent, Reporter } from '../../reports/report.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import type { ReporterChoice } from '../flags.ts'
import { judge, nothingMatched } from '../judging.ts'
import { loadScenarios } from '../load.ts'
import { checkWritable, chosenReporters } from '../outputs.ts'
import { type Selection, select } from '../select.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface MatrixRequest {
  readonly paths: readonly string[]
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
}

/**
 * `twiceshy matrix`: every guarantee that any variant of a file names, judged for all of its variants. What a variant does
 * not name itself is shown and counts for nothing: the exit code is that of `run`.
 */
export async function matrix(request: MatrixRequest, context: Context): Promise<ExitCode> {
  const { flags, globals } = request
  const choices = chosenReporters(flags.reporters, flags.json)
  const outputs = choices.map((choice) => ({ file: choice.file, reporter: reporterFor(choice, globals, context) }))
  for (const { file } of choices) if (file !== null) checkWritable(file, context.console.cwd)
  const loaded = await loadScenarios({ paths: request.paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const own = select(loaded.scenarios, flags)
  const nothing = nothingMatched(flags, loaded.emptyFolders, own)
  for (const line of nothing) context.console.err.write(`${line}\n`)
  if (own.tasks.every(({ count }) => count === 0)) return EXIT.nothingMatched
  const { selection, onResult, retold } = observing(own)
  const exit = await judge({ selection, flags, globals, outputs, onResult, retold }, context)
  return exitOf(nothing.length > 0 ? [exit, EXIT.nothingMatched] : [exit])
}

interface Observing {
  readonly selection: Selection
  readonly onResult: (task: number, result: Parameters<Observations['add']>[0]) => void
  readonly retold: (event: ReportEvent) => ReportEvent
}

/** The same selection, whose runs are judged by more than what counts. */
function observing(own: Selection): Observing {
  const observed = observingAll(own.tasks.map(({ scenario }) => scenario))
  const tasks = own.tasks.map((task, i) => ({ ...task, scenario: observed[i] ?? task.scenario }))
  const seen = tasks.map(({ scenario }, i) => new Observations(scenario, own.tasks[i]?.scenario.expect.length ?? 0))
  return {
    selection: { planned: own.planned, tasks },
    onResult: (task, result) => seen[task]?.add(result),
    retold: (event) => {
      if (event.type !== 'scenario') return event
      const { file, scenario, variant } = event.result
      const task = tasks.findIndex((each) => {
        const { title } = each.scenario
        return each.scenario.file === file && title === scenario && each.scenario.variant === variant
      })
      return { ...event, result: { ...event.result, observations: seen[task]?.results() ?? [] } }
    },
  }
}

function reporterFor(choice: ReporterChoice, globals: GlobalFlags, context: Context): Reporter {
  const tool = { name: 'twiceshy', version: context.version } as const
  switch (choice.name) {
    case 'json':
      return jsonReporter(tool, 'matrix')
    case 'ndjson':
      return ndjsonReporter(tool, 'matrix')
    case 'markdown':
      return matrixMarkdownReporter()
    case 'pretty': {
      const { out, env } = context.console
      const level = choice.file === null ? colorLevel({ flag: globals.color, env, isTTY: out.isTTY }) : 0
      return matrixReporter({ paint: paintWith(new Chalk({ level })), width: out.columns ?? 100, quiet: globals.quiet })
    }
    case 'junit':
    case 'github':
      throw new UsageError(
        `matrix has no reporter ${choice.name}`,
        'there are pretty, json, ndjson, markdown; `run` has the others',
      )
  }
}
