import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { expectation } from '../reports/sample.test.support.ts'
import type { ResultDocument } from '../reports/result.ts'
import { bench, type Bench } from './fake-context.test.support.ts'

let at: Bench
beforeEach(() => {
  at = bench()
})

const PROGRESS = expectation({ guarantee: 'progress' })

test('judges what any variant names for all of them; what a variant does not name counts for nothing', async () => {
  // The made-up judge breaks every guarantee in run 0 of the base.
  at.file('a.yaml', [
    { title: 'a', runs: 2, tags: ['violate:0'], expect: [expectation({ expected: 'violated' })] },
    { title: 'a', variant: 'safe', runs: 2, expect: [PROGRESS] },
  ])
  const { exit, out } = await at.run('matrix', 'a.yaml')
  expect(exit).toBe(0)
  expect(out).toContain('              base  safe\n  durability  ✗     ✓\n  progress    ✗     ✓\n')
  expect(out).toContain('2 scenarios: 2 met · 4 runs\n')
})

test('its exit code is that of run, and any number of jobs shows the same', async () => {
  at.file('a.yaml', [
    { runs: 30, tags: ['violate:7'] },
    { variant: 'b', runs: 30, expect: [PROGRESS] },
  ])
  const one = await at.run('matrix', 'a.yaml', '--jobs', '1')
  expect(one.exit).toBe((await at.run('run', 'a.yaml')).exit)
  expect(one.exit).toBe(1)
  expect(one.out).toContain('durability  ✗!    ✓')
  expect(await at.run('matrix', 'a.yaml', '--jobs', '3')).toEqual(one)
})

test('json has what was observed beside the expectations, and the same digests as run', async () => {
  at.file('a.yaml', [{ runs: 2 }, { variant: 'b', runs: 2, expect: [PROGRESS] }])
  const document = JSON.parse((await at.run('matrix', 'a.yaml', '--json')).out) as ResultDocument
  expect(document.command).toBe('matrix')
  expect(document.scenarios.map((each) => each.expectations.map(({ guarantee }) => guarantee))).toEqual([
    ['durability'],
    ['progress'],
  ])
  expect(document.scenarios.map((each) => each.observations?.map(({ guarantee }) => guarantee))).toEqual([
    ['progress'],
    ['durability'],
  ])
  const run = JSON.parse((await at.run('run', 'a.yaml', '--json')).out) as ResultDocument
  expect(document.scenarios.map(({ runDigest }) => runDigest)).toEqual(run.scenarios.map(({ runDigest }) => runDigest))
})

test('markdown goes where it is wanted', async () => {
  at.file('a.yaml', [{ title: 'a' }])
  await at.run('matrix', 'a.yaml', '--reporter', 'markdown=m.md')
  expect(readFileSync(join(at.folder, 'm.md'), 'utf8')).toContain('| `durability` | ✓ |')
})

test.each([
  [['matrix', 'a.yaml', '--reporter', 'junit'], 2, 'matrix has no reporter junit'],
  [['matrix', 'nothing.yaml'], 2, 'there is no file or folder nothing.yaml'],
  [['matrix', 'a.yaml', '--filter', 'zzz'], 4, 'nothing matched'],
  [['matrix'], 2, "missing required argument 'scenarios'"],
])('%j', async (args, exit, message) => {
  at.file('a.yaml', [{ title: 'a' }])
  const ended = await at.run(...args)
  expect([ended.exit, ended.out]).toEqual([exit, ''])
  expect(ended.err).toContain(message)
})
