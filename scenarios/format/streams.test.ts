import { describe, expect, test } from 'vitest'
import type { ProcessorSpec } from '../../sim/spec.ts'
import { load } from './fixture.test.helper.ts'
import { check, processor } from './reading.test.helper.ts'

const streams = (settings: string, keys = ''): string => processor(`streams: true, ${keys}`, settings)

function specOf(settings: string): ProcessorSpec {
  const { scenarios, diagnostics } = load(streams(settings))
  expect(diagnostics).toEqual([])
  return scenarios[0]?.spec.processors[0] as ProcessorSpec
}

describe('a processor with streams: true', () => {
  test('has the defaults of Kafka Streams, at least once', () => {
    const spec = specOf('application.id: app')
    expect(spec).toMatchObject({
      streams: { guarantee: 'at_least_once', commitIntervalMs: 30_000 },
      commit: 'after-output',
      transactions: null,
      config: {
        'group.id': 'app',
        'auto.offset.reset': 'earliest',
        'enable.auto.commit': false,
        'isolation.level': 'read_uncommitted',
        'max.poll.records': 1000,
        'partition.assignment.strategy': 'cooperative-sticky',
      },
      producerConfig: { 'linger.ms': 100, 'delivery.timeout.ms': 120_000, 'transactional.id': '' },
    })
  })

  test('has those of exactly_once_v2: short transactions, a commit every 100 ms, and an id for each process', () => {
    const spec = specOf('application.id: app, processing.guarantee: exactly_once_v2')
    expect(spec).toMatchObject({
      streams: { guarantee: 'exactly_once_v2', commitIntervalMs: 100 },
      commit: 'in-transaction',
      transactions: { groupMetadata: true, rewindOnAbort: true, abort: 0 },
      config: { 'isolation.level': 'read_committed' },
      producerConfig: {
        'transactional.id': 'app-${random}-1',
        'transaction.timeout.ms': 10_000,
        'delivery.timeout.ms': 2_147_483_647,
        'enable.idempotence': true,
      },
    })
  })

  test('gives settings to both clients, and those with a prefix to one', () => {
    const settings =
      'application.id: app, request.timeout.ms: 9s, consumer.request.timeout.ms: 8s, main.consumer.max.poll.records: 7, producer.linger.ms: 3'
    const { config, producerConfig } = specOf(settings)
    expect([config['request.timeout.ms'], config['max.poll.records']]).toEqual([8000, 7])
    expect([producerConfig['request.timeout.ms'], producerConfig['linger.ms']]).toEqual([9000, 3])
  })
})

/** A processor that counts what `checkout` sends. */
function counting(keys: string, settings: string, transform: string): string {
  const text = streams(`application.id: app, ${settings}`, `transform: { ${transform} }, `)
  return text.replace('checkout: { to: orders', `checkout: { to: orders, send: { ${keys} }`)
}

test('counting by key makes a changelog, as Kafka Streams does', () => {
  const { scenarios, diagnostics } = load(counting('keys: 4', 'replication.factor: 3', 'count-by-key: {}'))
  expect(diagnostics).toEqual([])
  const { topics, processors } = scenarios[0]?.spec ?? { topics: [], processors: [] }
  expect(topics.at(-1)).toMatchObject({
    name: 'app-counts-changelog',
    partitions: 2,
    replicationFactor: 3,
    config: { 'cleanup.policy': 'compact' },
  })
  expect(processors[0]).toMatchObject({
    transform: { kind: 'count-by-key' },
    streams: { changelog: 'app-counts-changelog' },
  })
})

const EOS = 'application.id: app, processing.guarantee: exactly_once_v2'

describe('what Kafka Streams does not take', () => {
  check([
    ['no application.id', streams('commit.interval.ms: 1s'), ['MISSING 6:63']],
    ['a group of its own', streams('application.id: app, group.id: g'), ['CONFIG_REFUSED 6:104']],
    ['automatic commits', streams('application.id: app, enable.auto.commit: true'), ['CONFIG_REFUSED 6:114']],
    ['another protocol', streams('application.id: app, group.protocol: consumer'), ['CONFIG_REFUSED 6:110']],
    ['assignors', streams('application.id: app, partition.assignment.strategy: range'), ['CONFIG_REFUSED 6:125']],
    ['an id of one’s own', streams('application.id: app, transactional.id: t'), ['CONFIG_REFUSED 6:112']],
    ['an uncommitted view', streams(`${EOS}, isolation.level: read_uncommitted`), ['CONFIG_REFUSED 6:150']],
    ['no idempotence', streams(`${EOS}, producer.enable.idempotence: false`), ['CONFIG_REFUSED 6:162']],
    ['a transaction shorter than the interval', streams(`${EOS}, commit.interval.ms: 20s`), ['CONFIG_REFUSED 6:153']],
    ['a word for a guarantee', streams('application.id: app, processing.guarantee: exactly_once'), ['VALUE 6:116']],
    ['an unknown setting', streams('application.id: app, commit.intervall.ms: 1s'), ['UNKNOWN_CONFIG 6:94']],
    ['a client of stores', streams('application.id: app, restore.consumer.fetch.max.bytes: 1'), ['NOT_SIMULATED 6:94']],
    ['threads', streams('application.id: app, num.stream.threads: 2'), ['NOT_SIMULATED 6:94']],
    ['another moment to commit', streams('application.id: app', 'commit: after-output, '), ['IMPOSSIBLE 6:63']],
    [
      'counting records without keys',
      counting('keys: 0', 'replication.factor: 3', 'count-by-key: {}'),
      ['IMPOSSIBLE 3:46'],
    ],
    [
      'options of counting',
      counting('keys: 4', 'replication.factor: 3', 'count-by-key: { store: s }'),
      ['UNKNOWN_KEY 6:92'],
    ],
    [
      'more replicas of a changelog than brokers',
      counting('keys: 4', 'replication.factor: 9', 'count-by-key: {}'),
      ['IMPOSSIBLE 6:147'],
    ],
    [
      'a changelog with one replica',
      counting('keys: 4', 'commit.interval.ms: 1s', 'count-by-key: {}'),
      ['CONFIG_SURPRISE'],
    ],
    [
      'counting without Kafka Streams',
      processor('transform: { count-by-key: {} }, ', 'group.id: app, auto.offset.reset: earliest'),
      ['IMPOSSIBLE 6:61'],
    ],
    [
      'new partitions of what is counted',
      `${counting('keys: 4', 'replication.factor: 3', 'count-by-key: {}')}faults: [ { at: 1s, admin: { add-partitions: { orders: 4 } } } ]\n`,
      ['NOT_SIMULATED 7:48'],
    ],
    [
      'a topic of its own that has the name of a changelog',
      counting('keys: 4', 'replication.factor: 3', 'count-by-key: {}').replace(
        'payments: }',
        'payments: , app-counts-changelog: }',
      ),
      ['NAME 2:50'],
    ],
    [
      'the disk of a store, which may be lost',
      `${counting('keys: 4', 'replication.factor: 3', 'count-by-key: {}')}faults: [ { at: 1s, wipe-disk: p#0 } ]\n`,
      [],
    ],
    [
      'the disk of an application without one',
      `${streams('application.id: app')}faults: [ { at: 1s, wipe-disk: p#0 } ]\n`,
      ['TARGET 7:32'],
    ],
  ])
})
