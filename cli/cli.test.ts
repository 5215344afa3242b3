import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ResultDocument } from '../reports/result.ts'

// The built command line, with the real loader and, where it is built, the real judge.
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const JUDGE = fileURLToPath(new URL('../dist/properties/judge.js', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'twiceshy-cli-'))

function twiceshy(...args: readonly string[]): {
  readonly code: number | null
  readonly out: string
  readonly err: string
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

const SCENARIO = `
scenario: three replicas
topics: { orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 } }
producers: { checkout: { to: orders, send: { records: 50, every: 10ms } } }
expect: { durability: holds, publish/exactly-once: holds }
run: { for: 10s, runs: 6 }
`

beforeAll(() => {
  writeFileSync(join(folder, 'good.yaml'), SCENARIO)
  writeFileSync(
    join(folder, 'bad.yaml'),
    SCENARIO.replace('min.insync.replicas: 2', 'min.insync.replica: 2').replace('10ms', '10'),
  )
})

describe('without judging', () => {
  test('--version tells the version of the package, quickly', () => {
    const began = performance.now()
    expect(twiceshy('--version')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^twiceshy \d+\.\d+\.\d+\n$/) as string,
    })
    expect(performance.now() - began).toBeLessThan(5000)
  })

  test('every mistake of a file is told with its place', () => {
    const { code, out, err } = twiceshy('run', 'bad.yaml')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('did you mean `min.insync.replicas`?')
    expect(err).toMatch(/bad\.yaml:3:\d+/)
    expect(err).toMatch(/bad\.yaml:4:\d+/)
    expect(err).toContain('2 mistakes in 1 file; nothing was run')
  })

  test('schema and list print from the tables of the program', () => {
    expect(JSON.parse(twiceshy('schema').out)).toHaveProperty('$schema')
    expect(twiceshy('list', 'scenarios', 'good.yaml').out).toContain(
      'three replicas  6 runs  good.yaml: durability holds',
    )
  })

  test('what init writes can be loaded', () => {
    expect(twiceshy('init', 'new').code).toBe(0)
    expect(twiceshy('list', 'scenarios', 'new/scenarios')).toMatchObject({ code: 0, err: '' })
  })

  test('a module is loaded like any other file', () => {
    writeFileSync(
      join(folder, 'm.mjs'),
      'export default { scenario: "from code", producers: { p: { to: "nowhere" } } }',
    )
    const { code, err } = twiceshy('run', 'm.mjs')
    expect(code).toBe(2)
    expect(err).toContain('nowhere')
  })
})

describe.skipIf(!existsSync(JUDGE))('with the simulator', () => {
  test('a scenario that holds is met, the same with any number of jobs', () => {
    const one = twiceshy('run', 'good.yaml', '--json', '--jobs', '1')
    expect({ code: one.code, err: one.err }).toEqual({ code: 0, err: '' })
    const [result] = (JSON.parse(one.out) as ResultDocument).scenarios
    expect(result).toMatchObject({ runs: 6, met: true, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
    expect(result?.expectations.every(({ judged }) => judged >= 50)).toBe(true)
    expect(twiceshy('run', 'good.yaml', '--json', '--jobs', '3').out).toBe(one.out)
  })

  test('another seed is another run', () => {
    const digest = (seed: string): string | undefined =>
      (JSON.parse(twiceshy('run', 'good.yaml', '--json', '--runs', '1', '--seed', seed).out) as ResultDocument)
        .scenarios[0]?.digest
    expect(digest('2')).not.toBe(digest('1'))
  })

  test('the first scenario that init writes is met', () => {
    twiceshy('init', 'first')
    const { code, out, err } = twiceshy('run', 'first/scenarios')
    expect({ code, err, out }).toMatchObject({ code: 0, err: '' })
  })

  test('threads, queues and another time zone and language make no difference', () => {
    const { code, out } = twiceshy('check-determinism', 'good.yaml', '--runs', '3', '--node', process.execPath)
    expect(out).toContain('12 runs in 4 ways, every digest the same')
    expect(code).toBe(0)
  })

  test('the main job judges the library, and all of it is as expected', () => {
    const { code, out } = twiceshy()
    expect(out).toMatch(/\d+ scenarios?: \d+ met · /)
    expect(code).toBe(0)
  })
})
