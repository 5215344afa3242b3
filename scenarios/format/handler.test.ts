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
  ['to: [sums, others], handler: ./a.mjs', 'a `handler` that writes to several topics is not simulated yet'],
  [
    'to: sums, handler: ./a.mjs, handling: { hand-off: 2 }',
    '`hand-off` to a `handler` of your own is not simulated yet',
  ],
])('refused by name and place: %s', (processor, message) => {
  const { diagnostics } = load(processor)
  expect(diagnostics.map((each) => each.message)).toContain(message)
  expect(diagnostics.find((each) => each.message === message)?.spans[0]?.line).toBe(4)
})

test('a module that is not there is a mistake of the file', () => {
  const { diagnostics } = load('to: sums, handler: ./none.mjs', () => ({ error: 'there is no file ./none.mjs' }))
  expect(diagnostics.map(({ message }) => message)).toEqual(['there is no file ./none.mjs'])
})
