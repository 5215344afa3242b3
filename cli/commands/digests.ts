import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { sha256 } from '../host/sha256.ts'
import { loadScenarios } from '../load.ts'
import { JUDGE } from '../places.ts'
import { type JudgeAllOptions, judgeAll } from '../pool/judge-all.ts'
import { loadJudge } from '../pool/judge.ts'
import { type Mark, markOf } from '../pool/mark.ts'
import { StopSignal } from '../pool/stop.ts'
import { select } from '../select.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

/** Marks of the runs of each task. */
export type Marks = readonly (readonly Mark[])[]

/**
 * What `check-determinism` asks another Node binary for, as JSON: the marks of every run, a list for each scenario; or, with
 * `traceOf`, the trace of one run, its chunks in base64.
 *
 * @param traceOf place of the scenario and number of the run, such as `0/7`; null for the marks
 */
export async function digests(
  paths: readonly string[],
  flags: JudgingFlags,
  traceOf: string | null,
  globals: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  const loaded = await loadScenarios({ paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const { tasks } = select(loaded.scenarios, flags)
  const answer =
    traceOf === null ? await marksOf({ tasks, jobs: flags.jobs }, context) : await chunksOf(tasks, traceOf, context)
  context.console.out.write(`${JSON.stringify(answer)}\n`)
  return EXIT.met
}

/** Judges every run once and gives the marks in their order; when it is stopped, of those that it came to. */
export async function marksOf(
  request: Pick<JudgeAllOptions, 'tasks' | 'jobs' | 'threads'> & Partial<Pick<JudgeAllOptions, 'stop'>>,
  context: Context,
): Promise<Marks> {
  const lists = request.tasks.map((): Mark[] => [])
  await judgeAll({
    stop: new StopSignal(),
    ...request,
    repeat: false,
    onResult: (task, result) => {
      lists[task]?.push(markOf(result))
      return 'continue'
    },
    ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
    ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
  })
  return lists
}

async function chunksOf(
  tasks: JudgeAllOptions['tasks'],
  traceOf: string,
  context: Context,
): Promise<readonly string[]> {
  const [place, run] = traceOf.split('/').map(Number)
  const task = tasks[place ?? -1]
  if (task === undefined || run === undefined || !Number.isInteger(run))
    throw new UsageError(`--trace-of ${traceOf} names no run`, 'give the place of a scenario and a run, such as 0/7')
  const judge = await loadJudge(context.judgeModule ?? JUDGE, context.workerScript)
  const { trace = [] } = judge(task.scenario, run, { hasher: sha256 }, { trace: true })
  return trace.map((chunk) => Buffer.from(chunk).toString('base64'))
}
