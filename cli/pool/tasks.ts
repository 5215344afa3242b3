import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { JudgeOptions } from './judge.ts'

/** Runs of one scenario: `first`, `first + step`, ... (`step` > 1 in a shard). Plain data: crosses threads. */
export interface RunTask {
  readonly scenario: Scenario
  readonly first: number
  readonly step: number
  readonly count: number
  readonly options: JudgeOptions
}

/** One run of a task. */
export interface OneRun {
  readonly task: RunTask
  readonly run: number
}

/** One run of one task; its index counts over all tasks, in the order in which results are told. */
export interface Item {
  readonly index: number
  readonly task: number
  readonly run: number
}

/** A share of runs is repeated to see that digest and result come back: one in so many. */
const REPEAT_EVERY = 20

/** All runs of all tasks as one sequence. */
export class Agenda {
  readonly tasks: readonly RunTask[]
  readonly total: number
  /** Index of each task's first item. */
  private readonly starts: readonly number[]

  constructor(tasks: readonly RunTask[]) {
    this.tasks = tasks
    const starts: number[] = []
    let total = 0
    for (const task of tasks) {
      starts.push(total)
      total += task.count
    }
    this.starts = starts
    this.total = total
  }

  at(index: number): Item {
    let low = 0
    let high = this.starts.length - 1
    // The last task that starts at or before the index; empty tasks share their start with the next one.
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.starts[middle] ?? 0) <= index) low = middle
      else high = middle - 1
    }
    const task = this.tasks[low]
    if (task === undefined || index < 0 || index >= this.total)
      throw new RangeError(`no item ${index} of ${this.total}`)
    return { index, task: low, run: task.first + (index - (this.starts[low] ?? 0)) * task.step }
  }

  runOf({ task, run }: Item): OneRun {
    return { task: this.tasks[task] as RunTask, run }
  }

  /**
   * Whether a run belongs to the share that is repeated: of several runs every 20th and the last, of single runs every 20th
   * and the last. The last has the most before it that could have left something behind.
   */
  isRepeated(item: Item): boolean {
    const task = this.tasks[item.task]
    if (task === undefined) return false
    if (task.count === 1) return isChosen(item.task, this.tasks.length)
    return isChosen(item.index - (this.starts[item.task] ?? 0), task.count)
  }
}

function isChosen(place: number, of: number): boolean {
  return place % REPEAT_EVERY === 0 || place === of - 1
}

/** The runs of shard `index` (from 1) of `of` shards: every `of`-th, so that shards are equally hard. */
export function shardOf(runs: number, index: number, of: number): Pick<RunTask, 'first' | 'step' | 'count'> {
  return { first: index - 1, step: of, count: Math.max(0, Math.ceil((runs - (index - 1)) / of)) }
}
