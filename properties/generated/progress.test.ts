import { expect, test } from 'vitest'
import { alwaysFound, correctHistories, type Defect } from '../testing/planted.test.helper.ts'

const DEFECTS: readonly Defect[] = [
  {
    name: 'a send without an outcome',
    violates: ['progress: stuck-send'],
    breaks: [],
    spoil: (world, size) => void world.send(size),
    end: 'heal-limit',
  },
  {
    name: 'a replica that does not catch up',
    violates: ['progress: stuck-replication'],
    breaks: [],
    spoil(world, size) {
      const batch = world.send(size)
      world.append(world.leader, batch)
      for (const record of batch.records) world.h.unknown(record)
    },
    end: 'heal-limit',
  },
  {
    name: 'a replica that does not come back into the in-sync set',
    violates: ['progress: stuck-replication'],
    breaks: [],
    spoil: (world) => world.loseFollower(false),
    end: 'heal-limit',
  },
  {
    name: 'nobody who begins to lead',
    violates: ['progress: stuck-replication'],
    breaks: [],
    spoil(world) {
      const next = world.followers()[0] as number
      world.h.crashed(world.leader).elect(next, world.epoch + 1, ++world.partitionEpoch, world.followers())
    },
    end: 'heal-limit',
  },
]

alwaysFound(DEFECTS)

test('what waits is told of every history that is cut short, and only by who is not excused', () => {
  let told = 0
  correctHistories(100, (world) => {
    const outcome = world.h.ended('heal-limit')
    const { observed } = outcome.of('progress')
    const open = outcome.waiting.filter(({ excuse }) => excuse === null)
    told += outcome.waiting.length
    for (const { waitsFor, rule, sinceUs } of outcome.waiting) {
      expect(waitsFor).not.toBe('')
      expect(rule).not.toBeNull()
      expect(sinceUs).toBeGreaterThanOrEqual(0)
      expect(sinceUs).toBeLessThanOrEqual(world.h.time)
    }
    // Where nobody waits the run should have settled, and that nobody says why it did not is told too.
    expect(observed).toBe(open.length > 0 || outcome.waiting.length === 0 ? 'violated' : 'unknown')
  })
  expect(told).toBeGreaterThan(150)
})
