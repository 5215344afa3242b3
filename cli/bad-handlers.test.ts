import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import type { ResultDocument } from '../reports/result.ts'
import { MAIN } from './built.test.support.ts'

/** Handlers that do what they may not, as their author sees it. */
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'twiceshy-bad-'))
const PATIENCE = 240_000
const READING = "config: { 'group.id': 'g', 'auto.offset.reset': 'earliest' }"

afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function started(script: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' })
}

function twiceshy(...args: readonly string[]): Ended {
  const { status, stdout, stderr } = started(MAIN, args)
  return { code: status, out: stdout, err: stderr }
}

/** The package as installed by somebody who has none of what it is developed with. */
function withoutJiti(): string {
  const bare = join(folder, 'bare')
  cpSync(join(root, 'dist'), join(bare, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(bare, 'package.json'))
  mkdirSync(join(bare, 'node_modules'))
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  for (const name of Object.keys(dependencies))
    symlinkSync(join(root, 'node_modules', name), join(bare, 'node_modules', name), 'dir')
  return join(bare, 'dist/bundle/cli/main.js')
}

/** A scenario of that name whose handler is that factory. */
function scenario(name: string, factory: string): string {
  const text = `const handler = ${factory}
export default {
  scenario: '${name}',
  topics: { orders: {}, sums: {} },
  producers: { checkout: { to: 'orders', send: { records: 5 }, config: { acks: 'all' } } },
  processors: { sum: { from: 'orders', to: 'sums', commit: 'after-output', handler, ${READING} } },
  run: { runs: 2 },
  expect: { 'at-least-once': 'holds' },
}
`
  writeFileSync(join(folder, `${name}.mjs`), text)
  return `${name}.mjs`
}

test.each([
  ['clock', '() => () => ({ value: String(Date.now()) })', 'reaches for Date.now (clock.mjs:1)', 'context.now()'],
  ['home', '() => () => ({ value: process.env.HOME })', 'reaches for process.env.HOME (home.mjs:1)', 'nothing outside'],
  ['nonsense', '() => () => 7', 'returned 7', '{ key, value }'],
  ['never', '() => () => new Promise(() => {})', 'never finishes', 'context.sleep()'],
  ['loops', '() => () => { for (;;); }', 'did not come back within', 'endless loop'],
  [
    'writes',
    '() => (record) => { record.value = 1 }',
    'changes the record that it was given (writes.mjs:1)',
    'new object',
  ],
  ['stray', '() => () => { queueMicrotask(() => { throw Error("later") }) }', 'did not wait for it: later', 'await'],
])(
  'what a handler may not do ends with exit code 2, its line, and what to do: %s',
  (name, factory, said, help) => {
    const { code, out, err } = twiceshy('run', scenario(name, factory))
    expect(code).toBe(2)
    expect(err.split('\n')[0]).toContain(`error: ${name}.mjs: ${name}, run 0 · seed 1: the handler of \`sum\` `)
    expect(err).toContain(said)
    expect(err.split('\n')[1]).toMatch(/^ {2}help: /)
    expect(err).toContain(help)
    expect(err.split('\n')).toHaveLength(3)
    expect(out).toContain('1 scenario: 1 not judged')
    expect(out).toContain('stopped by a handler that did what it may not')
  },
  PATIENCE,
)

test(
  'what was judged before is told all the same, in every format',
  () => {
    const files = [scenario('before', '() => () => ({})'), scenario('middle', '() => () => { Math.random() }')]
    files.push(scenario('behind', '() => () => ({})'))
    const text = twiceshy('run', ...files, '--jobs', '1')
    expect(text.code).toBe(2)
    expect(text.out).toContain('✓ before')
    expect(text.out).toContain('3 scenarios: 1 met, 2 not judged')
    const { code, out, err } = twiceshy('run', ...files, '--jobs', '2', '--json')
    expect({ code, err }).toEqual({ code: 2, err: text.err })
    const { scenarios, summary, error } = JSON.parse(out) as ResultDocument
    expect(scenarios.map((each) => [each.scenario, each.met])).toEqual([['before', true]])
    expect(summary).toMatchObject({ met: 1, notJudged: 2, stopped: 'refused' })
    expect(error).toMatch(/^middle\.mjs: middle, run 0 · seed 1: the handler of `sum` reaches for Math\.random/)
    const junit = twiceshy('run', ...files, '--reporter', 'junit')
    expect(junit.out).toContain('<error message="middle.mjs: middle, run 0')
    const searched = twiceshy('fuzz', ...files, '--runs', '2')
    expect({ code: searched.code, err: searched.err }).toEqual({ code: 2, err: text.err })
    expect(searched.out).toContain('nothing found in 1')
  },
  PATIENCE,
)

test(
  'a handler that always throws is judged: its group gets no further, and what it threw is told',
  () => {
    const { code, out, err } = twiceshy('run', scenario('throws', '() => () => { throw { code: 7 } }'), '--runs', '1')
    expect({ code, err }).toEqual({ code: 3, err: '' })
    expect(out).toContain('waits for a restart: its handler threw { code: 7 }')
  },
  PATIENCE,
)

// Newer Node versions strip types themselves.
test.skipIf(!process.version.startsWith('v20.'))(
  'TypeScript on a Node that reads none is refused with what to do, for scenarios and for handlers',
  () => {
    writeFileSync(join(folder, 'own.ts'), 'export default (): unknown => () => ({})\n')
    writeFileSync(
      join(folder, 'own.yaml'),
      `scenario: own
topics: { orders: {}, sums: {} }
producers: { p: { to: orders } }
processors: { sum: { from: orders, to: sums, commit: after-output, handler: ./own.ts, ${READING} } }
expect: { at-least-once: holds }
`,
    )
    const bare = withoutJiti()
    for (const file of ['own.ts', 'own.yaml']) {
      const { status: code, stdout: out, stderr: err } = started(bare, ['run', file])
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain(`Node ${process.versions.node} cannot read .ts modules such as own.ts`)
      expect(err).toContain('help: use Node 22.18 or newer, which strips types itself, `npm i -D jiti`, or build it')
      expect(err).not.toMatch(/^ +at /m)
    }
  },
  PATIENCE,
)
