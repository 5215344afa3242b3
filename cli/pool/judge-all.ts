import type { RunResult } from '../../properties/verdict.ts'
import { JUDGE, WORKER } from '../places.ts'
import type { Executor, RepeatItem } from './executor.ts'
import { Nondeterminism, Refusal, RunFailure } from './failures.ts'
import { InOrder } from './in-order.ts'
import { InlineExecutor } from './inline.ts'
import { type Judge, loadJudge } from './judge.ts'
import { type Mark, markOf, sameMark } from './mark.ts'
import type { Outcome } from './messages.ts'
import type { StopReason, StopSignal } from './stop.ts'
import { Agenda, type AgendaOrder, type Item, type RunTask } from './tasks.ts'
import { ThreadExecutor } from './threads.ts'

export interface JudgeAllOptions {
  readonly tasks: readonly RunTask[]
  /** Threads; 1 = everything on the main thread, except what is repeated. */
  readonly jobs: number
  readonly stop: StopSignal
  /** Each result, in the order of tasks and runs, whatever `jobs`; `stop` ends everything with this result. */
  onResult(task: number, result: RunResult): 'continue' | 'stop'
  /** A run has been judged, in any order. */
  onProgress?(task: number, result: RunResult): void
  /** Module that exports `judgeRun`; by default the product's judge. */
  readonly judgeModule?: string
  readonly workerScript?: URL
  /** Use threads even for a single job. */
  readonly threads?: boolean
  /** Repeat a share of runs elsewhere, one in so many; by default one in 20, false for none. */
  readonly repeat?: number | false
  /** By default one task after the other. */
  readonly order?: AgendaOrder
}

export interface JudgeAllEnd {
  /** What ended it early. */
  readonly stopped: StopReason | 'bail' | null
  /** Runs that were repeated and gave the same digest and result. */
  readonly repeated: number
}

/** How long a stopped pool waits for the runs that are going on. */
const GRACE_MS = 1000

/**
 * Judges every run of every task and tells the results in order.
 *
 * @throws {@link Refusal} when a handler of the user's own does what it may not
 * @throws {@link RunFailure} when a run could not be judged, of the first such run in order
 * @throws {@link Nondeterminism} when a repeated run gave another digest or result
 */
export async function judgeAll(options: JudgeAllOptions): Promise<JudgeAllEnd> {
  const agenda = new Agenda(options.tasks, options.order)
  const executor = await executorFor(agenda, options)
  try {
    const first = new FirstPass(agenda, executor, options)
    const forget = options.stop.onStop(() => executor.endAt(0, GRACE_MS))
    await executor.work((outcome, by) => first.deliver(outcome, by))
    forget()
    first.finish()
    const repeated = options.stop.reason === 'interrupted' ? [] : first.toRepeat()
    if (repeated.length > 0) await repeatElsewhere(agenda, executor, repeated, options)
    return { stopped: first.bailed ? 'bail' : options.stop.reason, repeated: repeated.length }
  } finally {
    await executor.close()
  }
}

/**
 * What runs leave behind in their thread shows only in a thread that has judged others before: after runs on the main thread
 * that is one which has judged nothing. Alone, a run is the only one that could leave itself something.
 */
async function repeatElsewhere(
  agenda: Agenda,
  executor: Executor,
  items: readonly Repeated[],
  options: JudgeAllOptions,
): Promise<void> {
  if (!(executor instanceof InlineExecutor) || agenda.total === 1) return repeat(agenda, executor, items)
  const other = threadsFor(agenda, 1, options)
  try {
    await repeat(agenda, other, items)
  } finally {
    await other.close()
  }
}

async function executorFor(agenda: Agenda, options: JudgeAllOptions): Promise<Executor> {
  const jobs = Math.min(options.jobs, agenda.total)
  if (jobs < 1 || (jobs === 1 && options.threads !== true)) return new InlineExecutor(agenda, await judgeHere(options))
  return threadsFor(agenda, jobs, options)
}

function judgeHere({ tasks, judgeModule, workerScript }: JudgeAllOptions): Promise<Judge> {
  const scenarios = tasks.map(({ scenario }) => scenario)
  return loadJudge(judgeModule ?? JUDGE, workerScript, scenarios)
}

function threadsFor(agenda: Agenda, jobs: number, options: JudgeAllOptions): ThreadExecutor {
  const judgeModule = options.judgeModule ?? JUDGE
  const workerScript = options.workerScript ?? WORKER
  return new ThreadExecutor(agenda, { jobs, judgeModule, workerScript })
}

interface Repeated extends RepeatItem {
  readonly mark: Mark
}

/** Puts results in order, tells them, and remembers which to repeat. */
class FirstPass {
  bailed = false
  private finished = false
  private readonly agenda: Agenda
  private readonly executor: Executor
  private readonly options: JudgeAllOptions
  private readonly order: InOrder<{ readonly outcome: Outcome; readonly by: number }>
  private readonly repeats: Repeated[] = []

  constructor(agenda: Agenda, executor: Executor, options: JudgeAllOptions) {
    this.agenda = agenda
    this.executor = executor
    this.options = options
    this.order = new InOrder((index, { outcome, by }) => this.tell(this.agenda.at(index), outcome, by))
  }

  deliver(outcome: Outcome, by: number): void {
    // A run that was not waited for may still end.
    if (this.finished) return
    if (outcome.kind === 'judged') this.options.onProgress?.(this.agenda.at(outcome.index).task, outcome.result)
    this.order.push(outcome.index, { outcome, by })
    this.executor.told(this.order.expected)
  }

  /** When stopped from outside, what is known behind a gap counts too. */
  finish(): void {
    if (!this.bailed && this.options.stop.reason !== null) this.order.flush()
    this.finished = true
  }

  private tell(item: Item, outcome: Outcome, by: number): void {
    // Only what stands before the point of bailing out counts, so that it is the same for any number of workers.
    if (this.bailed) return
    if (outcome.kind !== 'judged') throw failureOf(this.agenda, item, outcome)
    const { repeat } = this.options
    if (repeat !== false && this.agenda.isRepeated(item, repeat))
      this.repeats.push({ index: item.index, by, mark: markOf(outcome.result) })
    if (this.options.onResult(item.task, outcome.result) === 'stop') {
      this.bailed = true
      this.executor.endAt(item.index + 1, 0)
    }
  }

  toRepeat(): readonly Repeated[] {
    return this.repeats
  }
}

async function repeat(agenda: Agenda, executor: Executor, items: readonly Repeated[]): Promise<void> {
  const seconds = new Map<number, Outcome>()
  await executor.repeat(items, (outcome) => seconds.set(outcome.index, outcome))
  for (const { index, mark } of items) {
    const item = agenda.at(index)
    const second = seconds.get(index)
    if (second !== undefined && second.kind !== 'judged') throw failureOf(agenda, item, second)
    const again = second === undefined ? null : markOf(second.result)
    if (again === null || !sameMark(mark, again))
      throw new Nondeterminism({ ...agenda.runOf(item), tasks: agenda.tasks }, [mark, again])
  }
}

function failureOf(agenda: Agenda, item: Item, failed: Exclude<Outcome, { readonly kind: 'judged' }>): Error {
  if (failed.kind === 'refused') return new Refusal(failed.message, failed.help)
  return new RunFailure(taskOf(agenda, item), item.run, failed.message, failed.stack)
}

function taskOf(agenda: Agenda, item: Item): RunTask {
  const task = agenda.tasks[item.task]
  if (task === undefined) throw new RangeError(`no task ${item.task}`)
  return task
}
