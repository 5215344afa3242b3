import type { FaultEntry } from '../sim/faults/plan.ts'
import { decodeMoments, namesIn } from '../sim/history/decode.ts'
import { Labels } from './story/labels.ts'
import { chosen } from './story/choice.ts'
import { subjectOf } from './story/subject.ts'
import { Teller } from './story/teller.ts'

/** What a story is about. */
export interface StoryQuestion {
  readonly violation: { readonly kind: string; readonly atUs: number; readonly records: readonly string[] }
  /** The scenario's `faults:`, which the trace numbers. */
  readonly faults: readonly FaultEntry[]
}

export interface StoryLine {
  readonly atUs: number
  /** A sentence. */
  readonly text: string
  /** The moment that made it a violation. */
  readonly isCause: boolean
}

export interface Story {
  /** In the order of time. */
  readonly lines: readonly StoryLine[]
  /** Less telling moments that found no room. */
  readonly leftOut: number
}

/** A story has at most so many lines. */
export const MOST_LINES = 24

/**
 * What happened around a violation, from the kept trace of its run: the way of its records and their batches, and the
 * faults, elections, in-sync sets and truncations that crossed it. A pure function of its arguments.
 */
export function tellStory(chunks: readonly Uint8Array[], question: StoryQuestion): Story {
  const labels = new Labels(namesIn(chunks))
  const subject = subjectOf(chunks, question.violation.records, labels)
  const teller = new Teller(subject, labels, question)
  for (const moment of decodeMoments(chunks)) teller.see(moment)
  return chosen(teller.told(), MOST_LINES)
}
