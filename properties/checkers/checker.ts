import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Waiting } from '../../sim/waiting.ts'
import type { Violation } from '../verdict.ts'

/** How a run ended, as far as judging needs it. */
export interface RunEnd {
  readonly ended: 'settled' | 'heal-limit' | 'max-events' | 'deadlock'
  readonly virtualUs: number
  /** Who waits for what, when the run did not settle. */
  readonly waiting: readonly Waiting[]
  /** What `${random}` stands for in an id follows from it. */
  readonly seed: string
}

/** What a checker says about one subject. */
export interface Ruling {
  readonly judged: number
  readonly violations: readonly Violation[]
  readonly count: number
  /** Why it cannot be decided, where nothing violates it. */
  readonly undecided: string | null
  readonly excused: boolean
}

/** One guarantee's judge. It sees moments after the shadow did, and rules when the run is over. */
export interface Checker extends MomentObserver {
  /** Number of an application or id of a topic, as the guarantee's subject is; -1 = all. */
  rule(subject: number, end: RunEnd): Ruling
}

/** A violation that may become words: what is sorted by time before the first hundred are told. */
export interface Suspect {
  readonly atUs: number
  /** Breaks ties, so that equal times come in a fixed order. */
  readonly order: number
}

export function earliest<T extends Suspect>(suspects: readonly T[], most: number): readonly T[] {
  return [...suspects].sort((a, b) => a.atUs - b.atUs || a.order - b.order).slice(0, most)
}

/** Why what did not happen by the end of such a run is not decided, or null when the run came to its natural end. */
export function cutShort(end: RunEnd): string | null {
  switch (end.ended) {
    case 'settled':
      return null
    case 'heal-limit':
      return 'healing reached its limit before everything was finished'
    case 'max-events':
      return 'the run reached `max-events` before everything was finished'
    case 'deadlock':
      return 'the run ended in a deadlock'
  }
}
