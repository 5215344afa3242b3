import { expect, test } from 'vitest'
import { EVERY_OPERATION, IoFailures, IoOperation } from './io-failures.ts'

const { read, write, flush } = IoOperation

test('only the operations that a fault names fail', () => {
  const failures = new IoFailures()
  expect(failures.fails(EVERY_OPERATION)).toBe(false)
  failures.begin(write)
  expect([read, write, flush, write | flush].map((each) => failures.fails(each))).toEqual([false, true, false, true])
})

test('overlapping faults last for the union of their durations, each operation for itself', () => {
  const failures = new IoFailures()
  failures.begin(write)
  failures.begin(EVERY_OPERATION)
  failures.end(write)
  expect(failures.fails(write)).toBe(true)
  failures.end(EVERY_OPERATION)
  failures.end(EVERY_OPERATION)
  expect(failures.fails(EVERY_OPERATION)).toBe(false)
  failures.begin(flush)
  expect([failures.fails(flush), failures.fails(write)]).toEqual([true, false])
})
