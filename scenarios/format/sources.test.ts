import { describe, expect, test } from 'vitest'
import { BASE, load, marks } from './fixture.test.helper.ts'

const STORE = 'stores: { db: { rows: 5 }, tree: { kind: files } }\n'
const EOS = 'exactly.once.source.support: enabled'
/** Line 7, `text` from column 17 on. */
const source = (text: string): string => `${BASE}${STORE}sources: { i: { ${text} } }\n`

function rulesOf(text: string) {
  const { scenarios, diagnostics } = load(source(text))
  expect(diagnostics).toEqual([])
  const spec = scenarios[0]?.spec
  const found = spec?.producers.find(({ name }) => name === 'i')
  if (spec === undefined || found?.source === undefined) throw new Error('there is no source')
  return { spec, found, rules: found.source }
}

describe('a source', () => {
  test('has the settings that Connect gives its producers, and its own defaults', () => {
    const { found, rules } = rulesOf('from: db, to: orders')
    expect(found.config).toMatchObject({
      acks: 'all',
      'enable.idempotence': false,
      'max.in.flight.requests.per.connection': 1,
      'delivery.timeout.ms': 2_147_483_647,
    })
    expect(rules).toMatchObject({ from: 'db', batch: 100, flushIntervalMs: 60_000, offsetsTopic: 'connect-offsets' })
    expect(rules.offsetsProducer).toMatchObject({ acks: 'all', 'enable.idempotence': false })
  })

  test('takes settings of its producer and of its worker', () => {
    const settings = 'enable.idempotence: true, offset.flush.interval.ms: 5s, exactly.once.source.support: disabled'
    const { found, rules } = rulesOf(`from: db, to: orders, config: { ${settings} }`)
    expect(found.config['enable.idempotence']).toBe(true)
    expect(rules.flushIntervalMs).toBe(5000)
  })

  test('has transactions with exactly-once, under an id of Connect, and reads committed offsets', () => {
    const { found, rules } = rulesOf(`from: db, to: orders, config: { ${EOS} }`)
    expect(found.config).toMatchObject({ 'transactional.id': 'connect-cluster-i-0', 'enable.idempotence': true })
    expect(rules.exactlyOnce).toEqual({ kind: 'poll' })
    expect(rules.offsetsConsumer['isolation.level']).toBe('read_committed')
    expect(
      rulesOf('from: db, to: orders, config: { exactly.once.source.support: preparing }').rules.exactlyOnce,
    ).toBeUndefined()
  })

  test('ends transactions by an interval, by default that of its flushes', () => {
    const interval = `${EOS}, transaction.boundary: interval, offset.flush.interval.ms: 5s`
    expect(rulesOf(`from: db, to: orders, config: { ${interval} }`).rules.exactlyOnce).toEqual({
      kind: 'interval',
      intervalMs: 5000,
    })
    const own = `${interval}, transaction.boundary.interval.ms: 700ms`
    expect(rulesOf(`from: db, to: orders, config: { ${own} }`).rules.exactlyOnce).toEqual({
      kind: 'interval',
      intervalMs: 700,
    })
  })

  test('is told that a boundary means nothing without transactions', () => {
    expect(marks(load(source('from: db, to: orders, config: { transaction.boundary: poll }')))).toEqual([
      'CONFIG_SURPRISE 7:71',
    ])
  })

  test('has steps around its commits with exactly-once', () => {
    const faults = 'faults: [ { fail: { target: i, step: before-commit } } ]\n'
    expect(marks(load(`${source(`from: db, to: orders, config: { ${EOS} }`)}${faults}`))).toEqual([])
  })

  test('brings the topic of its offsets, unless the file declares it', () => {
    const { spec } = rulesOf('from: db, to: orders')
    expect(spec.topics.map(({ name, partitions }) => [name, partitions])).toEqual([
      ['orders', 2],
      ['connect-offsets', 25],
    ])
    const declared = source('from: db, to: orders').replace(
      'orders: {',
      'connect-offsets: { partitions: 1 }, orders: {',
    )
    expect(load(declared).scenarios[0]?.spec.topics.map(({ partitions }) => partitions)).toEqual([1, 2])
  })

  test.each([
    ['no store', 'to: orders', ['MISSING 7:12']],
    ['an unknown store', 'from: dbb, to: orders', ['UNKNOWN_STORE 7:23']],
    ['a store of files', 'from: tree, to: orders', ['IMPOSSIBLE 7:23 6:42']],
    ['no topic', 'from: db', ['MISSING 7:12']],
    ['several tasks', 'from: db, to: orders, instances: 2', ['NOT_SIMULATED 7:39']],
    [
      'transactions of the connector',
      `from: db, to: orders, config: { ${EOS}, transaction.boundary: connector }`,
      ['NOT_SIMULATED 7:87'],
    ],
    ['an id of its own', `from: db, to: orders, config: { ${EOS}, transactional.id: t }`, ['CONFIG_REFUSED 7:105']],
    ['no idempotence', `from: db, to: orders, config: { ${EOS}, enable.idempotence: false }`, ['CONFIG_REFUSED 7:107']],
    [
      'a long transaction',
      `from: db, to: orders, config: { ${EOS}, transaction.timeout.ms: 1d }`,
      ['CONFIG_REFUSED 7:111'],
    ],
    ['a transactional id', 'from: db, to: orders, config: { transactional.id: t }', ['CONFIG_REFUSED 7:67']],
  ])('is refused: %s', (_, text, expected) => {
    expect(marks(load(source(text)))).toEqual(expected)
  })

  test('a flush is no step of its application', () => {
    const faults = 'faults: [ { fail: { target: i, step: before-commit } } ]\n'
    expect(marks(load(`${source('from: db, to: orders')}${faults}`))).toEqual(['NEVER_FIRES 8:38'])
  })

  test('rows are those of a database', () => {
    const files = source('from: db, to: orders').replace('kind: files', 'kind: files, rows: 3')
    expect(marks(load(files))).toEqual(['IMPOSSIBLE 6:55'])
  })
})

/** A producer with these `writes`. */
const writer = (text: string, more = ''): string =>
  `scenario: t\ntopics: { orders: {} }\n${STORE}producers: { p: { to: orders, send: { records: 5 }${more}, writes: ${text} } }\nexpect: { publish/exactly-once: holds }\n`

describe('a producer that also writes its records', () => {
  test('writes them before it publishes them, unless the file says otherwise', () => {
    const { scenarios, diagnostics } = load(writer('{ into: db }'))
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(scenarios[0]?.spec.producers[0]?.writes).toEqual({ into: 'db', when: 'before-publishing' })
    const after = load(writer('{ into: db, when: after-publishing }')).scenarios[0]?.spec
    expect(after?.producers[0]?.writes?.when).toBe('after-publishing')
  })

  test.each([
    ['no store', '{ when: before-publishing }', '', ['MISSING']],
    ['an unknown store', '{ into: dbb }', '', ['UNKNOWN_STORE']],
    ['a store of files', '{ into: tree }', '', ['IMPOSSIBLE']],
    ['an unknown order', '{ into: db, when: at-once }', '', ['VALUE']],
    ['transactions', '{ into: db }', ', transactions: { every: 2 }', ['NOT_SIMULATED']],
  ])('is refused: %s', (_, text, more, expected) => {
    const errors = load(writer(text, more)).diagnostics.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ code }) => code.replace('TWICESHY_', ''))).toEqual(expected)
  })
})
