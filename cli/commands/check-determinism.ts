import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Chalk } from 'chalk'
import { colorLevel } from '../../reports/color.ts'
import { padded } from '../../reports/layout.ts'
import { paintWith } from '../../reports/paint.ts'
import { counted, grouped } from '../../reports/words.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { failureText } from '../internal-error.ts'
import { loadScenarios } from '../load.ts'
import { Nondeterminism } from '../pool/failures.ts'
import { judgeAll } from '../pool/judge-all.ts'
import type { JudgeOptions } from '../pool/judge.ts'
import { StopSignal } from '../pool/stop.ts'
import type { RunTask } from '../pool/tasks.ts'
import { select } from '../select.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface DeterminismRequest {
  readonly paths: readonly string[]
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
  /** Other Node binaries. */
  readonly nodes: readonly string[]
}

/** Digests of the runs of each task. */
type Digests = readonly (readonly string[])[]

interface Way {
  readonly name: string
  readonly options: JudgeOptions
  readonly digests: () => Promise<Digests>
}

/** Another time zone and language: neither may reach a run. */
const FOREIGN = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } as const

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
  try {
    let reference: Digests | null = null
    for (const way of ways) {
      const found = await way.digests()
      if (reference !== null) compare(tasks, reference, found, [ways[0]?.options ?? {}, way.options])
      const verdict =
        reference === null ? `${counted(runs, 'run')} of ${counted(tasks.length, 'scenario')}` : 'the same digests'
      if (!globals.quiet) out.write(`${paint.good('✓')} ${padded(way.name, width)}  ${paint.faint(verdict)}\n`)
      reference ??= found
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    out.write(`${paint.bad('✗')} the runs are not the same everywhere\n`)
    err.write(await failureText(error, context, globals.verbose))
    return EXIT.internal
  }
  out.write(`\n${grouped(runs * ways.length)} runs in ${counted(ways.length, 'way')}, every digest the same\n`)
  return EXIT.met
}

function waysOf(tasks: readonly RunTask[], request: DeterminismRequest, context: Context): readonly Way[] {
  const here = (name: string, options: JudgeOptions, threads: boolean): Way => ({
    name,
    options,
    digests: () => digestsHere(tasks, options, threads ? Math.max(2, request.flags.jobs) : 1, threads, context),
  })
  return [
    here('main thread, heap queue', { queue: 'heap' }, false),
    here('worker threads, wheel queue, trace kept', { queue: 'wheel', trace: true }, true),
    here('worker threads, heap queue, sent messages frozen', { queue: 'heap', freeze: true }, true),
    ...request.nodes.map((node) => ({
      name: `${node}, other time zone and language`,
      options: {},
      digests: () => digestsOf(node, request),
    })),
  ]
}

async function digestsHere(
  tasks: readonly RunTask[],
  options: JudgeOptions,
  jobs: number,
  threads: boolean,
  context: Context,
): Promise<Digests> {
  const lists = tasks.map((): string[] => [])
  await judgeAll({
    tasks: tasks.map((task) => ({ ...task, options })),
    jobs,
    threads,
    repeat: false,
    stop: new StopSignal(),
    onResult: (task, result) => {
      lists[task]?.push(result.digest)
      return 'continue'
    },
    ...(context.judgeModule === undefined ? {} : { judgeModule: context.judgeModule }),
    ...(context.workerScript === undefined ? {} : { workerScript: context.workerScript }),
  })
  return lists
}

/** @throws {@link Nondeterminism} at the first run that differs */
function compare(
  tasks: readonly RunTask[],
  reference: Digests,
  found: Digests,
  ways: readonly [JudgeOptions, JudgeOptions],
): void {
  tasks.forEach((task, i) => {
    for (let n = 0; n < task.count; n++) {
      const [first, second] = [reference[i]?.[n] ?? 'none', found[i]?.[n] ?? 'none']
      if (first !== second) throw new Nondeterminism(task, task.first + n * task.step, first, second, ways)
    }
  })
}

function checkExecutable(node: string): void {
  try {
    accessSync(node, constants.X_OK)
  } catch {
    throw new UsageError(`--node ${node} cannot be started`, 'give the path of a Node binary')
  }
}

async function digestsOf(node: string, request: DeterminismRequest): Promise<Digests> {
  const { flags } = request
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const pairs: readonly (readonly [string, string | number | null])[] = [
    ['--seed', flags.seed],
    ['--runs', flags.runs],
    ['--jobs', flags.jobs],
    ['--filter', flags.filter],
    ['--profile', flags.profile],
    ...flags.set.map((value) => ['--set', value] as const),
  ]
  // With `=`, so that a value may begin with a dash.
  const given = pairs.flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]))
  const text = await outputOf(node, [main, 'digests', '--quiet', ...given, '--', ...request.paths])
  try {
    return JSON.parse(text) as Digests
  } catch {
    throw noNode(node, 'it did not answer as Node does')
  }
}

function noNode(node: string, why: string): UsageError {
  return new UsageError(`--node ${node} could not judge the scenarios: ${why.trim()}`, 'give the path of a Node binary')
}

function outputOf(node: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { env: { ...process.env, ...FOREIGN }, stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', (error) => reject(new UsageError(`--node ${node} cannot be started: ${error.message}`)))
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'))
      else if (code !== EXIT.internal)
        reject(noNode(node, `it ended with ${code ?? 'a signal'} ${Buffer.concat(err).toString('utf8').trim()}`))
      else reject(new Error(`${node} ended with ${code ?? 'a signal'}: ${Buffer.concat(err).toString('utf8').trim()}`))
    })
  })
}
