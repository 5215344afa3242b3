import { describe, expect, test } from 'vitest'
import { CATALOGUE } from './catalogue.test.helper.ts'
import { BASE, load, marks, only } from './fixture.test.helper.ts'
import { renderDiagnostic } from './frame.ts'
import { jsonSchema } from './schema.ts'
import { nearest } from './suggest.ts'
import { formatDuration, parseDuration } from './values/duration.ts'

describe('the catalogue of keys', () => {
  test('without that it loads', () => {
    const lines = CATALOGUE.split('\n')
    const from = (key: string): number => lines.findIndex((line) => line.startsWith(`${key}:`))
    const rest = [...lines.slice(0, from('consumers')), ...lines.slice(from('faults'))].join('\n')
    const simulated = rest
      .replace(/^ {4}transactions:.*\n/m, '')
      .replace(/^ {6}- (begin|commit)\b.*\n/gm, '')
      .replaceAll(', payments-service]', ']')
      .replaceAll('writer#1', 'checkout#0')
      .replace('writer#0, step: before-commit', 'checkout#0, step: before-output')
      .replace(/^ {2}billing:.*\n/m, '')
    const loaded = load(simulated)
    expect(loaded.diagnostics).toEqual([])
    expect(loaded.scenarios.map((each) => each.variant)).toEqual([null, 'without-idempotence'])
    const [base] = loaded.scenarios
    expect(base?.faults.map((each) => each.trigger.kind)).toEqual(['at', 'every', 'between', 'when', 'fail'])
    expect(base?.spec.cluster.brokers.map((each) => each['broker.rack'])).toEqual([undefined, undefined, 'b'])
    expect(base).toMatchObject({ runs: 200, replay: { runSeed: '1/731' }, voids: { 'some-invariant': 'reason' } })
  })
})

describe('faults as data', () => {
  const faults = (text: string): unknown => only(`${BASE}faults:\n${text}`).faults

  test('triggers', () => {
    expect(
      faults(
        '  - { when: { moment: produce.acked, topic: orders, partition: 1, nth: 5 }, after: 3ms, crash: leader(orders-0) }',
      ),
    ).toEqual([
      {
        trigger: {
          kind: 'when',
          match: { moment: 'produce.acked', fields: { topic: 'orders', partition: 1 } },
          nth: 5,
          everyMatch: false,
          times: null,
          after: { kind: 'constant', us: 3000 },
        },
        action: { kind: 'crash', target: { kind: 'leader', topic: 'orders', partition: 0 } },
        for: null,
      },
    ])
    const when = { moment: 'log.appended', 'every-match': true, times: 4 }
    const beside = `  - { when: { moment: log.appended }, every-match: true, times: 4, stop: brokers }`
    expect(faults(`  - { when: ${JSON.stringify(when)}, stop: brokers }`)).toEqual(faults(beside))
    expect(faults('  - { every: 4s, times: 2, pause: checkout#0, for: 1s }')).toMatchObject([
      { trigger: { kind: 'every', every: { us: 4_000_000 }, times: 2 }, for: { us: 1_000_000 } },
    ])
  })

  test('targets', () => {
    const target = (text: string): unknown =>
      (faults(`  - { at: 1s, crash: ${text} }`) as { action: { target: unknown } }[])[0]?.action.target
    expect(target('broker-2')).toEqual({ kind: 'node', name: 'broker-2' })
    expect(target('checkout')).toEqual({ kind: 'application', name: 'checkout' })
    expect(target('checkout#0')).toEqual({ kind: 'node', name: 'checkout#0' })
    expect(target('followers(orders-1)')).toEqual({ kind: 'followers', topic: 'orders', partition: 1 })
    expect(target('controller(active)')).toEqual({ kind: 'active-controller' })
    expect(target('minority(brokers)')).toEqual({ kind: 'minority', of: 'brokers' })
    expect(target('any(brokers)')).toEqual({ kind: 'any', of: [{ kind: 'role', role: 'brokers' }] })
    expect(target('{ any: [clients, controller-1] }')).toEqual({
      kind: 'any',
      of: [
        { kind: 'role', role: 'clients' },
        { kind: 'node', name: 'controller-1' },
      ],
    })
  })

  test('a topic whose name ends in a number', () => {
    const text = BASE.replaceAll('orders', 'orders-1')
    expect(only(`${text}faults: [ { at: 1s, crash: leader(orders-1-0) } ]`).faults[0]?.action).toMatchObject({
      target: { topic: 'orders-1', partition: 0 },
    })
  })

  test('actions', () => {
    const actions = faults(`
  - { at: 1s, partition: [ [broker-1, checkout], rest ] }
  - { at: 1s, isolate: broker-1 }
  - { at: 1s, isolate: { target: broker-1, direction: in, from: leader(orders-0) } }
  - { at: 1s, slow-disk: broker-1 }
  - { at: 1s, slow-disk: { target: { any: [broker-1] }, by: 50ms } }
  - { at: 1s, clock-jump: { target: broker-1, by: -1h }, for: 5s }
  - { at: 1s, clock-skew: { target: checkout, by: 10ms } }
  - { at: 1s, disconnect: { between: [checkout, broker-1] } }
`) as { action: unknown }[]
    expect(actions.map((each) => each.action)).toEqual([
      {
        kind: 'partition',
        groups: [
          [
            { kind: 'node', name: 'broker-1' },
            { kind: 'application', name: 'checkout' },
          ],
          [{ kind: 'role', role: 'rest' }],
        ],
      },
      { kind: 'isolate', target: { kind: 'node', name: 'broker-1' }, direction: 'both', from: null },
      {
        kind: 'isolate',
        target: { kind: 'node', name: 'broker-1' },
        direction: 'in',
        from: { kind: 'leader', topic: 'orders', partition: 0 },
      },
      { kind: 'slow-disk', target: { kind: 'node', name: 'broker-1' }, by: { kind: 'constant', us: 100_000 } },
      {
        kind: 'slow-disk',
        target: { kind: 'any', of: [{ kind: 'node', name: 'broker-1' }] },
        by: { kind: 'constant', us: 50_000 },
      },
      { kind: 'clock-jump', target: { kind: 'node', name: 'broker-1' }, byUs: -3_600_000_000 },
      { kind: 'clock-skew', target: { kind: 'application', name: 'checkout' }, byUs: 10_000 },
      {
        kind: 'disconnect',
        between: [
          { kind: 'application', name: 'checkout' },
          { kind: 'node', name: 'broker-1' },
        ],
      },
    ])
  })

  test("a reply's direction is its own, unless clients would have to answer", () => {
    const leader = { kind: 'leader', topic: 'orders', partition: 0 }
    const client = { kind: 'application', name: 'checkout' }
    const action = (text: string): unknown =>
      (faults(`  - { at: 1s, drop: { ${text} } }`) as { action: unknown }[])[0]?.action
    const reply = {
      kind: 'drop',
      from: leader,
      to: client,
      api: 'Produce',
      reply: true,
      nth: 1,
      count: null,
      connection: 'any',
    }
    expect(action('from: leader(orders-0), to: checkout, api: Produce, reply: true')).toEqual(reply)
    expect(action('from: checkout, to: leader(orders-0), api: Produce, reply: true')).toEqual(reply)
    expect(action('from: checkout, to: leader(orders-0), api: Produce')).toEqual({
      ...reply,
      from: client,
      to: leader,
      reply: false,
    })
    expect(action('from: checkout, api: Produce, reply: true')).toEqual({ ...reply, from: null })
  })

  test('chaos and its defaults', () => {
    const chaos = only(`${BASE}chaos: {}`).chaos
    expect(chaos).toMatchObject({ budget: 'within-promise', faults: [1, 6] })
    expect(chaos?.kinds).toContain('wipe-disk')
    for (const kind of ['clock-jump', 'admin']) expect(chaos?.kinds).not.toContain(kind)
    for (const kind of ['clock-jump', 'corrupt', 'disk-full'])
      expect(only(`${BASE}chaos: { budget: hostile }`).chaos?.kinds).toContain(kind)
    expect(only(`${BASE}chaos: { kinds: [disk-error, admin] }`).chaos?.kinds).toEqual(['disk-error', 'admin'])
    expect(only(`${BASE}chaos: { budget: beyond, kinds: [crash, pause], faults: [0, 2] }`).chaos).toEqual({
      budget: 'beyond',
      kinds: ['crash', 'pause'],
      faults: [0, 2],
    })
  })
})

describe('frames', () => {
  const text = `${BASE}faults: [ { at: 70s, crash: broker-1 } ]\n`

  test('mark the place and help', () => {
    const [diagnostic] = load(text).diagnostics
    expect(diagnostic === undefined ? '' : renderDiagnostic(diagnostic, 'test.yaml', text)).toBe(
      [
        'error: this fault can never happen: the run ends at 1m (`run.for`)',
        '  ╭─ test.yaml:6:17',
        '6 │ faults: [ { at: 70s, crash: broker-1 } ]',
        '  │                 ^^^',
        '  ╰─ help: let it happen earlier, or raise `run.for`',
      ].join('\n'),
    )
  })

  test('mark two places, on one line or on two', () => {
    const one = BASE.replace('partitions: 2', 'replication.factor: 2, min.insync.replicas: 3')
    const two = `cluster: { brokers: 2 }\n${BASE.replace('partitions: 2', 'replication.factor: 3')}`
    const frames = [one, two].map((source) =>
      load(source)
        .diagnostics.map((each) => renderDiagnostic(each, 'test.yaml', source))
        .join('\n'),
    )
    expect(frames[0]).toContain(`
2 │ topics: { orders: { replication.factor: 2, min.insync.replicas: 3 } }
  │                                         ^                       ^
`)
    expect(frames[1]).toContain(`
  ╭─ test.yaml:3:41
1 │ cluster: { brokers: 2 }
  │                     ^
  ┆
3 │ topics: { orders: { replication.factor: 3 } }
  │                                         ^
`)
  })

  test('stay short and print no control characters', () => {
    const source = `${BASE}about: "${'x'.repeat(5000)}\u001b[31m"\nfoo\u001b: ${'y'.repeat(3000)}\n`
    const frame = load(source)
      .diagnostics.map((each) => renderDiagnostic(each, 'test.yaml', source))
      .join('\n')
    expect(frame.length).toBeLessThan(700)
    expect(frame).not.toContain('\u001b')
  })

  test('without a place show the file', () => {
    const diagnostic = load('').diagnostics[0]
    expect(diagnostic === undefined ? '' : renderDiagnostic(diagnostic, 'test.yaml', '')).toContain(
      'error: the file is empty\n ╭─ test.yaml\n',
    )
  })
})

test('the JSON schema knows every key, also those not simulated yet', () => {
  const schema = jsonSchema()
  expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
  expect(schema['required']).toEqual(['scenario'])
  const keys = Object.keys(schema['properties'] as object)
  const catalogue = [...CATALOGUE.matchAll(/^([a-z]+):/gm)].map((match) => match[1])
  expect(catalogue.filter((key) => !keys.includes(key ?? ''))).toEqual([])
  const text = JSON.stringify(schema)
  for (const key of [
    'enable.idempotence',
    'replica.lag.time.max.ms',
    'min.insync.replicas',
    'power-loss',
    'group-metadata',
    'max.poll.records',
    'group.instance.id',
    'hand-off',
    'seek',
    'fan-out',
  ]) {
    expect(text).toContain(`"${key}":`)
  }
})

test('durations', () => {
  const table: readonly (readonly [string, number | null])[] = [
    ['250us', 250],
    ['250ms', 250_000],
    ['30s', 30_000_000],
    ['1m30s', 90_000_000],
    ['1h', 3_600_000_000],
    ['7d', 604_800_000_000],
    ['1.5s', 1_500_000],
    ['0.5us', null],
    ['30', null],
    ['-1s', null],
    ['1 s', null],
    ['s', null],
    ['', null],
    ['1e3s', null],
  ]
  for (const [text, us] of table) expect([text, parseDuration(text)]).toEqual([text, us])
  for (const [, us] of table) if (us !== null) expect(parseDuration(formatDuration(us))).toBe(us)
  expect(parseDuration('40000d')).toBeNaN()
})

test('suggestions are near, or there is none', () => {
  expect(nearest('min.insync.replica', ['min.insync.replicas', 'partitions'])).toBe('min.insync.replicas')
  expect(nearest('Acks', ['acks'])).toBe('acks')
  expect(nearest('banana', ['acks', 'retries'])).toBeNull()
  expect(nearest('x'.repeat(1000), ['x'.repeat(999)])).toBeNull()
})

test('diagnostics of a fault with two triggers still name what is wrong inside', () => {
  expect(marks(load(`${BASE}faults: [ { at: 1, when: { moment: x }, crash: broker-1 } ]`))).toEqual([
    'TYPE 6:17',
    'FAULT 6:20 6:13',
    'UNKNOWN_MOMENT 6:36',
  ])
})
