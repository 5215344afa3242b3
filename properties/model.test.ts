import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Guarantee, GUARANTEES } from '../scenarios/format/vocabulary.ts'
import type { History, Outcome } from './testing/history.test.helper.ts'
import { ReplicatedLog } from './testing/replicated-log.test.helper.ts'

const JUDGED = GUARANTEES.filter((guarantee) => guarantee.judged).map((guarantee) => guarantee.name)

const steps = fc.array(fc.tuple(fc.nat(11), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 25 })

function play(world: ReplicatedLog, script: readonly (readonly [kind: number, size: number])[]): void {
  for (const [kind, size] of script) world.step(kind, size)
}

function described(outcome: Outcome): string {
  return [...outcome.violated(), ...outcome.breaches.map((breach) => `${breach.invariant}: ${breach.message}`)].join(
    '\n',
  )
}

test('a replicated log that keeps its promises is never accused', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const world = new ReplicatedLog()
      play(world, script)
      world.settle()
      const outcome = world.h.ended()
      expect(described(outcome)).toBe('')
      for (const guarantee of JUDGED) {
        const verdict = outcome.of(guarantee)
        expect([guarantee, verdict.judged > 0 ? verdict.observed : verdict.reason]).toEqual([
          guarantee,
          verdict.judged > 0 ? 'holds' : 'nothing to judge',
        ])
      }
    }),
    { numRuns: 300 },
  )
})

test('nor while it runs', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const world = new ReplicatedLog()
      play(world, script)
      expect(described(world.h.ended('max-events'))).toBe('')
    }),
    { numRuns: 100 },
  )
})

/** Breaks one promise somewhere in a history; then everything goes on as if nothing had happened. */
interface Defect {
  readonly name: string
  readonly violates: readonly Guarantee[]
  readonly breaks: readonly string[]
  readonly spoil: (world: ReplicatedLog, size: number) => void
  /** Where the history ends in another way than by settling. */
  readonly end?: (h: History) => Outcome
}

const DEFECTS: readonly Defect[] = [
  {
    name: 'a new leader that lacks committed batches',
    violates: ['at-least-once', 'exactly-once', 'durability', 'committed-durability'],
    breaks: ['leader-completeness'],
    spoil(world, size) {
      world.forget(size)
    },
  },
  {
    name: 'a batch appended twice',
    violates: ['at-most-once', 'exactly-once'],
    breaks: [],
    spoil(world, size) {
      const log = world.log(world.leader)
      const batch = log[Math.max(0, log.length - size)]
      if (batch !== undefined) world.append(world.leader, { ...batch, epoch: world.epoch })
      world.catchUp()
    },
  },
  {
    name: 'two batches in the wrong order',
    violates: ['order-per-partition'],
    breaks: [],
    spoil(world, size) {
      const [first, second] = [world.send(size), world.send(size)]
      world.append(world.leader, second)
      world.append(world.leader, first)
      world.catchUp()
      world.acknowledge(first)
      world.acknowledge(second)
    },
  },
  {
    name: 'an acknowledgement without an append',
    violates: ['at-least-once', 'exactly-once', 'durability', 'outcome-honesty'],
    breaks: [],
    spoil(world, size) {
      world.send(size).records.forEach((record) => world.h.acked(record, world.end(world.leader)))
    },
  },
  {
    name: 'a failure that was none',
    violates: ['outcome-honesty'],
    breaks: [],
    spoil(world, size) {
      const batch = world.send(size)
      world.append(world.leader, batch)
      for (const record of batch.records) world.h.failed(record, 19)
      world.catchUp()
    },
  },
  {
    name: 'a follower with another batch at the same place',
    violates: ['replica-agreement'],
    breaks: ['log-matching'],
    spoil(world, size) {
      const [one, other] = [world.send(size), world.send(size)]
      world.append(world.leader, one)
      world.append(world.followers()[0] as number, other)
    },
    end: (h) => h.ended('max-events'),
  },
  {
    name: 'a high watermark ahead of the followers',
    violates: ['replica-agreement'],
    breaks: ['electable-hold-committed', 'hw-covered-by-isr'],
    spoil(world, size) {
      world.append(world.leader, world.send(size))
      world.h.high(world.leader, world.end(world.leader), world.epoch)
    },
    end: (h) => h.ended('max-events'),
  },
  {
    name: 'an answer ahead of the high watermark',
    violates: [],
    breaks: ['ack-after-hw'],
    spoil(world, size) {
      const offset = world.end(world.leader)
      const batch = world.send(size)
      world.append(world.leader, batch)
      world.h.answered(world.leader, batch.number, offset)
      for (const [index, record] of batch.records.entries()) world.h.acked(record, offset + index)
    },
    end: (h) => h.ended('max-events'),
  },
  {
    name: 'a send without an outcome',
    violates: ['progress'],
    breaks: [],
    spoil(world, size) {
      world.send(size)
    },
    end: (h) => h.ended('heal-limit'),
  },
]

describe('always found, wherever it happens:', () => {
  test.each(DEFECTS)('$name', ({ violates, breaks, spoil, end }) => {
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: 1, max: 3 }), (before, after, size) => {
        const world = new ReplicatedLog()
        play(world, before)
        // Everybody is back and something is committed: there is something to break.
        world.restart()
        world.step(0, 1)
        spoil(world, size)
        if (end === undefined) play(world, after)
        if (end === undefined) world.settle()
        const outcome = end === undefined ? world.h.ended() : end(world.h)
        expect(outcome.violated()).toEqual(violates)
        expect(outcome.broken()).toEqual(breaks)
      }),
      { numRuns: 100 },
    )
  })
})
