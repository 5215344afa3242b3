import { describe, expect, test } from 'vitest'
import type { Verdict } from '../properties/verdict.ts'
import type { Expectation } from '../scenarios/format/scenario.ts'
import { ExpectationTally } from './expectation.ts'
import { expectation, runResult, verdict, violation } from './sample.test.support.ts'

const HOLDS = verdict()
const LOST = verdict({ violations: [violation()] })
const UNKNOWN = verdict({ observed: 'unknown', reason: 'nothing to judge', judged: 0 })
const EXCUSED = verdict({
  observed: 'unknown',
  reason: 'unavailable, excused because no replica is electable',
  excused: true,
})

function tally(wanted: Partial<Expectation>, verdicts: readonly Verdict[], drawn = false): ExpectationTally {
  const tally = new ExpectationTally(expectation(wanted), drawn)
  verdicts.forEach((verdict, run) => tally.add(runResult(run), verdict))
  return tally
}

describe('holds', () => {
  test.each([
    { what: 'held in every run', verdicts: [HOLDS, HOLDS], observed: 'holds', standing: 'met' },
    { what: 'violated in one', verdicts: [HOLDS, LOST, UNKNOWN], observed: 'violated', standing: 'failed' },
    { what: 'unknown in one', verdicts: [HOLDS, UNKNOWN], observed: 'unknown', standing: 'unknown' },
    { what: 'excused', verdicts: [HOLDS, EXCUSED], observed: 'unknown', standing: 'met' },
    { what: 'excused and unknown', verdicts: [EXCUSED, UNKNOWN], observed: 'unknown', standing: 'unknown' },
    { what: 'never judged', verdicts: [], observed: 'unknown', standing: 'unknown' },
  ])('$what', ({ verdicts, observed, standing }) => {
    const counted = tally({}, verdicts)
    expect(counted.standing()).toBe(standing)
    expect(counted.result()).toMatchObject({ observed, met: standing === 'met' })
  })

  test('under chaos a run with nothing to judge says nothing against those that were judged', () => {
    expect(tally({}, [HOLDS, UNKNOWN], true).result()).toMatchObject({ observed: 'unknown', met: true, runsUnknown: 1 })
    expect(tally({}, [UNKNOWN, UNKNOWN], true).standing()).toBe('unknown')
    expect(tally({}, [HOLDS, UNKNOWN, LOST], true).standing()).toBe('failed')
    const undecided = verdict({ observed: 'unknown', reason: 'not finished', judged: 3 })
    expect(tally({}, [HOLDS, undecided], true).standing()).toBe('unknown')
  })

  test('tells the reason that counts', () => {
    expect(tally({}, [EXCUSED, UNKNOWN]).result().reason).toBe('nothing to judge')
    expect(tally({}, [EXCUSED]).result().reason).toBe(EXCUSED.reason)
    expect(tally({}, [UNKNOWN, LOST]).result().reason).toBeNull()
  })
})

describe('violated', () => {
  const doubled = verdict({ violations: [violation({ kind: 'duplicate-record' })] })
  const wanted = { expected: 'violated', kinds: ['lost-acked-write'] } as const
  test.each([
    { what: 'shown once', verdicts: [HOLDS, LOST, UNKNOWN], standing: 'met' },
    { what: 'never shown', verdicts: [HOLDS, HOLDS], standing: 'unseen' },
    { what: 'shown by another kind only', verdicts: [doubled], standing: 'unseen' },
    { what: 'unknown', verdicts: [UNKNOWN], standing: 'unknown' },
  ])('of a named kind: $what', ({ verdicts, standing }) => {
    expect(tally(wanted, verdicts).standing()).toBe(standing)
  })

  test('of any kind', () => {
    expect(tally({ expected: 'violated' }, [doubled]).standing()).toBe('met')
    expect(tally({ expected: 'violated' }, [HOLDS]).standing()).toBe('unseen')
  })

  test('the first violation is of the named kind, in the lowest run that shows it', () => {
    const later = verdict({
      violations: [violation({ kind: 'duplicate-record', atUs: 1 }), violation({ atUs: 2_500 })],
    })
    expect(tally(wanted, [HOLDS, doubled, later, LOST]).result().firstViolation).toMatchObject({
      run: 2,
      seed: '1/2',
      atMs: 2.5,
      kind: 'lost-acked-write',
    })
  })

  test('counts runs and kinds, and reports the first violation once', () => {
    const counting = new ExpectationTally(expectation(wanted), false)
    expect(counting.add(runResult(0), doubled)).toBeNull()
    expect(counting.add(runResult(1), LOST)).toMatchObject({ run: 1 })
    expect(counting.add(runResult(2), LOST)).toBeNull()
    expect(counting.result()).toMatchObject({
      judged: 30,
      runsViolated: 3,
      runsUnknown: 0,
      kindsSeen: { 'duplicate-record': 1, 'lost-acked-write': 2 },
    })
  })
})
