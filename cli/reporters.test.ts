import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectation } from '../reports/sample.test.support.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { bench } from './fake-context.test.support.ts'
import { chosenReporters, folderInCheckout } from './outputs.ts'

const span = { file: 'a.yaml', line: 9, column: 3, start: 0, end: 0 }
const LOST: Partial<Scenario> = { title: 'lost', runs: 2, tags: ['violate:1'], expect: [expectation({ span })] }
const ON_GITHUB = { GITHUB_ACTIONS: 'true' }

test('junit, github and markdown write to files of their own', async () => {
  const at = bench()
  at.file('a.yaml', [LOST, { title: 'held' }])
  const { exit, out } = await at.run(
    ...[
      'run',
      'a.yaml',
      '--set',
      'x=1',
      '--reporter',
      'junit=j.xml',
      '--reporter',
      'markdown=m.md',
      '--reporter',
      'github=g',
    ],
  )
  expect(exit).toBe(1)
  expect(out).toContain('2 scenarios: 1 met, 1 not met')
  expect(out).not.toContain('::error')
  const read = (name: string): string => readFileSync(join(at.folder, name), 'utf8')
  expect(read('j.xml')).toContain('<testsuites name="twiceshy" tests="4" failures="1" errors="0" skipped="0">')
  expect(read('m.md')).toContain('twiceshy run a.yaml --seed 1/1 --runs 1 -v --set x=1')
  expect(read('g')).toMatch(/^::error file=a\.yaml,line=9,col=3,title=durability%3A lost::violated: 1 of 2 runs/)
})

test('one of them may have standard output for itself', async () => {
  const at = bench()
  at.file('a.yaml', [LOST])
  const { out } = await at.run('run', 'a.yaml', '--reporter', 'markdown')
  expect(out.startsWith('<!-- twiceshy -->\n### ❌ twiceshy: 1 not met')).toBe(true)
})

describe('on GitHub Actions', () => {
  test('annotations follow the report', async () => {
    const at = bench({}, ON_GITHUB)
    at.file('a.yaml', [LOST])
    const { out } = await at.run('run', 'a.yaml', '--no-color')
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toBe('✗ lost')
    expect(lines.at(-2)).toMatch(/^1 scenario: 1 not met/)
    expect(lines.at(-1)).toMatch(/^::error file=a\.yaml,line=9/)
  })

  test('but not where standard output is a document', async () => {
    const at = bench({}, ON_GITHUB)
    at.file('a.yaml', [LOST])
    expect(JSON.parse((await at.run('run', 'a.yaml', '--json')).out)).toMatchObject({ command: 'run' })
    expect((await at.run('run', 'a.yaml', '--reporter', 'junit')).out).not.toContain('::error')
  })

  test('and not twice', () => {
    const names = (...chosen: Parameters<typeof chosenReporters>[0]): readonly string[] =>
      chosenReporters(chosen, false, ON_GITHUB).map(({ name }) => name)
    expect(names()).toEqual(['pretty', 'github'])
    expect(names({ name: 'github', file: 'g' })).toEqual(['pretty', 'github'])
    expect(names({ name: 'github', file: null })).toEqual(['github'])
    expect(names({ name: 'pretty', file: null }, { name: 'github', file: null })).toEqual(['pretty', 'github'])
    expect(names({ name: 'json', file: 'r.json' })).toEqual(['pretty', 'json', 'github'])
    expect(names({ name: 'markdown', file: null })).toEqual(['markdown'])
  })

  test('the folder below the root of the checkout stands before names of files', () => {
    const folder = (cwd: string, root: string): string => folderInCheckout(cwd, { GITHUB_WORKSPACE: root })
    expect(folder('/home/x/repo/services/a', '/home/x/repo')).toBe('services/a')
    expect(folder('/home/x/repo', '/home/x/repo')).toBe('')
    expect(folder('/tmp', '/home/x/repo')).toBe('')
    expect(folderInCheckout('/tmp', {})).toBe('')
  })
})
