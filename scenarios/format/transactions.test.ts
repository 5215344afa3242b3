import { describe, expect, test } from 'vitest'
import type { WorldSpec } from '../../sim/spec.ts'
import { load } from './fixture.test.helper.ts'
import { after, check, processor } from './reading.test.helper.ts'

const file = (producer: string, cluster = '{ brokers: 3 }'): string =>
  [
    'scenario: transactions',
    `cluster: ${cluster}`,
    'topics: { orders: , payments: }',
    `producers: { checkout: { to: orders, ${producer} } }`,
    'expect: { exactly-once: holds }',
    '',
  ].join('\n')
const spec = (text: string): WorldSpec => {
  const { scenarios, diagnostics } = load(text)
  expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([])
  return scenarios[0]?.spec as WorldSpec
}

describe('what is understood', () => {
  test('a stream cut into transactions', () => {
    const [producer] = spec(
      file('transactions: { every: 10, abort: 0.2 }, config: { transactional.id: "c-${instance}" }'),
    ).producers
    expect(producer?.workload).toMatchObject({ kind: 'send', transactions: { every: 10, abort: 0.2 } })
    expect(producer?.config).toMatchObject({ 'transactional.id': 'c-${instance}', 'transaction.timeout.ms': 60_000 })
  })

  test('a script says where transactions begin and end', () => {
    const [producer] = spec(
      file(
        'steps: [begin, send: {}, commit: { on-unknown: retry }, begin, send: {}, abort], config: { transactional.id: c }',
      ),
    ).producers
    expect(producer?.workload).toMatchObject({
      steps: [
        { do: 'begin' },
        { do: 'send' },
        { do: 'commit', onUnknown: 'retry' },
        { do: 'begin' },
        { do: 'send' },
        { do: 'abort' },
      ],
    })
  })

  test('a processor commits in transactions, by default with metadata and rewinding', () => {
    const [p] = spec(
      processor(
        'commit: in-transaction, ',
        'group.id: p, auto.offset.reset: earliest, transactional.id: "p-${instance}"',
      ),
    ).processors
    expect(p).toMatchObject({
      commit: 'in-transaction',
      transactions: { groupMetadata: true, rewindOnAbort: true, abort: 0 },
      producerConfig: { 'transactional.id': 'p-${instance}' },
      config: { 'enable.auto.commit': false },
    })
    expect(spec(processor('')).processors[0]?.transactions).toBeNull()
  })

  test('without an id every instance gets one, and is told so', () => {
    const { diagnostics, scenarios } = load(file('transactions: { every: 10 }'))
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['TWICESHY_CONFIG_SURPRISE', 'warning']])
    expect(scenarios[0]?.spec.producers[0]?.config['transactional.id']).toBe('checkout-${instance}')
  })

  test('a share of aborts is drawn, so that there are many runs', () => {
    const runs = (abort: number): number | undefined =>
      load(file(`transactions: { every: 10, abort: ${abort} }, config: { transactional.id: c }`)).scenarios[0]?.runs
    expect([runs(0), runs(0.5), runs(1)]).toEqual([1, 100, 1])
  })

  test('the state of transactions has as many replicas as there can be', () => {
    const { cluster } = spec(file('config: {}', '{ brokers: 1 }'))
    expect(cluster.brokers[0]).toMatchObject({
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
    })
  })

  test('switches of transactions', () => {
    const text = `${file('config: {}')}profile: { base: kafka-4.1, transaction.version: 1, marker-epoch: strict }\n`
    expect(spec(text).profile).toMatchObject({ 'transaction.version': 1, 'marker-epoch': 'strict' })
  })
})

describe('what Kafka refuses', () => {
  const id = 'config: { transactional.id: c'
  check([
    [
      'an id without idempotence',
      file(`transactions: { every: 2 }, ${id}, enable.idempotence: false }`),
      ['CONFIG_REFUSED 4:94 4:117'],
    ],
    [
      'an id with acks=1',
      file(`transactions: { every: 2 }, ${id}, acks: 1 }`),
      ['CONFIG_REFUSED 4:94 4:103', 'CONFIG_SURPRISE 4:103'],
    ],
    ['an empty id', file('config: { transactional.id: "" }'), ['CONFIG_REFUSED 4:66']],
    ['an id with an unknown place', file('config: { transactional.id: "${host}" }'), ['VALUE 4:66']],
    ['sending outside of transactions', file(`${id} }`), ['CONFIG_REFUSED 4:66']],
    [
      'a timeout above the maximum',
      file(`transactions: { every: 2 }, ${id}, transaction.timeout.ms: 16m }`),
      ['CONFIG_REFUSED 4:121'],
    ],
    ['no timeout', file(`transactions: { every: 2 }, ${id}, transaction.timeout.ms: 0 }`), ['CONFIG_REFUSED 4:121']],
    [
      'transactions without idempotence',
      file('transactions: { every: 2 }, config: { enable.idempotence: false }'),
      ['CONFIG_REFUSED 4:38 4:96'],
    ],
    ['a commit without a transaction', file(`steps: [commit], ${id} }`), ['CONFIG_REFUSED 4:46']],
    ['an abort without a transaction', file(`steps: [begin, abort, abort], ${id} }`), ['CONFIG_REFUSED 4:60']],
    ['a transaction in a transaction', file(`steps: [begin, begin], ${id} }`), ['CONFIG_REFUSED 4:53']],
    ['sending outside of a transaction', file(`steps: [send: {}, begin], ${id} }`), ['CONFIG_REFUSED 4:46']],
    [
      "a processor's id without transactions",
      processor('', 'group.id: p, auto.offset.reset: earliest, transactional.id: t'),
      ['CONFIG_REFUSED 6:118'],
    ],
  ])
})

describe('what makes no sense', () => {
  const id = 'config: { transactional.id: c }'
  check([
    ['no records per transaction', file(`transactions: { every: 0 }, ${id}`), ['RANGE 4:61']],
    ['a share above 1', file(`transactions: { abort: 2 }, ${id}`), ['RANGE 4:61']],
    ['steps and transactions', file(`steps: [begin], transactions: { every: 1 }, ${id}`), ['IMPOSSIBLE 4:38']],
    ['keys of transactions without them', processor('group-metadata: false, '), ['IMPOSSIBLE 6:48']],
    [
      'commits that are not those of transactions',
      processor(
        'commit: in-transaction, commit-every: 5, ',
        'group.id: p, auto.offset.reset: earliest, transactional.id: p',
      ),
      ['IMPOSSIBLE 6:72'],
    ],
    [
      'work that is handed off',
      processor(
        'commit: in-transaction, handling: { hand-off: 2 }, ',
        'group.id: p, auto.offset.reset: earliest, transactional.id: p',
      ),
      ['IMPOSSIBLE 6:72 6:56'],
    ],
    [
      'one id for all instances',
      file(`transactions: { every: 1 }, instances: 2, ${id}`),
      ['CONFIG_SURPRISE 4:108 4:77'],
    ],
    [
      'one id for two applications',
      file(`transactions: { every: 1 }, ${id} }, other: { to: payments, transactions: { every: 1 }, ${id}`),
      ['CONFIG_SURPRISE 4:180 4:94'],
    ],
    [
      'more replicas of its topic than there are brokers',
      file(
        `transactions: { every: 1 }, ${id}`,
        '{ brokers: 2, config: { transaction.state.log.replication.factor: 3 } }',
      ),
      ['IMPOSSIBLE 2:76 2:21'],
    ],
    [
      'fewer brokers than its topic has replicas',
      file(`transactions: { every: 1 }, ${id}`, '{ brokers: 2 }'),
      ['CONFIG_SURPRISE 2:21 4:94'],
    ],
    [
      'a stuck transaction where there is none',
      after('expect: { progress: { violated: stuck-transaction } }').replace('expect: { exactly-once: holds }\n', ''),
      ['EXPECTATION 5:33'],
    ],
  ])
})
