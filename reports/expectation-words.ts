import type { ExpectationResult, ScenarioResult } from './result.ts'
import { clipped, widthOf } from './layout.ts'
import { counted, grouped, listed, noneOf } from './words.ts'

/** A shortened title keeps so many columns before its variant. */
const LEAST_TITLE = 12

/** An expectation as it is written in a file: `billing:consume/at-least-once`. */
export function labelOf(expectation: Pick<ExpectationResult, 'guarantee' | 'stage' | 'subject'>): string {
  const subject = expectation.subject === null ? '' : `${expectation.subject}:`
  const stage = expectation.stage === null ? '' : `${expectation.stage}/`
  return `${subject}${stage}${expectation.guarantee}`
}

/** A scenario's title with its variant. */
export function titleOf(result: Pick<ScenarioResult, 'scenario' | 'variant'>): string {
  return result.variant === null ? result.scenario : `${result.scenario} · ${result.variant}`
}

/** The same in at most so many columns: the title is shortened, so that variants stay distinguishable. */
export function titleWithin(result: Pick<ScenarioResult, 'scenario' | 'variant'>, width: number): string {
  if (result.variant === null) return clipped(result.scenario, width)
  const variant = clipped(` · ${result.variant}`, Math.max(width - LEAST_TITLE, width >> 1))
  return `${clipped(result.scenario, width - widthOf(variant))}${variant}`
}

/** What was observed and what it means, beside the word `holds`, `violated` or `unknown`. */
export function observedInWords(expectation: ExpectationResult, runs: number): string {
  switch (expectation.observed) {
    case 'holds':
      return noneOf(runs) + (expectation.expected === 'violated' ? `, expected ${expectedKinds(expectation)}` : '')
    case 'unknown': {
      const share = `${grouped(expectation.runsUnknown)} of ${counted(runs, 'run')}`
      const why = expectation.reason === null ? '' : `: ${expectation.reason}`
      const wanted = expectation.expected === 'violated' ? `, expected ${expectedKinds(expectation)}` : ''
      // Excused runs say nothing against the others, whose bound is what the reader wants.
      const judged = runs - expectation.runsUnknown
      const others = expectation.met && wanted === '' && judged > 0 ? `; violated in ${noneOf(judged)}` : ''
      return `${share}${wanted}${why}${others}`
    }
    case 'violated':
      return `${grouped(expectation.runsViolated)} of ${counted(runs, 'run')}${verdictOnViolation(expectation)}`
  }
}

function verdictOnViolation(expectation: ExpectationResult): string {
  if (expectation.expected === 'holds') return ', expected to hold'
  if (expectation.met) return ', as expected'
  const seen = Object.keys(expectation.kindsSeen)
  return `, but never by ${listed(expectation.kinds)}${seen.length === 0 ? '' : `; seen: ${seen.join(', ')}`}`
}

function expectedKinds(expectation: ExpectationResult): string {
  return expectation.kinds.length === 0 ? 'a violation' : `a violation by ${listed(expectation.kinds)}`
}

/** The violation that a reader should repeat: of an expectation that is not met if there is one, of the lowest run. */
export function violationToRepeat(result: Pick<ScenarioResult, 'expectations'>): ExpectationResult['firstViolation'] {
  const lowest = (expectations: readonly ExpectationResult[]): ExpectationResult['firstViolation'] =>
    expectations.reduce<ExpectationResult['firstViolation']>((best, { firstViolation: next }) => {
      if (next === null) return best
      return best === null || next.run < best.run ? next : best
    }, null)
  return lowest(result.expectations.filter((e) => !e.met)) ?? lowest(result.expectations)
}
