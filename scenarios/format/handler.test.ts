import { expect, test } from 'vitest'
import { type LoadOptions, loadScenarioText } from './load.ts'
import type { LoadedFile } from './scenario.ts'

function load(processor: string, find: LoadOptions['findModule'] = (path) => `/at/${path}`): LoadedFile {
  const text = `scenario: own
topics: { orders: {}, sums: {}, others: {} }
producers: { p: { to: orders } }
processors: { h: { from: orders, ${processor}, config: { group.id: g, auto.offset.reset: earliest } } }
expect: { at-least-once: holds }
`
  return loadScenarioText('own.yaml', text, { moments: [], momentFields: {}, findModule: find })
}

test.each([
  ['./own.mjs', { module: '/at/./own.mjs', entry: '' }],
  ["'./own.ts#sum'", { module: '/at/./own.ts', entry: 'sum' }],
  ["'/own.mjs#/processors/h/handler'", { module: '/own.mjs', entry: '/processors/h/handler' }],
])('a handler %s is a module and one of its exports', (written, code) => {
  const { scenarios, diagnostics } = load(`to: sums, handler: ${written}`)
  expect(diagnostics).toEqual([])
  expect(scenarios[0]?.spec.processors[0]?.transform).toEqual({ kind: 'handler', code })
})

test.each([
  ['to: sums, handler: [a]', '`handler` must be the path of a module, not a list'],
  ['to: sums, handler: own', '`handler` must be the path of a .mjs, .js or .ts module, not `own`'],
  ['to: sums, handler: ./a.mjs, transform: copy', '`handler` stands in the place of `transform`, and both are written'],
  ['to: sums, handler: ./a.mjs, streams: true', 'a `handler` of your own in Kafka Streams is not simulated yet'],
])('refused by name and place: %s', (processor, message) => {
  const { diagnostics } = load(processor)
  expect(diagnostics.map((each) => each.message)).toContain(message)
  expect(diagnostics.find((each) => each.message === message)?.spans[0]?.line).toBe(4)
})

test('with one a topic may come back to its own reader, without one its work never ends', () => {
  const read = 'to: [sums, orders]'
  expect(load(`${read}, handler: ./a.mjs`).diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  const [error] = load(read).diagnostics
  expect(error?.message).toBe('what `h` writes comes back to it by `orders`, so its work never ends')
  expect(error?.help).toContain('give it a `handler` that says when it is enough')
})

test('a module that is not there is a mistake of the file', () => {
  const { diagnostics } = load('to: sums, handler: ./none.mjs', () => ({ error: 'there is no file ./none.mjs' }))
  expect(diagnostics.map(({ message }) => message)).toEqual(['there is no file ./none.mjs'])
})

function loadReader(kind: string, reader: string): LoadedFile {
  const text = `scenario: own
topics: { orders: {} }
stores: { db: { kind: database }, fs: { kind: files }, web: { kind: endpoint } }
producers: { p: { to: orders } }
${kind}: { h: { from: orders, ${reader}, config: { group.id: g, auto.offset.reset: earliest } } }
expect: { at-least-once: holds }
`
  return loadScenarioText('own.yaml', text, { moments: [], momentFields: {}, findModule: (path) => `/at/${path}` })
}

test('a consumer may have one, in order or handed off', () => {
  for (const reader of ['handler: ./a.mjs#b', 'handler: ./a.mjs#b, handling: { hand-off: 2 }']) {
    const { scenarios, diagnostics } = loadReader('consumers', reader)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(scenarios[0]?.spec.consumers[0]?.handler).toEqual({ module: '/at/./a.mjs', entry: 'b' })
  }
})

test.each([
  'into: db, write: upsert, fence: offset',
  'into: db, commit: with-output',
  'into: db, deduplicate: none, connect: false',
  'into: web, write: { call: { idempotency-key: record } }',
])('a sink into a database or an endpoint may have one: %s', (how) => {
  const { scenarios, diagnostics } = loadReader('sinks', `handler: ./a.mjs#b, ${how}`)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(scenarios[0]?.spec.sinks[0]?.handler).toEqual({ module: '/at/./a.mjs', entry: 'b' })
})

test.each([
  ['consumers', 'handler: ./a.mjs, steps: [commit]', 'a `handler` beside `steps` is not simulated yet'],
  ['consumers', 'handler: ./a.mjs, share: true', 'a `handler` of your own in a share group is not simulated yet'],
  ['sinks', 'into: fs, handler: ./a.mjs', 'a `handler` of a sink into files is not simulated yet'],
  [
    'sinks',
    'into: db, commit: two-phase, handler: ./a.mjs',
    'a `handler` of a sink that commits in two phases is not simulated yet',
  ],
  [
    'sinks',
    'into: db, deduplicate: { window: 1m }, handler: ./a.mjs',
    'a `handler` beside `deduplicate` is not simulated yet',
  ],
  ['sinks', 'into: db, connect: true, handler: ./a.mjs', 'a `handler` of a sink of Kafka Connect is not simulated yet'],
])('refused by name and place: %s of %s', (kind, reader, message) => {
  const { diagnostics } = loadReader(kind, reader)
  expect(diagnostics.map((each) => each.message)).toContain(message)
  expect(diagnostics.find((each) => each.message === message)?.spans[0]?.line).toBe(5)
})
