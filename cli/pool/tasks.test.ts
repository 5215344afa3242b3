import { expect, test } from 'vitest'
import { scenario } from '../../reports/sample.test.support.ts'
import { Agenda, type RunTask, shardOf } from './tasks.ts'

function task(count: number, first = 0, step = 1): RunTask {
  return { scenario: scenario(), first, step, count, options: {} }
}

test('runs of all tasks follow one another, empty tasks left out', () => {
  const agenda = new Agenda([task(2), task(0), task(3, 1, 4), task(0)])
  const items = Array.from({ length: agenda.total }, (_, index) => agenda.at(index))
  expect(items.map(({ task, run }) => [task, run])).toEqual([
    [0, 0],
    [0, 1],
    [2, 1],
    [2, 5],
    [2, 9],
  ])
  expect(() => agenda.at(5)).toThrow(RangeError)
})

test.each([1, 2, 3, 7])('%d shards have every run between them, once', (of) => {
  const runs: number[] = []
  for (let index = 1; index <= of; index++) {
    const { first, step, count } = shardOf(10, index, of)
    for (let n = 0; n < count; n++) runs.push(first + n * step)
  }
  expect(runs.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('of several runs one in twenty is repeated and the last, of single runs too', () => {
  const repeated = (agenda: Agenda): number =>
    Array.from({ length: agenda.total }, (_, index) => agenda.at(index)).filter((item) => agenda.isRepeated(item))
      .length
  expect(repeated(new Agenda([task(2)]))).toBe(2)
  expect(repeated(new Agenda([task(100), task(20)]))).toBe(8)
  expect(repeated(new Agenda(Array.from({ length: 40 }, () => task(1))))).toBe(3)
})

test('in turns, tasks share an early end; those with fewer runs drop out on the way', () => {
  const agenda = new Agenda([task(2), task(0), task(4, 1, 4), task(3)], 'turns')
  const items = Array.from({ length: agenda.total }, (_, index) => agenda.at(index))
  expect(items.map(({ task, run }) => [task, run])).toEqual([
    [0, 0],
    [2, 1],
    [3, 0],
    [0, 1],
    [2, 5],
    [3, 1],
    [2, 9],
    [3, 2],
    [2, 13],
  ])
  expect(items.filter((item) => agenda.isRepeated(item, 100)).map(({ index }) => index)).toEqual([0, 1, 2, 3, 7, 8])
})
