import { expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { History } from '../testing/history.test.helper.ts'

// A record that went with its topic is not lost; one that was lost before is.

const THREE = [1, 2, 3] as const

function deleted(h: History): History {
  h.emit(M.topicDeleted, 0, 0, 1, 1)
  for (const node of THREE) h.emit(M.logDeleted, node, h.tp, 1, 0)
  return h.emit(M.nodePowerLost, 1, 1).emit(M.diskWiped, 2, 1)
}

function history(): History {
  return new History({ minIsr: 2 }).formed()
}

test('records that were there until the topic was deleted are lost by nobody', () => {
  const ended = deleted(history().published(0)).ended()
  expect(ended.broken()).toEqual([])
  for (const guarantee of ['durability', 'committed-durability', 'replica-agreement'] as const) {
    expect(ended.of(guarantee).observed).toBe('holds')
  }
})

test('a replica that is given up while the topic is there is a loss where no other one holds the record', () => {
  const h = history().published(0)
  for (const node of [2, 3]) h.emit(M.logDeleted, node, h.tp, 1, 0)
  h.crashed(1).elect(2, 1, 1, [2, 3]).began(2, 1, 0, 0, [2, 3])
  expect(h.ended().of('durability').observed).toBe('violated')
})

test('what was lost before the topic was deleted stays lost', () => {
  const h = history().published(0).crashed(1).elect(2, 1, 1, [2, 3])
  h.emit(M.logTruncated, 2, h.tp, 0, 1).began(2, 1, 0, 0, [2, 3])
  expect(deleted(h).ended().of('durability').observed).toBe('violated')
})
