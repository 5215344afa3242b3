import { expect, test } from 'vitest'
import { SubmittedRecords } from './submitted-records.ts'

function submitted(rows: number, from = 0): SubmittedRecords {
  const records = new SubmittedRecords(from)
  for (let row = from; row < from + rows; row++) records.submit(row)
  return records
}

test('an acknowledgement behind a row without one commits nothing', () => {
  const records = submitted(3)
  records.ack(1)
  records.ack(2)
  expect([records.committable, records.pending]).toEqual([0, 1])
  records.ack(0)
  expect([records.committable, records.pending, records.end]).toEqual([3, 0, 3])
})

test('it goes on where the offsets say', () => {
  const records = submitted(2, 7)
  expect([records.committable, records.pending, records.end]).toEqual([7, 2, 9])
  records.ack(7)
  expect([records.committable, records.pending]).toEqual([8, 1])
})
