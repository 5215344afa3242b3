import { labelOf, observedInWords } from './expectation-words.ts'
import type { FirstViolation, ScenarioResult } from './result.ts'
import { atSeconds } from './words.ts'
import type { SourceSpan } from '../scenarios/format/scenario.ts'

/** Something for which a scenario is not met, or not known to be. */
export interface Finding {
  readonly kind: 'not-met' | 'inconclusive'
  /** The expectation as it is written in the file; null for what stands beside expectations. */
  readonly label: string | null
  /** A sentence without the label. */
  readonly text: string
  readonly proof: FirstViolation | null
  readonly span: SourceSpan | null
}

/** Why a scenario is not met or inconclusive, in the order of its file; nothing for one that is met. */
export function findingsOf(result: ScenarioResult): readonly Finding[] {
  if (result.met) return []
  const expectations = result.expectations.flatMap((expectation): readonly Finding[] => {
    if (expectation.met) return []
    // What other runs may still show is open while not all of them were judged.
    const open = expectation.observed === 'unknown' || (result.partial !== null && expectation.expected === 'violated')
    const text = `${expectation.observed}: ${observedInWords(expectation, result.runs)}`
    const { firstViolation: proof, span } = expectation
    return [{ kind: open ? 'inconclusive' : 'not-met', label: labelOf(expectation), text, proof, span }]
  })
  const others = result.problems.map((text): Finding => ({
    kind: 'not-met',
    label: null,
    text,
    proof: null,
    span: null,
  }))
  const partial = partialText(result)
  if (partial === null) return [...expectations, ...others]
  return [...expectations, ...others, { kind: 'inconclusive', label: null, text: partial, proof: null, span: null }]
}

/** Where and how a violation was seen first. */
export function proofInWords(proof: FirstViolation): string {
  return `${atSeconds(proof.atMs)} ${proof.kind}: ${proof.message} (run ${proof.run}, seed ${proof.seed})`
}

function partialText({ partial, runs, runsPlanned }: ScenarioResult): string | null {
  return partial === null || partial === 'shard' ? null : `only ${runs} of ${runsPlanned} runs were judged (${partial})`
}
