import { expect, test } from 'vitest'
import { divergenceLines } from './divergence.ts'
import { TraceWriter } from './trace.test.support.ts'

test('equal traces do not part', () => {
  expect(divergenceLines(new TraceWriter().send(1, 1).chunks(), new TraceWriter().send(1, 1).chunks())).toBeNull()
})

test('both sides of the first difference are named, after what was last the same', () => {
  const lines = divergenceLines(new TraceWriter().send(1, 1).chunks(), new TraceWriter().send(1, 2).chunks())
  expect(lines?.map((line) => line.replace(/record \d+/, 'record n'))).toEqual([
    'the traces part at record n:',
    'before  0.000000 s controller-1 leader.elected tp=orders-0 leader=broker-1 epoch=0 partitionEpoch=0 isr=[broker-1 broker-2 broker-3] unclean=no',
    'first   0.001000 s checkout#0 record.sent record=checkout#0/1 attempt=0 tp=orders-0 key=0',
    'second  0.001000 s checkout#0 record.sent record=checkout#0/2 attempt=0 tp=orders-0 key=0',
  ])
})

test('one may be the beginning of the other', () => {
  const lines = divergenceLines(new TraceWriter().chunks(), new TraceWriter().send(1, 1).chunks()) ?? []
  expect(lines).toHaveLength(4)
  expect(lines[2]).toBe('first   the trace has ended')
  expect(lines[3]).toContain('record.sent')
})
