import { fc, test as property } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { BASE, load, OPTIONS } from './fixture.test.helper.ts'
import { renderDiagnostic } from './frame.ts'
import { loadScenarioValue } from './load.ts'
import type { LoadedFile } from './scenario.ts'

const FULL = `${BASE}seed: 00123
cluster: { brokers: 3, config: { min.insync.replicas: 2 }, each: { broker-2: { config: { replica.lag.time.max.ms: 9s } } } }
network: { latency: { normal: { mean: 2ms, stddev: 1ms } }, links: [ { between: [broker-1, broker-2], latency: 20ms } ] }
faults:
  - { at: 12s, crash: leader(orders-0), for: 5s }
  - { every: { exponential: 4s }, crash: { any: [brokers, checkout] }, for: { uniform: [50ms, 3s] }, times: 5 }
  - { between: [2s, 6s], partition: [ [checkout#0], [rest] ], for: 10s }
  - { when: { moment: produce.acked, topic: orders, nth: 5 }, after: 3ms, delay: { from: checkout, api: Produce, by: 5s } }
chaos: { budget: within-promise, kinds: [crash, pause], faults: [0, 6] }
run: { for: 60s, then-heal: 5m, runs: 20 }
cover: [leader.elected]
variants: { v: { faults: [], expect: { durability: { violated: [lost-acked-write] } } } }
`

/** The same for what reads. */
const READS = `scenario: reads
cluster: { config: { offsets.topic.replication.factor: 2 } }
topics: { orders: { partitions: 2 }, payments: }
producers: { checkout: { to: orders } }
consumers:
  billing: { from: orders, instances: 2, commit: after-processing, commit-every: 5, commit-call: async, handling: { hand-off: 4 }, config: { group.id: b, group.instance.id: "b-\${instance}", auto.offset.reset: earliest, partition.assignment.strategy: range } }
  scripted: { assign: [orders-0], steps: [ { poll: 5 }, { seek: { orders-0: 0 } }, { commit: { orders-0: 5 } }, { wait: { uniform: [1s, 2s] } }, commit, close ], config: { group.id: s } }
processors: { p: { from: orders, to: payments, transform: { fan-out: 3 }, commit: before-output, config: { group.id: p, acks: 1, request.timeout.ms: 9s } } }
stores: { ledger: { kind: database, latency: { exponential: 1ms } } }
sinks: { w: { from: payments, into: ledger, write: upsert, fence: offset, commit: with-output, config: { group.id: w } } }
faults:
  - { at: 12s, crash: group-coordinator(b), for: 5s }
  - { fail: { target: w#0, step: before-commit, nth: 3 }, for: 2s }
  - { when: { moment: offset.committed, group: b, member: billing#0 }, partition: [ [stores], [rest] ] }
expect: { exactly-once: holds, billing:consume/at-least-once: { violated: lost-effect }, w:single-owner: holds }
`

/** Whatever was loaded: the result says clearly whether it is a scenario, and all of it can be shown. */
function checkResult(file: LoadedFile, text: string): void {
  const failed = file.diagnostics.some((each) => each.severity === 'error')
  expect(file.scenarios.length > 0).toBe(!failed)
  expect(file.diagnostics.length).toBeLessThanOrEqual(20)
  for (const diagnostic of file.diagnostics) {
    expect(diagnostic.message).not.toBe('')
    for (const span of diagnostic.spans) {
      expect(span.start).toBeLessThanOrEqual(span.end)
      expect(span.end).toBeLessThanOrEqual(text.length)
      const lineStart = text.lastIndexOf('\n', span.start - 1) + 1
      expect(span.column).toBe(span.start === 0 ? 1 : span.start - lineStart + 1)
    }
    expect(renderDiagnostic(diagnostic, 'test.yaml', text).length).toBeLessThan(20_000)
  }
  expect(JSON.parse(JSON.stringify(file.scenarios)) as unknown).toEqual(file.scenarios)
}

/** Pieces that occur in scenarios, and signs that YAML cares about. */
const pieces = fc.constantFrom(
  ...FULL.split(/(?<=[\s:,{}[\]()])/),
  '[',
  ']',
  '{',
  '}',
  '- ',
  '? ',
  ': ',
  '#',
  '&a ',
  '*a',
  '!t ',
  '"',
  "'",
  '|\n',
  '>\n',
  '\n',
  '\n  ',
  '\t',
  'null',
  '~',
  '0',
  '-1',
  '1e400',
  '.nan',
  '.inf',
  '__proto__',
  'constructor',
  'toString',
  '${instance}',
  '%YAML 1.1',
  '---\n',
  '...',
  '<<',
  '\u0000',
  '\ud800',
)

const readingPieces = fc.constantFrom(...READS.split(/(?<=[\s:,{}[\]()])/))

describe('no text makes the loader throw or hang', () => {
  property.prop([fc.string({ unit: 'binary', maxLength: 400 })], { numRuns: 150 })('random text', (text) => {
    checkResult(load(text), text)
  })

  property.prop([fc.array(pieces, { maxLength: 80 })], { numRuns: 150 })('random pieces of scenarios', (parts) => {
    const text = parts.join('')
    checkResult(load(text), text)
  })

  property.prop([fc.nat(FULL.length), fc.nat(30), pieces], { numRuns: 400 })(
    'a scenario with a part replaced',
    (at, length, piece) => {
      const text = FULL.slice(0, at) + piece + FULL.slice(at + length)
      checkResult(load(text), text)
    },
  )

  property.prop([fc.nat(READS.length), fc.nat(30), fc.oneof(pieces, readingPieces)], { numRuns: 400 })(
    'a scenario that reads, with a part replaced',
    (at, length, piece) => {
      const text = READS.slice(0, at) + piece + READS.slice(at + length)
      checkResult(load(text), text)
    },
  )

  property.prop([fc.nat(FULL.length), fc.nat(FULL.length), fc.nat(60)], { numRuns: 150 })(
    'a scenario with a part moved',
    (from, to, length) => {
      const part = FULL.slice(from, from + length)
      const rest = FULL.slice(0, from) + FULL.slice(from + length)
      const text = rest.slice(0, to) + part + rest.slice(to)
      checkResult(load(text), text)
    },
  )

  property.prop(
    [
      fc.constantFrom('[', '{', '- ', '? ', '{a: ', '[a]', 'a: b\n', '*a ', '&a ', '"', '|\n', 'a: [', ': '),
      fc.integer({ min: 1000, max: 500_000 }),
    ],
    { numRuns: 15 },
  )('a part repeated: long before anybody gives up', (part, length) => {
    const text = part.repeat(Math.ceil(length / part.length))
    const start = Date.now()
    checkResult(load(text), text)
    expect(Date.now() - start).toBeLessThan(10_000)
  })
})

property.prop(
  [
    fc.jsonValue(),
    fc.constantFrom(
      'topics',
      'producers',
      'consumers',
      'processors',
      'stores',
      'sinks',
      'cluster',
      'network',
      'faults',
      'chaos',
      'run',
      'expect',
      'variants',
      'replay',
      'void',
      'profile',
      'seed',
      'tags',
      'cover',
    ),
  ],
  { numRuns: 150 },
)('any JSON in any section', (value, key) => {
  const scenario = {
    scenario: 'x',
    topics: { orders: {} },
    producers: { checkout: { to: 'orders' } },
    expect: { progress: 'holds' },
    [key]: value,
  }
  checkResult(loadScenarioValue('test.mjs', scenario, { ...OPTIONS }), '')
  const text = JSON.stringify(scenario)
  checkResult(load(text), text)
  checkResult(load(text), text)
})

property.prop([fc.array(fc.string({ maxLength: 40 }), { maxLength: 4 })], { numRuns: 100 })('any --set', (set) => {
  const file = load(FULL, { set: set.map((text) => `producers.checkout.${text}`) })
  expect(file.diagnostics.length).toBeLessThanOrEqual(20)
})

property.prop(
  [
    fc.constantFrom('consumers', 'processors', 'stores', 'sinks'),
    fc.constantFrom(
      'from',
      'to',
      'into',
      'assign',
      'steps',
      'config',
      'commit',
      'commit-every',
      'handling',
      'transform',
      'write',
      'latency',
      'kind',
    ),
    fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.array(fc.dictionary(fc.constantFrom('poll', 'seek', 'wait', 'commit'), fc.jsonValue({ maxDepth: 2 }))),
    ),
  ],
  { numRuns: 200 },
)('any JSON at a key of what reads', (section, key, value) => {
  const scenario = {
    scenario: 'x',
    topics: { orders: {} },
    producers: { checkout: { to: 'orders' } },
    [section]: { x: { from: 'orders', config: { 'group.id': 'g' }, [key]: value } },
    expect: { progress: 'holds' },
  }
  const text = JSON.stringify(scenario)
  checkResult(load(text), text)
})
