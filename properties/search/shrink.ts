import fc, { type Arbitrary } from 'fast-check'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { FaultPlan, PlannedFault } from '../../sim/faults/plan.ts'
import type { RunResult } from '../verdict.ts'
import { scopeOf } from './arbitrary-scope.ts'
import { isRound, textOf, timeUpTo } from './arbitrary-values.ts'
import { type Amount, type Case, type CaseFrame, rawCase, scenarioOf } from './case.ts'
import { planArbitrary } from './plan-arbitrary.ts'
import { type Shown, shownAgain } from './signature.ts'
import { wholeUpTo } from './small-integer.ts'

/** A case that shows the violation, and the run that proves it. */
export interface Proved {
  /** With the seed under which it shows it. */
  readonly frame: CaseFrame
  readonly found: Case
  readonly scenario: Scenario
  readonly result: RunResult
  readonly shown: Shown
}

export interface ShrinkPorts {
  /** Judges run 0 of a scenario; may take its time, so that the machine can look after signals. */
  readonly judge: (scenario: Scenario) => RunResult | Promise<RunResult>
  /** Asked before every run; false ends the search with what is known. */
  readonly goOn: (runs: number) => boolean
  /** Told of every smaller case at once, so that none is lost. */
  readonly onBetter?: (better: Proved) => void
}

export interface Shrunk {
  readonly best: Proved
  /** Cases judged. */
  readonly runs: number
  /** Of them smaller ones that still showed the violation. */
  readonly steps: number
  /** Whether every fault was taken away alone and the violation was gone each time. */
  readonly minimal: boolean
}

/** Proves that a case shows the frame's violation. Null when it does not, or when no file could say it. */
export async function prove(frame: CaseFrame, found: Case, ports: Pick<ShrinkPorts, 'judge'>): Promise<Proved | null> {
  const scenario = scenarioOf(rawCase(frame, found), frame)
  if (scenario === null) return null
  const result = await ports.judge(scenario)
  const shown = shownAgain(result, frame.signature)
  return shown === null ? null : { frame, found, scenario, result, shown }
}

/**
 * Makes a proved case smaller while it shows the same violation: first fewer faults, then fewer records, then simpler
 * values, again and again until nothing helps. fast-check proposes, from the bare values; every proposal is judged as the
 * file that would be saved. Deterministic, but for where `goOn` ends it.
 */
export async function shrink(frame: CaseFrame, start: Proved, ports: ShrinkPorts): Promise<Shrunk> {
  const search = new Search({ ...start, frame }, ports)
  let before: Case
  do {
    before = search.best.found
    await search.fewerFaults()
    await search.lessWork()
    await search.simplerValues()
    if (!isSmall(search.best.found)) await search.byMoments()
    if (!isSmall(search.best.found)) await search.underOtherSeeds()
  } while (search.best.found !== before && !search.over)
  const minimal = await search.isMinimal()
  return { best: search.best, runs: search.runs, steps: search.steps, minimal }
}

/** How many moments of a kind are tried, from the first. */
const EARLY = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as const
const FIRST = [1, 2, 3] as const
const FEW_RECORDS = 3
const OTHER_SEEDS = 12

/** Whether a case has a handful of records and times in whole steps: then nothing is gained by moments. */
function isSmall({ plan, amounts }: Case): boolean {
  const records = amounts.reduce((sum, amount) => sum + amount.instances * (amount.records ?? 0), 0)
  return records <= FEW_RECORDS && plan.every(({ trigger }) => trigger.kind !== 'at' || isRound(trigger.atUs))
}

class Search {
  best: Proved
  runs = 0
  steps = 0
  over = false
  private readonly ports: ShrinkPorts
  /** Cases that are known not to show it. */
  private readonly refuted = new Set<string>()

  constructor(start: Proved, ports: ShrinkPorts) {
    this.ports = ports
    this.best = start
  }

  async fewerFaults(): Promise<void> {
    const { plan, amounts } = this.best.found
    if (plan.length === 0) return
    await this.descend(fc.subarray([...plan]), [...plan], (faults) => ({ plan: numbered(faults), amounts }))
  }

  /** Fewer instances of each application, and fewer records of each producer. */
  async lessWork(): Promise<void> {
    const { plan, amounts } = this.best.found
    const counts = amounts.flatMap(({ instances, records }) => [instances, records ?? 1])
    if (counts.length === 0) return
    const smaller = fc.tuple(...counts.map((count) => wholeUpTo(1, count)))
    await this.descend(smaller, counts, (values) => ({ plan, amounts: withCounts(amounts, values) }))
  }

  async simplerValues(): Promise<void> {
    await this.earlier()
    const { plan, amounts } = this.best.found
    if (plan.length === 0) return
    const size = { minLength: plan.length, maxLength: plan.length }
    const plans = planArbitrary(scopeOf(this.best.scenario.spec, plan), size)
    await this.descend(plans, plan, (simpler) => ({ plan: simpler, amounts }))
  }

  /** All faults with a time earlier, together: one at a time they would lose each other. */
  private async earlier(): Promise<void> {
    const { plan, amounts } = this.best.found
    const first = Math.min(
      ...plan.map(({ trigger }) => (trigger.kind === 'at' ? trigger.atUs : Number.MAX_SAFE_INTEGER)),
    )
    if (first === 0 || first === Number.MAX_SAFE_INTEGER) return
    await this.descend(timeUpTo(first), first, (at) => ({
      plan: plan.map((fault) => moved(fault, at - first)),
      amounts,
    }))
  }

  /**
   * Faults at odd times strike at an early moment instead: what hangs on a microsecond far into a run needs all the records
   * until then, and a moment comes with the first of them. A fault never goes back to a time.
   */
  async byMoments(): Promise<void> {
    for (let index = 0; index < this.best.found.plan.length; index++) {
      const { amounts } = this.best.found
      if (this.best.found.plan[index]?.trigger.kind !== 'at') continue
      for (const plan of this.atMoments(index, EARLY)) if (await this.shows({ plan, amounts })) break
    }
  }

  /**
   * A few records under other seeds, when nothing helped under this one: with so few the latencies of the run decide, and
   * those are drawn.
   */
  async underOtherSeeds(): Promise<void> {
    const { frame, found } = this.best
    const amounts = found.amounts.map((amount) => ({
      ...amount,
      records: amount.records === null ? null : Math.min(amount.records, FEW_RECORDS),
    }))
    for (let attempt = 1; attempt <= OTHER_SEEDS && !this.over; attempt++) {
      const runSeed = `${frame.replay.runSeed}~${attempt}`
      const seeded = { ...frame, replay: { ...frame.replay, runSeed } }
      for (let index = 0; index < found.plan.length; index++) {
        for (const plan of this.atMoments(index, FIRST)) if (await this.shows({ plan, amounts }, seeded)) return
      }
    }
  }

  /** The best plan with one of its faults at moments instead, the earliest first. */
  private atMoments(index: number, numbers: readonly number[]): readonly FaultPlan[] {
    const { scenario, found } = this.best
    const { matches } = scopeOf(scenario.spec, [])
    return numbers.flatMap((nth) =>
      matches.map((match) =>
        found.plan.map((fault, at): PlannedFault => {
          const trigger = { kind: 'when', match, nth, everyMatch: false, times: null, afterUs: 0 } as const
          return at === index ? { ...fault, trigger } : fault
        }),
      ),
    )
  }

  /** Takes single faults away until none can go. False when it was cut short. */
  async isMinimal(): Promise<boolean> {
    for (let index = 0; index < this.best.found.plan.length && !this.over; index++) {
      const { plan, amounts } = this.best.found
      if (await this.shows({ plan: numbered(plan.filter((_, at) => at !== index)), amounts })) index = -1
    }
    return !this.over
  }

  /** Goes down an arbitrary's shrinks from a value, always to the first that still shows the violation. */
  private async descend<T>(arbitrary: Arbitrary<T>, from: T, caseOf: (value: T) => Case): Promise<void> {
    const known = textOf(this.best.found)
    const property = fc.asyncProperty(arbitrary, async (value) => {
      const next = caseOf(value)
      // What is being shrunk shows it, or fast-check would not begin.
      return textOf(next) !== known && !(await this.shows(next))
    })
    // The seed decides nothing: the only value is the example, and its shrinks follow from it.
    await fc.check(property, { examples: [[from]], numRuns: 1, seed: 0 })
  }

  private async shows(next: Case, frame: CaseFrame = this.best.frame): Promise<boolean> {
    const text = `${frame.replay.runSeed} ${textOf(next)}`
    if (this.over || this.refuted.has(text)) return false
    if (!this.ports.goOn(this.runs)) {
      this.over = true
      return false
    }
    this.runs++
    const proved = await prove(frame, next, this.ports)
    if (proved === null) {
      this.refuted.add(text)
      return false
    }
    this.best = proved
    this.steps++
    this.ports.onBetter?.(proved)
    return true
  }
}

function numbered(faults: readonly PlannedFault[]): FaultPlan {
  return faults.map((fault, entry) => ({ ...fault, entry }))
}

function moved(fault: PlannedFault, byUs: number): PlannedFault {
  const { trigger } = fault
  return trigger.kind === 'at' ? { ...fault, trigger: { ...trigger, atUs: trigger.atUs + byUs } } : fault
}

/** Instances and records of each application in turn. */
function withCounts(amounts: readonly Amount[], counts: readonly number[]): readonly Amount[] {
  return amounts.map(({ instances, records, ...application }, i) => ({
    ...application,
    instances: counts[2 * i] ?? instances,
    records: records === null ? null : (counts[2 * i + 1] ?? records),
  }))
}
