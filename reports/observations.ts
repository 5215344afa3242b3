import type { RunResult } from '../properties/verdict.ts'
import type { Expectation, Scenario } from '../scenarios/format/scenario.ts'
import { GUARANTEES } from '../scenarios/format/vocabulary.ts'
import { ExpectationTally } from './expectation.ts'
import { labelOf } from './expectation-words.ts'
import type { ExpectationResult } from './result.ts'

/**
 * What else is to be seen of the scenarios of one file: whatever any of them expects, for each that does not. Those without
 * the subject in question are left as they are. Each scenario's own expectations stay first, in their order.
 */
export function observingAll(scenarios: readonly Scenario[]): readonly Scenario[] {
  return scenarios.map((scenario) => {
    const siblings = scenarios.filter(({ file }) => file === scenario.file)
    const seen = new Set(scenario.expect.map(labelOf))
    const beside: Expectation[] = []
    for (const expectation of siblings.flatMap(({ expect }) => expect)) {
      if (seen.has(labelOf(expectation)) || !hasSubject(scenario, expectation)) continue
      seen.add(labelOf(expectation))
      beside.push({ ...expectation, expected: 'holds', kinds: [], span: null })
    }
    return beside.length === 0 ? scenario : { ...scenario, expect: [...scenario.expect, ...beside] }
  })
}

function hasSubject({ spec }: Scenario, { guarantee, subject }: Expectation): boolean {
  if (subject === null) return true
  const kind = GUARANTEES.find(({ name }) => name === guarantee)?.subject
  const { topics, producers, consumers, processors, sinks } = spec
  const named = kind === 'topic' ? topics : [...producers, ...consumers, ...processors, ...sinks]
  return named.some(({ name }) => name === subject)
}

/** Adds up what is only observed: expectations that stand behind a scenario's own. */
export class Observations {
  private readonly own: number
  private readonly tallies: readonly ExpectationTally[]

  /** @param own how many of the expectations are the scenario's own. */
  constructor(observed: Scenario, own: number) {
    this.own = own
    this.tallies = observed.expect
      .slice(own)
      .map((expectation) => new ExpectationTally(expectation, observed.chaos !== null))
  }

  add(run: RunResult): void {
    this.tallies.forEach((tally, i) => {
      const verdict = run.verdicts[this.own + i]
      if (verdict === undefined || verdict.guarantee !== tally.expectation.guarantee) {
        throw new Error(`run ${run.run} has no verdict for ${tally.expectation.guarantee}`)
      }
      tally.add(run, verdict)
    })
  }

  results(): readonly ExpectationResult[] {
    return this.tallies.map((tally) => tally.result())
  }
}
