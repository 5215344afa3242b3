import type { Scenario } from '../scenarios/format/scenario.ts'
import { actionInWords } from './fault-words.ts'
import type { ScenarioResult } from './result.ts'
import { counted } from './words.ts'

/** A scenario or variant with what its runs gave. */
export interface JudgedScenario {
  readonly scenario: Scenario
  readonly result: ScenarioResult
}

interface Activity {
  fired: number
  touched: number
  runs: number
}

/**
 * Adds the problem of inert faults: an entry that never fired, or never touched anything, over all runs of all variants of
 * its file, tested nothing, so every variant that has it is not met. Entries are the same when they say the same, because
 * a variant may replace the list.
 *
 * @param judged everything of one file that was judged.
 * @param complete whether that is all of the file, with all of its runs; else nothing is concluded.
 */
export function judgeFaults(judged: readonly JudgedScenario[], complete: boolean): readonly ScenarioResult[] {
  if (!complete) return judged.map(({ result }) => result)
  const activity = activityOf(judged)
  return judged.map(({ scenario, result }) => {
    const inert = scenario.faults.flatMap((fault, entry) => {
      const seen = activity.get(JSON.stringify(fault))
      if (seen === undefined || seen.touched > 0) return []
      return [inWords(`faults[${entry}] (${actionInWords(fault.action)})`, seen)]
    })
    if (inert.length === 0) return result
    return { ...result, met: false, inconclusive: false, problems: [...result.problems, ...inert] }
  })
}

function activityOf(judged: readonly JudgedScenario[]): ReadonlyMap<string, Activity> {
  const activity = new Map<string, Activity>()
  for (const { scenario, result } of judged) {
    scenario.faults.forEach((fault, entry) => {
      const key = JSON.stringify(fault)
      const seen = activity.get(key) ?? { fired: 0, touched: 0, runs: 0 }
      seen.fired += result.faults[entry]?.fired ?? 0
      seen.touched += result.faults[entry]?.touched ?? 0
      seen.runs += result.runs
      activity.set(key, seen)
    })
  }
  return activity
}

function inWords(name: string, seen: Activity): string {
  const runs = counted(seen.runs, 'run')
  if (seen.fired === 0) return `${name} never fired in ${runs}: its trigger never came, so it tested nothing`
  return `${name} fired ${counted(seen.fired, 'time')} in ${runs} and never touched anything, so it tested nothing`
}
