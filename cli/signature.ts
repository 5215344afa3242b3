import type { RunResult } from '../properties/verdict.ts'
import { labelOf } from '../reports/expectation-words.ts'

/** What a run violated, in the form in which saved counterexamples record it: `publish/at-least-once: lost-record`. */
export function signaturesOf(result: RunResult): readonly string[] {
  return result.verdicts
    .filter(({ observed }) => observed === 'violated')
    .flatMap((verdict) => {
      const kinds = new Set(verdict.violations.map(({ kind }) => kind))
      const labels = new Set([labelOf(verdict), labelOf({ ...verdict, subject: null })])
      return [...labels].flatMap((label) => [...kinds].map((kind) => `${label}: ${kind}`))
    })
}
