import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Outcome } from './history.test.helper.ts'
import { ReplicatedLog, STEPS } from './replicated-log.test.helper.ts'

/** The same histories every time. */
const SEED = 7

export type Script = readonly (readonly [kind: number, size: number])[]

export const scripts: fc.Arbitrary<Script> = fc.array(fc.tuple(fc.nat(STEPS - 1), fc.integer({ min: 1, max: 3 })), {
  minLength: 1,
  maxLength: 30,
})

/** Breaks one promise somewhere in a history. */
export interface Defect {
  readonly name: string
  /** What is violated, and how: `guarantee: kinds` in the order of the vocabulary. */
  readonly violates: readonly string[]
  /** Invariants that break. */
  readonly breaks: readonly string[]
  readonly spoil: (world: ReplicatedLog, size: number) => void
  /** The history ends here in another way; without it everything goes on as if nothing had happened, and settles. */
  readonly end?: 'max-events' | 'heal-limit'
}

export function play(world: ReplicatedLog, script: Script): ReplicatedLog {
  for (const [kind, size] of script) world.step(kind, size)
  return world
}

/** Whatever came before and comes after, exactly what a defect breaks is found: nothing less, nothing more. */
export function alwaysFound(defects: readonly Defect[]): void {
  describe('always found, wherever it happens:', () => {
    test.each(defects)('$name', ({ violates, breaks, spoil, end }) => {
      fc.assert(
        fc.property(scripts, scripts, fc.integer({ min: 1, max: 3 }), (before, after, size) => {
          const world = play(new ReplicatedLog(), before)
          // Everybody is back and something is committed: there is something to break.
          world.restart()
          world.step(0, 1)
          spoil(world, size)
          if (end === undefined) play(world, after).settle()
          const outcome = world.h.ended(end)
          expect(flagged(outcome)).toEqual(violates)
          expect(outcome.broken()).toEqual(breaks)
        }),
        { numRuns: 30, seed: SEED },
      )
    })
  })
}

/** What is violated, without subjects and stages. */
function flagged(outcome: Outcome): readonly string[] {
  return outcome
    .findings()
    .filter((finding) => !/^[^ ]+:[^ ]/.test(finding))
    .map((finding) => finding.replace('end-to-end/', ''))
}

/** Histories of worlds that keep every promise, all of one seed. */
export function correctHistories(runs: number, look: (world: ReplicatedLog) => void): void {
  fc.assert(
    fc.property(scripts, (script) => {
      look(play(new ReplicatedLog(), script))
    }),
    { numRuns: runs, seed: SEED },
  )
}
