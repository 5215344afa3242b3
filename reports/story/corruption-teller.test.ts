import { describe, expect, test } from 'vitest'
import { tellStory } from '../story.ts'
import { BROKER_1, CHECKOUT, ORDERS, record, TraceWriter } from '../trace.test.support.ts'

function lines(trace: TraceWriter, names: readonly string[] = ['checkout#0/5']): readonly string[] {
  const violation = { kind: 'ghost-record', atUs: 400_000, records: names }
  return tellStory(trace.chunks(), { violation, faults: [] })
    .lines.filter(({ atUs }) => atUs >= 200_000)
    .map(({ text }) => text)
}

/** Record 5 lies at offset 5 of broker 1. */
function written(): TraceWriter {
  return new TraceWriter().send(100, 5).append(150, BROKER_1, 5, 5, true).at(200)
}

const AT_5 = { tp: ORDERS, offset: 5 }

describe('what becomes of a copy whose bytes change', () => {
  test('who finds it, and what compaction makes of it', () => {
    const trace = written()
      .tell('batch.corrupted', BROKER_1, { ...AT_5, last: 5 })
      .tell('corruption.found', CHECKOUT, { ...AT_5, batch: ~record(5) })
      .tell('batch.rewritten', BROKER_1, { ...AT_5, healed: false })
    expect(lines(trace)).toEqual([
      'the bytes of checkout#0/5 at offset 5 of orders-0 change on the disk of broker-1',
      'checkout#0 finds the batch at offset 5 of orders-0 corrupt, and does not take it',
      'broker-1 compacts the batch at offset 5 of orders-0: nobody can tell any more that it is damaged',
      'here it is certain: ghost-record',
    ])
  })

  test('nothing of batches that are somebody else’s', () => {
    const trace = written().tell('batch.corrupted', BROKER_1, { tp: ORDERS, offset: 4, last: 4 })
    expect(lines(trace)).toEqual(['here it is certain: ghost-record'])
  })

  test('a reader is handed what it is now, under the name of what it was', () => {
    const trace = written().tell('record.delivered', CHECKOUT, { ...AT_5, record: ~record(5) })
    expect(lines(trace, ['checkout#0/5 (damaged)'])).toEqual([
      'checkout#0 is handed checkout#0/5 (damaged), offset 5 of orders-0',
      'here it is certain: ghost-record',
    ])
  })
})
