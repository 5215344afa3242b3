import type { Shadow } from '../shadow/shadow.ts'
import type { AtLeastOnce } from './at-least-once.ts'
import type { AtMostOnce } from './at-most-once.ts'
import type { Checker, Ruling, RunEnd } from './checker.ts'
import { MOST_KEPT } from './findings.ts'

/** `publish/exactly-once`: at least once and at most once. */
export class ExactlyOnce implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly least: AtLeastOnce
  private readonly most: AtMostOnce

  constructor(shadow: Shadow, least: AtLeastOnce, most: AtMostOnce) {
    this.shadow = shadow
    this.least = least
    this.most = most
  }

  onMoment(): void {}

  rule(subject: number, end: RunEnd): Ruling {
    const least = this.least.rule(subject, end)
    const most = this.most.rule(subject, end)
    return {
      judged: this.judged(subject),
      violations: [...least.violations, ...most.violations].sort((a, b) => a.atUs - b.atUs).slice(0, MOST_KEPT),
      count: least.count + most.count,
      undecided: least.undecided ?? most.undecided,
      excused: false,
    }
  }

  /** Records that are acknowledged, in the committed log, or both. */
  private judged(subject: number): number {
    const { records, names } = this.shadow
    let judged = 0
    for (let record = 0; record < records.length; record++) {
      if (subject !== -1 && names.applicationOf[records.nodeOf(record)] !== subject) continue
      if (this.least.concerns(record) || this.most.concerns(record)) judged++
    }
    return judged
  }
}
