import { expect, test } from 'vitest'
import type { Env } from '../env.ts'
import { Errors } from '../protocol/errors.ts'
import type { CoordinatorParts } from './coordinator-partition.ts'
import { CoordinatorWrites } from './coordinator-writes.ts'
import type { GroupOffsets } from './group-offsets.ts'
import { WriteEvent } from './write-event.ts'

/** A partition whose disk is slow: what is written waits for `write`, and the log answers with what stands in `errors`. */
function slow(errors: number[]): { readonly writes: CoordinatorWrites; readonly outcomes: Map<WriteEvent, number> } {
  const outcomes = new Map<WriteEvent, number>()
  let timers = 0
  const env = { monotonic: () => 0, wallClock: () => 0, setTimer: () => ++timers, cancel: () => undefined }
  const parts = {
    env: env as unknown as Env,
    options: { 'offsets.commit.timeout.ms': 5000, 'group.coordinator.append.linger.ms': 0 },
    log: {
      appendAsCoordinator: () => errors.shift() ?? Errors.NONE,
      highWatermark: () => 0,
      logEndOffset: () => 0,
      maxMessageBytes: 1_000_000,
    },
    disk: { admit: () => false },
    numbers: { next: () => 1 },
  } as unknown as CoordinatorParts
  const offsets = { replay: () => undefined, revertTo: () => undefined } as unknown as GroupOffsets
  const owner = { onCompleted: (event: WriteEvent, error: number) => void outcomes.set(event, error) }
  return { writes: new CoordinatorWrites(parts, 1, 1, offsets, owner), outcomes }
}

function outcomesOf(error: number): readonly number[] {
  const { writes, outcomes } = slow([error])
  const record = {
    type: 'OffsetCommit',
    groupId: 'g',
    tp: 1,
    offset: 5,
    leaderEpoch: 0,
    generationId: 1,
    node: 4,
    commitTimestampMs: 0,
  } as const
  writes.append(new WriteEvent(null, null, null, 1e9), [record], { producerId: 7, producerEpoch: 0, guard: 1 })
  const ended = { producerId: 8, producerEpoch: 1, transactionVersion: 2 }
  writes.appendMarker(ended, { type: 'COMMIT', coordinatorEpoch: 0 }, 1, () => undefined)
  writes.write()
  return [...outcomes.values()]
}

test('what is wrong with a transaction is nothing to the marker of another that waits behind it for a slow disk', () => {
  expect(outcomesOf(Errors.INVALID_TXN_STATE)).toEqual([Errors.INVALID_TXN_STATE, Errors.COORDINATOR_NOT_AVAILABLE])
  expect(outcomesOf(Errors.INVALID_PRODUCER_EPOCH)).toEqual([
    Errors.INVALID_PRODUCER_EPOCH,
    Errors.COORDINATOR_NOT_AVAILABLE,
  ])
})

test('that nothing can be written is told to all', () => {
  expect(outcomesOf(Errors.NOT_ENOUGH_REPLICAS)).toEqual([Errors.NOT_ENOUGH_REPLICAS, Errors.NOT_ENOUGH_REPLICAS])
})
