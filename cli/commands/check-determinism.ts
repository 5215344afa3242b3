import { Chalk } from 'chalk'
import { colorLevel } from '../../reports/color.ts'
import { padded } from '../../reports/layout.ts'
import { paintWith } from '../../reports/paint.ts'
import { counted, grouped } from '../../reports/words.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { failureText } from '../internal-error.ts'
import { loadScenarios } from '../load.ts'
import { Nondeterminism, type Way } from '../pool/failures.ts'
import type { JudgeOptions } from '../pool/judge.ts'
import { sameMark } from '../pool/mark.ts'
import { StopSignal } from '../pool/stop.ts'
import type { RunTask } from '../pool/tasks.ts'
import { select } from '../select.ts'
import { UsageError } from '../usage-error.ts'
import { type Marks, marksOf } from './digests.ts'
import type { JudgingFlags } from './judging-flags.ts'
import { askNode, checkExecutable, traceUnder } from './other-node.ts'

export interface DeterminismRequest {
  readonly paths: readonly string[]
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
  /** Other Node binaries. */
  readonly nodes: readonly string[]
}

interface NamedWay {
  readonly name: string
  /** Keeps one core busy, and goes on from the beginning beside whatever comes before it. */
  readonly isOneThread: boolean
  readonly marks: (stop: StopSignal) => Promise<Marks>
  /** How a run is judged again this way. */
  readonly again: (task: number, run: number) => Way
}

/** `twiceshy check-determinism`: every run in different threads, queues and Node versions; equal digests or exit 70. */
export async function checkDeterminism(request: DeterminismRequest, context: Context): Promise<ExitCode> {
  const { flags, globals } = request
  const { out, err, env } = context.console
  for (const node of request.nodes) checkExecutable(node)
  const loaded = await loadScenarios({ paths: request.paths, ...flags, ...globals }, context)
  if (!loaded.ok) return EXIT.usage
  const { tasks } = select(loaded.scenarios, flags)
  if (tasks.length === 0) {
    err.write('nothing matched\n')
    return EXIT.nothingMatched
  }
  const paint = paintWith(new Chalk({ level: colorLevel({ flag: globals.color, env, isTTY: out.isTTY }) }))
  const ways = waysOf(tasks, request, context)
  const width = Math.max(...ways.map(({ name }) => name.length))
  const runs = tasks.reduce((sum, { count }) => sum + count, 0)
  const stop = new StopSignal()
  const begun = new Map(ways.filter(({ isOneThread }) => isOneThread).map((way) => [way, way.marks(stop)]))
  // What goes wrong in one of them is told in its turn.
  for (const marks of begun.values()) marks.catch(() => {})
  try {
    let reference: Judged | null = null
    for (const way of ways) {
      const found = { way, marks: await (begun.get(way) ?? way.marks(stop)) }
      if (reference !== null) compare(tasks, reference, found)
      const verdict =
        reference === null ? `${counted(runs, 'run')} of ${counted(tasks.length, 'scenario')}` : 'the same digests'
      if (!globals.quiet) out.write(`${paint.good('✓')} ${padded(way.name, width)}  ${paint.faint(verdict)}\n`)
      reference ??= found
    }
  } catch (error) {
    stop.stop('interrupted')
    if (error instanceof UsageError) throw error
    out.write(`${paint.bad('✗')} the runs are not the same everywhere\n`)
    err.write(await failureText(error, context, globals.verbose))
    return EXIT.internal
  }
  out.write(`\n${grouped(runs * ways.length)} runs in ${counted(ways.length, 'way')}, every digest the same\n`)
  return EXIT.met
}

function waysOf(tasks: readonly RunTask[], request: DeterminismRequest, context: Context): readonly NamedWay[] {
  const jobs = Math.max(2, request.flags.jobs)
  const here = (name: string, options: JudgeOptions, threads: boolean): NamedWay => ({
    name,
    isOneThread: !threads,
    marks: (stop) => marksOf({ tasks: withOptions(tasks, options), jobs: threads ? jobs : 1, threads, stop }, context),
    again: () => ({ options }),
  })
  return [
    here('main thread, heap queue', { queue: 'heap' }, false),
    here('worker threads, wheel queue, trace kept', { queue: 'wheel', trace: true }, true),
    here('worker threads, heap queue, sent messages frozen', { queue: 'heap', freeze: true }, true),
    {
      name: 'a fresh thread, backwards, copied on the way',
      isOneThread: true,
      marks: (stop) => marksBackwards(withOptions(tasks, { copies: true }), stop, context),
      again: () => ({ options: { copies: true } }),
    },
    ...request.nodes.map((node) => ({
      name: `${node}, other time zone and language`,
      isOneThread: false,
      marks: () => askNode<Marks>(node, request, []),
      again: (task: number, run: number): Way => ({ options: {}, trace: () => traceUnder(node, request, task, run) }),
    })),
  ]
}

function withOptions(tasks: readonly RunTask[], options: JudgeOptions): readonly RunTask[] {
  return tasks.map((task) => ({ ...task, options }))
}

/**
 * The last run of the last task first, in a thread of its own: so no run has those before it that it had elsewhere, and
 * nothing that they could have left behind.
 */
async function marksBackwards(tasks: readonly RunTask[], stop: StopSignal, context: Context): Promise<Marks> {
  const backwards = [...tasks]
    .reverse()
    .map((task) => ({ ...task, first: task.first + (task.count - 1) * task.step, step: -task.step }))
  const marks = await marksOf({ tasks: backwards, jobs: 1, threads: true, stop }, context)
  return marks.map((ofTask) => [...ofTask].reverse()).reverse()
}

/** What a way of judging gave. */
interface Judged {
  readonly way: NamedWay
  readonly marks: Marks
}

/** @throws {@link Nondeterminism} at the first run that differs */
function compare(tasks: readonly RunTask[], reference: Judged, found: Judged): void {
  tasks.forEach((task, i) => {
    for (let n = 0; n < task.count; n++) {
      const [first, second] = [reference.marks[i]?.[n] ?? null, found.marks[i]?.[n] ?? null]
      if (first !== null && second !== null && sameMark(first, second)) continue
      const run = task.first + n * task.step
      throw new Nondeterminism(
        { task, run, tasks },
        [first, second],
        [reference.way.again(i, run), found.way.again(i, run)],
      )
    }
  })
}
