import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Guarantee } from '../../scenarios/format/vocabulary.ts'
import { ConsumerGroup } from '../testing/consumer-group.test.helper.ts'
import {
  alwaysFound,
  type Defect,
  MODES,
  play,
  PROMISES,
  readUp,
  SEED,
  steps,
} from '../testing/group-defects.test.helper.ts'
import type { Outcome } from '../testing/history.test.helper.ts'

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
      { numRuns: 100, seed: SEED },
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
      { numRuns: 50, seed: SEED },
    )
  })
})

test('the histories reach what is hard', () => {
  const reached = new Map<string, number>()
  fc.assert(
    fc.property(steps, (script) => {
      const group = new ConsumerGroup('fenced')
      play(group, script)
      group.settle()
      for (const name of group.h.reached()) reached.set(name, (reached.get(name) ?? 0) + 1)
    }),
    { numRuns: 200, seed: SEED },
  )
  const HARD = [
    'coordinator-failover',
    'member-expired',
    'takeover',
    'rebalance-with-uncommitted-work',
    'redelivery',
    'rejected-commit',
    'zombie-work',
    'zombie-write',
    'output-refused-by-fence',
  ]
  // Each in at least one history of a hundred.
  expect(HARD.filter((name) => (reached.get(name) ?? 0) < 2)).toEqual([])
})

const LOST = ['at-least-once: lost-effect', 'exactly-once: lost-effect'] as const
const DOUBLED = ['at-most-once: duplicate-effect', 'exactly-once: duplicate-effect'] as const

/** Deliveries and effects. */
const DEFECTS: readonly Defect[] = [
  {
    name: 'a commit past a record that nobody works on',
    mode: 'after',
    violates: [...LOST, 'offset-safety: offset-past-work'],
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
    violates: [...LOST, 'offset-safety: offset-past-work'],
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
    violates: DOUBLED,
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
    violates: DOUBLED,
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
    violates: [...DOUBLED, 'single-owner: double-ownership'],
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
    name: 'a record from a place where it does not lie',
    mode: 'fenced',
    violates: ['no-ghosts: ghost-record'],
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
    violates: ['order-per-key: reordered-effects'],
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
    name: 'an effect of a record that nobody sent',
    mode: 'fenced',
    violates: ['no-ghosts: ghost-effect ghost-record'],
    spoil(group, key) {
      const { owner, tp } = readUp(group, key)
      const nobodys = group.h.record(1_000)
      group.h.works(owner.node, nobodys, group.log(tp).length - 1, tp)
      group.h.stored(nobodys, group.log(tp).length - 1, 1, group.generation, tp)
    },
  },
  {
    name: 'a record that is read before anybody has it',
    mode: 'after',
    violates: ['no-ghosts: ghost-record'],
    breaks: ['read-below-hw'],
    spoil(group, key) {
      const { owner, tp } = readUp(group, key)
      group.h.send(1_000, { tp, key })
      group.h.got(owner.node, group.h.record(1_000), group.log(tp).length, tp)
    },
    end: (group) => group.h.ended('max-events'),
  },
]

alwaysFound(DEFECTS)
