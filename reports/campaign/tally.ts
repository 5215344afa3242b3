import type { RunResult } from '../../properties/verdict.ts'
import { SITUATIONS, situationsOf } from '../../properties/situations/names.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { HasherFactory } from '../../sim/host.ts'
import { ascii } from '../aggregate.ts'
import { ExpectationTally } from '../expectation.ts'
import { actionInWords, drawsFaults } from '../fault-words.ts'
import { atSeconds } from '../words.ts'
import { addedDigests, NO_DIGEST } from './digest-sum.ts'
import type { CampaignScenario, RunRange } from './document.ts'

/** At most this many breaches are told in words. */
export const BREACHES_TOLD = 5

/** One scenario of a campaign over its runs; keeps none of them. */
export class CampaignTally {
  readonly scenario: Scenario
  private readonly hasher: HasherFactory
  private readonly expectations: readonly ExpectationTally[]
  private readonly judged: RunRange[] = []
  private runs = 0
  private events = 0
  private virtualUs = 0
  private digest = NO_DIGEST
  private breaches = 0
  private readonly breachesTold: string[] = []
  private readonly ended = { settled: 0, 'heal-limit': 0, 'max-events': 0, deadlock: 0 }
  private runsWithFaults = 0
  private runsMattered = 0
  private readonly faults: { readonly about: string; readonly entry: string; fired: number; touched: number }[]
  private readonly cover: { readonly moment: string; runs: number }[]
  private readonly situations: { readonly name: string; runs: number; times: number }[]

  constructor(scenario: Scenario, hasher: HasherFactory) {
    this.scenario = scenario
    this.hasher = hasher
    this.expectations = scenario.expect.map((expectation) => new ExpectationTally(expectation, true))
    this.faults = scenario.faults.map((fault) => ({
      about: actionInWords(fault.action),
      entry: JSON.stringify(fault),
      fired: 0,
      touched: 0,
    }))
    this.cover = scenario.cover.map((moment) => ({ moment, runs: 0 }))
    this.situations = situationsOf(scenario.spec).map((name) => ({ name, runs: 0, times: 0 }))
  }

  /** Adds a run; its situations must have been counted. Tells whether an expectation was violated for the first time. */
  add(run: RunResult): boolean {
    this.noteRun(run.run)
    this.runs++
    this.events += run.events
    this.virtualUs += run.virtualUs
    this.ended[run.ended]++
    if (run.hadFaults) this.runsWithFaults++
    if (run.mattered) this.runsMattered++
    this.digest = addedDigests(this.digest, this.digestOf(run))
    for (const { entry, fired, touched } of run.faults) {
      const fault = this.faults[entry]
      if (fault === undefined) continue
      fault.fired += fired
      fault.touched += touched
    }
    for (const goal of this.cover) if ((run.moments[goal.moment] ?? 0) > 0) goal.runs++
    for (const situation of this.situations) {
      const times = run.situations?.[situation.name] ?? 0
      if (times > 0) situation.runs++
      situation.times += times
    }
    this.addBreaches(run)
    return this.addVerdicts(run)
  }

  private noteRun(run: number): void {
    const last = this.judged.at(-1)
    if (last !== undefined && last.count === 1 && run > last.first) {
      this.judged[this.judged.length - 1] = { first: last.first, step: run - last.first, count: 2 }
    } else if (last !== undefined && run === last.first + last.step * last.count) {
      this.judged[this.judged.length - 1] = { ...last, count: last.count + 1 }
    } else this.judged.push({ first: run, step: 1, count: 1 })
  }

  private digestOf(run: RunResult): string {
    const hasher = this.hasher()
    hasher.update(ascii(`${run.run} ${run.digest}`))
    return hasher.digest()
  }

  private addBreaches(run: RunResult): void {
    for (const breach of run.breaches) {
      if (Object.hasOwn(this.scenario.voids, breach.invariant)) continue
      this.breaches++
      if (this.breachesTold.length >= BREACHES_TOLD) continue
      const where = `run ${run.run}, seed ${run.seed}, at ${atSeconds(breach.atUs / 1000)}`
      this.breachesTold.push(`the model broke its own rule ${breach.invariant} (${where}): ${breach.message}`)
    }
  }

  private addVerdicts(run: RunResult): boolean {
    let isNew = false
    this.expectations.forEach((tally, i) => {
      const verdict = run.verdicts[i]
      if (verdict === undefined) throw new Error(`run ${run.run} has no verdict for ${tally.expectation.guarantee}`)
      if (tally.add(run, verdict) !== null) isNew = true
    })
    return isNew
  }

  result(): CampaignScenario {
    const { scenario } = this
    return {
      scenario: scenario.title,
      variant: scenario.variant,
      seed: scenario.seed,
      fingerprint: fingerprintOf(scenario, this.hasher),
      judged: [...this.judged],
      runs: this.runs,
      events: this.events,
      virtualMs: this.virtualUs / 1000,
      runsDigest: this.digest,
      expectations: this.expectations.map((tally) => tally.result()),
      breaches: this.breaches,
      breachesTold: [...this.breachesTold],
      ended: { ...this.ended },
      runsWithFaults: this.runsWithFaults,
      runsMattered: this.runsMattered,
      drawsFaults: drawsFaults(scenario),
      faults: this.faults.map((fault) => ({ ...fault })),
      cover: this.cover.map((goal) => ({ ...goal })),
      situations: this.situations.map((situation) => ({ ...situation })),
    }
  }
}

/** The situations that a campaign of some scenarios of one file has quotas for, in the order of the table. */
export function quotasOf(scenarios: readonly Scenario[]): readonly string[] {
  const wanted = new Set(scenarios.flatMap((scenario) => scenario.campaign?.quotas ?? situationsOf(scenario.spec)))
  return SITUATIONS.map(({ name }) => name).filter((name) => wanted.has(name))
}

/** What runs and verdicts depend on, beside the seed; not where it stands in which file. */
function fingerprintOf(scenario: Scenario, hasher: HasherFactory): string {
  const { title, variant, spec, faults, chaos, cover, voids, campaign } = scenario
  const expect = scenario.expect.map((expectation) => ({ ...expectation, span: null }))
  const hash = hasher()
  hash.update(bytesOf(JSON.stringify({ title, variant, spec, faults, chaos, cover, voids, campaign, expect })))
  return hash.digest()
}

/** UTF-16 units in two bytes each: any text gives its own bytes. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) & 0xff
    bytes[2 * i + 1] = text.charCodeAt(i) >>> 8
  }
  return bytes
}
