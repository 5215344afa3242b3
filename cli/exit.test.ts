import { expect, test } from 'vitest'
import { EXIT, type ExitCode, exitOf } from './exit.ts'

test.each<[readonly ExitCode[], ExitCode]>([
  [[], 0],
  [[0, 0], 0],
  [[0, 4], 4],
  [[4, 3], 3],
  [[3, 1, 4], 1],
  [[1, 2, 3], 2],
  [[2, 70, 1], 70],
  [[70, 130, 2], 130],
])('of %j the exit code is %d', (codes, exit) => {
  expect(exitOf(codes)).toBe(exit)
})

test('every code has a place in the order', () => {
  for (const code of Object.values(EXIT)) expect(exitOf([code])).toBe(code)
})
