import { describe, expect, test } from 'vitest'
import { load, mark, OPTIONS } from './fixture.test.helper.ts'
import { renderDiagnostic } from './frame.ts'
import { beside } from './imports.ts'
import { loadScenarioText, loadScenarioValue } from './load.ts'
import { rawDocumentsOfText } from './raw-documents.ts'
import type { LoadedFile } from './scenario.ts'

const SCENARIO = `scenario: imported
topics: { orders: { replication.factor: 3 } }
producers:
  checkout:
    to: orders
    config: ./producer.properties
expect: { exactly-once: holds }
`

const readFrom =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string | { readonly error: string } =>
    files[path] ?? { error: `${path} cannot be read: it does not exist` }

function imported(properties: string, scenario = SCENARIO, set: readonly string[] = []): LoadedFile {
  const readConfig = readFrom({ './producer.properties': properties })
  return loadScenarioText('scenarios/test.yaml', scenario, { ...OPTIONS, set, readConfig })
}

/** `severity CODE file:line:column ...` */
function said(file: LoadedFile): readonly string[] {
  return file.diagnostics.map((each) => {
    const places = each.spans.map((span) => `${span.file.replace('scenarios/', '')}:${span.line}:${span.column}`)
    return [each.severity, each.code.replace('TWICESHY_', ''), ...places].join(' ')
  })
}

const config = (file: LoadedFile, variant = 0): unknown => file.scenarios[variant]?.spec.producers[0]?.config

describe('a .properties file as config', () => {
  test('is read as Java reads it', () => {
    const file = imported(
      [
        '# a comment',
        '! another',
        '',
        'acks = all  ',
        'linger.ms:20',
        '  batch.size  1000',
        'retries=1\\',
        '    0',
        'enable\\u002eidempotence=TRUE',
        'request.timeout.ms=+1000',
      ].join('\r\n'),
    )
    expect(said(file)).toEqual([])
    expect(config(file)).toMatchObject({
      acks: 'all',
      'linger.ms': 20,
      'batch.size': 1000,
      retries: 10,
      'enable.idempotence': true,
      'request.timeout.ms': 1000,
    })
  })

  test('an empty file, or one of comments, is a configuration of defaults', () => {
    const defaults = config(load(SCENARIO.replace('./producer.properties', '{}')))
    for (const text of ['', '# nothing\n', '\n\n']) {
      expect(said(imported(text))).toEqual([])
      expect(config(imported(text))).toEqual(defaults)
    }
  })

  test('keys that are not simulated or not known are warnings with their lines', () => {
    const file = imported('bootstrap.servers=a:9092\n\nackz=1\ncompression.type=lz4\nacks=1\n')
    expect(said(file)).toEqual([
      'warning NOT_SIMULATED producer.properties:1:1',
      'warning UNKNOWN_CONFIG producer.properties:3:1',
      'warning NOT_SIMULATED producer.properties:4:1',
      'warning CONFIG_SURPRISE producer.properties:5:6',
    ])
    expect(file.diagnostics[1]?.help).toBe('did you mean `acks`?')
    expect(config(file)).toMatchObject({ acks: '1', 'enable.idempotence': false })
    expect(config(file)).not.toHaveProperty('ackz')
  })

  test.each([
    ['a word', 'acks=most', ['error VALUE producer.properties:1:6']],
    ['nothing', 'acks=', ['error VALUE producer.properties:1:6']],
    ['no number', 'retries=many', ['error TYPE producer.properties:1:9']],
    ['no truth value', 'enable.idempotence=yes', ['error TYPE producer.properties:1:20']],
    ['a duration, which Kafka does not read', 'linger.ms=5ms', ['error TYPE producer.properties:1:11']],
    ['out of range', 'max.in.flight.requests.per.connection=0', ['error RANGE producer.properties:1:39']],
    [
      'settings against each other',
      'acks=1\nenable.idempotence=true',
      ['error CONFIG_REFUSED producer.properties:2:20 producer.properties:1:6'],
    ],
    [
      'a broken escape',
      'acks=\\u00zz',
      ['error VALUE producer.properties:1:6', 'error PROPERTIES producer.properties:1:6'],
    ],
  ])('a value that Kafka refuses is an error there: %s', (_, text, expected) => {
    const file = imported(text)
    expect([...said(file)].sort((a, b) => (a < b ? 1 : -1))).toEqual(expected)
    expect(file.scenarios).toEqual([])
  })

  test('of a key written twice the last counts, with a warning', () => {
    const file = imported('acks=1\nacks=all\n')
    expect(said(file)).toEqual(['warning DUPLICATE_KEY producer.properties:2:1 producer.properties:1:1'])
    expect(config(file)).toMatchObject({ acks: 'all' })
  })

  test('a file that cannot be read is an error where it is named', () => {
    const file = imported('', SCENARIO.replace('producer.properties', 'other.properties'))
    expect(said(file)).toEqual(['error PROPERTIES test.yaml:6:13'])
    expect(file.diagnostics[0]?.message).toBe('./other.properties cannot be read: it does not exist')
    expect(said(load(SCENARIO))).toEqual(['error PROPERTIES test.yaml:6:13'])
    expect(said(imported('', SCENARIO.replace('./producer.properties', '7')))).toEqual([
      'error PROPERTIES test.yaml:6:13',
    ])
    expect(said(imported('x'.repeat(2_000_000)))).toEqual(['error TOO_LARGE'])
  })

  test('is loaded before variants are merged and flags applied', () => {
    const variants = `${SCENARIO}variants:
  safe: { producers: { checkout: { config: { acks: all } } } }
  patient: { producers: { checkout: { config: { linger.ms: null, retries: 3 } } } }
`
    const text = 'acks=1\nenable.idempotence=false\nlinger.ms=7'
    const file = imported(text, variants)
    expect(said(file)).toEqual([])
    expect([0, 1, 2].map((variant) => config(file, variant))).toMatchObject([
      { acks: '1', 'linger.ms': 7 },
      { acks: 'all', 'linger.ms': 7 },
      { acks: '1', 'linger.ms': 5, retries: 3 },
    ])
    expect(config(imported(text, variants, ['producers.checkout.config.acks=0']), 1)).toMatchObject({ acks: '0' })
  })

  test('a variant and a flag may name a file too', () => {
    const own = SCENARIO.replace('./producer.properties', '{ acks: 1, linger.ms: 9 }')
    const variant = `${own}variants: { v: { producers: { checkout: { config: ./producer.properties } } } }\n`
    expect(config(imported('acks=all\nenable.idempotence=true', variant), 1)).toMatchObject({
      acks: 'all',
      'linger.ms': 9,
    })
    const flag = 'producers.checkout.config=./producer.properties'
    expect(config(imported('retries=4', own, [flag]))).toMatchObject({ acks: 'all', retries: 4 })
    const file = imported('retries=x', own, [flag])
    expect(said(file)).toEqual(['error TYPE producer.properties:1:9'])
    expect(said(imported('', own, ['producers.checkout.config=./nowhere']))).toEqual(['error PROPERTIES'])
  })

  test('brokers may have one', () => {
    const text = SCENARIO.replace('./producer.properties', '{}')
    const file = imported('broker.id=1\nmin.insync.replicas=2', `${text}cluster: { config: ./producer.properties }\n`)
    expect(said(file).every((line) => line.startsWith('warning'))).toBe(true)
    expect(file.scenarios[0]?.spec.topics[0]?.config['min.insync.replicas']).toBe(2)
  })

  test('the object of a module may name one', () => {
    const value = {
      scenario: 'm',
      topics: { orders: {} },
      producers: { p: { to: 'orders', config: './producer.properties' } },
      expect: { durability: 'holds' },
    }
    const readConfig = readFrom({ './producer.properties': 'acks=0\nlinger.ms=1s' })
    const file = loadScenarioValue('a.mjs', value, { ...OPTIONS, readConfig })
    expect(said(file)).toEqual([
      'warning CONFIG_SURPRISE producer.properties:1:6',
      'error TYPE producer.properties:2:11',
    ])
    const [, error] = file.diagnostics
    expect(error === undefined ? '' : renderDiagnostic(error, file.file, file.text, undefined, file.imports)).toContain(
      '2 │ linger.ms=1s\n  │           ^^',
    )
  })

  test('what is searched for faults has its settings, without what is left out', () => {
    const readConfig = readFrom({ './producer.properties': 'acks=1\nclient.id=c' })
    const [document] = rawDocumentsOfText('t.yaml', SCENARIO, { set: [], profile: null, readConfig })
    expect(document?.raw.producers?.['checkout']?.config).toEqual({ acks: '1' })
  })
})

test('a frame shows the lines of both files', () => {
  const text = `${SCENARIO}variants: { v: { producers: { checkout: { config: { enable.idempotence: true } } } } }\n`
  const file = imported('# ours\nacks=1\n', text)
  const error = file.diagnostics.find((each) => each.severity === 'error')
  expect(error === undefined ? '' : mark(error)).toBe('CONFIG_REFUSED 8:73 2:6')
  expect(error === undefined ? '' : renderDiagnostic(error, file.file, file.text, undefined, file.imports)).toBe(`\
error: \`enable.idempotence: true\` needs \`acks: all\`, not 1; Kafka refuses this producer with ConfigException
  ╭─ scenarios/test.yaml:8:73
8 │ variants: { v: { producers: { checkout: { config: { enable.idempotence: true } } } } }
  │                                                                         ^^^^
  ├─ scenarios/producer.properties:2:6
2 │ acks=1
  │      ^
  ╰─ help: write \`acks: all\`, or \`enable.idempotence: false\``)
})

test('paths are shown from where the scenario’s own path starts', () => {
  expect(beside('scenarios/a.yaml', './p.properties')).toBe('scenarios/p.properties')
  expect(beside('scenarios/a.yaml', '../p.properties')).toBe('p.properties')
  expect(beside('a.yaml', '../p.properties')).toBe('../p.properties')
  expect(beside('/x/a.yaml', '../../p.properties')).toBe('/../p.properties')
  expect(beside('/x/y/a.yaml', '../p.properties')).toBe('/x/p.properties')
  expect(beside('a.yaml', '/etc/p.properties')).toBe('/etc/p.properties')
})
