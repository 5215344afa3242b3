import { expect, test } from 'vitest'
import { GUARANTEES } from '../../scenarios/format/vocabulary.ts'
import type { Outcome } from '../testing/history.test.helper.ts'
import { alwaysFound, correctHistories, type Defect } from '../testing/planted.test.helper.ts'

const JUDGED = GUARANTEES.filter((guarantee) => guarantee.judged).map((guarantee) => guarantee.name)

function described(outcome: Outcome): string {
  const breaches = outcome.breaches.map((breach) => `${breach.invariant}: ${breach.message}`)
  return [...outcome.findings(), ...breaches].join('\n')
}

test('a replicated log that keeps its promises is never accused', () => {
  correctHistories(250, (world) => {
    world.settle()
    const outcome = world.h.ended()
    expect(described(outcome)).toBe('')
    for (const guarantee of JUDGED) {
      const verdict = outcome.of(guarantee)
      const said = verdict.judged > 0 ? verdict.observed : verdict.reason
      expect([guarantee, said]).toEqual([guarantee, verdict.judged > 0 ? 'holds' : 'nothing to judge'])
    }
  })
})

test('nor while it runs', () => {
  correctHistories(100, (world) => expect(described(world.h.ended('max-events'))).toBe(''))
})

test('the histories reach what is hard', () => {
  const reached = new Map<string, number>()
  correctHistories(200, (world) => {
    world.settle()
    for (const name of world.h.reached()) reached.set(name, (reached.get(name) ?? 0) + 1)
  })
  const HARD = [
    'unreplicated-data-at-leader-change',
    'high-watermark-behind-at-leader-change',
    'truncation',
    'isr-below-min',
    'leaderless-partition',
    'unclean-election',
    'replaced-leader-appends',
    'fenced-broker-appends',
    'not-enough-replicas',
    'dedup-hit',
    'batch-expired-in-flight',
    'unknown-outcome',
  ]
  // Each in at least one history of twenty.
  expect(HARD.filter((name) => (reached.get(name) ?? 0) < 10)).toEqual([])
})

const LOST = ['at-least-once: lost-record', 'exactly-once: lost-record'] as const

const DEFECTS: readonly Defect[] = [
  {
    name: 'a new leader that lacks committed batches',
    violates: [...LOST, 'durability: lost-acked-write', 'committed-durability: lost-committed-write'],
    breaks: ['leader-completeness'],
    spoil: (world, size) => world.forget(size),
  },
  {
    name: 'a batch appended twice',
    violates: ['at-most-once: duplicate-record', 'exactly-once: duplicate-record'],
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
    violates: ['order-per-partition: reordered-records'],
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
    violates: [...LOST, 'durability: lost-acked-write', 'outcome-honesty: false-ack'],
    breaks: [],
    spoil(world, size) {
      world.send(size).records.forEach((record) => world.h.acked(record, world.end(world.leader)))
    },
  },
  {
    name: 'an acknowledgement for another offset',
    violates: ['outcome-honesty: false-ack'],
    breaks: [],
    spoil(world, size) {
      const batch = world.send(size)
      const offset = world.end(world.leader)
      world.append(world.leader, batch)
      world.catchUp()
      world.h.answered(world.leader, batch.number, offset)
      batch.records.forEach((record, index) => world.h.acked(record, offset + index + 1))
    },
  },
  {
    name: 'a failure that was none',
    violates: ['outcome-honesty: false-failure'],
    breaks: [],
    spoil(world, size) {
      const batch = world.send(size)
      world.append(world.leader, batch)
      for (const record of batch.records) world.h.failed(record, 19)
      world.catchUp()
    },
  },
]

alwaysFound(DEFECTS)
