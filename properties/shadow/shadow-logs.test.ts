import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tpOf } from '../../sim/history/ids.ts'
import { specOf } from '../testing/history.test.helper.ts'
import { Batches } from './batches.ts'
import { Partitions } from './partitions.ts'
import { ShadowLogs } from './shadow-logs.ts'

const TP = tpOf(1, 0)

function shadows(): ShadowLogs {
  return new ShadowLogs(new Partitions(specOf({})), new Batches())
}

interface Entry {
  readonly base: number
  readonly last: number
}

test('a shadow is the log, whatever happens to it', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), size: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constantFrom('truncate' as const, 'load' as const), size: fc.nat(12) }),
    fc.record({ kind: fc.constant('wipe' as const), size: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(fc.nat(80), { maxLength: 20 }), (steps, offsets) => {
      const logs = shadows()
      const log = logs.of(1, 0)
      let model: Entry[] = []
      let end = 0
      steps.forEach(({ kind, size }, number) => {
        const cut = Math.max(0, end - size)
        switch (kind) {
          case 'append':
            logs.onAppended(number, 1, TP, end, end + size - 1, number, number, -1, -1, -1)
            model.push({ base: end, last: end + size - 1 })
            end += size
            return
          case 'truncate':
            logs.onTruncated(number, 1, TP, cut)
            break
          case 'load':
            logs.onLoaded(number, 1, TP, cut, 0)
            break
          case 'wipe':
            logs.onWiped(number, 1)
            model = []
            end = 0
            return
        }
        model = model.filter((entry) => entry.last < cut)
        end = cut
      })
      expect(log.end).toBe(end)
      expect(
        Array.from({ length: log.entries.length }, (_, place) => logs.entries.base.at(log.entries.at(place))),
      ).toEqual(model.map((entry) => entry.base))
      for (const offset of offsets) {
        const expected = model.find((entry) => entry.base <= offset && offset <= entry.last)
        const found = log.entryAt(offset)
        expect(found < 0 ? undefined : logs.entries.base.at(found)).toBe(expected?.base)
      }
    }),
  )
})

describe('entries', () => {
  test('are the same on every replica that agrees, and tell the whole prefix', () => {
    const logs = shadows()
    for (const node of [1, 2]) {
      logs.onAppended(0, node, TP, 0, 1, 0, 10, -1, -1, -1)
      logs.onAppended(0, node, TP, 2, 2, 0, 11, -1, -1, -1)
    }
    expect(logs.of(1, 0).lastEntry).toBe(logs.of(2, 0).lastEntry)
    expect(logs.of(2, 0).holds(logs.of(1, 0).lastEntry)).toBe(true)
  })

  test('differ after a different prefix', () => {
    const logs = shadows()
    logs.onAppended(0, 1, TP, 0, 0, 0, 10, -1, -1, -1)
    logs.onAppended(0, 2, TP, 0, 0, 1, 11, -1, -1, -1)
    for (const node of [1, 2]) logs.onAppended(0, node, TP, 1, 1, 2, 12, -1, -1, -1)
    expect(logs.entries.conflict).toBe(logs.of(1, 0).lastEntry)
    expect(logs.of(1, 0).lastEntry).not.toBe(logs.of(2, 0).lastEntry)
  })
})

test('a partition that the spec does not declare is left alone', () => {
  const logs = shadows()
  expect(logs.onAppended(0, 1, tpOf(7, 3), 0, 0, 0, 1, -1, -1, -1)).toBe(false)
  expect(logs.current).toBeNull()
})

test('an empty log that begins where its leader does shares the history before, and the same entries follow', () => {
  const logs = shadows()
  for (let offset = 0; offset < 4; offset++) {
    logs.onAppended(offset, 1, TP, offset, offset, 0, offset, -1, -1, -1)
    if (offset < 1) logs.onAppended(offset, 2, TP, offset, offset, 0, offset, -1, -1, -1)
  }
  logs.onStartMoved(8, 1, TP, 2)
  logs.leaderOf = () => 1
  logs.onTruncated(9, 2, TP, 2)
  expect([1, 2].map((offset) => logs.of(1, 0).deletedAt(offset))).toEqual([8, -1])
  const follower = logs.of(2, 0)
  expect([follower.start, follower.end, follower.entries.length]).toEqual([2, 2, 2])
  logs.onAppended(10, 2, TP, 2, 2, 0, 2, -1, -1, -1)
  expect([logs.entries.created, logs.entries.conflict]).toEqual([false, -1])
  expect(follower.holds(logs.of(1, 0).entryAt(2))).toBe(true)
})

test('a gap in what is copied is filled by what the leader had, once a topic is compacted', () => {
  const compacted = { ...specOf({}) }
  const topics = compacted.topics.map((topic) => ({
    ...topic,
    config: { ...topic.config, 'cleanup.policy': 'compact' },
  }))
  const logs = new ShadowLogs(new Partitions({ ...compacted, topics } as typeof compacted), new Batches())
  logs.leaderOf = () => 1
  for (let offset = 0; offset < 4; offset++) logs.onAppended(offset, 1, TP, offset, offset, 0, offset, -1, -1, -1)
  logs.onCleaned(1, TP, 1)
  logs.onAppended(9, 2, TP, 3, 3, 0, 3, -1, -1, -1)
  expect([logs.entries.created, logs.entries.conflict, logs.endBefore]).toEqual([false, -1, 3])
  expect([1, 2].map((node) => logs.of(node, 0).cleaned)).toEqual([true, true])
  expect(logs.of(2, 0).entries.length).toBe(4)
})
