import { samplerOf } from '../kernel/sampler.ts'
import type { Spread } from '../kernel/spread.ts'
import { Stream } from '../kernel/stream.ts'
import type { WorldSpec } from '../spec.ts'
import { drawChaos } from './chaos.ts'
import { nodesOf } from '../layout.ts'
import type { Action, FaultEntry, FaultPlan, FaultSource, PlannedFault } from './plan.ts'

/** Most faults that one `every` may be drawn into; more would only mean that its spread is next to nothing. */
export const MOST_REPEATS = 10_000

/**
 * Draws a run's faults into an explicit plan: the scenario's entries in their order, then chaos. Every time is fixed, in
 * microseconds. Each entry has a stream of its own, named by what the entry says and not by its place, so taking an entry
 * away leaves the draws of all others as they were. Symbolic and drawn targets stay as they are written.
 *
 * @param seed the run's seed; must not be empty.
 */
export function drawPlan(source: FaultSource, spec: WorldSpec, seed: string): FaultPlan {
  const twins = new Map<string, number>()
  const planned = source.entries.flatMap((entry, index) => {
    const text = JSON.stringify(entry)
    const twin = twins.get(text) ?? 0
    twins.set(text, twin + 1)
    return drawEntry(entry, index, spec, new Stream(seed, 'faults', text, String(twin)))
  })
  if (source.chaos === null) return planned
  return [...planned, ...drawChaos(source.chaos, spec, new Stream(seed, 'chaos'))]
}

/** A length in whole microseconds, drawn from a spread. */
export function drawLength(spread: Spread, stream: Stream): number {
  const sampler = samplerOf(spread)
  return sampler.length(stream.below(sampler.bound))
}

function drawEntry(entry: FaultEntry, index: number, spec: WorldSpec, stream: Stream): readonly PlannedFault[] {
  const { trigger, action } = entry
  const fault = (drawn: PlannedFault['trigger']): PlannedFault => ({
    entry: index,
    trigger: drawn,
    action,
    forUs: entry.for === null ? null : drawLength(entry.for, stream),
  })
  switch (trigger.kind) {
    case 'at':
      return [fault({ kind: 'at', atUs: drawLength(trigger.at, stream) })]
    case 'between':
      return [fault({ kind: 'at', atUs: trigger.fromUs + stream.below(trigger.toUs - trigger.fromUs + 1) })]
    case 'every':
      return drawTimes(trigger.every, trigger.times, spec.run.forUs, stream).map((atUs) =>
        fault(trigger.times === null ? { kind: 'at', atUs, whileWork: true } : { kind: 'at', atUs }),
      )
    case 'when': {
      const { match, nth, everyMatch, times } = trigger
      return [fault({ kind: 'when', match, nth, everyMatch, times, afterUs: drawLength(trigger.after, stream) })]
    }
    case 'fail':
      return instancesOf(action, spec).map((name): PlannedFault => {
        const match = { moment: `step.${trigger.step}`, fields: { node: name } }
        const when = fault({ kind: 'when', match, nth: trigger.nth, everyMatch: false, times: null, afterUs: 0 })
        return { ...when, action: { kind: 'crash', target: { kind: 'node', name } } }
      })
  }
}

/** The instances that a `fail` is about, by name. */
function instancesOf(action: Action, spec: WorldSpec): readonly string[] {
  if (action.kind !== 'crash') return []
  const { target } = action
  if (target.kind === 'node') return [target.name]
  if (target.kind !== 'application') return []
  return nodesOf(spec).flatMap((node) => (node.application === target.name ? [node.name] : []))
}

/** The times of an `every`: a gap before each, as many as are wanted and lie within the run. */
function drawTimes(every: Spread, times: number | null, runUs: number, stream: Stream): readonly number[] {
  const drawn: number[] = []
  let at = 0
  while (drawn.length < Math.min(times ?? MOST_REPEATS, MOST_REPEATS)) {
    at += Math.max(1, drawLength(every, stream))
    if (at >= runUs) break
    drawn.push(at)
  }
  return drawn
}
