import type { JudgeOptions } from './judge.ts'
import type { RunTask } from './tasks.ts'

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

/** The same run gave two digests. */
export class Nondeterminism extends Error {
  readonly task: RunTask
  readonly run: number
  /** How it was judged each time. */
  readonly ways: readonly [JudgeOptions, JudgeOptions]

  constructor(
    task: RunTask,
    run: number,
    first: string,
    second: string,
    ways: readonly [JudgeOptions, JudgeOptions] = [task.options, task.options],
  ) {
    super(`the same run gave two digests, ${first} and then ${second}`)
    this.name = 'Nondeterminism'
    this.task = task
    this.run = run
    this.ways = ways
  }
}
