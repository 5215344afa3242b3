import { expect, test } from 'vitest'
import { tellStory } from '../story.ts'
import { BROKER_1, ORDERS, TraceWriter } from '../trace.test.support.ts'

function lines(trace: TraceWriter): readonly string[] {
  const violation = { kind: 'lost-record', atUs: 400_000, records: ['checkout#0/5'] }
  return tellStory(trace.chunks(), { violation, faults: [] })
    .lines.filter(({ atUs }) => atUs >= 200_000)
    .map(({ text }) => text)
}

/** Record 5 lies at offset 5 of broker 1. */
function written(): TraceWriter {
  return new TraceWriter().send(100, 5).append(150, BROKER_1, 5, 5, true).at(200)
}

test('what operators do to the topic of a record', () => {
  const rules = { topic: 'orders', topicId: ORDERS >>> 16, minIsr: 1, unclean: false }
  const trace = written()
    .tell('config.committed', BROKER_1, rules)
    .tell('config.applied', BROKER_1, rules)
    .tell('topic.deleted', BROKER_1, { topic: 'orders', topicId: ORDERS >>> 16, partitions: 1 })
  expect(lines(trace)).toEqual([
    'orders gets other settings: min.insync.replicas is 1, unclean elections are not allowed',
    'broker-1 goes by the other settings of orders',
    'orders is deleted, with all that is in it',
    'here it is certain: lost-record',
  ])
})

test('nothing of topics that are not its own', () => {
  const trace = written().tell('topic.deleted', BROKER_1, { topic: 'payments', topicId: 9, partitions: 1 })
  expect(lines(trace)).toEqual(['here it is certain: lost-record'])
})
