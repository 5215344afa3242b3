import { UsageError } from '../usage-error.ts'
import type { JudgeOptions } from './judge.ts'
import type { Mark } from './mark.ts'
import type { OneRun, RunTask } from './tasks.ts'

/** A run that could not be judged because the tool itself failed. */
export class RunFailure extends Error {
  readonly task: RunTask
  readonly run: number
  /** Stack of the failure where it happened. */
  readonly origin: string | null

  constructor(task: RunTask, run: number, message: string, origin: string | null = null) {
    super(message)
    this.name = 'RunFailure'
    this.task = task
    this.run = run
    this.origin = origin
  }
}

/** A handler of the user's own did in a run what it may not. What was judged before counts. */
export class Refusal extends UsageError {}

/** Whether a mistake leaves nothing to tell: it was known before anything was judged. */
export function leavesNothing(error: unknown): boolean {
  return error instanceof UsageError && !(error instanceof Refusal)
}

/** How a failure is told to have cut short what was asked for; null without one. */
export function stoppedBy(failure: unknown): 'refused' | 'error' | null {
  if (failure === null) return null
  return failure instanceof Refusal ? 'refused' : 'error'
}

/** How one of two differing judgements came about. */
export interface Way {
  readonly options: JudgeOptions
  /** Gets the trace from where it was judged; without it a thread here does. */
  readonly trace?: () => Promise<readonly Uint8Array[]>
}

/** The same run gave two digests, or two results. */
export class Nondeterminism extends Error {
  readonly task: RunTask
  readonly run: number
  /** Everything that was judged beside it. */
  readonly tasks: readonly RunTask[]
  readonly ways: readonly [Way, Way]
  /** What happened is the same, what was said about it is not. */
  readonly sameDigest: boolean

  constructor(
    { task, run, tasks }: OneRun & { readonly tasks: readonly RunTask[] },
    [first, second]: readonly [Mark | null, Mark | null],
    ways: readonly [Way, Way] = [{ options: task.options }, { options: task.options }],
  ) {
    super(differenceOf(first, second))
    this.name = 'Nondeterminism'
    this.task = task
    this.run = run
    this.tasks = tasks
    this.ways = ways
    this.sameDigest = isSame(first, second)
  }
}

function differenceOf(first: Mark | null, second: Mark | null): string {
  if (isSame(first, second)) return `the same run, with the digest ${first?.digest} both times, gave two results`
  return `the same run gave two digests, ${first?.digest ?? 'none'} and then ${second?.digest ?? 'none'}`
}

function isSame(first: Mark | null, second: Mark | null): boolean {
  return first !== null && first.digest === second?.digest
}
