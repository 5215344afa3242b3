import { expect, test } from 'vitest'
import { Stream } from '../../kernel/stream.ts'
import type { PersisterStateBatch } from '../protocol/share-messages.ts'
import type { RecordStateId } from './record-state.ts'
import { combineStateBatches } from './state-batches.ts'

const batch = (firstOffset: number, lastOffset: number, deliveryState: RecordStateId, deliveryCount: number) => ({
  firstOffset,
  lastOffset,
  deliveryState,
  deliveryCount,
})

test('neighbours that are equal become one', () => {
  expect(combineStateBatches([batch(0, 4, 2, 1)], [batch(5, 9, 2, 1)], 0)).toEqual([batch(0, 9, 2, 1)])
  expect(combineStateBatches([batch(0, 4, 2, 1)], [batch(5, 9, 2, 2)], 0)).toHaveLength(2)
})

test('what lies before the start is dropped', () => {
  expect(combineStateBatches([batch(0, 4, 2, 1)], [], 3)).toEqual([batch(3, 4, 2, 1)])
  expect(combineStateBatches([batch(0, 4, 2, 1)], [], 5)).toEqual([])
})

test('of one offset the later delivery counts, and of one delivery the later state', () => {
  expect(combineStateBatches([batch(0, 9, 0, 1)], [batch(3, 5, 2, 1)], 0)).toEqual([
    batch(0, 2, 0, 1),
    batch(3, 5, 2, 1),
    batch(6, 9, 0, 1),
  ])
  expect(combineStateBatches([batch(0, 3, 0, 2)], [batch(0, 3, 0, 1)], 0)).toEqual([batch(0, 3, 0, 2)])
})

test('it gives what laying every offset over every other gives', () => {
  const draw = new Stream('batches', 'test')
  const some = (): readonly PersisterStateBatch[] => {
    const batches: PersisterStateBatch[] = []
    for (let at = draw.below(4); at < 30;) {
      const last = at + draw.below(4)
      batches.push(batch(at, last, ([0, 2, 4] as const)[draw.below(3)] as RecordStateId, 1 + draw.below(3)))
      at = last + 1 + draw.below(3)
    }
    return batches
  }
  for (let run = 0; run < 200; run++) {
    const [older, newer, start] = [some(), some(), draw.below(12)]
    const expected = new Map<number, readonly [number, number]>()
    for (const { firstOffset, lastOffset, deliveryCount, deliveryState } of [...older, ...newer]) {
      for (let offset = Math.max(start, firstOffset); offset <= lastOffset; offset++) {
        const known = expected.get(offset) ?? [-1, -1]
        const isNewer = deliveryCount > known[0] || (deliveryCount === known[0] && deliveryState >= known[1])
        if (isNewer) expected.set(offset, [deliveryCount, deliveryState])
      }
    }
    const combined = combineStateBatches(older, newer, start)
    const found = new Map<number, readonly [number, number]>()
    for (const { firstOffset, lastOffset, deliveryCount, deliveryState } of combined) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        expect(found.has(offset)).toBe(false)
        found.set(offset, [deliveryCount, deliveryState])
      }
    }
    expect([...found].sort(([a], [b]) => a - b)).toEqual([...expected].sort(([a], [b]) => a - b))
  }
})
