import type { Expectation } from '../../scenarios/format/scenario.ts'
import type { Anomaly, Guarantee, Stage } from '../../scenarios/format/vocabulary.ts'
import type { RunResult, Verdict, Violation } from '../verdict.ts'

/**
 * What makes two violations the same one: guarantee, kind and whose records it is about. Texts, times, offsets and record
 * numbers are left out: they change while a counterexample shrinks.
 */
export interface Signature {
  readonly guarantee: Guarantee
  readonly stage: Stage | null
  readonly subject: string | null
  readonly kind: Anomaly
  /** Applications of the records, without instances; '' when it is about no record. */
  readonly place: string
}

/** A violation together with its signature. */
export interface Shown {
  readonly signature: Signature
  readonly violation: Violation
}

/** A guarantee as files write it: `checkout:publish/at-least-once`. */
export function guaranteeText({ guarantee, stage, subject }: Omit<Signature, 'kind' | 'place'>): string {
  return `${subject === null ? '' : `${subject}:`}${stage === null ? '' : `${stage}/`}${guarantee}`
}

/** The form in which `replay:` records it: `publish/at-least-once: lost-record`. */
export function signatureText(signature: Signature): string {
  return `${guaranteeText(signature)}: ${signature.kind}`
}

/**
 * The violation of a run to look into: of a guarantee that is expected to hold if there is one, else the first in the order
 * of its verdicts. Null when it shows none.
 */
export function firstShown(result: RunResult, expected: readonly Pick<Expectation, 'expected'>[] = []): Shown | null {
  let first: Shown | null = null
  for (const [at, verdict] of result.verdicts.entries()) {
    const [violation] = verdict.violations
    if (verdict.observed !== 'violated' || violation === undefined) continue
    if (expected[at]?.expected !== 'violated') return shown(verdict, violation)
    first ??= shown(verdict, violation)
  }
  return first
}

/** The violation of a run that says just this. Null when it shows none such. */
export function shownAs(result: RunResult, { kind, message }: Pick<Violation, 'kind' | 'message'>): Shown | null {
  for (const verdict of result.verdicts) {
    const violation = verdict.violations.find((each) => each.kind === kind && each.message === message)
    if (violation !== undefined) return shown(verdict, violation)
  }
  return null
}

/** The run's first violation with that signature. Null when it shows none. */
export function shownAgain(result: RunResult, signature: Signature): Shown | null {
  for (const verdict of result.verdicts) {
    if (verdict.observed !== 'violated' || guaranteeText(verdict) !== guaranteeText(signature)) continue
    for (const violation of verdict.violations) {
      if (violation.kind === signature.kind && placeOf(violation) === signature.place) return shown(verdict, violation)
    }
  }
  return null
}

function shown({ guarantee, stage, subject }: Verdict, violation: Violation): Shown {
  return { signature: { guarantee, stage, subject, kind: violation.kind, place: placeOf(violation) }, violation }
}

/** `checkout#0/5` and `checkout#3/11` are both of `checkout`. */
function placeOf(violation: Violation): string {
  const applications = violation.records.map((record) => record.slice(0, Math.max(0, record.search(/#\d+\//))))
  return [...new Set(applications)].sort((a, b) => (a < b ? -1 : 1)).join(', ')
}
