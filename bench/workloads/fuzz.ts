import fc from 'fast-check'
import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import { scopeOf } from '../../properties/search/arbitrary-scope.ts'
import { planArbitrary } from '../../properties/search/plan-arbitrary.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { FaultEntry, FaultPlan, PlannedFault } from '../../sim/faults/plan.ts'
import type { Spread } from '../../sim/kernel/spread.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { threeBrokers } from './three-brokers-scenario.ts'

/** About 300 events, when nothing fails. */
const RECORDS = 28
const SIZE = { minLength: 0, maxLength: 3 }

/**
 * Judges a small scenario under plans of faults that fast-check generates. Options: `fast-check` (inside of its runs) or
 * `bare` (in a loop over the same plans, which are there before).
 */
export function run(count: number, options: readonly string[]): Sample {
  const scenario = threeBrokers(RECORDS, '500us')
  const plans = planArbitrary(scopeOf(scenario.spec, []), SIZE)
  let check = 0
  let events = 0
  const judge = (plan: FaultPlan): void => {
    const result = judgeRun(withPlan(scenario, plan), 0, { hasher: sha256 })
    const [breach] = result.breaches
    if (breach !== undefined) throw new Error(`${breach.invariant}: ${breach.message}`)
    check ^= Number.parseInt(result.digest.slice(0, 7), 16)
    events += result.events
  }
  const search = (numRuns: number, seed: number): (() => void) => {
    if (options[0] === 'bare') {
      const sampled = fc.sample(plans, { numRuns, seed })
      return () => sampled.forEach(judge)
    }
    return () => fc.assert(fc.property(plans, judge), { numRuns, seed })
  }
  search(Math.ceil(count / 5), 0)()
  check = 0
  events = 0
  const ns = timed(search(count, 1))
  const quiet = judgeRun(scenario, 0, { hasher: sha256 })
  return { count, ns, check: String(check), extra: { eventsPerRun: events / count, quietEvents: quiet.events } }
}

/** A scenario that draws nothing but the plan. */
function withPlan(scenario: Scenario, plan: FaultPlan): Scenario {
  return { ...scenario, chaos: null, faults: plan.map(entryOf) }
}

function entryOf({ trigger, action, forUs }: PlannedFault): FaultEntry {
  return {
    trigger:
      trigger.kind === 'at'
        ? { kind: 'at', at: exactly(trigger.atUs) }
        : { ...trigger, kind: 'when', after: exactly(trigger.afterUs) },
    action,
    for: forUs === null ? null : exactly(forUs),
  }
}

function exactly(us: number): Spread {
  return { kind: 'constant', us }
}
