import { expect, test } from 'vitest'
import { SIGNAL_EVENT } from '../../kernel/kernel.ts'
import { tpOf } from '../../history/ids.ts'
import { Errors } from '../protocol/errors.ts'
import { DELETE_TOPIC } from './operator-requests.ts'
import { Bench, TOPIC_ID } from './harness.test.support.ts'

// What an operator deletes with `kafka-topics --delete`.

function remove(bench: Bench, topicId: number): void {
  bench.kernel.deliver(0, SIGNAL_EVENT, DELETE_TOPIC, topicId, 0, null)
}

test('a topic goes with its partitions, also after a restart, and changes of them are refused', () => {
  const bench = new Bench({ partitions: 2 })
  remove(bench, TOPIC_ID)
  expect(bench.view.topicNamed('t')).toBeNull()
  expect(bench.view.partition(tpOf(TOPIC_ID, 1))).toBeUndefined()
  expect(bench.alter(1, [1, 2]).partitions[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_ID)
  bench.restart()
  bench.pass(20_000_000)
  expect(bench.view.topicNamed('t')).toBeNull()
})

test('one that is not there is left alone (UNKNOWN_TOPIC_ID)', () => {
  const bench = new Bench()
  const { endOffset } = bench.disk
  remove(bench, 9)
  expect(bench.disk.endOffset).toBe(endOffset)
})
