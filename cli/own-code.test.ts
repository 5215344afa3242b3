import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { called, started } from './built.test.support.ts'

/** What docs/own-code.md says, done in an empty folder with the built package. */
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'twiceshy-own-'))
const PATIENCE = 240_000

beforeAll(() => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/twiceshy'), 'dir')
  for (const name of ['receipts.mjs', 'totals.mjs']) copyFileSync(join(root, 'docs/own-code', name), join(folder, name))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('the handler on the page is the handler in the file', () => {
  const page = readFileSync(join(root, 'docs/own-code.md'), 'utf8')
  const shown = /```js\n([^]*?)```/.exec(page)?.[1]
  expect(shown?.length).toBeGreaterThan(100)
  expect(readFileSync(join(root, 'docs/own-code/receipts.mjs'), 'utf8')).toContain(shown)
})

test(
  'a handler of one’s own is judged: right, wrong, and in a transaction; the same with any number of jobs',
  async () => {
    const one = await called(folder, 'run', 'receipts.mjs', '--runs', '3', '--jobs', '1', '--json')
    expect({ code: one.code, err: one.err }).toEqual({ code: 0, err: '' })
    expect(started(folder, 'run', 'receipts.mjs', '--runs', '3', '--jobs', '2', '--json')).toEqual(one)
  },
  PATIENCE,
)

test(
  'a scenario in YAML names an export of the module, with several topics and a consumer',
  async () => {
    const reading = (group: string): string => `config: { group.id: ${group}, auto.offset.reset: earliest }`
    const yaml = `scenario: receipts in YAML
topics: { orders: {}, receipts: {}, refused: {} }
producers: { checkout: { to: orders, send: { records: 20, every: 50ms }, config: { acks: all } } }
processors:
  accountant: { from: orders, to: [receipts, refused], commit: after-output, handler: ./receipts.mjs#receipts, ${reading('a')} }
consumers:
  reader: { from: [receipts, refused], commit: after-processing, ${reading('r')} }
expect: { at-least-once: holds, progress: holds }
`
    writeFileSync(join(folder, 'own.yaml'), yaml)
    const { code, out, err } = await called(folder, 'run', 'own.yaml', '--runs', '2')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('1 scenario: 1 met')
  },
  PATIENCE,
)

test(
  'a sink stores what its handler lets through, under its keys; what is no effect ends the command with the place',
  async () => {
    writeFileSync(
      join(folder, 'books.mjs'),
      `const number = ({ value }) => Number(value.slice(value.lastIndexOf('/') + 1))
export const drafts = () => (order) => (number(order) % 3 === 0 ? undefined : { key: order.id })
export const made = () => (order, { random }) => ({ key: String(random()) })
export const wrong = () => (order) => order.offset
`,
    )
    const yaml = `scenario: books in YAML
topics: { orders: {} }
stores: { ledger: { kind: database } }
producers: { checkout: { to: orders, send: { records: 20, every: 50ms }, config: { acks: all } } }
sinks:
  booker: { from: orders, into: ledger, write: upsert, commit: after-output, handler: ./books.mjs#drafts, config: { group.id: b, auto.offset.reset: earliest } }
faults: [{ when: { moment: effect.applied, nth: 5 }, crash: booker, for: 1s }]
expect: { exactly-once: holds, state-equivalence: holds, progress: holds }
variants:
  made-up: { sinks: { booker: { handler: ./books.mjs#made } }, expect: { exactly-once: { violated: duplicate-effect } } }
`
    writeFileSync(join(folder, 'books.yaml'), yaml)
    const { code, out, err } = await called(folder, 'run', 'books.yaml', '--runs', '2')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('2 scenarios: 2 met')
    writeFileSync(join(folder, 'wrong.yaml'), yaml.replace('#drafts', '#wrong').replace(/variants:[^]*/, ''))
    const wrong = await called(folder, 'run', 'wrong.yaml', '--runs', '2')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('wrong.yaml: books in YAML, run 0 · seed 1: the handler of `booker` returned 0')
    expect(wrong.err).toContain(
      'a handler of a sink returns nothing, and the record is left out, or one effect such as { key }',
    )
  },
  PATIENCE,
)

test(
  'a search finds a counterexample, which names the module from where it is saved, and comes back',
  async () => {
    const found = await called(
      folder,
      'fuzz',
      'receipts.mjs',
      '--filter',
      'commits-first',
      '--shrink-budget',
      '2s',
      '-q',
    )
    expect({ code: found.code, err: found.err }).toEqual({ code: 1, err: '' })
    const [name = ''] = readdirSync(join(folder, 'corpus/receipts-commits-first'))
    const saved = join('corpus/receipts-commits-first', name)
    expect(readFileSync(join(folder, saved), 'utf8')).toContain(
      'handler: ../../receipts.mjs#/processors/accountant/handler\n',
    )
    const replayed = await called(folder, 'replay', saved)
    expect({ code: replayed.code, err: replayed.err }).toEqual({ code: 0, err: '' })
    expect(replayed.out).toContain('as recorded: end-to-end/at-least-once: lost-effect')
  },
  PATIENCE,
)

test(
  'what a module keeps between runs is found, and whose it is',
  async () => {
    const { code, err } = await called(folder, 'run', 'totals.mjs', '--runs', '2')
    expect(code).toBe(70)
    expect(err).toContain('the same run gave two digests')
    expect(err).toContain('handler.finished record=checkout#0/0')
    expect(err).toContain('The handler of `adder` keeps something from one run to the next')
    expect(err).not.toContain('defect of twiceshy')
  },
  PATIENCE,
)

test(
  'check-determinism judges handlers in every way: other threads, other queues, copied on the way',
  async () => {
    const { code, out } = await called(folder, 'check-determinism', 'receipts.mjs', '--runs', '2')
    expect(code).toBe(0)
    expect(out).toContain('copied on the way')
  },
  PATIENCE,
)
