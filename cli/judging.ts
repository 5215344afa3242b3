import type { RunResult } from '../properties/verdict.ts'
import type { ReportEvent } from '../reports/report.ts'
import type { JudgingFlags } from './commands/judging-flags.ts'
import type { Context, GlobalFlags } from './context.ts'
import { type ExitCode, exitOf } from './exit.ts'
import { failureText } from './internal-error.ts'
import { untilInterrupted } from './interrupt.ts'
import { type Output, Outputs } from './outputs.ts'
import { leavesNothing, stoppedBy } from './pool/failures.ts'
import { judgeAll } from './pool/judge-all.ts'
import { StopSignal } from './pool/stop.ts'
import { Progress } from './progress.ts'
import type { Selection } from './select.ts'
import { Session } from './session.ts'

/** Why nothing can be judged, or a part of it; empty when all is well. */
export function nothingMatched(
  { filter, shard }: JudgingFlags,
  emptyFolders: readonly string[],
  selection: Selection,
): readonly string[] {
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

/** What is judged, and who is told. */
export interface Judging {
  readonly selection: Selection
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
  readonly outputs: readonly Output[]
  /** Sees every result before it is added up, in order. */
  readonly onResult?: (task: number, result: RunResult) => void
  /** Changes what reporters are told. */
  readonly retold?: (event: ReportEvent) => ReportEvent
}

/** Judges every run of a selection, tells the reporters, and gives the exit code. */
export async function judge(request: Judging, context: Context): Promise<ExitCode> {
  const { selection, flags, globals, outputs } = request
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
      places.report(request.retold?.(event) ?? event)
    },
  })
  const stop = new StopSignal()
  const release = untilInterrupted(stop, flags.timeBudgetMs, () => progress.clear())
  const judging = {
    tasks: selection.tasks,
    jobs: flags.jobs,
    stop,
    onResult: (task: number, result: RunResult) => {
      request.onResult?.(task, result)
      return session.add(task, result)
    },
    onProgress: (_: number, result: { readonly virtualUs: number }) => progress.ran(result.virtualUs / 1000),
    ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
    ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
  }
  session.begin()
  let failure: unknown = null
  let end: ReturnType<Session['end']>
  try {
    end = session.end((await judgeAll(judging)).stopped)
  } catch (error) {
    if (leavesNothing(error)) throw error
    failure = error
    end = session.end(stoppedBy(error))
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
