import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { loadScenarios } from '../load.ts'
import { judgeAll } from '../pool/judge-all.ts'
import { StopSignal } from '../pool/stop.ts'
import { select } from '../select.ts'
import type { JudgingFlags } from './judging-flags.ts'

/** What `check-determinism` asks another Node binary for: the digests of every run, as one JSON list of lists. */
export async function digests(
  paths: readonly string[],
  flags: JudgingFlags,
  globals: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  const loaded = await loadScenarios({ paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const { tasks } = select(loaded.scenarios, flags)
  const lists = tasks.map((): string[] => [])
  await judgeAll({
    tasks,
    jobs: flags.jobs,
    stop: new StopSignal(),
    repeat: false,
    onResult: (task, result) => {
      lists[task]?.push(result.digest)
      return 'continue'
    },
    ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
    ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
  })
  context.console.out.write(`${JSON.stringify(lists)}\n`)
  return EXIT.met
}
