import { calibrated } from '../campaign/calibrate.ts'
import { conduct, type Conduct, tasksOf } from '../campaign/conduct.ts'
import { campaignPaths } from '../campaign/names.ts'
import { campaignOutputs, tellCampaign } from '../campaign/tell.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode, exitOf } from '../exit.ts'
import { failureText } from '../internal-error.ts'
import { nothingMatched } from '../judging.ts'
import { loadScenarios } from '../load.ts'
import { select } from '../select.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface CampaignRequest {
  /** Names of campaigns, files or folders. */
  readonly words: readonly string[]
  readonly flags: JudgingFlags
  /** Hunt the mutants that the campaign names; null = unless the campaign is cut down by `--runs`. */
  readonly calibrate: boolean | null
  readonly globals: GlobalFlags
}

/** `twiceshy campaign`: mass runs that tell their own power: situations reached, mutants found. */
export async function campaign(request: CampaignRequest, context: Context): Promise<ExitCode> {
  const { flags, globals } = request
  const outputs = campaignOutputs(flags, context.console)
  const paths = campaignPaths(request.words, context)
  const changed = flags.set.length > 0 || flags.profile !== null
  if (request.calibrate === true && changed) {
    throw new UsageError(
      '--calibrate hunts mutants in the scenarios as their files have them',
      'leave --set and --profile out, or write a file of its own',
    )
  }
  const loaded = await loadScenarios({ paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const { planned } = select(loaded.scenarios, flags)
  const conducting: Conduct = {
    scenarios: planned.map(({ scenario }) => scenario),
    runs: flags.runs,
    timeBudgetMs: flags.timeBudgetMs,
    shard: flags.shard ?? { index: 1, of: 1 },
    jobs: flags.jobs,
    quiet: globals.quiet,
  }
  const tasks = tasksOf(conducting)
  const nothing = nothingMatched(flags, loaded.emptyFolders, { planned, tasks })
  for (const line of nothing) context.console.err.write(`${line}\n`)
  if (tasks.every(({ count }) => count === 0)) return EXIT.nothingMatched
  const { document, failure } = await conduct(conducting, tasks, context)
  const calibrates = (request.calibrate ?? flags.runs === null) && !changed && document.stopped === null
  const whole = calibrates
    ? await calibrated(document, conducting.scenarios, conducting.shard, flags.jobs, context)
    : document
  const again = [
    ...flags.set.flatMap((value) => ['--set', value]),
    ...(flags.profile === null ? [] : ['--profile', flags.profile]),
  ]
  const exit = tellCampaign(whole, { outputs, globals, again }, context)
  if (failure !== null) context.console.err.write(await failureText(failure, context, globals.verbose))
  return exitOf(nothing.length > 0 ? [exit, EXIT.nothingMatched] : [exit])
}
