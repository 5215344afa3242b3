import { NOTHING_TO_JUDGE, type RunResult, type Verdict, type Violation } from '../properties/verdict.ts'
import type { Expectation } from '../scenarios/format/scenario.ts'
import type { Anomaly } from '../scenarios/format/vocabulary.ts'
import type { ExpectationResult, FirstViolation } from './result.ts'

/** How an expectation stands over the runs so far. */
export type Standing =
  | 'met'
  /** Shown not to be met: more runs cannot change it. */
  | 'failed'
  /** Not met only because something expected was not seen: another run may show it. */
  | 'unseen'
  | 'unknown'

/** What a line of `expect:` has come to over so many runs, of which counts are enough. */
export function standingOf(
  tally: Pick<
    ExpectationResult,
    'expected' | 'kinds' | 'kindsSeen' | 'judged' | 'runsViolated' | 'runsUnknown' | 'runsExcused'
  >,
  runs: number,
): Standing {
  const { expected, kinds, kindsSeen, judged, runsViolated, runsUnknown, runsExcused } = tally
  const observed = observedOf(tally, runs)
  if (expected === 'violated') {
    // Without kept violations the kind cannot be checked; then only an unnamed kind is met.
    const shown = kinds.length === 0 ? runsViolated > 0 : kinds.some((kind) => (kindsSeen[kind] ?? 0) > 0)
    if (shown) return 'met'
    return observed === 'unknown' ? 'unknown' : 'unseen'
  }
  switch (observed) {
    case 'violated':
      return 'failed'
    case 'holds':
      return 'met'
    case 'unknown':
      return judged > 0 && runsUnknown === runsExcused ? 'met' : 'unknown'
  }
}

/** `violated` if any run violates, else `unknown` if any is or none was judged, else `holds`. */
export function observedOf(
  { runsViolated, runsUnknown }: Pick<ExpectationResult, 'runsViolated' | 'runsUnknown'>,
  runs: number,
): ExpectationResult['observed'] {
  if (runsViolated > 0) return 'violated'
  return runsUnknown > 0 || runs === 0 ? 'unknown' : 'holds'
}

/**
 * One line of `expect:` over runs. Runs are added in run order, and none is kept.
 *
 * Observed is `violated` if any run violates, else `unknown` if any is, else `holds`. `holds` is met when it is observed,
 * or when all that is unknown is excused progress or what chaos left with nothing to judge; `violated` is met when a run shows it, of a named kind if kinds are named.
 */
export class ExpectationTally {
  readonly expectation: Expectation
  private readonly drawn: boolean
  private runs = 0
  private judged = 0
  runsViolated = 0
  runsUnknown = 0
  private runsExcused = 0
  private reason: string | null = null
  private excuse: string | null = null
  private stage: Verdict['stage'] = null
  private first: FirstViolation | null = null
  private firstOfKind: FirstViolation | null = null
  private readonly kindsSeen = new Map<Anomaly, number>()

  /**
   * @param drawn whether chaos draws what happens. It may leave a run with nothing to judge, and that says nothing against the
   *   others: the guarantee stays open only when it is so in all of them.
   */
  constructor(expectation: Expectation, drawn: boolean) {
    this.expectation = expectation
    this.drawn = drawn
    this.stage = expectation.stage
  }

  /** Adds one run's verdict; gives the violation to report if it is the first that counts. */
  add(run: RunResult, verdict: Verdict): FirstViolation | null {
    this.runs++
    this.judged += verdict.judged
    this.stage ??= verdict.stage
    if (verdict.observed === 'unknown') this.addUnknown(verdict)
    return verdict.observed === 'violated' ? this.addViolated(run, verdict) : null
  }

  private addUnknown(verdict: Verdict): void {
    this.runsUnknown++
    if (verdict.excused || (this.drawn && verdict.reason === NOTHING_TO_JUDGE)) {
      this.runsExcused++
      this.excuse ??= verdict.reason
    } else {
      this.reason ??= verdict.reason
    }
  }

  private addViolated(run: RunResult, verdict: Verdict): FirstViolation | null {
    this.runsViolated++
    for (const kind of new Set(verdict.violations.map((v) => v.kind))) {
      this.kindsSeen.set(kind, (this.kindsSeen.get(kind) ?? 0) + 1)
    }
    const any = verdict.violations[0]
    const kinds = this.expectation.kinds
    const named = kinds.length === 0 ? any : verdict.violations.find((v) => kinds.includes(v.kind))
    if (any !== undefined) this.first ??= firstViolation(run, any)
    if (named === undefined || this.firstOfKind !== null) return null
    this.firstOfKind = firstViolation(run, named)
    return this.firstOfKind
  }

  standing(): Standing {
    const { expected, kinds } = this.expectation
    const { judged, runsViolated, runsUnknown, runsExcused } = this
    const kindsSeen = Object.fromEntries(this.kindsSeen)
    return standingOf({ expected, kinds, kindsSeen, judged, runsViolated, runsUnknown, runsExcused }, this.runs)
  }

  result(): ExpectationResult {
    const { guarantee, subject, expected, kinds, span } = this.expectation
    const observed = observedOf(this, this.runs)
    return {
      guarantee,
      stage: this.stage,
      subject,
      expected,
      kinds,
      observed,
      reason:
        observed === 'unknown' ? (this.reason ?? this.excuse ?? (this.runs === 0 ? 'no run was judged' : null)) : null,
      judged: this.judged,
      runsViolated: this.runsViolated,
      runsUnknown: this.runsUnknown,
      runsExcused: this.runsExcused,
      kindsSeen: Object.fromEntries(this.kindsSeen),
      met: this.standing() === 'met',
      firstViolation: this.firstOfKind ?? this.first,
      span,
    }
  }
}

function firstViolation(run: RunResult, violation: Violation): FirstViolation {
  return {
    run: run.run,
    seed: run.seed,
    atMs: violation.atUs / 1000,
    kind: violation.kind,
    message: violation.message,
    records: violation.records,
  }
}
