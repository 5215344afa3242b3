import { describe, expect, it } from 'vitest'
import { isolationCuts, pairOf, partitionCuts } from './cuts.ts'

const COUNT = 5
const pairs = (cuts: readonly number[]): readonly string[] =>
  cuts.map((cut) => `${Math.floor(cut / COUNT)}>${cut % COUNT}`).sort((a, b) => (a < b ? -1 : 1))

describe('partitionCuts', () => {
  it('cuts between groups, both ways, and leaves others alone', () => {
    expect(pairs(partitionCuts([[0], [1, 2]], COUNT))).toEqual(['0>1', '0>2', '1>0', '2>0'])
  })
  it('lets a node in two groups see both', () => {
    expect(
      pairs(
        partitionCuts(
          [
            [0, 1],
            [1, 2],
          ],
          COUNT,
        ),
      ),
    ).toEqual(['0>2', '2>0'])
  })
  it('cuts nothing for one group or none', () => {
    expect(partitionCuts([[0, 1, 2]], COUNT)).toEqual([])
    expect(partitionCuts([], COUNT)).toEqual([])
  })
})

describe('isolationCuts', () => {
  it('cuts what is sent, what is received, or both', () => {
    expect(pairs(isolationCuts([1], 'out', [2, 3], COUNT))).toEqual(['1>2', '1>3'])
    expect(pairs(isolationCuts([1], 'in', [2, 3], COUNT))).toEqual(['2>1', '3>1'])
    expect(pairs(isolationCuts([1], 'both', [2], COUNT))).toEqual(['1>2', '2>1'])
  })
  it('cuts off from everybody outside, not from each other', () => {
    expect(pairs(isolationCuts([0, 1], 'out', null, COUNT))).toEqual(['0>2', '0>3', '0>4', '1>2', '1>3', '1>4'])
  })
  it('never cuts a node from itself, nor a pair twice', () => {
    expect(isolationCuts([1, 2], 'both', [1, 2], COUNT)).toHaveLength(2)
    expect(isolationCuts([1], 'both', [1], COUNT)).toEqual([])
    expect(isolationCuts([0], 'out', [1], COUNT)).toEqual([pairOf(0, 1, COUNT)])
  })
})
