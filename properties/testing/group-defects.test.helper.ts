import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Guarantee } from '../../scenarios/format/vocabulary.ts'
import { ConsumerGroup, type Mode, STEPS } from './consumer-group.test.helper.ts'
import type { Outcome } from './history.test.helper.ts'

const ALWAYS: readonly Guarantee[] = ['no-ghosts', 'order-per-key', 'fencing', 'single-owner', 'progress']

/** What each way to consume promises, whatever happens to its processes. */
export const PROMISES: Readonly<Record<Mode, readonly Guarantee[]>> = {
  after: [...ALWAYS, 'at-least-once', 'offset-safety'],
  before: [...ALWAYS, 'at-most-once'],
  fenced: [...ALWAYS, 'at-most-once', 'at-least-once', 'exactly-once', 'offset-safety'],
  processor: [...ALWAYS, 'at-least-once', 'offset-safety'],
}
export const MODES = Object.keys(PROMISES) as readonly Mode[]

export type Script = readonly (readonly [kind: number, size: number])[]

export const steps: fc.Arbitrary<Script> = fc.array(fc.tuple(fc.nat(STEPS - 1), fc.nat(5)), {
  minLength: 1,
  maxLength: 40,
})

/** The same histories every time. */
export const SEED = 7

export function play(group: ConsumerGroup, script: Script): void {
  for (const [kind, size] of script) group.step(kind, size)
}

/** Breaks one promise somewhere in a history; then everything goes on as if nothing had happened. */
export interface Defect {
  readonly name: string
  readonly mode: Mode
  /** `guarantee: kinds` in the order of the vocabulary, whatever the stage. */
  readonly violates: readonly string[]
  /** Invariants that break. */
  readonly breaks?: readonly string[]
  readonly spoil: (group: ConsumerGroup, size: number) => void
  /** Where the history ends in another way than by settling. */
  readonly end?: (group: ConsumerGroup) => Outcome
}

/** A record is published, and its owner has read and done everything. */
export function readUp(
  group: ConsumerGroup,
  key: number,
): { readonly owner: ConsumerGroup['members'][number]; readonly tp: number } {
  const tp = group.publish(key)
  const owner = group.ownerOf(tp)
  if (owner === undefined) throw new Error('nobody owns it')
  while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
  return { owner, tp }
}

/** What is violated of what a mode promises, and of what a defect is to break; the rest it is free to. */
function flagged(outcome: Outcome, { mode, violates }: Defect): readonly string[] {
  const expected = new Set(violates.flatMap((line) => line.split(': ')[1]?.split(' ') ?? []))
  const found = outcome
    .findings()
    .filter((finding) => !/^[^ ]+:[^ ]/.test(finding))
    .flatMap((finding) => {
      const [guarantee = '', kinds = ''] = finding.replace(/^[a-z-]+\//, '').split(': ')
      const isPromised = PROMISES[mode].includes(guarantee as Guarantee)
      const asked = kinds.split(' ').filter((kind) => isPromised || expected.has(kind))
      return asked.length === 0 ? [] : [`${guarantee}: ${asked.join(' ')}`]
    })
  return [...new Set(found)]
}

/** Whatever came before and comes after, exactly what a defect breaks is found: nothing less, nothing more. */
export function alwaysFound(defects: readonly Defect[]): void {
  describe('always found, wherever it happens:', () => {
    test.each(defects)('$name', (defect) => {
      fc.assert(
        fc.property(steps, steps, fc.nat(3), (before, after, key) => {
          const group = new ConsumerGroup(defect.mode)
          play(group, before)
          group.recover()
          defect.spoil(group, key)
          if (defect.end === undefined) {
            play(group, after)
            group.settle()
          }
          const outcome = defect.end === undefined ? group.h.ended() : defect.end(group)
          expect(flagged(outcome, defect)).toEqual(defect.violates)
          expect(outcome.broken()).toEqual(defect.breaks ?? [])
        }),
        { numRuns: 50, seed: SEED },
      )
    })
  })
}
