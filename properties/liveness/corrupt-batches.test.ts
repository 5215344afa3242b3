import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { tpOf } from '../../sim/history/ids.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import { ConsumingHistory, ORDERS } from '../testing/consuming.test.helper.ts'
import { History } from '../testing/history.test.helper.ts'

const INDEX = partitionFor('billing-group', 50)
const OFFSETS = tpOf(9, INDEX)

/** Two records of which the group has done the first. */
function behind(): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['billing'] })
  const [node] = h.billing as [number, number]
  h.emit(M.leaderElected, 0, OFFSETS, 1, 0, 0, 0b1110, 0, 0).emit(M.coordinatorLoaded, 1, OFFSETS, 0, 0, 0)
  h.at(10).put(0)
  h.put(1)
  h.rebalanced('billing', 1).assigned('billing', node, 1)
  return h.handles(node, h.record(0), 0).commits('billing', node, 1)
}

function ruleOf(h: History): string {
  const found = h.ended('heal-limit').waiting.find(({ kind }) => kind === 'stuck-group')
  return found?.rule ?? 'nobody waits'
}

describe('a group waits', () => {
  test('for a batch that its leader holds corrupt', () => {
    expect(ruleOf(behind().at(20).emit(M.batchCorrupted, 1, ORDERS, 1, 1).at(90))).toBe(
      'the batch at offset 1 is corrupt on the disk of broker-1 since 0.020s: with check.crcs poll() throws until the application ' +
        'seeks past it, and the leader does not look at it',
    )
  })

  test('not for one that it has read, nor for one of a follower', () => {
    expect(ruleOf(behind().at(20).emit(M.batchCorrupted, 1, ORDERS, 0, 0).at(90))).not.toContain('corrupt')
    expect(ruleOf(behind().at(20).emit(M.batchCorrupted, 2, ORDERS, 1, 1).at(90))).not.toContain('corrupt')
  })

  test('for offsets that its coordinator could not read, until it has', () => {
    const unread = (): ConsumingHistory => behind().at(20).emit(M.corruptionFound, 1, OFFSETS, 7, -1).at(90)
    expect(ruleOf(unread())).toBe(
      `broker-1 could not read the record at offset 7 of __consumer_offsets-${INDEX} at 0.020s: it does not coordinate what is kept ` +
        'there, and answers NOT_COORDINATOR',
    )
    expect(ruleOf(unread().emit(M.coordinatorLoaded, 1, OFFSETS, 1, 1, 0))).not.toContain('could not read')
    expect(ruleOf(behind().at(20).emit(M.corruptionFound, 2, OFFSETS, 7, -1).at(90))).not.toContain('could not read')
  })
})

test('a follower waits for what its leader holds corrupt', () => {
  const h = new History().at(10).formed().published(0, 0, 1, 0, [2]).at(20)
  const [wait] = h.emit(M.batchCorrupted, 1, h.tp, 0, 0).at(90).ended('heal-limit').waiting
  expect(wait?.rule).toBe(
    'the batch at offset 0 is corrupt on the disk of broker-1 since 0.020s: followers refuse it and ask again every ' +
      'replica.fetch.backoff.ms, and their leader does not look at it',
  )
})
