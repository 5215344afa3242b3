import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Guarantee } from '../../scenarios/format/vocabulary.ts'
import { CONSUMED } from '../testing/consuming.test.helper.ts'
import { ConsumerGroup, type Mode } from '../testing/consumer-group.test.helper.ts'
import type { Outcome } from '../testing/history.test.helper.ts'

const ALWAYS: readonly Guarantee[] = ['no-ghosts', 'order-per-key', 'fencing', 'single-owner', 'progress']

/** What each way to consume promises, whatever happens to its processes. */
const PROMISES: Readonly<Record<Mode, readonly Guarantee[]>> = {
  after: [...ALWAYS, 'at-least-once', 'offset-safety'],
  before: [...ALWAYS, 'at-most-once'],
  fenced: [...ALWAYS, 'at-most-once', 'at-least-once', 'exactly-once', 'offset-safety'],
  processor: [...ALWAYS, 'at-least-once', 'offset-safety'],
}
const MODES = Object.keys(PROMISES) as readonly Mode[]

const steps = fc.array(fc.tuple(fc.nat(7), fc.nat(5)), { minLength: 1, maxLength: 40 })

type Script = readonly (readonly [kind: number, size: number])[]

function play(group: ConsumerGroup, script: Script): void {
  for (const [kind, size] of script) group.step(kind, size)
}

function broken(outcome: Outcome, of: readonly Guarantee[]): readonly string[] {
  const accused = outcome.findings().filter((finding) => of.some((guarantee) => finding.includes(`${guarantee}: `)))
  return [...accused, ...outcome.breaches.map((breach) => breach.message)]
}

describe.each(MODES)('commits %s', (mode) => {
  test('a group is never accused of what it promises not to do', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const group = new ConsumerGroup(mode)
        play(group, script)
        group.settle()
        const outcome = group.h.ended()
        expect(broken(outcome, PROMISES[mode])).toEqual([])
        for (const guarantee of PROMISES[mode]) {
          for (const stage of ['consume', 'end-to-end'] as const) {
            const verdict = outcome.of(guarantee, null, guarantee.includes('once') ? stage : null)
            expect([guarantee, verdict.judged > 0 ? verdict.observed : verdict.reason]).toEqual([
              guarantee,
              verdict.judged > 0 ? 'holds' : 'nothing to judge',
            ])
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  test('nor while it runs', () => {
    const meanwhile = PROMISES[mode].filter((guarantee) => guarantee !== 'progress')
    fc.assert(
      fc.property(steps, fc.constantFrom('max-events' as const, 'heal-limit' as const), (script, ended) => {
        const group = new ConsumerGroup(mode)
        play(group, script)
        expect(broken(group.h.ended(ended), meanwhile)).toEqual([])
      }),
      { numRuns: 75 },
    )
  })
})

/** Breaks one promise somewhere in a history; then everything goes on as if nothing had happened. */
interface Defect {
  readonly name: string
  readonly mode: Mode
  readonly violates: readonly Guarantee[]
  readonly spoil: (group: ConsumerGroup, size: number) => void
  /** Where the history ends in another way than by settling. */
  readonly end?: (group: ConsumerGroup) => Outcome
}

const DEFECTS: readonly Defect[] = [
  {
    name: 'a commit past a record that nobody works on',
    mode: 'after',
    violates: ['at-least-once', 'exactly-once', 'offset-safety'],
    spoil(group, key) {
      const tp = group.publish(key)
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length - 1) group.work(owner, tp, true)
      const offset = group.log(tp).length - 1
      group.h.works(owner.node, group.log(tp)[offset] as number, offset, tp)
      group.commit(owner, tp, offset + 1)
      group.crash(owner)
    },
  },
  {
    name: 'a record that no output comes of',
    mode: 'processor',
    violates: ['at-least-once', 'exactly-once', 'offset-safety'],
    spoil(group, key) {
      const tp = group.publish(key)
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length - 1) group.work(owner, tp, true)
      const offset = group.log(tp).length - 1
      group.h.works(owner.node, group.log(tp)[offset] as number, offset, tp)
      owner.positions.set(tp, offset + 1)
      group.commit(owner, tp, offset + 1)
    },
  },
  {
    name: 'work done twice',
    mode: 'before',
    violates: ['at-most-once', 'exactly-once'],
    spoil(group, key) {
      const tp = group.publish(key)
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      const offset = group.log(tp).length - 1
      group.effect(owner, group.log(tp)[offset] as number, offset, tp)
    },
  },
  {
    name: 'a row that the store takes twice',
    mode: 'fenced',
    violates: ['at-most-once', 'exactly-once'],
    spoil(group, key) {
      const tp = group.publish(key)
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      const offset = group.log(tp).length - 1
      group.h.stored(group.log(tp)[offset] as number, offset, 1, group.generation, tp)
    },
  },
  {
    name: 'a fence that lets an owner of the past through',
    mode: 'fenced',
    violates: ['at-most-once', 'exactly-once', 'single-owner'],
    spoil(group, key) {
      const tp = group.publish(key)
      const before = group.generation
      group.rebalance()
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      const offset = group.log(tp).length - 1
      group.h.stored(group.log(tp)[offset] as number, offset, 1, before, tp)
    },
  },
  {
    name: 'a commit of a generation that is over',
    mode: 'after',
    violates: ['fencing', 'offset-safety'],
    spoil(group, key) {
      const tp = group.publish(key)
      const before = group.generation
      group.rebalance()
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      group.commit(owner, tp, group.log(tp).length)
      group.h.commits(group.reader, owner.node, group.log(tp).length - 1, before, tp)
    },
  },
  {
    name: 'two owners in one generation',
    mode: 'after',
    violates: ['single-owner'],
    spoil(group, key) {
      const tp = group.tps[key % group.tps.length] as number
      const owner = group.ownerOf(tp)
      const other = group.members.find((member) => member !== owner)
      if (other !== undefined) group.h.assigned(group.reader, other.node, group.generation, tp)
    },
  },
  {
    name: 'a record from a place where it does not lie',
    mode: 'fenced',
    violates: ['no-ghosts'],
    spoil(group, key) {
      const tp = group.publish(key)
      group.publish(key)
      const [last, other] = [group.log(tp).length - 1, group.log(tp).length - 2]
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      group.h.got(owner.node, group.log(tp)[other] as number, last, tp)
    },
  },
  {
    name: 'two records of a key in the wrong order',
    mode: 'after',
    violates: ['order-per-key'],
    spoil(group, key) {
      const tp = group.publish(key)
      const owner = group.ownerOf(tp)
      if (owner === undefined) throw new Error('nobody owns it')
      while ((owner.positions.get(tp) ?? 0) < group.log(tp).length) group.work(owner, tp, true)
      for (const _ of [0, 1]) group.publish(key)
      const end = group.log(tp).length
      for (const offset of [end - 1, end - 2]) {
        group.h.works(owner.node, group.log(tp)[offset] as number, offset, tp)
        group.effect(owner, group.log(tp)[offset] as number, offset, tp)
      }
      owner.positions.set(tp, end)
      group.commit(owner, tp, end)
    },
  },
  {
    name: 'a group that does not go on',
    mode: 'after',
    violates: ['progress'],
    spoil(group, key) {
      group.publish(key)
    },
    end: (group) => group.h.ended('heal-limit'),
  },
]

/** Guarantees that a defect is free to break: the ways in which its mode promises nothing. */
function promised(mode: Mode, defect: Defect): readonly Guarantee[] {
  return CONSUMED.filter((guarantee) => PROMISES[mode].includes(guarantee) || defect.violates.includes(guarantee))
}

describe('always found, wherever it happens:', () => {
  test.each(DEFECTS)('$name', (defect) => {
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
        const accused = new Set(outcome.violated())
        const mayBe = promised(defect.mode, defect)
        expect(mayBe.filter((guarantee) => accused.has(guarantee))).toEqual(
          mayBe.filter((guarantee) => defect.violates.includes(guarantee)),
        )
        expect(outcome.broken()).toEqual([])
      }),
      { numRuns: 75 },
    )
  })
})
