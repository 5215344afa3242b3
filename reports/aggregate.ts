import type { RunResult } from '../properties/verdict.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import type { Hasher, HasherFactory } from '../sim/host.ts'
import { simplificationsOf } from '../sim/simplified.ts'
import { ExpectationTally } from './expectation.ts'
import { drawsFaults } from './fault-words.ts'
import type { ExpectationResult, FirstViolation, ScenarioResult, WaitingRun } from './result.ts'
import { atSeconds, counted } from './words.ts'

/** A violation that an expectation shows for the first time. */
export interface NewViolation {
  readonly expectation: ExpectationResult
  readonly violation: FirstViolation
}

/** What adding a run told. */
export interface Added {
  readonly violations: readonly NewViolation[]
  /** The scenario can no longer be met, whatever further runs show. */
  readonly failed: boolean
}

/** At most this many breaches are told in words; the rest is counted. */
const BREACHES_TOLD = 5

/**
 * One scenario over its runs, added in run order; keeps none of them.
 * What concerns the whole file (faults that never did anything) is added by `judgeFaults`.
 */
export class ScenarioAggregate {
  readonly scenario: Scenario
  private readonly tallies: readonly ExpectationTally[]
  private readonly hasher: Hasher
  private digest = ''
  private runs = 0
  private events = 0
  private virtualUs = 0
  private runsWithFaults = 0
  private runsMattered = 0
  private readonly fired: number[]
  private readonly touched: number[]
  private readonly reached: number[]
  private readonly ended = { settled: 0, 'heal-limit': 0, 'max-events': 0, deadlock: 0 }
  private waiting: WaitingRun | null = null
  private readonly breaches: string[] = []
  private breachCount = 0

  constructor(scenario: Scenario, hasher: HasherFactory) {
    this.scenario = scenario
    this.hasher = hasher()
    this.tallies = scenario.expect.map((expectation) => new ExpectationTally(expectation, scenario.chaos !== null))
    this.fired = scenario.faults.map(() => 0)
    this.touched = scenario.faults.map(() => 0)
    this.reached = scenario.cover.map(() => 0)
  }

  /** @throws when the run was not judged by this scenario's expectations. */
  add(run: RunResult): Added {
    if (this.runs === 0) this.digest = run.digest
    this.runs++
    this.hasher.update(ascii(run.digest))
    this.events += run.events
    this.virtualUs += run.virtualUs
    this.ended[run.ended]++
    if (run.ended !== 'settled') this.waiting ??= waitingOf(run)
    if (run.hadFaults) this.runsWithFaults++
    if (run.mattered) this.runsMattered++
    this.addFaults(run)
    this.addBreaches(run)
    this.scenario.cover.forEach((moment, i) => {
      if ((run.moments[moment] ?? 0) > 0) this.reached[i] = (this.reached[i] ?? 0) + 1
    })
    const violations = this.addVerdicts(run)
    return { violations, failed: this.failed() }
  }

  /** Shown not to be met by the runs so far: a broken `holds`, or a model that broke its own rules. */
  failed(): boolean {
    return this.breachCount > 0 || this.tallies.some((tally) => tally.standing() === 'failed')
  }

  private addFaults(run: RunResult): void {
    for (const fault of run.faults) {
      if (this.fired[fault.entry] === undefined) continue
      this.fired[fault.entry] = (this.fired[fault.entry] ?? 0) + fault.fired
      this.touched[fault.entry] = (this.touched[fault.entry] ?? 0) + fault.touched
    }
  }

  private addBreaches(run: RunResult): void {
    for (const breach of run.breaches) {
      if (Object.hasOwn(this.scenario.voids, breach.invariant)) continue
      this.breachCount++
      if (this.breaches.length >= BREACHES_TOLD) continue
      const where = `run ${run.run}, seed ${run.seed}, at ${atSeconds(breach.atUs / 1000)}`
      this.breaches.push(`the model broke its own rule ${breach.invariant} (${where}): ${breach.message}`)
    }
  }

  private addVerdicts(run: RunResult): readonly NewViolation[] {
    const found: NewViolation[] = []
    this.tallies.forEach((tally, i) => {
      const verdict = run.verdicts[i]
      if (verdict === undefined || verdict.guarantee !== tally.expectation.guarantee) {
        throw new Error(`run ${run.run} has no verdict for ${tally.expectation.guarantee}`)
      }
      const violation = tally.add(run, verdict)
      if (violation !== null) found.push({ expectation: tally.result(), violation })
    })
    return found
  }

  /** @param planned runs asked for in this shard. */
  finish(planned: number, partial: ScenarioResult['partial']): ScenarioResult {
    const problems = [...this.breaches]
    if (this.breachCount > this.breaches.length) {
      problems.push(`and ${counted(this.breachCount - this.breaches.length, 'more broken rule')} of the model`)
    }
    // What a part of the runs did not show, the rest may: absence proves nothing then.
    const unseen = this.absences()
    if (partial === null) problems.push(...unseen)
    const standings = this.tallies.map((tally) => tally.standing())
    const failed =
      problems.length > 0 || standings.includes('failed') || (partial === null && standings.includes('unseen'))
    const cutShort = partial !== null && partial !== 'shard' && this.runs < planned
    const open = standings.some((standing) => standing !== 'met') || cutShort || (partial !== null && unseen.length > 0)
    return {
      file: this.scenario.file,
      scenario: this.scenario.title,
      variant: this.scenario.variant,
      seed: this.scenario.seed,
      runs: this.runs,
      runsPlanned: planned,
      partial,
      met: !failed && !open,
      inconclusive: !failed && open,
      digest: this.digest,
      runDigest: this.hasher.copy().digest(),
      events: this.events,
      virtualMs: this.virtualUs / 1000,
      mattered: this.runsWithFaults === 0 ? null : this.runsMattered / this.runsWithFaults,
      simplified: simplificationsOf(this.scenario.spec),
      expectations: this.tallies.map((tally) => tally.result()),
      faults: this.fired.map((fired, entry) => ({ entry, fired, touched: this.touched[entry] ?? 0 })),
      cover: this.scenario.cover.map((moment, i) => ({ moment, runs: this.reached[i] ?? 0 })),
      problems,
      ended: { ...this.ended },
      waiting: this.waiting,
      counterexample: null,
    }
  }

  /** What should have happened in some run and did not. */
  private absences(): readonly string[] {
    const runs = counted(this.runs, 'run')
    const out: string[] = []
    if (drawsFaults(this.scenario) && this.runsMattered === 0) {
      out.push(
        this.runsWithFaults === 0
          ? `no fault was drawn in ${runs}, so nothing was put to the test`
          : `no fault mattered in ${runs}: none hit anything with work in flight; let them strike earlier, or the work last longer`,
      )
    }
    this.scenario.cover.forEach((moment, i) => {
      if (this.reached[i] === 0) out.push(`cover: ${moment} was never reached in ${runs}`)
    })
    return out
  }
}

function waitingOf({ run, seed, ended, virtualUs, waiting }: RunResult): WaitingRun {
  const waits = waiting.map(({ sinceUs, ...wait }) => ({ ...wait, sinceMs: sinceUs === null ? null : sinceUs / 1000 }))
  return { run, seed, ended, atMs: virtualUs / 1000, waits }
}

/** A text of ASCII characters as bytes. */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
