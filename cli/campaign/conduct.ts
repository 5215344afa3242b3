import type { RunResult } from '../../properties/verdict.ts'
import type { CampaignDocument, CampaignResult } from '../../reports/campaign/document.ts'
import { CampaignTally, quotasOf } from '../../reports/campaign/tally.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Context } from '../context.ts'
import type { Shard } from '../flags.ts'
import { sha256 } from '../host/sha256.ts'
import { untilInterrupted } from '../interrupt.ts'
import { leavesNothing, stoppedBy } from '../pool/failures.ts'
import { judgeAll } from '../pool/judge-all.ts'
import { StopSignal } from '../pool/stop.ts'
import { type RunTask, shardOf } from '../pool/tasks.ts'
import { Progress } from '../progress.ts'

/** One in so many runs is judged again elsewhere. */
const REPEAT_EVERY = 100
/** Runs of a campaign that only its time ends. */
const MOST_RUNS = 10_000_000
/** Runs of a file that says nothing about campaigns. */
const FULL_SIZE = 20_000
const PERCENT = 1

export interface Conduct {
  readonly scenarios: readonly Scenario[]
  readonly runs: number | null
  readonly timeBudgetMs: number | null
  readonly shard: Shard
  readonly jobs: number
  readonly quiet: boolean
}

/** Runs of every scenario in this shard, in turns, so that whatever ends them early is fair to all. */
export function tasksOf({ scenarios, runs, timeBudgetMs, shard }: Conduct): readonly RunTask[] {
  return scenarios.map((scenario) => {
    const size = runs ?? (timeBudgetMs === null ? (scenario.campaign?.runs ?? FULL_SIZE) : MOST_RUNS)
    return { scenario, ...shardOf(size, shard.index, shard.of), options: { situations: true } }
  })
}

/** What a campaign's judging came to, and what ended it if the tool itself failed. */
export interface Conducted {
  readonly document: CampaignDocument
  readonly failure: Error | null
}

/** Judges all runs, or those for which there is time, and adds them up. */
export async function conduct(request: Conduct, tasks: readonly RunTask[], context: Context): Promise<Conducted> {
  const { scenarios, runs, timeBudgetMs, jobs, quiet } = request
  const tallies = scenarios.map((scenario) => new CampaignTally(scenario, sha256))
  const endless = timeBudgetMs !== null && runs === null
  const total = endless ? null : tasks.reduce((sum, { count }) => sum + count, 0)
  const progress = new Progress(context.console.err, total, !quiet)
  const stop = new StopSignal()
  const release = untilInterrupted(stop, timeBudgetMs, () => progress.clear())
  const began = performance.now()
  let repeated = 0
  let failure: Error | null = null
  try {
    const end = await judgeAll({
      tasks,
      jobs,
      stop,
      order: 'turns',
      repeat: REPEAT_EVERY,
      onResult: (task: number, result: RunResult) => {
        if (tallies[task]?.add(result) === true) progress.violated()
        return 'continue'
      },
      onProgress: (_, result) => progress.ran(result.virtualUs / 1000),
      ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
      ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
    })
    repeated = end.repeated
  } catch (error) {
    if (leavesNothing(error)) throw error
    failure = error instanceof Error ? error : new Error(String(error))
  } finally {
    release()
    progress.clear()
  }
  const document: CampaignDocument = {
    schemaVersion: 1,
    tool: { name: 'twiceshy', version: context.version },
    command: 'campaign',
    shards: [`${request.shard.index}/${request.shard.of}`],
    campaigns: campaignsOf(tallies),
    repeated,
    wallMs: Math.round(performance.now() - began),
    // A time budget is the end that was asked for.
    stopped: stoppedBy(failure) ?? (stop.reason === 'interrupted' ? 'interrupted' : null),
    error: failure?.message ?? null,
  }
  return { document, failure }
}

/** One for each file, in the order of the files. */
function campaignsOf(tallies: readonly CampaignTally[]): readonly CampaignResult[] {
  const files = [...new Set(tallies.map(({ scenario }) => scenario.file))]
  return files.map((file) => {
    const own = tallies.filter(({ scenario }) => scenario.file === file)
    const scenarios = own.map(({ scenario }) => scenario)
    const campaign = scenarios[0]?.campaign ?? null
    return {
      file,
      quotas: quotasOf(scenarios),
      sharePercent: campaign?.sharePercent ?? PERCENT,
      calibrate: campaign?.calibrate ?? [],
      scenarios: own.map((tally) => tally.result()),
      calibration: [],
    }
  })
}
