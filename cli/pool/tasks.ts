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
  /** Which of its task's runs it is, from 0. */
  readonly place: number
}

/** One task after the other, or a run of each in turn, so that an early end is fair to all. */
export type AgendaOrder = 'tasks' | 'turns'

/** A share of runs is repeated to see that digest and result come back: one in so many. */
const REPEAT_EVERY = 20

/** Items from `start` on are runs of some tasks in turn, beginning with their run `place`. */
interface Stretch {
  readonly start: number
  readonly tasks: readonly number[]
  readonly place: number
}

/** All runs of all tasks as one sequence. */
export class Agenda {
  readonly tasks: readonly RunTask[]
  readonly order: AgendaOrder
  readonly total: number
  private readonly stretches: readonly Stretch[]

  constructor(tasks: readonly RunTask[], order: AgendaOrder = 'tasks') {
    this.tasks = tasks
    this.order = order
    this.total = tasks.reduce((sum, { count }) => sum + count, 0)
    this.stretches = order === 'tasks' ? oneByOne(tasks) : inTurns(tasks)
  }

  at(index: number): Item {
    let low = 0
    let high = this.stretches.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.stretches[middle]?.start ?? 0) <= index) low = middle
      else high = middle - 1
    }
    const stretch = this.stretches[low]
    if (stretch === undefined || index < 0 || index >= this.total)
      throw new RangeError(`no item ${index} of ${this.total}`)
    const { start, tasks } = stretch
    const number = tasks[(index - start) % tasks.length] as number
    const place = stretch.place + Math.floor((index - start) / tasks.length)
    const task = this.tasks[number] as RunTask
    return { index, task: number, run: task.first + place * task.step, place }
  }

  runOf({ task, run }: Item): OneRun {
    return { task: this.tasks[task] as RunTask, run }
  }

  /**
   * Whether a run belongs to the share that is repeated, one in `every`: of several runs the first, every so manieth and the
   * last, of single runs likewise. The last has the most before it that could have left something behind.
   */
  isRepeated(item: Item, every: number = REPEAT_EVERY): boolean {
    const task = this.tasks[item.task]
    if (task === undefined) return false
    const [place, of] = task.count === 1 ? [item.task, this.tasks.length] : [item.place, task.count]
    return place % every === 0 || place === of - 1
  }
}

function oneByOne(tasks: readonly RunTask[]): readonly Stretch[] {
  let start = 0
  return tasks.flatMap(({ count }, number) => {
    if (count === 0) return []
    const stretch = { start, tasks: [number], place: 0 }
    start += count
    return [stretch]
  })
}

/** Those with fewer runs drop out on the way. */
function inTurns(tasks: readonly RunTask[]): readonly Stretch[] {
  let start = 0
  let place = 0
  return [...new Set(tasks.map(({ count }) => count))]
    .filter((count) => count > 0)
    .sort((a, b) => a - b)
    .map((until) => {
      const left = [...tasks.keys()].filter((number) => (tasks[number] as RunTask).count >= until)
      const stretch = { start, tasks: left, place }
      start += (until - place) * left.length
      place = until
      return stretch
    })
}

/** The runs of shard `index` (from 1) of `of` shards: every `of`-th, so that shards are equally hard. */
export function shardOf(runs: number, index: number, of: number): Pick<RunTask, 'first' | 'step' | 'count'> {
  return { first: index - 1, step: of, count: Math.max(0, Math.ceil((runs - (index - 1)) / of)) }
}
