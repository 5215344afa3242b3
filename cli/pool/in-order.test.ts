import { expect, test } from 'vitest'
import { InOrder } from './in-order.ts'

test('gives values on in the order of their index', () => {
  const seen: string[] = []
  const order = new InOrder<string>((index, value) => seen.push(`${index}${value}`))
  order.push(2, 'c')
  order.push(0, 'a')
  expect(seen).toEqual(['0a'])
  order.push(1, 'b')
  expect(seen).toEqual(['0a', '1b', '2c'])
  expect(order.expected).toBe(3)
})

test('gives what lies behind gaps when it is flushed, in order', () => {
  const seen: number[] = []
  const order = new InOrder<true>((index) => seen.push(index))
  for (const index of [12, 2, 0, 5]) order.push(index, true)
  order.flush()
  expect(seen).toEqual([0, 2, 5, 12])
})
