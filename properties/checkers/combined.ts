import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { ConsumeAtLeastOnce, EndToEndAtLeastOnce } from './consume-at-least-once.ts'
import type { ConsumeAtMostOnce, EndToEndAtMostOnce } from './consume-at-most-once.ts'
import type { Checker, Ruling, RunEnd } from './checker.ts'
import { MOST_KEPT } from './findings.ts'
import type { Keys } from './keys.ts'

/** Several checkers as one: what is judged adds up, every violation counts. */
export class Combined implements Checker {
  readonly kinds: readonly number[]
  private readonly parts: readonly Checker[]

  constructor(parts: readonly Checker[]) {
    this.parts = parts
    this.kinds = [...new Set(parts.flatMap((part) => part.kinds))]
  }

  onMoment(...moment: Parameters<MomentObserver['onMoment']>): void {
    for (const part of this.parts) if (part.kinds.includes(moment[0])) part.onMoment(...moment)
  }

  rule(subject: number, end: RunEnd): Ruling {
    const rulings = this.parts.map((part) => part.rule(subject, end))
    return merged(
      rulings,
      rulings.reduce((sum, ruling) => sum + ruling.judged, 0),
    )
  }
}

/** `exactly-once` at `consume` or `end-to-end`: at least once and at most once. */
export class EffectExactlyOnce implements Checker {
  readonly kinds: readonly number[] = []
  private readonly least: ConsumeAtLeastOnce | EndToEndAtLeastOnce
  private readonly most: ConsumeAtMostOnce | EndToEndAtMostOnce

  constructor(least: ConsumeAtLeastOnce | EndToEndAtLeastOnce, most: ConsumeAtMostOnce | EndToEndAtMostOnce) {
    this.least = least
    this.most = most
  }

  onMoment(): void {}

  rule(subject: number, end: RunEnd): Ruling {
    const judged: Keys = new Set()
    this.least.judged(subject, end, judged)
    this.most.judged(subject, judged)
    return merged([this.least.rule(subject, end), this.most.rule(subject, end)], judged.size)
  }
}

function merged(rulings: readonly Ruling[], judged: number): Ruling {
  return {
    judged,
    violations: rulings
      .flatMap((ruling) => ruling.violations)
      .sort((a, b) => a.atUs - b.atUs)
      .slice(0, MOST_KEPT),
    count: rulings.reduce((sum, ruling) => sum + ruling.count, 0),
    undecided: rulings.find((ruling) => ruling.undecided !== null)?.undecided ?? null,
    excused: false,
  }
}
