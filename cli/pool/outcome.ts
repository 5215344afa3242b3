import { UsageError } from '../usage-error.ts'
import { sha256 } from '../host/sha256.ts'
import type { Judge } from './judge.ts'
import type { Outcome } from './messages.ts'
import type { Agenda } from './tasks.ts'

/** Judges one item; a failure of the judge is an outcome too. */
export function judged(agenda: Agenda, index: number, judge: Judge): Outcome {
  const item = agenda.at(index)
  const task = agenda.tasks[item.task]
  if (task === undefined) throw new RangeError(`no task ${item.task}`)
  try {
    // A kept trace stays here: it is large, and whoever wants to read one judges the run again.
    const { trace: _, ...result } = judge(task.scenario, item.run, { hasher: sha256 }, task.options)
    return { kind: 'judged', index, result }
  } catch (error) {
    if (error instanceof UsageError) return { kind: 'refused', index, message: error.message, help: error.help }
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    return { kind: 'failed', index, message, stack: stack ?? null }
  }
}
