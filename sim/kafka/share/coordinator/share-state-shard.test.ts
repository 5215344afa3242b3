import { describe, expect, test } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Errors } from '../../protocol/errors.ts'
import type { PersisterStateBatch, WriteShareGroupStateRequest } from '../../protocol/share-messages.ts'
import type { ShareStateRecord } from '../../protocol/share-state-records.ts'
import { RecordState } from '../record-state.ts'
import { ShareStateShard } from './share-state-shard.ts'

const KEY = { groupId: 'g', tp: tpOf(1, 0) }
const done = (firstOffset: number, lastOffset: number): PersisterStateBatch => {
  return { firstOffset, lastOffset, deliveryState: RecordState.ACKNOWLEDGED, deliveryCount: 1 }
}

function write(more: Partial<WriteShareGroupStateRequest> = {}): WriteShareGroupStateRequest {
  return { ...KEY, leaderEpoch: 3, stateEpoch: 0, startOffset: 0, stateBatches: [], ...more }
}

/** Writes as the coordinator does; returns the records. */
function written(
  shard: ShareStateShard,
  ...requests: readonly WriteShareGroupStateRequest[]
): readonly ShareStateRecord[] {
  return requests.map((request) => {
    expect(shard.writeError(request)).toBe(Errors.NONE)
    const record = shard.recordFor(request)
    shard.replay(record)
    return record
  })
}

test('of what nobody has written there is no start', () => {
  const read = new ShareStateShard(500).read({ ...KEY, leaderEpoch: 0 })
  expect(read).toEqual({ errorCode: Errors.NONE, stateEpoch: 0, startOffset: -1, stateBatches: [] })
})

test('a snapshot comes first, then updates, then a snapshot of everything', () => {
  const shard = new ShareStateShard(2)
  const writes = [0, 1, 2, 3].map((n) => write({ stateBatches: [done(n, n)] }))
  const records = written(shard, ...writes)
  expect(records.map(({ type, snapshotEpoch }) => [type, snapshotEpoch])).toEqual([
    ['ShareSnapshot', 0],
    ['ShareUpdate', 0],
    ['ShareUpdate', 0],
    ['ShareSnapshot', 1],
  ])
  expect(records[3]?.stateBatches).toEqual([done(0, 3)])
})

test('replaying the log gives what writing gave', () => {
  const shard = new ShareStateShard(3)
  const writes = [0, 4, 2, 9, 7, 5].map((n) => write({ startOffset: Math.min(n, 3), stateBatches: [done(n, n + 1)] }))
  const records = written(shard, ...writes)
  const other = new ShareStateShard(3)
  for (const record of records) other.replay(record)
  expect(other.read({ ...KEY, leaderEpoch: 3 })).toEqual(shard.read({ ...KEY, leaderEpoch: 3 }))
})

describe('fences', () => {
  const known = (): ShareStateShard => {
    const shard = new ShareStateShard(500)
    written(shard, write({ stateEpoch: 2, startOffset: 5 }))
    return shard
  }

  test.each([
    ['an older leader', { leaderEpoch: 2, stateEpoch: 2 }, Errors.FENCED_LEADER_EPOCH],
    ['an older state', { leaderEpoch: 3, stateEpoch: 1 }, Errors.FENCED_STATE_EPOCH],
    ['both', { leaderEpoch: 2, stateEpoch: 1 }, Errors.FENCED_LEADER_EPOCH],
    ['neither', { leaderEpoch: 3, stateEpoch: 2 }, Errors.NONE],
    ['a newer leader', { leaderEpoch: 4, stateEpoch: 2 }, Errors.NONE],
  ])('a write of %s', (_, epochs, error) => {
    expect(known().writeError(write(epochs))).toBe(error)
  })

  test('a leader that reads is known, and older ones read and write no more', () => {
    const shard = known()
    const record = shard.leaderRecordFor({ ...KEY, leaderEpoch: 4 })
    expect(record).toMatchObject({ leaderEpoch: 4, startOffset: -1, stateEpoch: 2 })
    shard.replay(record as ShareStateRecord)
    expect(shard.leaderRecordFor({ ...KEY, leaderEpoch: 4 })).toBeNull()
    expect(shard.readError({ ...KEY, leaderEpoch: 3 })).toBe(Errors.FENCED_LEADER_EPOCH)
    expect(shard.writeError(write({ stateEpoch: 2 }))).toBe(Errors.FENCED_LEADER_EPOCH)
    expect(shard.read({ ...KEY, leaderEpoch: 4 }).startOffset).toBe(5)
  })
})
