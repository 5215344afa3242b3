import { describe, expect, test } from 'vitest'
import type { RunResult } from '../../properties/verdict.ts'
import { scenario } from '../../reports/sample.test.support.ts'
import { WORKER } from '../built.test.support.ts'
import { Nondeterminism, RunFailure } from './failures.ts'
import { type JudgeAllEnd, type JudgeAllOptions, judgeAll } from './judge-all.ts'
import { StopSignal } from './stop.ts'
import type { RunTask } from './tasks.ts'

// Threads run what `tsc -b` made of the sources.
const PARTS = {
  judgeModule: new URL('../../dist/cli/fake-judge.test.support.js', import.meta.url).href,
  workerScript: WORKER,
}

function task(count: number, ...tags: readonly string[]): RunTask {
  return { scenario: scenario({ title: `of ${count}`, tags }), first: 0, step: 1, count, options: {} }
}

interface Seen {
  readonly results: readonly (readonly [number, RunResult])[]
  readonly end: JudgeAllEnd
}

async function collect(options: Partial<JudgeAllOptions> & Pick<JudgeAllOptions, 'tasks' | 'jobs'>): Promise<Seen> {
  const results: (readonly [number, RunResult])[] = []
  const end = await judgeAll({
    stop: new StopSignal(),
    ...PARTS,
    ...options,
    onResult: (task, result) => {
      results.push([task, result])
      return options.onResult?.(task, result) ?? 'continue'
    },
  })
  return { results, end }
}

describe.each([1, 2, 3])('with %d jobs', (jobs) => {
  test('every result comes, in the order of tasks and runs', async () => {
    const { results, end } = await collect({ tasks: [task(30), task(1), task(50)], jobs })
    expect(results.map(([task, { run }]) => `${task}/${run}`)).toEqual([
      ...Array.from({ length: 30 }, (_, run) => `0/${run}`),
      '1/0',
      ...Array.from({ length: 50 }, (_, run) => `2/${run}`),
    ])
    expect(end).toEqual({ stopped: null, repeated: 7 })
  })

  test('bailing out ends with the lowest run, and nothing behind it is told', async () => {
    const { results, end } = await collect({
      tasks: [task(100, 'violate:17', 'slow:1')],
      jobs,
      onResult: (_, { verdicts }) => (verdicts[0]?.observed === 'violated' ? 'stop' : 'continue'),
    })
    expect(results.map(([, { run }]) => run)).toEqual(Array.from({ length: 18 }, (_, run) => run))
    expect(end.stopped).toBe('bail')
  })

  test('a run that fails is told with its run number, the lowest first', async () => {
    const failed = collect({ tasks: [task(3), task(40, 'throw:23')], jobs })
    await expect(failed).rejects.toThrow(RunFailure)
    await expect(failed).rejects.toMatchObject({ run: 23, message: 'made to fail in run 23', task: { count: 40 } })
  })

  test('a digest that does not come back is a nondeterminism', async () => {
    const failed = collect({ tasks: [task(40, 'flaky:20')], jobs })
    await expect(failed).rejects.toThrow(Nondeterminism)
    await expect(failed).rejects.toMatchObject({ run: 20 })
  })

  test('stopped from outside, it tells what is known', async () => {
    const stop = new StopSignal()
    const { results, end } = await collect({
      tasks: [task(100_000, 'slow:1')],
      jobs,
      stop,
      onResult: (_, { run }) => {
        if (run === 5) stop.stop('interrupted')
        return 'continue'
      },
    })
    expect(end).toEqual({ stopped: 'interrupted', repeated: 0 })
    expect(results.length).toBeGreaterThan(5)
    expect(results.length).toBeLessThan(5000)
    const runs = results.map(([, { run }]) => run)
    expect(runs).toEqual([...runs].sort((a, b) => a - b))
  })
})

test('workers that are far ahead wait for a slow run, and go on', async () => {
  const { results } = await collect({ tasks: [task(20_000, 'stall:0')], jobs: 3 })
  expect(results).toHaveLength(20_000)
})

test('a worker that dies is told with the run it was at', async () => {
  const failed = collect({ tasks: [task(40, 'die:11')], jobs: 2 })
  await expect(failed).rejects.toThrow(RunFailure)
  await expect(failed).rejects.toMatchObject({ run: 11 })
})

test('a judge that cannot be loaded is an error, not a hang', async () => {
  await expect(collect({ tasks: [task(40)], jobs: 2, judgeModule: 'file:///nowhere.js' })).rejects.toThrow(/nowhere/)
})
